#include "host/execution/endings.hpp"

#include <exception>
#include <new>
#include <utility>

#include "host/discovery/python.hpp"
#include "host/interpreter/interpreter.hpp"

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

model::CaseReply answered_by(const std::function<model::CaseReply()>& run) {
  try {
    model::CaseReply reply = run();
    interpreter::flush_standard_streams();
    return reply;
  } catch (const pybind11::error_already_set& error) {
    EndedBy ended = ended_by(error);
    model::CaseReply reply = ended_with(ended.ending, std::move(ended.detail));
    reply.observation.traceback = std::move(ended.traceback);
    return reply;
  } catch (const std::bad_alloc&) {
    return ended_with(model::Ending::kOutOfMemory, "out of memory");
  } catch (const std::exception& error) {
    return ended_with(model::Ending::kProtocol, error.what());
  }
}

}  // namespace snapshot_test::host::execution
