#include "report/times_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/format.hpp"

namespace snapshot_test::report {

namespace {

constexpr std::size_t kMostTimes = 5;
/// A single call that is observed varies more than this from run to run.
constexpr double kLeastChange = 0.5;
constexpr double kLeastSeconds = 0.05;

bool is_noticeable(const model::CaseTime& time) {
  const double slower = std::max(time.base, time.head);
  return slower >= kLeastSeconds && std::fabs(time.head - time.base) >= kLeastChange * slower;
}

}  // namespace

std::string times_text(const std::vector<model::CaseTime>& times) {
  if (times.empty()) {
    return "";
  }
  double base = 0;
  double head = 0;
  std::vector<model::CaseTime> changed;
  for (const model::CaseTime& time : times) {
    base += time.base;
    head += time.head;
    if (is_noticeable(time)) {
      changed.push_back(time);
    }
  }
  std::sort(changed.begin(), changed.end(),
            [](const auto& a, const auto& b) { return std::fabs(a.head - a.base) > std::fabs(b.head - b.base); });
  std::string text =
      fmt::format("time of the calls of {}: {} at BASE, {} at HEAD (of one observed call each; to measure, use asv)\n",
                  counted(times.size(), "case"), duration(base), duration(head));
  for (std::size_t i = 0; i < std::min(changed.size(), kMostTimes); ++i) {
    text += fmt::format("  {}: {} at BASE, {} at HEAD\n", one_line(changed[i].label, 100), duration(changed[i].base),
                        duration(changed[i].head));
  }
  if (changed.size() > kMostTimes) {
    text += fmt::format("  and {} more that changed by half or more\n", changed.size() - kMostTimes);
  }
  return text;
}

}  // namespace snapshot_test::report
