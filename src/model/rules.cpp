#include "snapshot_test/model/rules.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace snapshot_test::model {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Tolerance, rtol, atol)

namespace {

template <class Rule>
void put(Rule& rule, const Rule& changed) {
  rule = changed;
}

void put(DtypeTolerances& rule, const DtypeTolerances& changed) {
  for (const auto& [dtype, tolerance] : changed) {
    rule.insert_or_assign(dtype, tolerance);
  }
}

}  // namespace

namespace {

/// What a pattern may name a benchmark by: its method, Class.method, its full name.
std::array<std::string, 3> names_of(const Benchmark& benchmark) {
  return {benchmark.function,
          benchmark.class_name.empty() ? benchmark.function : benchmark.class_name + "." + benchmark.function,
          benchmark.name};
}

}  // namespace

bool matches_any(const Benchmark& benchmark, std::span<const std::string> patterns) {
  const auto names = names_of(benchmark);
  return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
    return std::any_of(names.begin(), names.end(),
                       [&](const std::string& name) { return ::fnmatch(pattern.c_str(), name.c_str(), 0) == 0; });
  });
}

bool matches_case(const Benchmark& benchmark, std::size_t index, const std::string& pattern) {
  const auto names = names_of(benchmark);
  const std::vector<std::string> ids = benchmark.case_ids(index);
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    const std::string label = make_case_label(name, ids);
    return pattern == label || ::fnmatch(pattern.c_str(), label.c_str(), 0) == 0 ||
           ::fnmatch(pattern.c_str(), name.c_str(), 0) == 0;
  });
}

Rules rules_for(const Benchmark& benchmark, const Rules& rules, std::span<const RuleChange> changes) {
  Rules out = rules;
  for (const RuleChange& change : changes) {
    if (!matches_any(benchmark, change.benchmarks)) {
      continue;
    }
    for_each_rule(
        [&change](const char* name, auto& rule, const auto& changed) {
          if (change.given.contains(name)) {
            put(rule, changed);
          }
        },
        out, change.rules);
  }
  return out;
}

void to_json(nlohmann::json& out, const Rules& in) {
  for_each_rule([&out](const char* name, const auto& rule) { out[name] = rule; }, in);
}

void from_json(const nlohmann::json& in, Rules& out) {
  for_each_rule([&in](const char* name, auto& rule) { in.at(name).get_to(rule); }, out);
}

}  // namespace snapshot_test::model
