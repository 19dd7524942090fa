// Which cases each of several machines runs: a pure function of the suite's cases, what they took, and what the results
// depend on, so that every machine comes to the same plan by itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "snapshot_test/model/benchmark.hpp"
#include "snapshot_test/model/shard.hpp"

namespace snapshot_test::shards {

/// A case as a plan names it.
struct PlannedCase {
  std::string benchmark;
  std::size_t index = 0;
  std::string label;  ///< "name(id1, id2)", without addresses, which are not the same in two processes

  friend bool operator==(const PlannedCase&, const PlannedCase&) = default;
};

/// The case of that index now; the same of what a report says of it.
[[nodiscard]] PlannedCase planned_case(const model::Benchmark& benchmark, std::size_t index);
[[nodiscard]] PlannedCase planned_case(const std::string& benchmark, std::size_t index, const std::string& label);

/// A case that is to be given to a shard.
struct CaseToPlan {
  PlannedCase name;
  std::string import;       ///< what has to be imported for it: cases with the same are best kept together
  std::string setup_cache;  ///< the cases with the same import and the same one are never divided; empty: it has none
  double seconds = 0;       ///< that it took last; 0 where that is not known
};

/// On what results depend beside the cases.
struct PlanBasis {
  std::string tool_version;
  std::string baseline;     ///< digest; empty: none
  nlohmann::json settings;  ///< an object
};

struct Plan {
  model::ShardPlanId id;
  std::vector<std::vector<PlannedCase>> shards;  ///< shard 1 first; each sorted by benchmark and index
  std::vector<double> seconds;                   ///< that each is expected to take, on one core
  std::size_t known = 0;                         ///< cases of which it is known what they take; of make_plan()
};

/// Gives the longest groups away first, each to the shard that has the least to do. A group is what shares a
/// setup_cache, else an import; one of the latter kind is divided where the slowest shard would take more than 1.15
/// times the mean otherwise. A case of which nothing is known counts as the median of those that are, else as a second.
/// Ties are broken by name, and the order of `cases` does not matter. `shards` is at least 1; some may stay empty.
[[nodiscard]] Plan make_plan(std::vector<CaseToPlan> cases, std::size_t shards, PlanBasis basis);

/// SHA-256 of the names and indices, in this order.
[[nodiscard]] std::string digest_of(const std::vector<PlannedCase>& cases);
/// What `id.digest` has to be.
[[nodiscard]] std::string digest_of(const model::ShardPlanId& id);

/// How much longer than the mean the slowest shard may take before groups are divided.
inline constexpr double kMostOverMean = 1.15;

}  // namespace snapshot_test::shards
