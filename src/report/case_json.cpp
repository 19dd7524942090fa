#include "report/case_json.hpp"

#include <utility>

#include "report/format.hpp"
#include "report/summary_text.hpp"
#include "report/transitions_json.hpp"
#include "util/json_text.hpp"

namespace snapshot_test::report {

namespace {

using model::Standing;

Json observation_json(const model::Observation& observation) {
  Json json = {{"ending", model::name(observation.ending)},
               {"detail", observation.detail},
               {"traceback", observation.traceback},
               {"output", observation.output},
               {"notes", observation.notes}};
  if (!observation.replaced.empty()) {
    json["replaced"] = observation.replaced;
  }
  if (!observation.opened.empty()) {
    json["opened"] = observation.opened;
  }
  return json;
}

Json site_json(const model::SiteComparison& site) {
  Json json = {{"site", site.site.text()}, {"match", model::name(site.match)}, {"meaningful", site.meaningful}};
  if (!site.source.empty()) {
    json["source"] = site.source;
  }
  if (site.shares_with) {
    json["shares_with"] = site.shares_with->text();
  }
  if (!site.explanation.empty()) {
    json["explanation"] = site.explanation;
  }
  if (!site.details.is_null()) {
    json["details"] = Json(site.details);
  }
  return json;
}

Json tested_json(const std::vector<model::TestedPackage>& tested) {
  Json json = Json::array();
  for (const model::TestedPackage& package : tested) {
    json.push_back(Json(nlohmann::json(package)));
  }
  return json;
}

Json baseline_json(const std::optional<model::BaselineOrigin>& baseline) {
  return baseline ? Json({{"time", baseline->time}, {"tested", tested_json(baseline->tested)}}) : Json(nullptr);
}

Json environment_json(const std::vector<model::EnvironmentChange>& changes) {
  Json json = Json::array();
  for (const model::EnvironmentChange& change : changes) {
    json.push_back({{"part", change.part}, {"before", change.before}, {"now", change.now}});
  }
  return json;
}

Json variant_json(const std::optional<model::UsedVariant>& variant) {
  return variant ? Json({{"name", variant->name}, {"wanted", variant->wanted}}) : Json(nullptr);
}

double share(std::size_t part, std::size_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

Json expectation_json(const model::Expectation& expectation) {
  Json json = {
      {"case", expectation.cases}, {"verdict", model::name(expectation.verdict)}, {"reason", expectation.reason}};
  if (!expectation.issue.empty()) {
    json["issue"] = expectation.issue;
  }
  if (!expectation.until.empty()) {
    json["until"] = expectation.until;
  }
  if (expectation.max_elements) {
    json["max_elements"] = *expectation.max_elements;
  }
  json["file"] = expectation.file;
  json["line"] = expectation.line;
  return json;
}

Json checked_by_json(const std::optional<model::CheckedBy>& sort) {
  return sort ? Json(model::name(*sort)) : Json(nullptr);
}

/// What names a case, and where its source is.
Json place_json(const model::CaseId& id) {
  Json json = id_json(id);
  json["module"] = id.module;
  if (!id.file.empty()) {
    json["file"] = id.file;
    json["line"] = id.line;
  }
  return json;
}

Json ok_json(std::optional<bool> ok) { return ok ? Json(*ok) : Json(nullptr); }

template <class Map>
std::pair<std::size_t, Json> by_name(const Map& counts) {
  std::size_t total = 0;
  Json json = Json::object();
  for (const auto& [key, count] : counts) {
    total += count;
    json[std::string(model::name(key))] = count;
  }
  return {total, std::move(json)};
}

Json replacement_json(const std::optional<model::Replacement>& replaces) {
  if (!replaces) {
    return nullptr;
  }
  return {{"baseline", baseline_json(replaces->before)}, {"by_verdict", by_name(replaces->counts).second}};
}

}  // namespace

void add_status(Json& json, model::ExitStatus status, const std::string& failure) {
  json["status"] = status_name(status);
  json["exit_status"] = static_cast<int>(status);
  json["failure"] = failure;
}

Json aborted_json(model::ExitStatus status, const std::string& failure) {
  Json json = {{"ok", ok_json(model::grade(status, true))}};
  add_status(json, status, failure);
  return json;
}

Json id_json(const model::CaseId& id) {
  return {{"label", id.label}, {"benchmark", id.benchmark}, {"index", id.index}};
}

Json outcome_json(const model::CaseCapture& result) {
  Json json = place_json(result.id);
  json["status"] = model::name(result.status);
  json["verifiable"] = model::verifiable(result.status);
  json["checked_by"] = checked_by_json(model::checked_by(result.status));
  json["missing"] = result.missing;
  if (result.loss != model::Loss::kNone) {
    json["loss"] = model::name(result.loss);
  }
  json["reason"] = result.reason;
  json["seconds"] = result.observation.seconds;
  return json;
}

Json outcome_json(const model::CaseVerdict& result) {
  Json json = place_json(result.id);
  json["verdict"] = model::name(result.verdict);
  json["standing"] = model::name(model::standing(result.verdict));
  json["checked_by"] = checked_by_json(result.checked_by);
  json["missing"] = result.missing;
  json["reason"] = result.reason;
  json["source_changed"] = result.source_changed;
  if (!result.environment.empty()) {
    json["environment"] = environment_json(result.environment);
  }
  if (result.expectation) {
    json["expectation"] = expectation_json(*result.expectation);
  }
  if (result.seen) {
    json["seen"] = model::name(*result.seen);
  }
  json["seconds"] = result.observation.seconds;
  return json;
}

Json case_json(const model::CaseCapture& result) {
  Json json = outcome_json(result);
  json["sites"] = Json::array();
  for (const model::SiteValue& site : result.observation.sites) {
    json["sites"].push_back(Json(nlohmann::json(site)));
  }
  json["observation"] = observation_json(result.observation);
  return json;
}

Json case_json(const model::CaseVerdict& result) {
  Json json = outcome_json(result);
  json["sites"] = Json::array();
  for (const model::SiteComparison& site : result.sites) {
    json["sites"].push_back(site_json(site));
  }
  json["observation"] = observation_json(result.observation);
  return json;
}

Json failures_json(const std::vector<model::DiscoveryFailure>& failures) {
  Json json = Json::array();
  for (const model::DiscoveryFailure& failure : failures) {
    json.push_back({{"where", failure.where}, {"cause", failure.cause}, {"traceback", failure.traceback}});
  }
  return json;
}

Json plan_json(const model::RunPlan& plan) {
  Json json = {{"benchmarks", plan.benchmarks},
               {"cases", plan.cases},
               {"excluded", plan.excluded},
               {"filtered_out", plan.filtered_out},
               {"not_imported", plan.not_imported},
               {"workers", plan.workers},
               {"python", plan.python},
               {"failures", failures_json(plan.failures)},
               {"notes", plan.notes},
               {"tested", tested_json(plan.tested)},
               {"baseline", baseline_json(plan.baseline)},
               {"variant", variant_json(plan.variant)},
               {"environment", environment_json(plan.environment)}};
  if (plan.shard) {
    json["shard"] = Json(nlohmann::json(*plan.shard));
  }
  return json;
}

Json checked_json(const model::CheckedCounts& checked) {
  Json json = Json::object();
  for (const auto sort :
       {model::CheckedBy::kResult, model::CheckedBy::kPart, model::CheckedBy::kState, model::CheckedBy::kInner}) {
    const auto found = checked.find(sort);
    json[std::string(model::name(sort))] = found == checked.end() ? 0 : found->second;
  }
  return json;
}

Json counts_json(const model::VerifySummary& summary) {
  auto [total, names] = by_name(summary.counts);
  const std::size_t obsolete = summary.count(Standing::kObsolete);
  const std::size_t checked = checked_cases(summary.checked, model::Counted::kAny);
  Json json = {{"ok", ok_json(summary.ok())},
               {"total", total - obsolete},
               {"passed", summary.count(Standing::kPass)},
               {"failed", summary.count(Standing::kFail)},
               {"expected", summary.count(Standing::kExpected)},
               {"skipped", summary.count(Standing::kNeither)},
               {"unverified", summary.count(Standing::kUnverified)},
               {"obsolete", obsolete},
               {"not_run", summary.not_run.size()},
               {"pending", summary.pending},
               {"checked_by", checked_json(summary.checked)},
               {"unchecked", summary.countable_cases() - checked},
               {"verified_share", summary.verified_share(model::Counted::kAny)},
               {"result_share", summary.verified_share(model::Counted::kResult)},
               {"import_failures", summary.plan.failures.size()},
               {"by_verdict", std::move(names)},
               {"strict", summary.strict},
               {"missing_fails", summary.missing_fails},
               {"obsolete_fails", summary.obsolete_fails},
               {"idle_expectations", Json::array()},
               {"seconds", summary.seconds}};
  for (const model::Expectation& each : summary.idle_expectations) {
    json["idle_expectations"].push_back(expectation_json(each));
  }
  if (summary.transitions) {
    json["transitions"] = transitions_json(*summary.transitions);
    if (summary.transitions->keys == model::Transitions::Keys::kFlatToo) {
      add_flat_transitions(json, *summary.transitions);
    }
  }
  add_status(json, summary.status, summary.failure);
  return json;
}

Json counts_json(const model::CaptureSummary& summary) {
  auto [total, names] = by_name(summary.counts);
  const auto found = summary.counts.find(model::CaptureStatus::kFailed);
  const std::size_t countable = summary.countable_cases();
  const std::size_t verifiable = summary.verifiable_cases();
  const model::CheckedCounts checked = summary.checked();
  Json json = {{"ok", ok_json(summary.ok())},
               {"total", total},
               {"captured", verifiable},
               {"failed", found == summary.counts.end() ? 0 : found->second},
               {"skipped", total - countable},
               {"unverifiable", countable - verifiable},
               {"checked_by", checked_json(checked)},
               {"kept", summary.kept},
               {"replaced", summary.replaced},
               {"resumed", summary.resumed},
               {"verifiable_share", share(verifiable, countable)},
               {"result_share", share(checked_cases(checked, model::Counted::kResult), countable)},
               {"import_failures", summary.plan.failures.size()},
               {"by_status", std::move(names)},
               {"strict", summary.strict},
               {"seconds", summary.seconds},
               {"replaces", replacement_json(summary.replaces)},
               {"store_bytes", summary.store_bytes},
               {"sensitivity",
                {{"cases", summary.sensitivity.cases},
                 {"zeros_pass", summary.sensitivity.zeros_pass},
                 {"insensitive", summary.sensitivity.insensitive}}},
               {"run_id", summary.run_id}};
  add_status(json, summary.status, summary.failure);
  return json;
}

Json tamper_json(const model::TamperReport& report, const model::VerifySummary* summary) {
  Json json = Json(nlohmann::json(report));
  json["benchmarks"] = Json::array();
  json["cases"] = Json::array();
  if (summary != nullptr) {
    json["benchmarks"] = summary->changed_benchmarks;
    for (const auto& each : summary->suspicions) {
      json["cases"].push_back({{"label", each.label}, {"replaced", each.replaced}, {"opened", each.opened}});
    }
  }
  return json;
}

std::string dump(const Json& json, int indent) { return util::json_text(json, indent); }

}  // namespace snapshot_test::report
