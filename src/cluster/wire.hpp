// What this program and its agents on the workers of a cluster say to each other, over the agent's standard input, a
// socket. Messages are util::Channel's; between the two they travel as JSON through the cluster.
//
//   to the agent          fields
//   open                  suite: options_json(), folder: its own, identity
//   run                   identity, host: {epoch, pass, preload}, benchmarks, tasks; ended by `end` or `error`
//
//   from the agent        fields
//   started               task
//   outcome               task, result: outcome_json(), files: of its values, below `staging` in its folder
//   end                   all tasks have run, or their values are as many as one message may carry
//   error                 message: no case can be run here
//
// A task's number is its place in the run, not in the message. Values to compare with are below `objects` in the
// agent's folder.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "model/message.hpp"
#include "model/settings.hpp"
#include "runner/case_runner.hpp"
#include "snapshot_test/util/result.hpp"

namespace snapshot_test::cluster {

/// Of values that one portion of cases may carry either way, unless a single one has more.
inline constexpr std::uint64_t kMostValueBytes = std::uint64_t{64} << 20;

/// What of the options the processes of a host depend on.
[[nodiscard]] nlohmann::json options_json(const model::SuiteOptions& options);
/// Throws what nlohmann::json throws.
[[nodiscard]] model::SuiteOptions options_from_json(const nlohmann::json& json);

/// What host a case is to run in: another epoch is another host.
struct HostPlan {
  std::size_t epoch = 0;
  runner::Pass pass = runner::Pass::kFirst;
  std::vector<std::string> preload;
};
[[nodiscard]] nlohmann::json host_json(const HostPlan& host);
[[nodiscard]] HostPlan host_from_json(const nlohmann::json& json);

/// A benchmark as its cases need it, with the rules by which they are compared.
[[nodiscard]] nlohmann::json benchmark_json(const model::Benchmark& benchmark, const model::Rules& rules);
[[nodiscard]] Result<model::BenchmarkRequest> benchmark_from_json(const nlohmann::json& json);

/// A task without its benchmark, and what to ask for it.
[[nodiscard]] nlohmann::json task_json(const runner::CaseTask& task, const model::CaseRequest& request);
struct SentTask {
  runner::CaseTask task;
  model::CaseRequest request;
};
[[nodiscard]] Result<SentTask> task_from_json(const nlohmann::json& json);

[[nodiscard]] nlohmann::json outcome_json(const runner::CaseOutcome& outcome);
/// kCorrupt where it is none.
[[nodiscard]] Result<runner::CaseOutcome> outcome_from_json(const nlohmann::json& json);

}  // namespace snapshot_test::cluster
