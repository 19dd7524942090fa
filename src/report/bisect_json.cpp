#include "report/bisect_json.hpp"

#include "report/case_json.hpp"
#include "report/report.hpp"

namespace snapshot_test::report {

namespace {

Json bisect_head_json(const RunHead& head) {
  Json json = head_json(head);
  json.erase("snapshot_dir");  // its values are in the cache
  return json;
}

Json commit_json(const BisectedCommit& commit) {
  return {{"id", commit.id}, {"subject", commit.subject}, {"author", commit.author}, {"date", commit.date}};
}

Json bisected_case_json(const Bisected::Case& each) {
  Json json = {{"label", each.label},
               {"benchmark", each.benchmark},
               {"verdict", model::name(each.verdict)},
               {"reason", each.reason},
               {"first", nullptr},
               {"among", Json::array()},
               {"back", each.back ? commit_json(*each.back) : Json(nullptr)}};
  if (each.first.size() == 1) {
    json["first"] = commit_json(each.first.front());
  } else {
    for (const BisectedCommit& commit : each.first) {
      json["among"].push_back(commit_json(commit));
    }
  }
  return json;
}

/// Why the status is not 0.
std::string failure_of_bisection(const Bisected& bisected) {
  switch (bisected.status) {
    case model::ExitStatus::kFailed: return "commits that could not be run hide the first one of some cases";
    case model::ExitStatus::kNothingVerified: return "no case differs between GOOD and BAD";
    default: return "";
  }
}

}  // namespace

std::string bisect_json(const RunHead& head, const Bisected& bisected) {
  Json json = bisect_head_json(head);
  json["good"] = commit_json(bisected.good);
  json["bad"] = commit_json(bisected.bad);
  json["commits"] = bisected.commits;
  json["runs"] = bisected.runs;
  json["steps"] = bisected.steps;
  json["builds"] = bisected.builds;
  json["captures"] = bisected.captures;
  add_status(json, bisected.status, failure_of_bisection(bisected));
  json["cases"] = Json::array();
  for (const Bisected::Case& each : bisected.cases) {
    json["cases"].push_back(bisected_case_json(each));
  }
  json["skipped"] = Json::array();
  for (const Bisected::Skipped& each : bisected.skipped) {
    json["skipped"].push_back(commit_json(each.commit));
    json["skipped"].back()["why"] = each.why;
  }
  return dump(json, 2) + "\n";
}

std::string bisect_json(const RunHead& head, const Aborted& end) {
  Json json = bisect_head_json(head);
  add_status(json, end.status, end.message);
  return dump(json, 2) + "\n";
}

}  // namespace snapshot_test::report
