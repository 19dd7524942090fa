#include "report/case_difference.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <string_view>

#include "report/format.hpp"
#include "snapshot_test/model/coverage.hpp"

namespace snapshot_test::report {

namespace {

using model::CheckedBy;
using model::is_outer;
using model::SiteComparison;
using model::SiteKind;
using model::SiteMatch;
using model::Standing;
using model::Verdict;
using DetailsJson = nlohmann::json;

constexpr std::size_t kText = 300;  // bytes
constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Does the verdict rest on this site?
bool decides(const SiteComparison& site, const model::CaseVerdict& verdict) {
  if (verdict.seen.value_or(verdict.verdict) == Verdict::kInnerChanged) {
    return !is_outer(site.site.kind) && site.site.kind != SiteKind::kState;
  }
  if (!verdict.checked_by) {
    return false;
  }
  if (model::is_again(site.site.kind)) {
    return true;
  }
  switch (*verdict.checked_by) {
    case CheckedBy::kResult:
    case CheckedBy::kPart: return is_outer(site.site.kind);
    case CheckedBy::kState: return site.site.kind == SiteKind::kState;
    case CheckedBy::kInner: return !is_outer(site.site.kind) && site.site.kind != SiteKind::kState;
  }
  return false;
}

/// A member of details that anybody may have written: a text where it is one.
std::string text_at(const DetailsJson& json, const char* key) {
  const auto found = json.is_object() ? json.find(key) : json.end();
  return found != json.end() && found->is_string() ? found->get<std::string>() : "";
}

/// A number, also one that JSON has as "inf".
std::optional<double> number_at(const DetailsJson& json, const char* key) {
  const auto found = json.is_object() ? json.find(key) : json.end();
  if (found == json.end()) {
    return std::nullopt;
  }
  if (found->is_number()) {
    return found->get<double>();
  }
  return *found == "inf" ? std::optional(kInfinity) : std::nullopt;
}

const DetailsJson& member(const DetailsJson& json, const char* key) {
  static const DetailsJson kNone;
  const auto found = json.is_object() ? json.find(key) : json.end();
  return found == json.end() ? kNone : *found;
}

void raise(std::optional<double>& most, std::optional<double> value) {
  if (value) {
    most = std::max(most.value_or(0), *value);
  }
}

/// Of the worst element, in tolerances. Where its text is no single number, as of complex ones, what the histogram says
/// at least.
std::optional<double> tolerances_of(const DetailsJson& sketch) {
  constexpr int kLeastLog2 = -40;  // of the histogram's second bin, as docs/comparison.md has it
  const DetailsJson& bins = member(sketch, "tolerances");
  if (!bins.is_array() || bins.empty()) {
    return std::nullopt;
  }
  const DetailsJson& worst = member(sketch, "worst");
  if (worst.is_array() && !worst.empty()) {
    const std::string expected = text_at(worst.front(), "expected");
    char* end = nullptr;
    const double at = std::strtod(expected.c_str(), &end);
    const auto difference = number_at(worst.front(), "difference");
    const double allowed =
        number_at(sketch, "atol").value_or(0) + number_at(sketch, "rtol").value_or(0) * std::fabs(at);
    if (difference && end == expected.c_str() + expected.size() && !expected.empty() && allowed > 0) {
      return *difference / allowed;
    }
  }
  return std::exp2(kLeastLog2 + static_cast<double>(bins.size()) - 2);
}

/// Is something different that is no number, or a number that is compared exactly?
bool differs_beyond_numbers(const DetailsJson& details) {
  const auto is_number = [](const DetailsJson& difference) {
    const DetailsJson& numbers = member(difference, "numbers");
    return numbers.is_object() && member(numbers, "exact") != true;
  };
  const DetailsJson& differences = member(details, "differences");
  const DetailsJson& groups = member(details, "groups");
  return !differences.is_array() || differences.empty() ||
         !std::all_of(differences.begin(), differences.end(), is_number) ||
         (groups.is_array() && std::any_of(groups.begin(), groups.end(),
                                           [](const DetailsJson& group) { return text_at(group, "what") != "value"; }));
}

/// "by a factor 2" of "structural: 100 % of 3 elements, by a factor 2; 1 new NaN".
std::string pattern_in(const std::string& reading) {
  const std::size_t from = reading.find(", by ");
  return from == std::string::npos ? "" : reading.substr(from + 2, reading.find(';', from) - from - 2);
}

/// What the site adds to the case's difference.
void add(CaseDifference& whole, const SiteComparison& site, bool fails) {
  const DetailsJson& sketch = member(site.details, "sketch");
  raise(whole.ulps, number_at(sketch, "max_ulps"));
  raise(whole.tolerances, tolerances_of(sketch));
  raise(whole.rtol, number_at(sketch, "passing_rtol"));
  raise(whole.rtol_without_atol, number_at(sketch, "passing_rtol_alone"));
  const bool beyond = fails && (site.match != SiteMatch::kDifferent || differs_beyond_numbers(site.details));
  if (beyond) {
    whole.rtol = whole.rtol_without_atol = kInfinity;
  }
  if (!whole.kind.empty()) {
    return;
  }
  const std::string reading = text_at(sketch, "reading");
  const DetailsJson& groups = member(site.details, "groups");
  const DetailsJson first = groups.is_array() && !groups.empty() ? groups.front() : DetailsJson();
  const std::string what = text_at(first, "what");
  if (beyond) {
    whole.kind = !what.empty() ? what : model::name(site.match);
  } else if (sketch.is_object()) {
    whole.kind = reading.empty() ? "number" : reading.substr(0, reading.find(':'));
  }
  const std::string path = text_at(first, "path");
  whole.text = one_line(fmt::format("{}{}{}", site.site.text(), path, reading.empty() ? "" : ": " + reading), kText);
  if (fails) {
    whole.likeness = fmt::format("{}{}: {}{}", site.site.text(), path, whole.kind,
                                 pattern_in(reading).empty() ? "" : " " + pattern_in(reading));
  }
}

}  // namespace

CaseDifference case_difference(const model::CaseVerdict& verdict) {
  CaseDifference whole;
  // Of what expected.toml names, how it differs is told all the same.
  const Verdict seen = verdict.seen.value_or(verdict.verdict);
  const Standing standing = model::standing(seen);
  const bool compared = seen == Verdict::kDifferent || seen == Verdict::kInnerChanged || standing == Standing::kPass;
  if (!compared) {
    const bool said = standing == Standing::kFail || standing == Standing::kUnverified;
    whole.kind = standing == Standing::kFail ? std::string(model::name(seen)) : "";
    whole.text = one_line(verdict.reason, kText);
    whole.likeness = said && !verdict.reason.empty() ? whole.text : "";
    if (standing == Standing::kFail) {
      whole.rtol = whole.rtol_without_atol = kInfinity;
    }
    return whole;
  }
  // What differs says more of the case than what is close, wherever it stands.
  for (const bool fails : {true, false}) {
    for (const SiteComparison& site : verdict.sites) {
      const bool agrees = site.match == SiteMatch::kIdentical || site.match == SiteMatch::kClose;
      if (agrees != fails && site.match != SiteMatch::kUnstable && site.match != SiteMatch::kOpaque &&
          decides(site, verdict)) {
        add(whole, site, fails);
      }
    }
  }
  if (seen == Verdict::kInnerChanged) {
    // The result agrees: no tolerance decides here.
    whole.rtol = whole.rtol_without_atol = std::nullopt;
  }
  if (seen == Verdict::kDifferent && !whole.rtol) {
    whole.rtol = whole.rtol_without_atol = kInfinity;
    whole.kind = whole.kind.empty() ? std::string(model::name(seen)) : whole.kind;
  }
  return whole;
}

}  // namespace snapshot_test::report
