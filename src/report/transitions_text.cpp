#include "report/transitions_text.hpp"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <utility>

#include "report/causes.hpp"
#include "report/format.hpp"

namespace snapshot_test::report {

namespace {

using model::CaseStatus;
using model::Transitions;
using Side = std::optional<CaseStatus>;

constexpr const char* kAdded = "added";      // in place of a status before
constexpr const char* kRemoved = "removed";  // in place of one now
constexpr std::size_t kLabelWidth = 160;     // bytes

constexpr std::array<Side, 4> kSides{CaseStatus::kPass, CaseStatus::kFail, CaseStatus::kSkip, std::nullopt};

std::string side_name(const Side& side, const char* otherwise) {
  return side ? std::string(model::name(*side)) : otherwise;
}

/// "2026-11-28T05:18:30Z" as "2026-11-28 05:18 UTC".
std::string minute_of(const std::string& time) {
  return time.size() < 16 ? time : fmt::format("{} {} UTC", time.substr(0, 10), time.substr(11, 5));
}

Tone tone_of(const Side& before, const Side& now) {
  if (before == CaseStatus::kPass && now == CaseStatus::kFail) {
    return Tone::kBad;
  }
  return now == CaseStatus::kPass ? Tone::kGood : Tone::kDoubtful;
}

std::string heading_of(const Side& before, const Side& now) {
  if (!before) {
    return fmt::format("added, {} now", model::name(*now));
  }
  if (!now) {
    return fmt::format("removed, {} before", model::name(*before));
  }
  return fmt::format("{} to {}", model::name(*before), model::name(*now));
}

}  // namespace

std::string transitions_text(const Transitions& transitions, Lists lists, Color color) {
  std::string text = fmt::format("what has become of the cases of {}, recorded {}:\n", one_line(transitions.file),
                                 minute_of(transitions.recorded));
  text += fmt::format("  {:<14}", "before \\ now");
  for (const Side& now : kSides) {
    text += fmt::format("{:>9}", side_name(now, kRemoved));
  }
  text += '\n';
  for (const Side& before : kSides) {
    text += fmt::format("  {:<14}", side_name(before, kAdded));
    for (const Side& now : kSides) {
      text += before || now ? fmt::format("{:>9}", grouped(transitions.count(before, now))) : "";
    }
    text += '\n';
  }
  for (const Side& before : kSides) {
    for (const Side& now : kSides) {
      if (before == now) {
        continue;
      }
      Causes cases(lists);
      for (const std::string& label : transitions.labels(before, now)) {
        cases.add("", one_line(label, lists == Lists::kComplete ? 0 : kLabelWidth));
      }
      if (cases.count() > 0) {
        text += paint(color, tone_of(before, now), heading_of(before, now)) +
                fmt::format(": {}\n", counted(cases.count(), "case")) + cases.text();
      }
    }
  }
  return text;
}

}  // namespace snapshot_test::report
