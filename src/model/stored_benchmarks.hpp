// What a store knows of a suite's benchmarks.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "snapshot_test/model/result.hpp"

namespace snapshot_test::model {

/// The selected indices of each benchmark; parallel to the suite's benchmarks.
using SelectedIndices = std::vector<std::vector<std::size_t>>;

/// A part of a benchmark's values that differs from run to run on unchanged code: verify leaves it out.
struct UnstablePart {
  std::string site;                  ///< "return", "body[3]"
  std::string path;                  ///< inside the site's value; empty: all of it
  std::vector<std::size_t> indices;  ///< the cases of which this is known
};

/// Of a benchmark's selected cases.
struct StoredBenchmark {
  std::size_t cases = 0;  ///< that have a snapshot
  CheckedCounts checked;  ///< what verify checks them by; the others cannot be checked
  std::vector<UnstablePart> unstable;
};

/// By the benchmark's name; those without snapshots are not there.
using StoredBenchmarks = std::map<std::string, StoredBenchmark>;

}  // namespace snapshot_test::model
