#include "snapshot_test/model/result.hpp"

#include <array>
#include <stdexcept>
#include <utility>

namespace snapshot_test::model {

namespace {

constexpr std::array<std::string_view, 7> kMatchNames{"identical", "close",      "different", "missing",
                                                      "opaque",    "unreadable", "unstable"};
constexpr std::array<std::string_view, 9> kStatusNames{"outer",  "inner",  "state",   "vacuous", "unstable",
                                                       "opaque", "failed", "skipped", "no-op"};

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

bool verifiable(CaptureStatus status) {
  return status == CaptureStatus::kOuter || status == CaptureStatus::kInner || status == CaptureStatus::kState;
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
}

std::size_t VerifySummary::count(Standing wanted) const {
  std::size_t total = 0;
  for (const auto& [verdict, cases] : counts) {
    total += standing(verdict) == wanted ? cases : 0;
  }
  return total;
}

std::size_t CaptureSummary::verifiable_cases() const {
  std::size_t total = 0;
  for (const auto& [each, cases] : counts) {
    total += verifiable(each) ? cases : 0;
  }
  return total;
}

std::size_t CaptureSummary::countable_cases() const {
  std::size_t total = 0;
  for (const auto& [each, cases] : counts) {
    total += each == CaptureStatus::kSkipped || each == CaptureStatus::kNoOp ? 0 : cases;
  }
  return total;
}

double VerifySummary::verified_share() const {
  const std::size_t checked = count(Standing::kPass) + count(Standing::kFail);
  const std::size_t all = checked + count(Standing::kUnverified);
  return all == 0 ? 0.0 : static_cast<double>(checked) / static_cast<double>(all);
}

}  // namespace snapshot_test::model
