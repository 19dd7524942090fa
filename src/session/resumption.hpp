// What a capture writes down of its cases, so that another can go on where it was stopped (--resume).
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "model/message.hpp"
#include "runner/python_environment.hpp"
#include "session/session.hpp"

namespace snapshot_test::session {

/// What is known of a case while a capture goes on.
struct Captured {
  model::CaptureStatus status = model::CaptureStatus::kFailed;
  std::string reason;
  model::Loss loss = model::Loss::kNone;
  model::Observation observation;
  bool complete = false;      ///< it need not run again: its second run is done, or it has none
  bool context_free = false;  ///< CaseRecord's
};

/// What two captures must have in common for one to go on with the other's cases.
[[nodiscard]] nlohmann::json resumption_key(const CaptureOptions& options, const runner::PythonEnvironment& python,
                                            const model::DiscoverReply& reply);
/// The settings that decide what a capture stores, as runs/<id>.json has them, too.
[[nodiscard]] nlohmann::json settings_json(const CaptureOptions& options);

/// May another capture rely on a run that ended like this? What killed a case may have killed the capture, too.
[[nodiscard]] bool worth_recording(model::Ending ending);

/// `source`: stands for the files that the benchmark's module is made of.
[[nodiscard]] nlohmann::json journal_line(const CaptureOptions& options, const model::Benchmark& benchmark,
                                          std::size_t index, const std::string& source, const Captured& captured);

/// A case of the selection, and what was written down of it.
struct Recorded {
  std::size_t benchmark = 0;  ///< its place in the selection
  std::size_t index = 0;
  Captured captured;
};
/// In the order of the lines; a case may be there more than once, and the last counts. Lines about cases that are not
/// selected, or not what they were, are left out. `sources`: by module.
[[nodiscard]] std::vector<Recorded> recorded_cases(const CaptureOptions& options,
                                                   const std::vector<nlohmann::json>& lines, const Selection& selection,
                                                   const std::map<std::string, std::string>& sources);

}  // namespace snapshot_test::session
