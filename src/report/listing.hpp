// What `list` prints.
#pragma once

#include <string>
#include <vector>

#include "report/style.hpp"
#include "snapshot_test/model/benchmark.hpp"

namespace snapshot_test::report {

enum class ListDetail { kBenchmarks, kCases };
enum class Tracebacks { kHidden, kShown };

/// The selected indices of each benchmark; parallel to the suite's benchmarks.
using SelectedIndices = std::vector<std::vector<std::size_t>>;

/// Benchmarks by module, each with type, number of cases and parameters; a total at the end. Benchmarks without a
/// selected case are left out.
[[nodiscard]] std::string listing_text(const model::Suite& suite, const SelectedIndices& selected, ListDetail detail,
                                       Color color);

/// What could not be imported or read, one a line; empty where all could.
[[nodiscard]] std::string discovery_failures_text(const model::Suite& suite, Tracebacks tracebacks, Color color);

/// The documented machine form (docs/json.md).
[[nodiscard]] std::string listing_json(const model::Suite& suite, const SelectedIndices& selected, ListDetail detail);

}  // namespace snapshot_test::report
