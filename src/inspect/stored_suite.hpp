// Asks a store what it knows of a suite's benchmarks.
#pragma once

#include <string>
#include <vector>

#include "model/stored_benchmarks.hpp"
#include "snapshot_test/model/benchmark.hpp"
#include "snapshot_test/store/store.hpp"

namespace snapshot_test::inspect {

struct StoredSuite {
  model::StoredBenchmarks benchmarks;
  std::vector<std::string> notes;  ///< the snapshots that cannot be read, a line each
};

/// Of the selected cases; a case is found as verify finds it.
[[nodiscard]] StoredSuite stored_suite(const store::Store& store, const model::Suite& suite,
                                       const model::SelectedIndices& selected);

}  // namespace snapshot_test::inspect
