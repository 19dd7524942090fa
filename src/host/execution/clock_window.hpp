// Telling a reading of the clock from a result.
#pragma once

#include <Python.h>

namespace snapshot_test::host::execution {

/// What the clocks said before a case was set up and after its call. A float or int between the two is what
/// time.time(), time.monotonic(), time.perf_counter() or one of their _ns forms returned in it (`t0 = time.time()`):
/// near enough to itself in two runs of a capture to look stable, and something else an hour later. That a result of
/// another kind falls between is as unlikely as the call is short.
class ClockWindow {
 public:
  enum class TimeOfDay { kGoesOn, kStandsStill };

  /// Opens the window. A clock that stands still is not looked at: its reading is the same every time.
  explicit ClockWindow(TimeOfDay time_of_day);
  void close() { last_ = read(); }
  /// Needs the GIL; leaves no error set.
  [[nodiscard]] bool holds(PyObject* value) const;

 private:
  struct Reading {
    double time_of_day;  ///< seconds since 1970-01-01 UTC
    double monotonic;    ///< seconds since boot
  };
  [[nodiscard]] static Reading read();

  TimeOfDay time_of_day_;
  Reading first_;
  Reading last_;
};

}  // namespace snapshot_test::host::execution
