#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <optional>

#include "snapshot_test/compare/sketch.hpp"

namespace snapshot_test::compare {
namespace {

constexpr double kMost = 0.97;    // of the elements: the rest may be outliers
constexpr int kRoundingBits = 6;  // of ulps: what reordered sums come to

// "97 %": rounded down, so that 100 % are all.
std::string percent(std::uint64_t part, std::uint64_t whole) {
  const double share = whole == 0 ? 0 : 100 * static_cast<double>(part) / static_cast<double>(whole);
  return fmt::format("{:.3g} %", part == whole ? 100 : std::min(std::floor(share * 10) / 10, 99.9));
}

// The least k so that kMost of the elements are below 2^k ulps, and the share that is.
struct Within {
  std::size_t bits = 0;
  std::uint64_t elements = 0;
};
Within within(const Sketch& sketch) {
  Within found;
  for (std::size_t bin = 0; bin < sketch.ulps.size(); ++bin) {
    found.elements += sketch.ulps[bin];
    found.bits = bin;
    if (static_cast<double>(found.elements) >= kMost * static_cast<double>(sketch.measured)) break;
  }
  return found;
}

std::string ulp_text(const Sketch& sketch, std::size_t bits) {
  if (bits > 20) return fmt::format("2^{} ulp", bits);
  return fmt::format("{} ulp", std::min((std::uint64_t{1} << bits) - 1, sketch.max_ulps));
}

// Rows or columns of the map to which all that differs is confined: "column 3", "rows 16 to 31".
std::string confined_to(const SketchMap& map) {
  if (map.rows == 0) return {};
  const auto differs = [&](std::size_t row, std::size_t column) {
    return map.largest[row * map.columns + column] != 0;
  };
  std::optional<std::size_t> first_row;
  std::optional<std::size_t> first_column;
  std::size_t last_row = 0;
  std::size_t last_column = 0;
  for (std::size_t row = 0; row < map.rows; ++row) {
    for (std::size_t column = 0; column < map.columns; ++column) {
      if (!differs(row, column)) continue;
      first_row = first_row.value_or(row);
      first_column = std::min(first_column.value_or(column), column);
      last_row = row;
      last_column = std::max(last_column, column);
    }
  }
  if (!first_row || !first_column) return {};
  const auto part = [](std::size_t first, std::size_t last, std::size_t cells, std::uint64_t extent,
                       std::string_view one) -> std::string {
    if (cells < 3 || 4 * (last - first + 1) > cells) return {};
    // The first element of a cell: the one below rounds up, as the grid does.
    const std::uint64_t from = (first * extent + cells - 1) / cells;
    const std::uint64_t until = ((last + 1) * extent + cells - 1) / cells;
    if (until - from == 1) return fmt::format("{} {}", one, from);
    return fmt::format("{}s {} to {}", one, from, until - 1);
  };
  if (map.rows == 1) return part(*first_column, last_column, map.columns, map.extents.back(), "element");
  const std::string columns = part(*first_column, last_column, map.columns, map.extents.back(), "column");
  const std::string rows = part(*first_row, last_row, map.rows, map.extents.front(), "row");
  return columns.empty() || rows.empty() ? columns + rows : fmt::format("{}, {}", rows, columns);
}

std::string special(const Sketch& sketch) {
  std::string text;
  const auto add = [&text](std::uint64_t count, std::string_view what) {
    if (count > 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, what);
  };
  add(sketch.nan_appeared, "new NaN");
  add(sketch.nan_vanished, "NaN gone");
  add(sketch.inf_changed, "infinite on one side");
  add(sketch.sign_changed, "of another sign");
  add(sketch.became_zero, "zero now");
  add(sketch.was_zero, "no longer zero");
  return text;
}

// What all that differs has in common.
std::string pattern(const Sketch& sketch) {
  if (sketch.differing < 2) return {};
  if (sketch.same_factor && sketch.factor != 0) {
    return fmt::format("by a factor {:.6g}", sketch.factor);
  }
  return sketch.same_offset ? fmt::format("by {:+.6g}", sketch.offset) : "";
}

}  // namespace

std::string reading(const Sketch& sketch) {
  if (sketch.differing == 0) return {};
  const Within most = within(sketch);
  const std::string others = special(sketch);
  const std::string bias = fmt::format("bias {:+.2g} ulp", sketch.mean_ulps);
  const std::string close =
      fmt::format("{} of elements within {}", percent(most.elements, sketch.measured), ulp_text(sketch, most.bits));
  const bool values_changed = sketch.nan_appeared + sketch.nan_vanished + sketch.inf_changed > 0;
  const int half = std::max(kRoundingBits, sketch.digits / 2);
  const int widest = static_cast<int>(std::bit_width(sketch.max_ulps));
  if (sketch.digits > 0 && !values_changed && widest <= half) {
    if (sketch.total == 1) return fmt::format("rounding: {} ulp apart", sketch.max_ulps);
    const bool rounding = static_cast<int>(most.bits) <= kRoundingBits;
    return fmt::format("{}: {}, {}{}{}", rounding ? "rounding" : "loss of precision", close, bias,
                       others.empty() ? "" : "; ", others);
  }
  if (sketch.total == 1) return {};  // the two numbers say it all
  const std::string where = confined_to(sketch.map);
  const std::string how = pattern(sketch);
  const bool structural = values_changed || !where.empty() || !how.empty() || sketch.digits == 0;
  std::string text = structural ? "structural:" : "beyond rounding:";
  text += where.empty() ? fmt::format(" {} of {} elements", percent(sketch.differing, sketch.total), sketch.total)
                        : fmt::format(" {} of {} elements, all in {}", sketch.differing, sketch.total, where);
  text += how.empty() ? "" : fmt::format(", {}", how);
  const bool near = sketch.digits > 0 && sketch.measured > 0 && static_cast<int>(most.bits) <= half;
  if (how.empty() && where.empty() && near) text += fmt::format("; {}, {}", close, bias);
  return text + (others.empty() ? "" : "; " + others);
}

}  // namespace snapshot_test::compare
