// Two pickles and the options of a comparison, from one input:
//   options: 2 bytes, length of the first pickle: 4 bytes (little endian, cut to what is there), the pickles.
// Where there is no second pickle, the first is read twice and must agree with itself.
#include <nlohmann/json.hpp>

#include "fuzz/walk.hpp"
#include "snapshot_test/compare/explain.hpp"

namespace {

using namespace snapshot_test;

constexpr std::size_t kHeader = 6;

compare::Options options_of(std::uint8_t flags, std::uint8_t more) {
  compare::Options options;
  options.equal_nan = (flags & 1) != 0;
  options.strict_types = (flags & 2) == 0;
  options.exact_integers = (flags & 4) == 0;
  if ((flags & 8) != 0) options.tolerance = {0.5, 0};
  if ((flags & 16) != 0) options.tolerance = {0, 0};
  if ((flags & 32) != 0) options.by_dtype["int64"] = {0.1, 1};
  if ((flags & 64) != 0) options.ignored_paths = {"[0]", "['a']", ".x"};
  options.ignore_order = (more & 1) != 0;
  options.strict_shapes = (more & 2) == 0;
  return options;
}

void check(const compare::Comparison& result) {
  fuzz::require((result.outcome == compare::Outcome::kDifferent) == (result.difference_count != 0));
  fuzz::require(result.differences.size() <= compare::kMostDifferences);
  fuzz::require(result.differing_paths.size() <= compare::kMostPaths);
  fuzz::require(compare::explain(result).size() < 1'000'000);
  // Throws where a text is not UTF-8.
  fuzz::require(compare::to_json(result).dump().size() < 10'000'000);
}

bool only_too_complex(const compare::Comparison& result) {
  for (const compare::Difference& difference : result.differences) {
    if (difference.what != compare::What::kTooComplex) return false;
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < kHeader) return 0;
  std::size_t first = 0;
  for (std::size_t i = 0; i < 4; ++i) first |= std::size_t{data[2 + i]} << 8 * i;
  const auto bytes = std::as_bytes(std::span(data, size)).subspan(kHeader);
  first = std::min(first, bytes.size());
  const auto actual = pickle::read(bytes.first(first), pickle::Trailing::kAllow);
  if (!actual) return 0;
  const compare::Options options = options_of(data[0], data[1]);
  const bool alone = first == bytes.size();
  const auto expected = pickle::read(alone ? bytes : bytes.subspan(first), pickle::Trailing::kAllow);
  if (!expected) return 0;
  const compare::Comparison result = compare::compare(*actual, *expected, options);
  check(result);
  if (alone) fuzz::require(result.outcome == compare::Outcome::kIdentical || only_too_complex(result));
  return 0;
}
