#include "report/bisect_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "report/format.hpp"

namespace snapshot_test::report {

namespace {

constexpr std::size_t kListedCases = 20;
constexpr std::size_t kListedCommits = 5;

constexpr std::size_t kShortId = 10;

/// "a1b2c3d4e5 Subject"
std::string short_text(const BisectedCommit& commit) {
  return one_line(commit.id.substr(0, kShortId) + " " + commit.subject);
}

/// "changed by …", or the commits among which it is.
std::string heading(const std::vector<BisectedCommit>& first) {
  if (first.size() == 1) {
    return "changed by " + short_text(first.front());
  }
  std::string text = fmt::format("changed by one of {}, which could not all be run:", counted(first.size(), "commit"));
  for (std::size_t i = 0; i < first.size(); ++i) {
    if (first.size() > kListedCommits + 1 && i == kListedCommits - 1) {
      text += fmt::format("\n    ... {} more", first.size() - kListedCommits);
      i = first.size() - 1;
    }
    text += "\n    " + short_text(first[i]);
  }
  return text;
}

}  // namespace

std::string bisect_text(const Bisected& bisected, Color color) {
  std::vector<std::vector<const Bisected::Case*>> groups;  // of cases with the same first commits
  for (const Bisected::Case& each : bisected.cases) {
    auto group = std::find_if(groups.begin(), groups.end(), [&](const auto& other) {
      return std::equal(other.front()->first.begin(), other.front()->first.end(), each.first.begin(), each.first.end(),
                        [](const auto& a, const auto& b) { return a.id == b.id; });
    });
    if (group == groups.end()) {
      group = groups.insert(groups.end(), std::vector<const Bisected::Case*>());
    }
    group->push_back(&each);
  }
  std::string text;
  for (const auto& cases : groups) {
    text += paint(color, Tone::kHeading, heading(cases.front()->first)) + "\n";
    for (std::size_t i = 0; i < std::min(cases.size(), kListedCases); ++i) {
      text += fmt::format("  {}: {}: {}\n", one_line(cases[i]->label, 160), model::name(cases[i]->verdict),
                          one_line(cases[i]->reason, 160));
      if (cases[i]->back) {
        text += fmt::format("    it was as before at {}: it changes more than once\n", short_text(*cases[i]->back));
      }
    }
    if (cases.size() > kListedCases) {
      text += fmt::format("  and {} more\n", counted(cases.size() - kListedCases, "case"));
    }
  }
  const std::string skipped =
      bisected.skipped.empty() ? "" : fmt::format(", of which {} could not be run", bisected.skipped.size());
  if (bisected.cases.empty()) {
    return text + "no case differs between GOOD and BAD: there is nothing to search\n";
  }
  return text + fmt::format("{} of {} between GOOD and BAD were run{}\n", bisected.runs,
                            counted(bisected.commits - 1, "commit"), skipped);
}

}  // namespace snapshot_test::report
