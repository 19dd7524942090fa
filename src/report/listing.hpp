// What `list` prints.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "report/style.hpp"
#include "snapshot_test/model/benchmark.hpp"
#include "snapshot_test/model/result.hpp"

namespace snapshot_test::report {

enum class ListDetail { kBenchmarks, kCases };

/// The selected indices of each benchmark; parallel to the suite's benchmarks.
using SelectedIndices = std::vector<std::vector<std::size_t>>;

/// A part of a benchmark's values that differs from run to run on unchanged code: verify leaves it out.
struct UnstablePart {
  std::string site;                  ///< "return", "body[3]"
  std::string path;                  ///< inside the site's value; empty: all of it
  std::vector<std::size_t> indices;  ///< the cases of which this is known
};

/// What a store knows of a benchmark's selected cases.
struct StoredBenchmark {
  std::size_t cases = 0;         ///< that have a snapshot
  model::CheckedCounts checked;  ///< what verify checks them by; the others cannot be checked
  std::vector<UnstablePart> unstable;
};

/// By the benchmark's name; those without snapshots are not there.
using StoredBenchmarks = std::map<std::string, StoredBenchmark>;

enum class Lists { kBounded, kComplete };

/// Benchmarks by module, each with type, number of cases, parameters and unstable parts; a total at the end. Benchmarks
/// without a selected case are left out.
[[nodiscard]] std::string listing_text(const model::Suite& suite, const SelectedIndices& selected,
                                       const StoredBenchmarks& stored, ListDetail detail, Lists lists, Color color);

/// The documented machine form (docs/json.md).
[[nodiscard]] std::string listing_json(const model::Suite& suite, const SelectedIndices& selected,
                                       const StoredBenchmarks& stored, ListDetail detail);

}  // namespace snapshot_test::report
