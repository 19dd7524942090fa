#include "snapshot_test/model/result.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

namespace snapshot_test::model {

namespace {

constexpr std::array<std::string_view, 7> kMatchNames{"identical", "close",      "different", "missing",
                                                      "opaque",    "unreadable", "unstable"};
constexpr std::array<std::string_view, 10> kStatusNames{"outer",    "part",   "state",  "inner",   "vacuous",
                                                        "unstable", "opaque", "failed", "skipped", "no-op"};
constexpr std::array<std::string_view, 4> kCheckedNames{"result", "part", "state", "inner"};
constexpr std::array<std::string_view, 3> kCountedNames{"result", "part", "any"};

constexpr std::array<std::string_view, 3> kLossNames{"none", "kept", "replaced"};

template <class Enum, std::size_t N>
std::optional<Enum> find_name(const std::array<std::string_view, N>& names, std::string_view text) {
  for (std::size_t i = 0; i < N; ++i) {
    if (names[i] == text) {
      return static_cast<Enum>(i);
    }
  }
  return std::nullopt;
}

}  // namespace

std::string_view name(SiteMatch match) { return kMatchNames[static_cast<std::size_t>(match)]; }

std::optional<SiteMatch> site_match_from_name(std::string_view text) { return find_name<SiteMatch>(kMatchNames, text); }

std::string_view name(CaptureStatus status) { return kStatusNames[static_cast<std::size_t>(status)]; }

std::optional<CaptureStatus> capture_status_from_name(std::string_view text) {
  return find_name<CaptureStatus>(kStatusNames, text);
}

std::string_view name(Loss loss) { return kLossNames[static_cast<std::size_t>(loss)]; }

std::optional<CheckedBy> checked_by(CaptureStatus status) {
  switch (status) {
    case CaptureStatus::kOuter: return CheckedBy::kResult;
    case CaptureStatus::kPart: return CheckedBy::kPart;
    case CaptureStatus::kState: return CheckedBy::kState;
    case CaptureStatus::kInner: return CheckedBy::kInner;
    default: return std::nullopt;
  }
}

bool verifiable(CaptureStatus status) { return checked_by(status).has_value(); }

std::string_view name(CheckedBy sort) { return kCheckedNames[static_cast<std::size_t>(sort)]; }

std::string_view name(Counted counted) { return kCountedNames[static_cast<std::size_t>(counted)]; }

bool counts(Counted counted, CheckedBy sort) {
  switch (counted) {
    case Counted::kResult: return sort == CheckedBy::kResult;
    case Counted::kPart: return sort == CheckedBy::kResult || sort == CheckedBy::kPart;
    case Counted::kAny: return true;
  }
  return false;
}

std::size_t checked_cases(const CheckedCounts& checked, Counted counted) {
  std::size_t total = 0;
  for (const auto& [sort, cases] : checked) {
    total += counts(counted, sort) ? cases : 0;
  }
  return total;
}

void to_json(nlohmann::json& out, const SiteComparison& in) {
  out = {{"site", in.site.text()},
         {"match", name(in.match)},
         {"meaningful", in.meaningful},
         {"explanation", in.explanation},
         {"details", in.details},
         {"differing_paths", in.differing_paths},
         {"passing_rtol", in.passing_rtol},
         {"wholly_different", in.wholly_different},
         {"nothing_agrees", in.nothing_agrees}};
  if (in.shares_with) {
    out["shares_with"] = in.shares_with->text();
  }
}

void from_json(const nlohmann::json& in, SiteComparison& out) {
  const auto site = Site::parse(in.at("site").get<std::string>());
  const auto match = site_match_from_name(in.at("match").get<std::string>());
  if (!site || !match) {
    throw std::invalid_argument("unknown site or match in a comparison");
  }
  out.site = *site;
  out.match = *match;
  in.at("meaningful").get_to(out.meaningful);
  in.at("explanation").get_to(out.explanation);
  out.details = in.at("details");
  in.at("differing_paths").get_to(out.differing_paths);
  in.at("passing_rtol").get_to(out.passing_rtol);
  in.at("wholly_different").get_to(out.wholly_different);
  in.at("nothing_agrees").get_to(out.nothing_agrees);
  out.shares_with = in.contains("shares_with") ? Site::parse(in.at("shares_with").get<std::string>()) : std::nullopt;
}

std::optional<bool> grade(ExitStatus status, bool too_little) {
  switch (status) {
    case ExitStatus::kSuccess: return too_little ? std::nullopt : std::optional(true);
    case ExitStatus::kFailed: return too_little ? std::nullopt : std::optional(false);
    default: return std::nullopt;
  }
}

bool VerifySummary::fails(Verdict verdict) const {
  return standing(verdict) == Standing::kFail || (strict && fails_when_strict(verdict)) ||
         (missing_fails && verdict == Verdict::kNoSnapshot) || (obsolete_fails && verdict == Verdict::kObsolete);
}

std::size_t VerifySummary::count(Standing wanted) const {
  std::size_t total = 0;
  for (const auto& [verdict, cases] : counts) {
    total += standing(verdict) == wanted ? cases : 0;
  }
  return total;
}

CheckedCounts CaptureSummary::checked() const {
  CheckedCounts checked;
  for (const auto& [each, cases] : counts) {
    if (const auto sort = checked_by(each)) {
      checked[*sort] += cases;
    }
  }
  return checked;
}

std::size_t CaptureSummary::verifiable_cases() const { return checked_cases(checked(), Counted::kAny); }

std::size_t CaptureSummary::countable_cases() const {
  std::size_t total = 0;
  for (const auto& [each, cases] : counts) {
    total += each == CaptureStatus::kSkipped || each == CaptureStatus::kNoOp ? 0 : cases;
  }
  return total;
}

std::size_t VerifySummary::countable_cases() const {
  return count(Standing::kPass) + count(Standing::kFail) + count(Standing::kExpected) + count(Standing::kUnverified);
}

double VerifySummary::verified_share(Counted counted) const {
  const std::size_t all = countable_cases();
  return all == 0 ? 0.0 : static_cast<double>(checked_cases(checked, counted)) / static_cast<double>(all);
}

bool RunPlan::tests_another_copy() const {
  return std::any_of(tested.begin(), tested.end(), [](const TestedPackage& each) { return !each.other_copy.empty(); });
}

std::size_t Replacement::changed() const {
  std::size_t count = 0;
  for (const auto& [verdict, cases] : counts) {
    count += standing(verdict) == Standing::kFail ? cases : 0;
  }
  return count;
}

}  // namespace snapshot_test::model
