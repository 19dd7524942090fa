// A run that several machines share: what each of them knows of the whole.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace snapshot_test::model {

/// What a plan gives to one shard.
struct ShardShare {
  std::size_t cases = 0;
  std::string digest;  ///< SHA-256 of the cases' names, 64 hex digits
};

/// What tells a plan from another one.
struct ShardPlanId {
  std::string digest;              ///< SHA-256 of all that follows, 64 hex digits
  std::string tool_version;        ///< of this program
  std::string baseline;            ///< digest of the baseline; empty: there was none
  nlohmann::json settings;         ///< those on which results may depend
  std::vector<ShardShare> shares;  ///< shard 1 first
};
void to_json(nlohmann::json& out, const ShardPlanId& in);
void from_json(const nlohmann::json& in, ShardPlanId& out);

/// The shard that a run is, and what its report has to say for all of them to be judged together.
struct Shard {
  std::size_t number = 1;  ///< from 1 on
  ShardPlanId plan;
  std::size_t benchmarks = 0;  ///< of all shards together
  std::size_t cases = 0;       ///< the same
  bool whole_suite = true;     ///< every case that the suite may have is known, and in one of the shards
  nlohmann::json place;        ///< where it ran, as runs/<id>.json of a store says it
  nlohmann::json demands;      ///< what was demanded of the whole run
};
void to_json(nlohmann::json& out, const Shard& in);
void from_json(const nlohmann::json& in, Shard& out);

}  // namespace snapshot_test::model
