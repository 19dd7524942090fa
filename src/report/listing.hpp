// What `list` prints.
#pragma once

#include <string>

#include "model/stored_benchmarks.hpp"
#include "report/style.hpp"
#include "snapshot_test/model/benchmark.hpp"

namespace snapshot_test::report {

enum class ListDetail { kBenchmarks, kCases };

using model::SelectedIndices;
using model::StoredBenchmark;
using model::StoredBenchmarks;
using model::UnstablePart;

enum class Lists { kBounded, kComplete };

/// Benchmarks by module, each with type, number of cases, parameters and unstable parts; a total at the end. Benchmarks
/// without a selected case are left out.
[[nodiscard]] std::string listing_text(const model::Suite& suite, const SelectedIndices& selected,
                                       const StoredBenchmarks& stored, ListDetail detail, Lists lists, Color color);

/// The documented machine form (docs/json.md).
[[nodiscard]] std::string listing_json(const model::Suite& suite, const SelectedIndices& selected,
                                       const StoredBenchmarks& stored, ListDetail detail);

}  // namespace snapshot_test::report
