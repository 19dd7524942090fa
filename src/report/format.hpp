// Numbers, sizes, times and foreign text as people read them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "snapshot_test/model/verdict.hpp"
#include "util/text.hpp"

namespace snapshot_test::report {

using util::counted;
using util::grouped;

/// "97.0 %", rounded down: "100.0 %" only if part is whole. "0.0 %" of nothing.
[[nodiscard]] std::string percent(std::uint64_t part, std::uint64_t whole);
/// "0.42 s", "12 s", "1 min 32 s", "2 h 05 min"
[[nodiscard]] std::string duration(double seconds);
/// "512 bytes", "850.2 MB" (decimal units)
[[nodiscard]] std::string size(std::uint64_t bytes);

/// Foreign text on one line, made visible (util/visible.hpp), line ends too. Cut in the middle to at most `width`
/// bytes; 0 = never.
[[nodiscard]] std::string one_line(std::string_view text, std::size_t width = 0);
/// The last `lines` lines of foreign text, each indented by `prefix` and ended by '\n', with a line that says how many
/// lines are left out. Control characters are escaped, very long lines are cut. Empty for blank text.
[[nodiscard]] std::string last_lines(std::string_view text, std::size_t lines, std::string_view prefix);
/// The first `lines` lines, otherwise the same.
[[nodiscard]] std::string first_lines(std::string_view text, std::size_t lines, std::string_view prefix);

/// What is left in `room` bytes of a text of several lines: its beginning and its end, and between them how much is
/// left out. `room` is at least 500.
[[nodiscard]] std::string shortened(const std::string& text, std::size_t room);

/// "success", "failed", "usage", "internal", "no-baseline", "nothing-verified", "interrupted"
[[nodiscard]] std::string_view status_name(model::ExitStatus status);

/// The steady clock.
[[nodiscard]] double steady_seconds();

}  // namespace snapshot_test::report
