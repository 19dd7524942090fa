#include "compare/times.hpp"

#include <array>
#include <limits>
#include <numeric>
#include <string_view>

namespace snapshot_test::compare {
namespace {

using pickle::DtypeKind;

struct Unit {
  std::string_view name;
  std::int64_t count;   // of the unit `of`
  std::string_view of;  // empty: there is none that is finer
};

// Months have no fixed number of days.
constexpr std::array<Unit, 13> kUnits = {{{"Y", 12, "M"},
                                          {"M", 1, ""},
                                          {"W", 7, "D"},
                                          {"D", 24, "h"},
                                          {"h", 60, "m"},
                                          {"m", 60, "s"},
                                          {"s", 1000, "ms"},
                                          {"ms", 1000, "us"},
                                          {"us", 1000, "ns"},
                                          {"ns", 1000, "ps"},
                                          {"ps", 1000, "fs"},
                                          {"fs", 1000, "as"},
                                          {"as", 1, ""}}};

const Unit* find_unit(std::string_view name) {
  for (const Unit& unit : kUnits) {
    if (unit.name == name) return &unit;
  }
  return nullptr;
}

// How many of the finer unit make one of the coarser. Nothing beyond 64 bits: a week has 6e23 attoseconds.
std::optional<std::int64_t> how_many(const Unit& coarser, const Unit& finer) {
  std::int64_t count = 1;
  for (const Unit* at = &coarser; at != &finer; at = find_unit(at->of)) {
    if (at == nullptr || __builtin_mul_overflow(count, at->count, &count)) return std::nullopt;
  }
  return count;
}

}  // namespace

std::optional<UnitRatio> unit_ratio(const pickle::Dtype& actual, const pickle::Dtype& expected) {
  const bool times =
      actual.kind == expected.kind && (actual.kind == DtypeKind::kDatetime || actual.kind == DtypeKind::kTimedelta);
  const Unit* a = find_unit(actual.unit);
  const Unit* b = find_unit(expected.unit);
  if (!times || a == nullptr || b == nullptr || actual.unit_multiple < 1 || expected.unit_multiple < 1) {
    return std::nullopt;
  }
  std::int64_t actual_length = actual.unit_multiple;  // of both, in the finer unit
  std::int64_t expected_length = expected.unit_multiple;
  if (const auto count = how_many(*a, *b)) {
    if (__builtin_mul_overflow(actual_length, *count, &actual_length)) return std::nullopt;
  } else if (const auto reverse = how_many(*b, *a)) {
    if (__builtin_mul_overflow(expected_length, *reverse, &expected_length)) return std::nullopt;
  } else {
    return std::nullopt;
  }
  const std::int64_t common = std::gcd(actual_length, expected_length);
  return UnitRatio{expected_length / common, actual_length / common};
}

bool same_time(std::int64_t actual, std::int64_t expected, const UnitRatio& ratio) {
  constexpr std::int64_t kNat = std::numeric_limits<std::int64_t>::min();
  if (actual == kNat || expected == kNat) return actual == expected;
  return actual % ratio.actual == 0 && expected % ratio.expected == 0 &&
         actual / ratio.actual == expected / ratio.expected;
}

}  // namespace snapshot_test::compare
