#include "report/replacement_text.hpp"

#include <fmt/format.h>

#include "report/format.hpp"
#include "report/tested_text.hpp"

namespace snapshot_test::report {

namespace {

constexpr std::size_t kReplacedLabelWidth = 160;
constexpr std::size_t kReplacedReasonWidth = 300;

std::string_view word(model::Verdict verdict) {
  switch (verdict) {
    case model::Verdict::kNoSnapshot: return "new";
    case model::Verdict::kObsolete: return "gone";
    default: return model::name(verdict);
  }
}

}  // namespace

std::string replacement_text(const model::Replacement& replacement, Color color) {
  std::string counts;
  for (const auto& [verdict, cases] : replacement.counts) {
    if (cases > 0) {
      counts += fmt::format("{}{} {}", counts.empty() ? "" : ", ", grouped(cases), word(verdict));
    }
  }
  std::string text = fmt::format("this replaces the baseline of {}\n  {}\n", origin_text(replacement.before), counts);
  for (const auto& [id, reason] : replacement.different) {
    text += fmt::format("  {} {}: {}\n", paint(color, Tone::kDoubtful, "would fail:"),
                        one_line(id.label, kReplacedLabelWidth), one_line(reason, kReplacedReasonWidth));
  }
  if (const std::size_t more = replacement.changed() - replacement.different.size(); more > 0) {
    text += fmt::format("  ... and {}\n", counted(more, "more case"));
  }
  return text;
}

}  // namespace snapshot_test::report
