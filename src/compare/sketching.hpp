// Makes sketches (sketch.hpp) of pairs of elements.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "compare/plane.hpp"
#include "compare/settings.hpp"
#include "snapshot_test/compare/compare.hpp"
#include "snapshot_test/compare/sketch.hpp"

namespace snapshot_test::compare {

/// So many elements at once, as double, with what is exact only in their own type. A complex number is its magnitude,
/// with the distance of the two numbers and the sum of its parts' differences.
struct SketchChunk {
  static constexpr std::size_t kSize =
      448;  ///< the members do not lie whole pages apart: these would be in each other's way
  alignas(64) double actual[kSize];
  alignas(64) double expected[kSize];
  alignas(64) double change[kSize];    ///< actual - expected
  alignas(64) double distance[kSize];  ///< its magnitude
  alignas(64) std::uint64_t ulps[kSize];
  bool small_ulps = false;  ///< all are below 2^53
};

/// Gathers what a sketch says, chunk by chunk. `first` below is what the first element of a chunk is called in the
/// worst elements, and the others are called after it in turn.
class SketchBuilder {
 public:
  SketchBuilder(Sketch& sketch, const Applied& how);
  /// Where either side is not finite, change and distance must not be, either. They become infinite, or 0 where nothing
  /// changed.
  void add(SketchChunk& chunk, std::size_t count, std::uint64_t first);
  /// Would an element that is so far apart be one of the worst?
  [[nodiscard]] bool is_among_worst(double distance, double expected) const;
  /// Completes the sketch but for its map and its elements; call it once.
  void finish();

  struct Worst {
    double score = 0;
    std::uint64_t name = 0;
    double difference = 0;
    std::uint64_t ulps = 0;
  };
  /// The worst first.
  [[nodiscard]] const std::vector<Worst>& worst_elements() const { return worst_; }

 private:
  enum class Sums { kOfFiniteOnly, kOfAny };
  /// False, and nothing is added, where the sum is not finite and has to be.
  bool add_finite(const SketchChunk& chunk, std::size_t count, std::uint64_t first, Sums sums);
  enum class Special { kNone, kStayed, kChanged };
  Special take_special(SketchChunk& chunk, std::size_t i, std::uint64_t first);
  void count_changes(const SketchChunk& chunk, std::size_t count);
  void check_patterns(const SketchChunk& chunk, std::size_t count);
  void bin_by_ratio(const SketchChunk& chunk, std::size_t count, std::int64_t* bins) const;
  void note_worst(const SketchChunk& chunk, std::size_t count, std::uint64_t first);
  void raise_passing(const SketchChunk& chunk, std::size_t count);
  void suggest(const SketchChunk& chunk, std::size_t count);
  void note(double score, std::uint64_t name, double difference, std::uint64_t ulps);

  Sketch& sketch_;
  double rtol_;
  double atol_;
  double sum_ = 0;
  double sum_ulps_ = 0;
  bool suggested_ = false;
  double least_score_ = 0;  ///< of the worst that are kept, once there are kWorstElements
  std::vector<Worst> worst_;
  Sketch::Ulps ulp_counts_{};
  Sketch::Tolerances tolerance_counts_{};
};

/// Sketches of the parts of one value.
struct SketchSet {
  std::optional<Sketch> total;  ///< counts of all of them
  std::vector<Sketch> kept;     ///< the kMostSketches whose numbers are furthest apart, those first

  void add(Sketch sketch);
  /// Of a value at `path` in this one's.
  void add(SketchSet set, const std::string& path);

 private:
  void keep(Sketch sketch);
};

/// As in Sketch::ulps, for one real number of this dtype; null: a double.
[[nodiscard]] std::uint64_t ulps_between(long double actual, long double expected, const pickle::Dtype* dtype);

/// Of two arrays of numbers, dates or durations; nothing for any other, and for dates of different units. Reads each
/// side once.
[[nodiscard]] std::optional<Sketch> sketch_plane(const PlanePair& pair, const Traversal& traversal, const Applied& how);

}  // namespace snapshot_test::compare
