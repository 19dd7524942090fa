#include "report/summary_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <variant>
#include <vector>

#include "report/format.hpp"
#include "util/overloaded.hpp"

namespace snapshot_test::report {

namespace {

using model::CaptureStatus;
using model::CaptureSummary;
using model::ExitStatus;
using model::Standing;
using model::VerifySummary;

std::string_view meaning(CaptureStatus status) {
  switch (status) {
    case CaptureStatus::kOuter: return "return value or values in the benchmark's body";
    case CaptureStatus::kPart: return "the same, but something in them cannot be compared";
    case CaptureStatus::kState: return "no such value, but what the call changes";
    case CaptureStatus::kInner: return "only values that calls inside return";
    case CaptureStatus::kVacuous: return "nothing to check: no value but None, nothing changed";
    case CaptureStatus::kUnstable: return "nothing is the same from run to run";
    case CaptureStatus::kOpaque: return "cannot be pickled";
    case CaptureStatus::kFailed: return "did not run";
    case CaptureStatus::kSkipped: return "the benchmark itself says skip";
    case CaptureStatus::kNoOp: return "the body does nothing";
  }
  return "";
}

constexpr std::uint64_t kLargeStore = 500'000'000;  // bytes
constexpr const char* kAnotherCopy = "not the copy in the suite's own repository was tested";

std::string_view why(ExitStatus status) {
  switch (status) {
    case ExitStatus::kSuccess: return "";
    case ExitStatus::kFailed: return "not everything went well";
    case ExitStatus::kUsage: return "wrong usage or configuration";
    case ExitStatus::kInternal: return "an internal error";
    case ExitStatus::kNoBaseline: return "there is no baseline to read";
    case ExitStatus::kNothingVerified: return "no case matched, or none could be checked";
    case ExitStatus::kInterrupted: return "interrupted";
  }
  return "";
}

std::string import_failures(const model::RunPlan& plan) {
  if (plan.failures.empty()) {
    return {};
  }
  return fmt::format("{} could not be imported or read: {}", counted(plan.failures.size(), "module"),
                     one_line(plan.failures.front().where, 100)) +
         (plan.failures.size() > 1 ? fmt::format(" and {} more", plan.failures.size() - 1) : "");
}

std::string failed(ExitStatus status, std::string_view because, Color color) {
  return paint(color, Tone::kBad, status == ExitStatus::kInterrupted ? "INTERRUPTED" : "FAILED") +
         fmt::format(" (exit status {}): {}", static_cast<int>(status), because);
}

/// A success that leaves something unchecked names it in the same line.
std::string succeeded(std::string_view word, std::string_view what, const std::vector<std::string>& reservations,
                      Color color) {
  std::string text = paint(color, reservations.empty() ? Tone::kGood : Tone::kDoubtful, word);
  text += fmt::format(": {}", what);
  for (const std::string& reservation : reservations) {
    text += "; " + reservation;
  }
  return text;
}

/// Cases that fail now; those that passed before fail the run.
std::size_t failing_now(const model::Transitions& transitions) {
  return static_cast<std::size_t>(
      std::count_if(transitions.cases.begin(), transitions.cases.end(),
                    [](const model::Transition& each) { return each.now == model::CaseStatus::kFail; }));
}

/// "shard 3 of 8"
std::string shard_text(const model::Shard& shard) {
  return fmt::format("shard {} of {}", shard.number, shard.plan.shares.size());
}

std::string conclusion(const VerifySummary& summary, Color color) {
  const std::string failures = import_failures(summary.plan);
  if (summary.status != ExitStatus::kSuccess) {
    const std::string because = summary.failure.empty() ? std::string(why(summary.status)) : summary.failure;
    return failed(summary.status, because, color);
  }
  std::vector<std::string> reservations;
  if (const std::size_t unverified = summary.count(Standing::kUnverified); unverified > 0) {
    reservations.push_back(fmt::format("{} could not be checked", counted(unverified, "case")));
  }
  if (!failures.empty()) {
    reservations.push_back(failures);
  }
  if (summary.plan.tests_another_copy()) {
    reservations.push_back(kAnotherCopy);
  }
  if (summary.plan.shard && summary.plan.cases == 0) {
    return succeeded("PASSED", shard_text(*summary.plan.shard) + " has no cases", {}, color);
  }
  if (summary.plan.shard && summary.too_little) {
    return succeeded("DONE",
                     shard_text(*summary.plan.shard) +
                         " could check none of its cases; whether the others did is said by `snapshot_test merge`",
                     reservations, color);
  }
  std::string what = summary.transitions ? "no case fails that passed before" : "nothing that was checked has changed";
  if (const std::size_t expected = summary.count(Standing::kExpected); expected > 0) {
    what += fmt::format(", and {} not pass, as is expected",
                        expected == 1 ? "one case does" : grouped(expected) + " cases do");
  }
  if (const std::size_t others = summary.transitions ? failing_now(*summary.transitions) : 0; others > 0) {
    reservations.insert(
        reservations.begin(),
        fmt::format("{} that did not pass before", others == 1 ? "one case fails" : grouped(others) + " cases fail"));
  }
  if (summary.plan.shard) {
    what = shard_text(*summary.plan.shard) + ", " + what;
  }
  return succeeded("PASSED", what, reservations, color);
}

/// "audit: zeros would pass in 2 of 1,204 cases, and in one of them every wrong value; …"
std::string sensitivity_line(const model::Sensitivity& sensitivity) {
  if (sensitivity.cases == 0) {
    return {};
  }
  std::string text = fmt::format("audit: zeros would pass in {} of {}", grouped(sensitivity.zeros_pass),
                                 counted(sensitivity.cases, "case"));
  if (sensitivity.insensitive > 0) {
    text += fmt::format(", and in {} of them so would every other wrong value", grouped(sensitivity.insensitive));
  }
  return text + (sensitivity.zeros_pass > 0 ? " (snapshot_test audit says which)\n" : "\n");
}

std::string conclusion(const CaptureSummary& summary, Color color) {
  const std::string failures = import_failures(summary.plan);
  const std::string baseline =
      summary.run_id.empty() ? "nothing was stored; an earlier baseline is as it was" : "the baseline was stored";
  if (summary.status != ExitStatus::kSuccess) {
    std::string because = failures;
    if (!summary.failure.empty()) {
      because += (because.empty() ? "" : "; ") + summary.failure;
    }
    return failed(summary.status, (because.empty() ? std::string(why(summary.status)) : because) + "; " + baseline,
                  color);
  }
  std::vector<std::string> reservations;
  if (const std::size_t lost = summary.countable_cases() - summary.verifiable_cases(); lost > 0) {
    reservations.push_back(fmt::format("verify will not be able to check {}", counted(lost, "case")));
  }
  if (summary.replaced > 0) {
    reservations.push_back(fmt::format("{} of them could be checked before", grouped(summary.replaced)));
  }
  if (!failures.empty()) {
    reservations.push_back(failures);
  }
  if (summary.plan.tests_another_copy()) {
    reservations.push_back(kAnotherCopy);
  }
  if (summary.plan.shard) {
    const std::string shard = shard_text(*summary.plan.shard);
    return succeeded("CAPTURED", summary.plan.cases == 0 ? shard + " has no cases" : shard + ", " + baseline,
                     reservations, color);
  }
  return succeeded("CAPTURED", baseline, reservations, color);
}

std::string conclusion(const model::StatusSummary& summary, Color color) {
  if (summary.status != ExitStatus::kSuccess) {
    return failed(summary.status,
                  summary.failure.empty() ? "no case ran, so nothing was recorded" : std::string_view(summary.failure),
                  color);
  }
  std::vector<std::string> reservations;
  if (std::string failures = import_failures(summary.plan); !failures.empty()) {
    reservations.push_back(std::move(failures));
  }
  return succeeded("RECORDED", one_line(summary.file), reservations, color);
}

/// "6 cases: 4 pass, 1 fail, 1 skip"
std::string headline(const model::StatusSummary& summary) {
  std::size_t all = 0;
  std::string parts;
  for (const model::CaseStatus status : model::kCaseStatuses) {
    const auto found = summary.counts.find(status);
    const std::size_t cases = found == summary.counts.end() ? 0 : found->second;
    all += cases;
    parts += fmt::format("{}{} {}", parts.empty() ? "" : ", ", grouped(cases), model::name(status));
  }
  return fmt::format("{}: {}", counted(all, "case"), parts);
}

/// "38 of 39 cases (97.4 %)" where the results of all of them are checked; else "38 of 39 cases: 35 by their result
/// (89.7 %), 1 by part of it, 2 by inner calls or state only". Only whole results make a percentage.
std::string checked_text(const model::CheckedCounts& checked, std::size_t all) {
  using model::Counted;
  const std::size_t any = checked_cases(checked, Counted::kAny);
  const std::size_t whole = checked_cases(checked, Counted::kResult);
  const std::size_t part = checked_cases(checked, Counted::kPart) - whole;
  std::string text = fmt::format("{} of {}", grouped(any), counted(all, "case"));
  if (whole == any) {
    return text + fmt::format(" ({})", percent(any, all));
  }
  text += fmt::format(": {} by their result ({})", grouped(whole), percent(whole, all));
  text += part > 0 ? fmt::format(", {} by part of it", grouped(part)) : "";
  const std::size_t others = any - whole - part;
  return text + (others > 0 ? fmt::format(", {} by inner calls or state only", grouped(others)) : "");
}

std::string headline(const VerifySummary& summary) {
  return "verified " + checked_text(summary.checked, summary.countable_cases());
}

std::string headline(const CaptureSummary& summary) {
  return "verify will be able to check " + checked_text(summary.checked(), summary.countable_cases());
}

/// What verify staged, with what to do about it.
std::string pending_line(const VerifySummary& summary) {
  if (!summary.not_pending.empty()) {
    return fmt::format("nothing was staged for review: {}\n", one_line(summary.not_pending));
  }
  return summary.pending == 0 ? ""
                              : fmt::format("{} pending: `snapshot_test review` shows and accepts them\n",
                                            counted(summary.pending, "value"));
}

std::string count_line(std::string_view name, std::size_t count, std::string_view explanation, Tone tone, Color color) {
  // Padding goes inside the colour, since escape sequences would count as width.
  return fmt::format("  {} {:>9}  {}\n", paint(color, tone, fmt::format("{:<15}", name)), grouped(count), explanation);
}

}  // namespace

std::string closing_line(const VerifySummary& summary, Color color) {
  return fmt::format("{} in {}; {}\n", headline(summary), duration(summary.seconds), conclusion(summary, color));
}

std::string closing_line(const model::StatusSummary& summary, Color color) {
  return fmt::format("{} in {}; {}\n", headline(summary), duration(summary.seconds), conclusion(summary, color));
}

std::string closing_line(const CaptureSummary& summary, Color color) {
  return fmt::format("{}; {}; {}\n", headline(summary), duration(summary.seconds), conclusion(summary, color));
}

std::string run_end_text(const RunRecord& record) {
  return std::visit(util::Overloaded{[](const std::monostate&) { return std::string("The run has not ended"); },
                                     [](const Aborted& end) {
                                       return fmt::format("FAILED (exit status {}): {}", static_cast<int>(end.status),
                                                          one_line(end.message));
                                     },
                                     [](const auto& summary) {
                                       std::string line = closing_line(summary, Color::kOff);
                                       line.pop_back();
                                       return line;
                                     }},
                    record.end);
}

std::string closing_text(const VerifySummary& summary, Color color) {
  std::string text;
  for (const auto& [verdict, count] : summary.counts) {
    if (count > 0) {
      const Standing counts_as = model::standing(verdict);
      text += count_line(model::name(verdict), count, model::name(counts_as), tone(counts_as), color);
    }
  }
  text += fmt::format("{} in {}\n", paint(color, Tone::kHeading, headline(summary)), duration(summary.seconds));
  return text + pending_line(summary) + conclusion(summary, color) + "\n";
}

std::string closing_text(const model::StatusSummary& summary, Color color) {
  return fmt::format("{} in {}\n{}\n", paint(color, Tone::kHeading, headline(summary)), duration(summary.seconds),
                     conclusion(summary, color));
}

std::string closing_text(const CaptureSummary& summary, Color color) {
  std::string text = paint(color, Tone::kHeading, headline(summary)) + "\n";
  for (const auto& [status, count] : summary.counts) {
    if (count > 0) {
      text += count_line(model::name(status), count, meaning(status), tone(status), color);
    }
  }
  text += one_line(summary.snapshot_dir);
  text += summary.store_bytes > 0 ? fmt::format(", {} on disk", size(summary.store_bytes)) : "";
  text += fmt::format(", in {}", duration(summary.seconds));
  text += summary.run_id.empty() ? "\n" : fmt::format(", run {}\n", summary.run_id);
  if (summary.store_bytes > kLargeStore) {
    for (const auto& [value, bytes] : summary.largest) {
      text += fmt::format("  {} of it before compression: {}\n", size(bytes), one_line(value, 160));
    }
  }
  return text + sensitivity_line(summary.sensitivity) + conclusion(summary, color) + "\n";
}

}  // namespace snapshot_test::report
