#include "snapshot_test/model/transitions.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

namespace snapshot_test::model {

namespace {

constexpr std::array<std::string_view, 3> kCaseStatusNames{"pass", "fail", "skip"};

/// The worse a case stands, the larger.
int badness(std::optional<CaseStatus> now) {
  if (!now) {
    return 0;
  }
  switch (*now) {
    case CaseStatus::kPass: return 1;
    case CaseStatus::kSkip: return 2;
    case CaseStatus::kFail: return 3;
  }
  return 3;
}

}  // namespace

std::string_view name(CaseStatus status) { return kCaseStatusNames.at(static_cast<std::size_t>(status)); }

std::optional<CaseStatus> case_status_from_name(std::string_view text) {
  const auto* const found = std::find(kCaseStatusNames.begin(), kCaseStatusNames.end(), text);
  return found == kCaseStatusNames.end()
             ? std::nullopt
             : std::optional(static_cast<CaseStatus>(std::distance(kCaseStatusNames.begin(), found)));
}

CaseStatus status_of(Ending ending) {
  switch (ending) {
    case Ending::kReturned: return CaseStatus::kPass;
    case Ending::kNoOp:
    case Ending::kSkipped:
    case Ending::kNotRun:
    case Ending::kRefused: return CaseStatus::kSkip;
    default: return CaseStatus::kFail;
  }
}

CaseStatus status_of(Verdict verdict, Ending ending) {
  switch (standing(verdict)) {
    case Standing::kPass: return CaseStatus::kPass;
    case Standing::kFail: return CaseStatus::kFail;
    default: return status_of(ending);
  }
}

std::vector<std::string> Transitions::labels(std::optional<CaseStatus> before, std::optional<CaseStatus> now) const {
  std::vector<std::string> found;
  for (const Transition& each : cases) {
    if (each.before == before && each.now == now) {
      found.push_back(each.label);
    }
  }
  return found;
}

std::size_t Transitions::count(std::optional<CaseStatus> before, std::optional<CaseStatus> now) const {
  return static_cast<std::size_t>(std::count_if(
      cases.begin(), cases.end(), [&](const Transition& each) { return each.before == before && each.now == now; }));
}

std::size_t Transitions::compared() const {
  return static_cast<std::size_t>(
      std::count_if(cases.begin(), cases.end(), [](const Transition& each) { return each.before && each.now; }));
}

void Transitions::add(const Transitions& more) {
  std::map<std::string, std::size_t> places;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    places.emplace(cases[i].label, i);
  }
  for (const Transition& each : more.cases) {
    const auto [place, is_new] = places.emplace(each.label, cases.size());
    if (is_new) {
      cases.push_back(each);
    } else if (badness(each.now) > badness(cases[place->second].now)) {
      cases[place->second] = each;
    }
  }
}

}  // namespace snapshot_test::model
