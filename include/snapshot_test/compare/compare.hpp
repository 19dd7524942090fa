// Compares two value trees by what they mean. The rules, with their formulas and sources, are in docs/comparison.md.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "snapshot_test/compare/parts.hpp"
#include "snapshot_test/compare/sketch.hpp"
#include "snapshot_test/model/rules.hpp"
#include "snapshot_test/pickle/document.hpp"

namespace snapshot_test::compare {

using model::Tolerance;

struct Options : model::Rules {
  /// Paths as in Comparison::differing_paths: these leaves, and everything below them, are left out.
  std::vector<std::string> ignored_paths{};
  /// Leaves of numbers at these paths, where they allow a tolerance at all, agree also within this relative one.
  std::map<std::string, double> bounds{};
  /// NaNs with the same bits count like any others, even where all else has the same bits, too: as in numpy.allclose,
  /// they agree only with equal_nan.
  bool count_identical_nans = false;
  /// The items of the value itself, a list, have no order; those of what is in it have.
  bool unordered_items = false;
  /// Lists and tuples, and single numbers of all kinds, agree by what they hold also with strict_types, which then is
  /// about arrays and classes alone.
  bool lenient_builtins = false;
  /// Make sketches of what is not identical: up to one more pass over it.
  bool sketches = false;
  /// The value was reduced before it was stored: arrays of Kind::kSketch and what stands for long texts may be in it.
  bool actual_reduced = false;
  bool expected_reduced = false;
};

enum class Outcome {
  kIdentical,  ///< every leaf has the same type and bits
  kClose,      ///< every leaf agrees within the rules
  kDifferent,
};

/// What kind of thing differs.
enum class What {
  kType,
  kDtype,
  kShape,
  kLength,
  kValue,
  kMissing,     ///< in the snapshot, not in the actual value: a dict's key, a set's element, an attribute
  kUnexpected,  ///< the other way round
  kMask,
  kTooComplex,  ///< not compared: sharing inside the values would make it take forever
};
[[nodiscard]] std::string_view name(What what);

/// One element of an array and the values there, as text.
struct Element {
  std::vector<std::uint64_t> index;
  std::string actual;
  std::string expected;
};

/// How far two arrays of numbers (or two numbers) are apart. Statistics are over the mismatched elements.
struct Numbers {
  std::uint64_t mismatched = 0;
  std::uint64_t total = 0;
  bool measurable = false;  ///< some mismatched pair is finite: the next six say something
  double max_absolute = 0;
  Element at_max_absolute;
  double max_relative = 0;  ///< |actual - expected| / |expected|; inf where expected is 0
  Element at_max_relative;
  double passing_rtol = 0;  ///< with atol as it is; inf or NaN where none would do
  double passing_atol = 0;  ///< with rtol as it is
  std::uint64_t actual_nans = 0;
  std::uint64_t expected_nans = 0;
  std::uint64_t actual_infs = 0;
  std::uint64_t expected_infs = 0;
  bool only_nans = false;  ///< NaNs at the same places are all that separates the two: equal_nan would pass
  Tolerance tolerance;     ///< what was applied
  bool exact = false;      ///< no tolerance was applied: nor would another one have passed
  /// They are integers that would agree within the tolerance if exact_integers were off.
  bool only_integers = false;
  bool auto_atol = false;  ///< the tolerance's atol follows from the value: it was kAutoAtol
  std::string by_dtype;    ///< the entry of by_dtype that was applied; empty where none was
  std::vector<Element> samples;
};

struct Difference {
  std::string path;  ///< "[2]['x'].data"; empty for the value itself
  What what = What::kValue;
  std::string actual;  ///< a type, a shape, a length or a bounded repr
  std::string expected;
  std::string note;      ///< more to say in a sentence; may be empty
  std::string diff;      ///< of texts of several lines: a bounded unified diff from expected (-) to actual (+)
  bool numeric = false;  ///< `numbers` is filled
  Numbers numbers;
};

/// Differences of one kind at places that are alike.
struct DifferenceGroup {
  std::string path;
  What what = What::kValue;
  std::uint64_t count = 0;
};

/// What several differences come to, and what would let them pass.
struct Hint {
  std::string path;
  std::string text;
};

/// An array of which only a sketch was stored, and that is not what it was (docs/sketches.md).
struct SketchedArray {
  std::string path;  ///< empty for the value itself
  std::string dtype;
  std::vector<std::uint64_t> shape;
  bool different = false;  ///< beyond the tolerance
  std::uint64_t elements = 0;
  std::uint64_t blocks = 0;
  std::uint64_t changed_blocks = 0;  ///< blocks with other bits
  std::uint64_t sampled = 0;         ///< elements that were compared one by one
  /// If in each block one element alone has changed, none has by more than that; and the same in units of the smallest
  /// tolerance that an element of its block can have, inf where that is 0. The largest of all blocks.
  double unseen = 0;
  double unseen_tolerances = 0;
};

struct Comparison {
  Outcome outcome = Outcome::kIdentical;
  std::vector<Difference> differences;  ///< at most kMostDifferences
  std::uint64_t difference_count = 0;   ///< all of them
  std::vector<Hint> hints;              ///< at most kMostHints
  std::uint64_t leaves = 0;             ///< leaves compared; 0 means that nothing was checked
  std::uint64_t ignored = 0;            ///< subtrees left out
  /// The leaves that differ, at most kMostPaths; an array is one leaf. Same structure, same text, in every run.
  std::vector<std::string> differing_paths;
  bool paths_truncated = false;
  /// Of the leaves that differ and are numbers that allow a tolerance: the relative one that would have passed, where
  /// one would.
  std::map<std::string, double> passing_rtol;
  /// What was applied to the first numbers that are not identical and allow a tolerance; nothing where there are none.
  std::optional<Tolerance> tolerance;
  /// With Options::sketches, of what is not identical: the arrays whose numbers are furthest apart, at most
  /// kMostSketches, and the counts of all numbers together.
  std::vector<Sketch> sketches;
  std::optional<Sketch> sketch;
  /// Arrays that were compared by what was stored of them, and are not identical; the first kMostSketched.
  std::vector<SketchedArray> sketched;
  std::uint64_t sketched_count = 0;  ///< all of them
  /// How often what differs where; paths with indices left out ("[*]['x']"). At most kMostGroups; the most frequent.
  std::vector<DifferenceGroup> groups;
  /// With Options::sketches: which parts of containers were added, removed or changed; the first containers in which
  /// something differs, the outer ones before what they hold.
  std::vector<PartChanges> parts;
};
inline constexpr std::size_t kMostSketches = 4;
inline constexpr std::size_t kMostSketched = 20;
inline constexpr std::size_t kMostGroups = 30;
inline constexpr std::size_t kMostDifferences = 20;
inline constexpr std::size_t kMostPaths = 1000;
inline constexpr std::size_t kMostHints = 5;

/// Time is n log n in the size of the two values, and bounded whatever sharing they contain.
[[nodiscard]] Comparison compare(const pickle::Document& actual, const pickle::Document& expected,
                                 const Options& options = {});

}  // namespace snapshot_test::compare
