#include "host/discovery/seconds.hpp"

#include <algorithm>
#include <cmath>

namespace snapshot_test::host::discovery {

std::optional<double> seconds_from(const py::object& value) {
  if (value.is_none() || py::isinstance<py::str>(value)) {
    return std::nullopt;
  }
  const double seconds = PyFloat_AsDouble(value.ptr());
  if (PyErr_Occurred() != nullptr) {
    PyErr_Clear();
    return std::nullopt;
  }
  constexpr double kLongest = 1e9;
  return seconds > 0 ? std::optional(std::min(seconds, kLongest)) : std::nullopt;
}

}  // namespace snapshot_test::host::discovery
