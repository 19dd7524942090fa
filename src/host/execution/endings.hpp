// What a Python exception says about how a case ended.
#pragma once

#include <pybind11/pybind11.h>

#include <functional>
#include <string>

#include "model/message.hpp"
#include "snapshot_test/model/observation.hpp"

namespace snapshot_test::host::execution {

struct EndedBy {
  model::Ending ending = model::Ending::kRaised;
  std::string detail;  ///< "ValueError: bad input", "sys.exit(3)"
  std::string traceback;
};

/// MemoryError is out-of-memory, SystemExit is exited, all else is raised. GIL held; never throws.
[[nodiscard]] EndedBy ended_by(const pybind11::error_already_set& error);

/// What is answered of a case that came to nothing else.
[[nodiscard]] model::CaseReply ended_with(model::Ending ending, std::string detail);

/// What `run` answers, once what the case has written is out; or what the exception comes to that it throws.
[[nodiscard]] model::CaseReply answered_by(const std::function<model::CaseReply()>& run);

}  // namespace snapshot_test::host::execution
