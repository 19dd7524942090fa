#include "host/execution/clock_window.hpp"

#include <ctime>

namespace snapshot_test::host::execution {
namespace {

double seconds(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

}  // namespace

ClockWindow::ClockWindow(TimeOfDay time_of_day) : time_of_day_(time_of_day), first_(read()), last_(first_) {}

ClockWindow::Reading ClockWindow::read() { return {seconds(CLOCK_REALTIME), seconds(CLOCK_MONOTONIC)}; }

bool ClockWindow::holds(PyObject* value) const {
  double reading = 0;
  if (PyFloat_CheckExact(value)) {
    reading = PyFloat_AS_DOUBLE(value);
  } else if (PyLong_CheckExact(value)) {
    reading = PyLong_AsDouble(value) * 1e-9;
    if (PyErr_Occurred() != nullptr) {
      PyErr_Clear();  // too large for a clock
      return false;
    }
  } else {
    return false;
  }
  constexpr double kRounding = 1e-6;  // of seconds since 1970 as a double, and of the coarse clock behind time()
  const auto between = [&](double first, double last) {
    return reading >= first - kRounding && reading <= last + kRounding;
  };
  return (time_of_day_ == TimeOfDay::kGoesOn && between(first_.time_of_day, last_.time_of_day)) ||
         between(first_.monotonic, last_.monotonic);
}

}  // namespace snapshot_test::host::execution
