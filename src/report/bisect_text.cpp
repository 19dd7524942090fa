#include "report/bisect_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "report/format.hpp"

namespace snapshot_test::report {

namespace {

constexpr std::size_t kListedCases = 20;
constexpr std::size_t kListedCommits = 5;

/// "first bad commit: …", or the commits among which it is.
std::string heading(const std::vector<std::string>& first) {
  if (first.size() == 1) {
    return "changed by " + one_line(first.front());
  }
  std::string text = fmt::format("changed by one of {}, which could not all be run:", counted(first.size(), "commit"));
  for (std::size_t i = 0; i < first.size(); ++i) {
    if (first.size() > kListedCommits + 1 && i == kListedCommits - 1) {
      text += fmt::format("\n    ... {} more", first.size() - kListedCommits);
      i = first.size() - 1;
    }
    text += "\n    " + one_line(first[i]);
  }
  return text;
}

}  // namespace

std::string bisect_text(const Bisected& bisected, Color color) {
  std::vector<std::pair<std::vector<std::string>, std::vector<const Bisected::Case*>>> groups;
  for (const Bisected::Case& each : bisected.cases) {
    auto group =
        std::find_if(groups.begin(), groups.end(), [&](const auto& other) { return other.first == each.first; });
    if (group == groups.end()) {
      group = groups.insert(groups.end(), {each.first, {}});
    }
    group->second.push_back(&each);
  }
  std::string text;
  for (const auto& [first, cases] : groups) {
    text += paint(color, Tone::kHeading, heading(first)) + "\n";
    for (std::size_t i = 0; i < std::min(cases.size(), kListedCases); ++i) {
      text += fmt::format("  {}: {}\n", one_line(cases[i]->label, 160), one_line(cases[i]->reason, 160));
      if (!cases[i]->back.empty()) {
        text += fmt::format("    it was as before at {}: it changes more than once\n", one_line(cases[i]->back));
      }
    }
    if (cases.size() > kListedCases) {
      text += fmt::format("  and {} more\n", counted(cases.size() - kListedCases, "case"));
    }
  }
  const std::string skipped =
      bisected.skipped == 0 ? "" : fmt::format(", of which {} could not be run", bisected.skipped);
  if (bisected.cases.empty()) {
    return text + "no case differs between GOOD and BAD: there is nothing to search\n";
  }
  return text + fmt::format("{} of {} between GOOD and BAD were run{}\n", bisected.runs,
                            counted(bisected.commits - 1, "commit"), skipped);
}

}  // namespace snapshot_test::report
