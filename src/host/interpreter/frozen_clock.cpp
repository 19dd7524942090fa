#include "host/interpreter/frozen_clock.hpp"

#include <dlfcn.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <ctime>

extern "C" void snapshot_test_freeze_clock(std::int64_t seconds) noexcept;
extern "C" void snapshot_test_shift_clock(std::int64_t seconds) noexcept;

namespace snapshot_test::host::interpreter {
namespace {

constexpr std::int64_t kRunning = -1;
std::int64_t g_frozen_at = kRunning;  // seconds since 1970-01-01 UTC; set once, before there are threads
std::int64_t g_shift = 0;             // seconds that the system's clock is said to be away from what it is; the same

using ClockGettime = int (*)(clockid_t, timespec*);
ClockGettime g_libc_clock_gettime = nullptr;  // null until the program's constructors have run

// Not at the first call: dlsym() may allocate, and an allocator may ask for the time.
__attribute__((constructor)) void find_libc() {
  g_libc_clock_gettime = reinterpret_cast<ClockGettime>(::dlsym(RTLD_NEXT, "clock_gettime"));
}

bool says_time_of_day(clockid_t clock) noexcept {
  return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE || clock == CLOCK_TAI;
}

int read_clock(clockid_t clock, timespec* out) noexcept {
  if (g_frozen_at != kRunning && says_time_of_day(clock)) {
    *out = {static_cast<std::time_t>(g_frozen_at), 0};
    return 0;
  }
  const int failed = g_libc_clock_gettime != nullptr ? g_libc_clock_gettime(clock, out)
                                                     : static_cast<int>(::syscall(SYS_clock_gettime, clock, out));
  if (failed == 0 && says_time_of_day(clock)) {
    out->tv_sec += static_cast<std::time_t>(g_shift);
  }
  return failed;
}

/// The one that the linker's search finds is the one that took libc's place; it need not be this library's own.
bool set_clock(const char* function, std::int64_t seconds) noexcept {
  auto* const set = reinterpret_cast<decltype(&::snapshot_test_freeze_clock)>(::dlsym(RTLD_DEFAULT, function));
  if (set == nullptr) {
    return false;
  }
  set(seconds);
  return true;
}

}  // namespace

bool freeze_clock(std::int64_t seconds) noexcept { return set_clock("snapshot_test_freeze_clock", seconds); }

bool shift_clock(std::int64_t seconds) noexcept { return set_clock("snapshot_test_shift_clock", seconds); }

}  // namespace snapshot_test::host::interpreter

// What libraries find before libc's.
extern "C" {

__attribute__((visibility("default"))) void snapshot_test_freeze_clock(std::int64_t seconds) noexcept {
  snapshot_test::host::interpreter::g_frozen_at = seconds;
}

__attribute__((visibility("default"))) void snapshot_test_shift_clock(std::int64_t seconds) noexcept {
  snapshot_test::host::interpreter::g_shift = seconds;
}

__attribute__((visibility("default"))) int clock_gettime(clockid_t clock, timespec* out) noexcept {
  return snapshot_test::host::interpreter::read_clock(clock, out);
}

__attribute__((visibility("default"))) int gettimeofday(timeval* out, void* /*zone*/) noexcept {
  timespec now{};
  const int failed = snapshot_test::host::interpreter::read_clock(CLOCK_REALTIME, &now);
  *out = {now.tv_sec, now.tv_nsec / 1000};
  return failed;
}

__attribute__((visibility("default"))) std::time_t time(std::time_t* out) noexcept {
  timespec now{};
  static_cast<void>(snapshot_test::host::interpreter::read_clock(CLOCK_REALTIME_COARSE, &now));
  if (out != nullptr) {
    *out = now.tv_sec;
  }
  return now.tv_sec;
}
}
