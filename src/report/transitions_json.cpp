#include "report/transitions_json.hpp"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <string>
#include <utility>

namespace snapshot_test::report {

namespace {

using model::CaseStatus;
using model::Transitions;
using Side = std::optional<CaseStatus>;

// Not the names of statuses: what a case without one is called, before and now.
constexpr std::array<Side, 4> kStatusOrNone{CaseStatus::kPass, CaseStatus::kFail, CaseStatus::kSkip, std::nullopt};

std::string row_name(const Side& before) { return before ? std::string(model::name(*before)) : "added"; }
std::string column_name(const Side& now) { return now ? std::string(model::name(*now)) : "removed"; }

}  // namespace

nlohmann::ordered_json transitions_json(const Transitions& transitions) {
  auto counts = nlohmann::ordered_json::object();
  auto cases = nlohmann::ordered_json::object();
  for (const Side& before : kStatusOrNone) {
    for (const Side& now : kStatusOrNone) {
      if (before || now) {
        const std::string row = row_name(before);
        const std::string column = column_name(now);
        const auto labels = transitions.labels(before, now);
        counts[row][column] = labels.size();
        cases[row][column] = labels;
      }
    }
  }
  return {{"status_file", transitions.file},
          {"recorded", transitions.recorded},
          {"counts", std::move(counts)},
          {"cases", std::move(cases)}};
}

void add_flat_transitions(nlohmann::ordered_json& json, const Transitions& transitions) {
  for (const CaseStatus before : model::kCaseStatuses) {
    for (const CaseStatus now : model::kCaseStatuses) {
      json[fmt::format("{}-to-{}", model::name(before), model::name(now))] = transitions.count(before, now);
    }
  }
}

Transitions transitions_from_json(const nlohmann::json& json) {
  Transitions transitions;
  transitions.file = json.at("status_file").get<std::string>();
  transitions.recorded = json.at("recorded").get<std::string>();
  const nlohmann::json& cases = json.at("cases");
  for (const Side& before : kStatusOrNone) {
    for (const Side& now : kStatusOrNone) {
      if (before || now) {
        for (const auto& label : cases.at(row_name(before)).at(column_name(now))) {
          transitions.cases.push_back({label.get<std::string>(), before, now});
        }
      }
    }
  }
  return transitions;
}

}  // namespace snapshot_test::report
