// A clock that stands still or says another time, for code whose result holds the time of day.
#pragma once

#include <cstdint>

namespace snapshot_test::host::interpreter {

/// From now on, in this process and those forked from it, the system's clock says `seconds` since 1970-01-01 UTC to all
/// code, Python's and C's alike. Clocks that measure (time.monotonic, time.perf_counter) go on.
///
/// Our own clock_gettime, gettimeofday and time take the place of libc's for every library in the process: the dynamic
/// linker looks into the executable first, then into what is preloaded (ELF symbol interposition). False, and nothing
/// changed, where this code is in neither.
[[nodiscard]] bool freeze_clock(std::int64_t seconds) noexcept;

/// The same for a clock that goes on, `seconds` away from the system's: what then differs depends on the day.
[[nodiscard]] bool shift_clock(std::int64_t seconds) noexcept;

}  // namespace snapshot_test::host::interpreter
