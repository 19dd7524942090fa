#include "session/sharding.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "session/conclude.hpp"
#include "session/environment.hpp"
#include "store/baseline_digest.hpp"
#include "store/digest.hpp"
#include "store/journal.hpp"
#include "util/try.hpp"

namespace snapshot_test::session {

namespace {

template <class Enum, std::size_t kCount>
Enum enum_named(const std::array<std::string_view, kCount>& names, const std::string& text) {
  const auto found = std::find(names.begin(), names.end(), text);
  if (found == names.end()) {
    throw std::invalid_argument(fmt::format("'{}' is unknown to this version", text));
  }
  return static_cast<Enum>(found - names.begin());
}

std::set<std::pair<std::string, std::size_t>> keys_of(const std::vector<shards::PlannedCase>& cases) {
  std::set<std::pair<std::string, std::size_t>> keys;
  for (const shards::PlannedCase& each : cases) {
    keys.emplace(each.benchmark, each.index);
  }
  return keys;
}

std::vector<shards::PlannedCase> selected_cases(const Selection& selection) {
  std::vector<shards::PlannedCase> cases;
  for (std::size_t i = 0; i < selection.suite.benchmarks.size(); ++i) {
    for (const std::size_t index : selection.indices[i]) {
      cases.push_back(shards::planned_case(selection.suite.benchmarks[i], index));
    }
  }
  return cases;
}

/// What of the suite and a plan do not go together; empty: they do.
std::string case_difference(const shards::Plan& plan, const Selection& selection) {
  std::set<std::string> planned;
  for (const auto& shard : plan.shards) {
    for (const shards::PlannedCase& each : shard) {
      planned.insert(fmt::format("{} [{}]", each.label, each.index));
    }
  }
  for (const shards::PlannedCase& each : selected_cases(selection)) {
    const std::string name = fmt::format("{} [{}]", each.label, each.index);
    if (planned.erase(name) == 0) {
      return fmt::format("it does not have {}, which is selected here", each.label);
    }
  }
  return planned.empty() ? "" : fmt::format("it has {}, which is not selected here", *planned.begin());
}

Result<void> check_plan(const ShardOptions& options, const Selection& selection, const std::string& baseline,
                        BaselineOf which) {
  const shards::Plan& plan = *options.plan;
  const auto refuse = [&](const std::string& why) {
    return fail(ErrorKind::kUsage,
                fmt::format("the plan '{}' is not of this run: {}; make it again, with the same options, by "
                            "`snapshot_test plan --shards {} --json FILE`",
                            options.plan_name, why, options.choice.of));
  };
  if (plan.shards.size() != options.choice.of) {
    return refuse(fmt::format("it has {} shards, and --shard says {}", plan.shards.size(), options.choice.of));
  }
  if (plan.id.tool_version != ST_VERSION) {
    return refuse(fmt::format("it was made by snapshot_test {}, and this is {}", plan.id.tool_version, ST_VERSION));
  }
  if (plan.id.settings != options.settings) {
    return refuse(fmt::format("settings are not the same: {}", store::difference(plan.id.settings, options.settings)));
  }
  if (const std::string why = case_difference(plan, selection); !why.empty()) {
    return refuse(why);
  }
  if (which == BaselineOf::kThePlan && plan.id.baseline != baseline) {
    return refuse("the baseline is not the one that it was made with");
  }
  return {};
}

/// Is there a shard beside this one in which something may be checked? Where this one has all the cases, there is not.
bool others_have_cases(const std::optional<model::Shard>& shard) {
  return shard && shard->cases > shard->plan.shares.at(shard->number - 1).cases;
}

}  // namespace

shards::Plan plan_of(const Selection& selection, const std::map<std::string, store::Manifest>& baseline,
                     std::size_t shards, nlohmann::json settings) {
  std::vector<shards::CaseToPlan> cases;
  for (std::size_t i = 0; i < selection.suite.benchmarks.size(); ++i) {
    const model::Benchmark& benchmark = selection.suite.benchmarks[i];
    const store::Manifest none;
    const auto found = baseline.find(benchmark.name);
    store::CaseFinder finder(found == baseline.end() ? none : found->second);
    for (const std::size_t index : selection.indices[i]) {
      const store::CaseRecord* record = finder.find(benchmark.case_ids(index), index);
      cases.push_back({shards::planned_case(benchmark, index), benchmark.module, benchmark.setup_cache_key.value_or(""),
                       record == nullptr ? 0 : record->total_seconds});
    }
  }
  return shards::make_plan(std::move(cases), shards,
                           {ST_VERSION, store::baseline_digest(baseline), std::move(settings)});
}

Result<model::Shard> take_shard(Run& run, const std::map<std::string, store::Manifest>& baseline,
                                const ShardOptions& options, BaselineOf which, const Demands& demands) {
  const Selection& selection = run.selection();
  if (options.plan) {
    TRY(check_plan(options, selection, store::baseline_digest(baseline), which));
  }
  const shards::Plan plan =
      options.plan ? *options.plan : plan_of(selection, baseline, options.choice.of, options.settings);
  model::Shard shard;
  shard.number = options.choice.number;
  shard.plan = plan.id;
  shard.whole_suite = run.is_whole_suite();
  shard.demands = demands_json(demands);
  shard.place = nlohmann::json::parse(store::to_text(place_of(run)));
  for (const auto& indices : selection.indices) {
    shard.benchmarks += indices.empty() ? 0 : 1;
    shard.cases += indices.size();
  }
  const auto mine = keys_of(plan.shards.at(shard.number - 1));
  run.leave_to_others([&](const model::Benchmark& benchmark, std::size_t index) {
    return !mine.contains({benchmark.name, index});
  });
  if (std::string text = empty_shard_text(shard); !text.empty()) {
    run.selection().suite.notes.push_back(std::move(text));
  }
  return shard;
}

nlohmann::json demands_json(const Demands& demands) {
  return {{"strict", demands.strict},
          {"min_verified", demands.min_verified},
          {"min_verified_counts", model::name(demands.min_verified_counts)},
          {"min_cases", demands.min_cases},
          {"missing", model::kMissingNames.at(static_cast<std::size_t>(demands.missing))},
          {"obsolete", model::kObsoleteNames.at(static_cast<std::size_t>(demands.obsolete))}};
}

Demands demands_from_json(const nlohmann::json& from) {
  Demands demands;
  from.at("strict").get_to(demands.strict);
  from.at("min_verified").get_to(demands.min_verified);
  from.at("min_cases").get_to(demands.min_cases);
  demands.missing = enum_named<model::Missing>(model::kMissingNames, from.at("missing").get<std::string>());
  demands.obsolete = enum_named<model::Obsolete>(model::kObsoleteNames, from.at("obsolete").get<std::string>());
  const auto counted = from.at("min_verified_counts").get<std::string>();
  for (const auto each : {model::Counted::kResult, model::Counted::kPart, model::Counted::kAny}) {
    if (model::name(each) == counted) {
      demands.min_verified_counts = each;
      return demands;
    }
  }
  throw std::invalid_argument(fmt::format("'{}' is unknown to this version", counted));
}

std::string captured_digest(store::Manifest manifest, const std::string& run) {
  std::erase_if(manifest.cases, [&](const store::CaseRecord& record) { return record.run != run; });
  return manifest.cases.empty() ? "" : store::sha256_hex(store::to_text(manifest));
}

void conclude_shard(model::CaptureSummary& summary, const Demands& demands) {
  conclude(summary, demands);
  const bool nothing = summary.status == model::ExitStatus::kNothingVerified;
  if (summary.too_little || (nothing && others_have_cases(summary.plan.shard))) {
    summary.status = model::ExitStatus::kSuccess;
    summary.failure.clear();
    summary.too_little = nothing;
  }
}

void conclude_shard(model::VerifySummary& summary) {
  std::vector<model::Expectation> idle = std::exchange(summary.idle_expectations, {});
  conclude(summary, Demands{}, Extent::kPartial);
  summary.idle_expectations = std::move(idle);
  if (summary.status == model::ExitStatus::kNothingVerified && others_have_cases(summary.plan.shard)) {
    summary.status = model::ExitStatus::kSuccess;
    summary.failure.clear();
    summary.too_little = true;
  }
}

std::string empty_shard_text(const model::Shard& shard) {
  const std::size_t own = shard.plan.shares.at(shard.number - 1).cases;
  return own > 0 || shard.cases == 0 ? ""
                                     : fmt::format("shard {} of {} has no cases: the others have all {}", shard.number,
                                                   shard.plan.shares.size(), shard.cases);
}

}  // namespace snapshot_test::session
