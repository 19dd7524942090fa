#include "host/execution/endings.hpp"

#include "host/interpreter/errors.hpp"

namespace snapshot_test::host::execution {

namespace py = pybind11;

EndedBy ended_by(const py::error_already_set& error) {
  interpreter::PythonError described = interpreter::describe(error);
  EndedBy ended{model::Ending::kRaised, std::move(described.summary), std::move(described.traceback)};
  if (error.matches(PyExc_MemoryError)) {
    ended.ending = model::Ending::kOutOfMemory;
  } else if (error.matches(PyExc_SystemExit)) {
    ended.ending = model::Ending::kExited;
  }
  return ended;
}

}  // namespace snapshot_test::host::execution
