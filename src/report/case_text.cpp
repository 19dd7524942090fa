#include "report/case_text.hpp"

#include <fmt/format.h>

#include <map>
#include <string_view>

#include "report/format.hpp"

namespace snapshot_test::report {

namespace {

constexpr std::size_t kSourceWidth = 80;       // bytes
constexpr std::size_t kReasonWidth = 500;      // bytes
constexpr std::size_t kExplanationLines = 60;  // of one site
constexpr std::size_t kExplainedSites = 12;    // of one case
constexpr std::size_t kOutputLines = 30;
constexpr std::size_t kTracebackLines = 40;

bool worth_explaining(const model::SiteComparison& site) {
  return !site.explanation.empty() ||
         (site.match != model::SiteMatch::kIdentical && site.match != model::SiteMatch::kClose);
}

/// The statement that a site stands for; a call's name says nothing of a return.
std::string source_text(const model::SiteComparison& site) {
  const bool tells = site.site.kind == model::SiteKind::kBody && !site.source.empty();
  return tells ? fmt::format(" ({})", one_line(site.source, kSourceWidth)) : "";
}

}  // namespace

std::string sites_text(const std::vector<model::SiteComparison>& sites) {
  std::string text;
  std::size_t shown = 0;
  std::size_t hidden = 0;
  std::map<std::string_view, std::string> explained;  // explanation → the first site that has it
  for (const model::SiteComparison& site : sites) {
    if (!worth_explaining(site)) {
      continue;
    }
    if (shown++ >= kExplainedSites) {
      ++hidden;
      continue;
    }
    text += fmt::format("  {}{}: {}", site.site.text(), source_text(site), model::name(site.match));
    // A wrong inner value often is what the outer one is wrong by.
    const auto [first, is_new] = explained.try_emplace(site.explanation, site.site.text());
    if (!is_new && !site.explanation.empty()) {
      text += fmt::format(", like {}\n", first->second);
    } else {
      text += "\n" + first_lines(site.explanation, kExplanationLines, "    ");
    }
  }
  if (hidden > 0) {
    text += fmt::format("  ... and {}\n", counted(hidden, "more site"));
  }
  return text;
}

std::string observation_text(const model::Observation& observation, const std::string& reason) {
  std::string text;
  if (!observation.detail.empty() && reason.find(observation.detail) == std::string::npos) {
    text += fmt::format("  {}: {}\n", model::name(observation.ending), one_line(observation.detail, kReasonWidth));
  }
  if (const std::string lines = last_lines(observation.traceback, kTracebackLines, "    "); !lines.empty()) {
    const bool late = observation.ending == model::Ending::kTimedOut;
    text += (late ? "  where it was when its time was up:\n" : "  traceback:\n") + lines;
  }
  if (const std::string lines = last_lines(observation.output, kOutputLines, "    | "); !lines.empty()) {
    text += "  its stdout and stderr:\n" + lines;
  }
  return text;
}

}  // namespace snapshot_test::report
