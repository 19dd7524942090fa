// What classes and functions are called today.
#pragma once

#include <cstdint>

#include "pickle/arena.hpp"
#include "snapshot_test/pickle/value.hpp"

namespace snapshot_test::pickle {

/// Protocols below 3 use Python 2's names, whoever writes them.
enum class Era : std::uint8_t { kPython2, kPython3 };

/// Python 2's names and those of older numpys (numpy.core, numpy.bool_) as today's; others as they are.
[[nodiscard]] Global todays_name(Global written, Era era, Arena& arena);

}  // namespace snapshot_test::pickle
