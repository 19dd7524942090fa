#include "session/expected.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "snapshot_test/model/rules.hpp"
#include "util/text.hpp"
#include "util/try.hpp"

namespace snapshot_test::session {

using model::Expectation;
using model::SiteComparison;
using model::SiteKind;
using model::SiteMatch;
using model::Standing;
using model::Verdict;

namespace {

bool differs(const SiteComparison& site) {
  return site.match != SiteMatch::kIdentical && site.match != SiteMatch::kClose && site.match != SiteMatch::kUnstable;
}

bool is_outermost(SiteKind kind) {
  return kind == SiteKind::kReturn || kind == SiteKind::kBody || kind == SiteKind::kResult || kind == SiteKind::kState;
}

std::optional<std::uint64_t> elements_of(const nlohmann::json& details) {
  if (!details.is_object() || !details.contains("differences") || details["differences"].empty()) {
    return std::nullopt;
  }
  std::uint64_t count = 0;
  for (const nlohmann::json& each : details["differences"]) {
    if (each.value("what", "") != "value") {
      return std::nullopt;  // a shape, a type: there are no elements to count
    }
    const auto numbers = each.find("numbers");
    count += numbers == each.end() ? 1 : numbers->value("mismatched", std::uint64_t{1});
  }
  const auto groups = details.value("groups", nlohmann::json::array());
  for (const nlohmann::json& group : groups) {
    if (group.value("what", "") != "value") {
      return std::nullopt;
    }
  }
  // Only some of the differences are listed. Of the others the sketch has all that are not equal, more than those that
  // are beyond the tolerance: rather too many than too few.
  const std::uint64_t all = details.value("difference_count", std::uint64_t{0});
  if (all > details["differences"].size()) {
    count += all - details["differences"].size();
    const auto sketch = details.find("sketch");
    count = std::max(count, sketch == details.end() ? 0 : sketch->value("differing", std::uint64_t{0}));
  }
  return count;
}

/// Why an entry does not hold for a case that has its verdict; empty: it does.
std::string not_met(const Expectation& entry, const model::CaseVerdict& verdict) {
  if (!entry.max_elements) {
    return "";
  }
  const auto count = differing_elements(verdict.sites);
  if (!count) {
    return fmt::format("expects at most {} to differ, and more than elements does",
                       util::counted(*entry.max_elements, "element"));
  }
  return *count <= *entry.max_elements
             ? ""
             : fmt::format("expects at most {} to differ, and {} do", util::counted(*entry.max_elements, "element"),
                           util::grouped(*count));
}

std::string with_reason(Verdict verdict, const std::string& reason) {
  return fmt::format("{}{}", name(verdict), reason.empty() ? "" : " (" + reason + ")");
}

}  // namespace

std::optional<std::uint64_t> differing_elements(const std::vector<SiteComparison>& sites) {
  const bool outer = std::any_of(sites.begin(), sites.end(), [](const SiteComparison& site) {
    return differs(site) && site.meaningful && is_outermost(site.site.kind);
  });
  std::uint64_t most = 0;
  for (const SiteComparison& site : sites) {
    if (!differs(site) || (outer && (!site.meaningful || !is_outermost(site.site.kind)))) {
      continue;
    }
    const auto count = site.match == SiteMatch::kDifferent ? elements_of(site.details) : std::nullopt;
    if (!count) {
      return std::nullopt;
    }
    most = std::max(most, *count);
  }
  return most == 0 ? std::nullopt : std::optional(most);
}

Result<void> Expectations::add(const model::Benchmark& benchmark) {
  if (entries_.empty()) {
    return {};
  }
  std::vector<std::size_t> all(benchmark.case_count());
  std::iota(all.begin(), all.end(), std::size_t{0});
  return add(benchmark, all);
}

Result<void> Expectations::add(const model::Benchmark& benchmark, const std::vector<std::size_t>& indices) {
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const bool whole = model::matches_any(benchmark, std::vector{entries_[i].cases});
    for (const std::size_t index : indices) {
      if (!whole && !model::matches_case(benchmark, index, entries_[i].cases)) {
        continue;
      }
      used_[i] = true;
      const auto [first, is_new] = by_case_.try_emplace({benchmark.name, index}, i);
      if (!is_new && first->second != i) {
        const Expectation& other = entries_[first->second];
        return fail(
            ErrorKind::kConfig,
            fmt::format("{}: '{}' is about {}, and so is '{}' in line {}; one entry for a case, so narrow one of "
                        "the patterns",
                        entries_[i].place(), entries_[i].cases, benchmark.case_label(index), other.cases, other.line));
      }
    }
  }
  return {};
}

void Expectations::apply(model::CaseVerdict& verdict) const {
  const auto found = by_case_.find({verdict.id.benchmark, verdict.id.index});
  if (found == by_case_.end() || verdict.verdict == Verdict::kObsolete || verdict.verdict == Verdict::kRefused) {
    return;
  }
  const Expectation& entry = entries_[found->second];
  verdict.expectation = entry;
  const bool fails = standing(verdict.verdict) == Standing::kFail;
  const auto becomes = [&](Verdict what, std::string reason) {
    verdict.seen = verdict.verdict;
    verdict.verdict = what;
    verdict.reason = std::move(reason);
  };
  const std::string expects = fmt::format("{} expects '{}'", entry.place(), name(entry.verdict));
  if (verdict.verdict == entry.verdict) {
    const bool over = !entry.until.empty() && today_ > entry.until;
    const std::string why_not =
        over ? fmt::format("expected that until {}, which is over", entry.until) : not_met(entry, verdict);
    if (why_not.empty()) {
      becomes(Verdict::kExpected,
              fmt::format("{}, as {} says: {}{}", with_reason(verdict.verdict, verdict.reason), entry.place(),
                          entry.reason, entry.issue.empty() ? "" : " (" + entry.issue + ")"));
    } else if (fails) {
      verdict.reason += fmt::format("; {} {}", entry.place(), why_not);
    } else {
      becomes(Verdict::kUnexpected,
              fmt::format("{}; {} {}", with_reason(verdict.verdict, verdict.reason), entry.place(), why_not));
    }
  } else if (fails) {
    verdict.reason += fmt::format("; {}", expects);
  } else if (standing(verdict.verdict) == Standing::kPass) {
    becomes(Verdict::kUnexpected, fmt::format("{}, where {}: the entry is not needed any more, so remove or narrow it",
                                              with_reason(verdict.verdict, verdict.reason), expects));
  } else {
    becomes(Verdict::kUnexpected, fmt::format("{}, where {}", with_reason(verdict.verdict, verdict.reason), expects));
  }
}

std::vector<Expectation> Expectations::idle() const {
  std::vector<Expectation> idle;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (!used_[i]) {
      idle.push_back(entries_[i]);
    }
  }
  return idle;
}

}  // namespace snapshot_test::session
