// What the fuzzers do with an input; the test pickle_corpus_test does the same with the files of tests/corpus.
#pragma once

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "compare/reduction.hpp"
#include "fuzz/walk.hpp"
#include "snapshot_test/compare/explain.hpp"
#include "snapshot_test/pickle/npy.hpp"

namespace snapshot_test::fuzz {

inline void look_at(const Result<pickle::Document>& document, std::span<const std::byte> bytes) {
  if (!document) return;
  require(document->nodes() <= 3 * bytes.size() + 4);
  require(document->consumed() <= bytes.size());
  require(document->extent() >= bytes.size());
  Walk().over(document->root());
}

/// Any bytes, read as a pickle; what was read is walked and described. Then once more with as many out-of-band buffers
/// as it may ask for, which are parts of the same bytes.
inline void read_one(std::span<const std::byte> bytes) {
  look_at(pickle::read(bytes, pickle::Trailing::kAllow), bytes);
  constexpr std::byte kNextBuffer{0x97};
  constexpr std::ptrdiff_t kMost = 16;
  const auto asked = std::min(std::count(bytes.begin(), bytes.end(), kNextBuffer), kMost);
  std::vector<std::span<const std::byte>> buffers;
  for (std::ptrdiff_t i = 0; i < asked; ++i) buffers.push_back(bytes.first(bytes.size() >> i));
  look_at(pickle::read(bytes, buffers, pickle::Trailing::kAllow), bytes);
}

/// May a value differ from itself? Only where it is not compared to the end.
inline bool agrees_with_itself(const compare::Comparison& result) {
  return std::all_of(result.differences.begin(), result.differences.end(), [](const compare::Difference& difference) {
    // Of a damaged sketch nothing is known, not even that it is the same.
    return difference.what == compare::What::kTooComplex ||
           difference.note.find("sketch that is stored of an array is damaged") != std::string::npos ||
           difference.note.find("a sketch of version") != std::string::npos;
  });
}

/// Any value, reduced as it would be for a store with a bound: what is stored is read again, and is the same value.
inline void reduce_one(std::span<const std::byte> bytes) {
  struct Sink : util::ByteSink {
    Result<void> write(std::span<const std::byte> piece) override {
      all.insert(all.end(), piece.begin(), piece.end());
      return {};
    }
    std::vector<std::byte> all;
  };
  const auto reduction = compare::reduce(bytes, {64, 200});
  if (!reduction || !*reduction) return;
  Sink sink;
  require((*reduction)->write(sink).has_value());
  require(sink.all.size() == (*reduction)->bytes());
  const auto whole = pickle::read(bytes);
  const auto reduced = pickle::read(sink.all);
  require(reduced.has_value());
  compare::Options options;
  options.expected_reduced = true;
  require(agrees_with_itself(compare::compare(*whole, *reduced, options)));
}

/// Any bytes, read as an .npy file.
inline void read_npy_file(std::span<const std::byte> bytes) {
  const auto document = pickle::read_npy(bytes);
  if (document) Walk().over(document->root());
}

inline void check(const compare::Comparison& result) {
  require((result.outcome == compare::Outcome::kDifferent) == (result.difference_count != 0));
  require(result.differences.size() <= compare::kMostDifferences);
  require(result.differing_paths.size() <= compare::kMostPaths);
  require(compare::explain(result).size() < 1'000'000);
  // Throws where a text is not UTF-8.
  require(compare::to_json(result).dump().size() < 10'000'000);
}

inline compare::Options options_of(unsigned flags, unsigned more) {
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
  options.actual_reduced = options.expected_reduced = (more & 4) != 0;
  return options;
}

/// Two pickles and the options of a comparison, from one input: options (2 bytes), length of the first pickle (4 bytes,
/// little endian, cut to what is there), the pickles. Where there is no second pickle, the first is read twice and must
/// agree with itself.
inline void compare_pair(std::span<const std::byte> input) {
  constexpr std::size_t kHeader = 6;
  if (input.size() < kHeader) return;
  const auto byte = [&input](std::size_t i) { return std::to_integer<unsigned>(input[i]); };
  const auto pickles = input.subspan(kHeader);
  const std::size_t announced = byte(2) | byte(3) << 8 | byte(4) << 16 | std::size_t{byte(5)} << 24;
  const std::size_t first = std::min(announced, pickles.size());
  const bool alone = first == pickles.size();
  const auto actual = pickle::read(pickles.first(first), pickle::Trailing::kAllow);
  if (!actual) return;
  const auto expected = pickle::read(alone ? pickles : pickles.subspan(first), pickle::Trailing::kAllow);
  if (!expected) return;
  const compare::Comparison result = compare::compare(*actual, *expected, options_of(byte(0), byte(1)));
  check(result);
  if (alone) require(agrees_with_itself(result));
}

}  // namespace snapshot_test::fuzz
