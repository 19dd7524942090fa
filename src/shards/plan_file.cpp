#include "shards/plan_file.hpp"

#include <fmt/format.h>

#include <exception>
#include <utility>

#include "util/json_text.hpp"

namespace snapshot_test::shards {

namespace {

constexpr int kPlanFormat = 1;

// {"format": 1, "plan": {...}, "shards": [{"number", "seconds", "cases": [{"label", "benchmark", "index"}]}]}
Plan plan_of(const nlohmann::json& json) {
  Plan plan;
  json.at("plan").get_to(plan.id);
  for (const nlohmann::json& shard : json.at("shards")) {
    std::vector<PlannedCase> cases;
    for (const nlohmann::json& each : shard.at("cases")) {
      cases.push_back({each.at("benchmark").get<std::string>(), each.at("index").get<std::size_t>(),
                       each.at("label").get<std::string>()});
    }
    plan.shards.push_back(std::move(cases));
    plan.seconds.push_back(shard.at("seconds").get<double>());
  }
  return plan;
}

/// Is it whole, and as it was made?
bool is_sound(const Plan& plan) {
  if (plan.shards.empty() || plan.shards.size() != plan.id.shares.size() || digest_of(plan.id) != plan.id.digest) {
    return false;
  }
  for (std::size_t i = 0; i < plan.shards.size(); ++i) {
    if (plan.id.shares[i].cases != plan.shards[i].size() || plan.id.shares[i].digest != digest_of(plan.shards[i])) {
      return false;
    }
  }
  return true;
}

}  // namespace

std::string to_text(const Plan& plan) {
  nlohmann::ordered_json json;
  json["format"] = kPlanFormat;
  json["plan"] = nlohmann::ordered_json(nlohmann::json(plan.id));
  json["shards"] = nlohmann::ordered_json::array();
  for (std::size_t i = 0; i < plan.shards.size(); ++i) {
    nlohmann::ordered_json shard = {{"number", i + 1}, {"seconds", plan.seconds[i]}};
    shard["cases"] = nlohmann::ordered_json::array();
    for (const PlannedCase& each : plan.shards[i]) {
      shard["cases"].push_back({{"label", each.label}, {"benchmark", each.benchmark}, {"index", each.index}});
    }
    json["shards"].push_back(std::move(shard));
  }
  return util::json_text(json, 1) + "\n";
}

Result<Plan> plan_from_text(const std::string& text, const std::string& name) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object() || !json.contains("plan") || !json.contains("shards")) {
    return fail(ErrorKind::kUsage, fmt::format("'{}' is no plan: name a file that `snapshot_test plan --json FILE` has "
                                               "written{}",
                                               name, json.is_discarded() ? " (this is no JSON)" : ""));
  }
  if (json.value("format", nlohmann::json()) != kPlanFormat) {
    return fail(ErrorKind::kUsage, fmt::format("'{}' is a plan of another format than {}: make it again with this "
                                               "version of snapshot_test",
                                               name, kPlanFormat));
  }
  try {
    Plan plan = plan_of(json);
    if (is_sound(plan)) {
      return plan;
    }
    return fail(ErrorKind::kUsage, fmt::format("'{}' is not as `snapshot_test plan` wrote it: its digest is that of "
                                               "something else; make it again",
                                               name));
  } catch (const std::exception& error) {
    return fail(ErrorKind::kUsage,
                fmt::format("'{}' is not as `snapshot_test plan` writes it: {}; make it again", name, error.what()));
  }
}

}  // namespace snapshot_test::shards
