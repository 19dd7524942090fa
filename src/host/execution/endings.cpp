#include "host/execution/endings.hpp"

#include <utility>

#include "host/discovery/python.hpp"

namespace snapshot_test::host::execution {

namespace py = pybind11;

namespace {

constexpr std::size_t kMaxTraceback = 64 * 1024;

}  // namespace

EndedBy ended_by(const py::error_already_set& error) {
  discovery::PythonFailure described = discovery::describe(error);
  EndedBy ended{model::Ending::kRaised, std::move(described.cause), std::move(described.traceback)};
  while (!ended.traceback.empty() && ended.traceback.back() == '\n') {
    ended.traceback.pop_back();
  }
  if (ended.traceback.size() > kMaxTraceback) {
    ended.traceback = "[...]" + ended.traceback.substr(ended.traceback.size() - kMaxTraceback);
  }
  if (error.matches(PyExc_MemoryError)) {
    ended.ending = model::Ending::kOutOfMemory;
  } else if (error.matches(PyExc_SystemExit)) {
    ended.ending = model::Ending::kExited;
  }
  return ended;
}

model::CaseReply ended_with(model::Ending ending, std::string detail) {
  model::CaseReply reply;
  reply.observation.ending = ending;
  reply.observation.detail = std::move(detail);
  return reply;
}

}  // namespace snapshot_test::host::execution
