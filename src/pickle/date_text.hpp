// Dates and times of Python's datetime module, which pickle as a few bytes.
#pragma once

#include <optional>
#include <string>

#include "snapshot_test/pickle/value.hpp"

namespace snapshot_test::pickle {

/// "2024-01-02T03:04:05.000006", "2024-01-02", "03:04:05" of a datetime, date or time as its __reduce_ex__ makes it,
/// without its time zone (CPython, Lib/_pydatetime.py, _getstate). None of anything else.
[[nodiscard]] std::optional<std::string> date_text(const Value& value);

}  // namespace snapshot_test::pickle
