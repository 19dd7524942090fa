// Runs of which several machines have a part each: a session's part of src/shards.
#pragma once

#include <map>
#include <string>

#include "model/settings.hpp"
#include "session/run.hpp"
#include "session/session.hpp"
#include "shards/plan.hpp"
#include "snapshot_test/model/shard.hpp"
#include "snapshot_test/store/manifest.hpp"
#include "snapshot_test/util/result.hpp"

namespace snapshot_test::session {

/// The plan of all that is selected, by what the baseline says of it.
[[nodiscard]] shards::Plan plan_of(const Selection& selection, const std::map<std::string, store::Manifest>& baseline,
                                   std::size_t shards, nlohmann::json settings);

/// Must the baseline be the one that a plan was made with? A capture's need not: shards that capture into one store
/// change it.
enum class BaselineOf { kThePlan, kAnyTime };

/// Leaves of the run's selection what the shard has, and says which that is. kUsage where a plan from a file is not of
/// this suite, these settings, this baseline or this version.
[[nodiscard]] Result<model::Shard> take_shard(Run& run, const std::map<std::string, store::Manifest>& baseline,
                                              const ShardOptions& options, BaselineOf which, const Demands& demands);

[[nodiscard]] nlohmann::json demands_json(const Demands& demands);
/// Throws what nlohmann::json throws, or std::invalid_argument.
[[nodiscard]] Demands demands_from_json(const nlohmann::json& json);

/// Of what `run` has captured of a benchmark: SHA-256 of all that the manifest says of these cases; empty where it has
/// none of them. Together, by store::baseline_digest(), they are what a shard's store says of itself.
[[nodiscard]] std::string captured_digest(store::Manifest manifest, const std::string& run);

/// How a shard's run ends: it fails where something is wrong. Whether enough was checked is said where all shards are
/// merged, and so is what becomes of snapshots whose case is gone, and of entries of expected.toml about no case.
void conclude_shard(model::CaptureSummary& summary, const Demands& demands);
void conclude_shard(model::VerifySummary& summary);

/// "shard 7 of 8 has no cases: ..."; empty where it has some.
[[nodiscard]] std::string empty_shard_text(const model::Shard& shard);

}  // namespace snapshot_test::session
