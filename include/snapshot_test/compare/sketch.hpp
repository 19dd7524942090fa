// How two values of numbers differ, in a bounded form: what reports show instead of the values. Definitions, formulas
// and the JSON form are in docs/comparison.md ("Sketches").
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace snapshot_test::compare {

/// One of the elements that are furthest apart.
struct WorstElement {
  std::vector<std::uint64_t> index;  ///< in the array; empty for a number of its own
  std::string path;                  ///< of a number of its own; empty in an array
  std::string actual;
  std::string expected;
  double difference = 0;  ///< |actual - expected|; infinite where only one of them is finite
  std::uint64_t ulps = 0;
};
inline constexpr std::size_t kWorstElements = 20;

/// The largest differences of a grid laid over the two longest axes of an array.
struct SketchMap {
  std::vector<std::size_t> axes;       ///< of the array: rows, then columns; one axis: columns alone
  std::vector<std::uint64_t> extents;  ///< parallel to axes: elements
  std::size_t rows = 0;                ///< at most kMapSide, as are columns; 0: no map
  std::size_t columns = 0;
  std::vector<double> largest;  ///< row by row: the largest |actual - expected| of a cell
};
inline constexpr std::size_t kMapSide = 64;

struct Sketch {
  static constexpr int kLeastLog2 = -40;  ///< of `tolerances`
  static constexpr int kMostLog2 = 40;
  /// [0]: no difference; [k]: from 2^(k-1) up to below 2^k units in the last place; of integers the difference itself.
  using Ulps = std::array<std::uint64_t, 65>;
  /// [0]: no difference; [k]: |difference| / tolerance from 2^(k-1+kLeastLog2) up to below twice that; the first and
  /// the last also hold what is beyond them.
  using Tolerances = std::array<std::uint64_t, kMostLog2 - kLeastLog2 + 2>;

  std::string path;                  ///< of the array; empty for the value itself, and for numbers of their own
  std::string dtype;                 ///< "float64"; "numbers" for numbers of their own
  std::vector<std::uint64_t> shape;  ///< of the array
  std::uint64_t total = 0;           ///< elements
  std::uint64_t differing = 0;       ///< not equal: within tolerance or not; NaNs at the same place are equal
  std::uint64_t measured = 0;        ///< finite on both sides: what the histograms and means are of
  Ulps ulps{};
  bool has_tolerance = false;  ///< `tolerances` is filled: elements are not compared exactly
  Tolerances tolerances{};
  double mean_difference = 0;  ///< of actual - expected, over `measured`; bias, where noise cancels
  double mean_ulps = 0;        ///< the same in signed units in the last place
  double max_difference = 0;
  std::uint64_t max_ulps = 0;
  double passing_rtol = 0;        ///< least rtol with atol as it was; inf where none would do
  double passing_rtol_alone = 0;  ///< the same with an atol of 0
  double rtol = 0;
  double atol = 0;
  int digits = 0;  ///< of the dtype's mantissa, in bits; 0 for integers
  // Changes that are no rounding.
  std::uint64_t nan_appeared = 0;
  std::uint64_t nan_vanished = 0;
  std::uint64_t nan_stayed = 0;    ///< on both sides
  std::uint64_t inf_changed = 0;   ///< infinite on one side, or with the other sign
  std::uint64_t sign_changed = 0;  ///< neither is zero
  std::uint64_t became_zero = 0;
  std::uint64_t was_zero = 0;
  /// What the first element that differs suggests for all: actual = factor * expected, actual = expected + offset.
  double factor = 0;
  bool same_factor = false;  ///< of every element that differs, to a relative 1e-6
  double offset = 0;
  bool same_offset = false;
  SketchMap map;
  std::vector<WorstElement> worst;  ///< the worst first, at most kWorstElements

  /// Adds the counts of another sketch; no map, no elements.
  void add(const Sketch& other);
};

/// One line for people: "rounding: 97 % of elements within 4 ulp, bias -0.02 ulp". Empty where nothing differs.
[[nodiscard]] std::string reading(const Sketch& sketch);

}  // namespace snapshot_test::compare
