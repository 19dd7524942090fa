#include "host/interpreter/frozen_clock.hpp"

#include <dlfcn.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <ctime>

namespace snapshot_test::host::interpreter {
namespace {

constexpr std::int64_t kRunning = -1;
std::int64_t g_frozen_at = kRunning;  // seconds since 1970-01-01 UTC; set once, before there are threads

using ClockGettime = int (*)(clockid_t, timespec*);
ClockGettime g_libc_clock_gettime = nullptr;  // null until the program's constructors have run

// Not at the first call: dlsym() may allocate, and an allocator may ask for the time.
__attribute__((constructor)) void find_libc() {
  g_libc_clock_gettime = reinterpret_cast<ClockGettime>(::dlsym(RTLD_NEXT, "clock_gettime"));
}

bool stands_still(clockid_t clock) noexcept {
  return g_frozen_at != kRunning && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE || clock == CLOCK_TAI);
}

int read_clock(clockid_t clock, timespec* out) noexcept {
  if (stands_still(clock)) {
    *out = {static_cast<std::time_t>(g_frozen_at), 0};
    return 0;
  }
  return g_libc_clock_gettime != nullptr ? g_libc_clock_gettime(clock, out)
                                         : static_cast<int>(::syscall(SYS_clock_gettime, clock, out));
}

}  // namespace

void freeze_clock(std::int64_t seconds) noexcept { g_frozen_at = seconds; }

}  // namespace snapshot_test::host::interpreter

// What libraries find before libc's.
extern "C" {

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
