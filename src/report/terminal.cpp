#include "report/terminal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "report/case_text.hpp"
#include "report/format.hpp"
#include "report/import_failures.hpp"
#include "report/replacement_text.hpp"
#include "report/summary_text.hpp"
#include "report/tamper_text.hpp"
#include "report/tested_text.hpp"
#include "report/transitions_text.hpp"
#include "util/text.hpp"
#include "util/visible.hpp"

namespace snapshot_test::report {

namespace {

constexpr std::size_t kCaseLabelWidth = 160;   // bytes of a case's label; parameters may be whole arrays
constexpr std::size_t kCaseReasonWidth = 500;  // bytes
constexpr std::size_t kDetailedFailures = 10;  // of a run; the others are in the list at its end
constexpr std::size_t kListedFailures = 50;
constexpr std::size_t kLossesLast = 1000;  // after every verdict and status

TerminalOptions with_clock(TerminalOptions options) {
  if (!options.now) {
    options.now = steady_seconds;
  }
  return options;
}

}  // namespace

Terminal::Terminal(std::ostream& out, TerminalOptions options)
    : options_(with_clock(std::move(options))),
      progress_(out, options_.size, options_.now),
      left_out_(lists()),
      passes_to_come_(options_.passes) {}

void Terminal::write(const std::string& text) { progress_.print(text); }

void Terminal::planned(const model::RunPlan& plan) {
  progress_.set_workers(plan.workers);
  const auto detail = options_.verbosity == Verbosity::kVerbose ? ImportDetail::kAll : ImportDetail::kCauses;
  std::string text = import_failures_text(plan.failures, plan.python, detail, options_.color);
  text += another_copy_text(plan, options_.color);
  if (options_.verbosity != Verbosity::kQuiet) {
    text += tested_text(plan);
    text += environment_text(plan.environment, "since the baseline was captured");
    text += plan.tamper ? tamper_text(*plan.tamper) : "";
    for (const std::string& line : plan.notes) {
      text += "note: " + one_line(line) + "\n";
    }
    text += fmt::format("{} of {}, {} at a time", counted(plan.cases, "case"), counted(plan.benchmarks, "benchmark"),
                        plan.workers);
    if (plan.shard) {
      text += fmt::format("; shard {} of {}, which have {}", plan.shard->number, plan.shard->plan.shares.size(),
                          counted(plan.shard->cases, "case"));
    }
    text += plan.filtered_out > 0 ? fmt::format("; {} not matched by --filter", grouped(plan.filtered_out)) : "";
    text += plan.not_imported > 0
                ? fmt::format("; {} not imported, where it can match nothing", counted(plan.not_imported, "module"))
                : "";
    text += plan.excluded > 0 ? fmt::format("; {} excluded", grouped(plan.excluded)) : "";
    text += "\n";
  }
  write(text);
}

void Terminal::note(const std::string& text) {
  if (options_.verbosity == Verbosity::kVerbose) {
    write("note: " + one_line(text) + "\n");
  }
}

void Terminal::remark(const std::string& line) {
  if (options_.verbosity != Verbosity::kQuiet || line.starts_with("warning:")) {
    write(util::visible(line, util::Keep::kLines) + "\n");
  }
}

void Terminal::started(const model::CaseId& id) { progress_.started(id, one_line(id.label, kCaseLabelWidth)); }

void Terminal::phase(const std::string& what, std::size_t cases) {
  if (cases > 0 && passes_to_come_ > 0) {
    --passes_to_come_;
  }
  progress_.begin(what, cases, cases > 0 ? passes_to_come_ : 0);
}

void Terminal::ended(const model::CaseId& id) { progress_.ended(id); }

void Terminal::show_failure(const model::CaseId& id, std::string_view verdict, const std::string& reason,
                            const std::vector<model::SiteComparison>& sites, const model::Observation& observation,
                            const std::string& environment) {
  progress_.failed();
  ++failed_;
  const std::string said_of_sites = sites_text(sites);
  if (shown_before(id, verdict, reason, said_of_sites) && !full()) {
    return;
  }
  failures_.push_back({id, std::string(verdict), one_line(reason, kCaseReasonWidth)});
  if (options_.verbosity == Verbosity::kQuiet && !options_.full) {
    return;
  }
  if (explained_++ >= kDetailedFailures && !full()) {
    return;
  }
  const std::string heading = fmt::format("{} {}", paint(options_.color, Tone::kBad, fmt::format("{}:", verdict)),
                                          one_line(id.label, kCaseLabelWidth));
  write(heading + "\n  " + one_line(reason, kCaseReasonWidth) + "\n" + environment + said_of_sites +
        observation_text(observation, reason));
}

bool Terminal::shown_before(const model::CaseId& id, std::string_view verdict, const std::string& reason,
                            const std::string& sites) {
  const std::string label = one_line(id.label, kCaseLabelWidth);
  const std::size_t said = std::hash<std::string>()(fmt::format("{}\n{}\n{}", verdict, reason, sites));
  const auto [place, is_new] = places_.try_emplace(said, alike_.size());
  if (is_new) {
    alike_.push_back({std::string(verdict), label, one_line(reason, kCaseReasonWidth), Causes(lists())});
  } else {
    alike_[place->second].others.add("", label);
  }
  return !is_new;
}

// In the order of the suite: by benchmark, then by parameters.
void Terminal::write_failures() {
  if (failures_.empty()) {
    return;
  }
  std::stable_sort(failures_.begin(), failures_.end(), [](const Failure& a, const Failure& b) {
    return std::tie(a.id.benchmark, a.id.index) < std::tie(b.id.benchmark, b.id.index);
  });
  std::string text = "\n" + paint(options_.color, Tone::kHeading, counted(failed_, "failed case") + ":") + "\n";
  std::size_t shown = 0;
  for (const Failure& failure : failures_) {
    if (!full() && shown == kListedFailures) {
      text += fmt::format("  ... and {} more; --full lists and explains all\n", grouped(failures_.size() - shown));
      break;
    }
    ++shown;
    text += fmt::format("  {} {}: {}\n", paint(options_.color, Tone::kBad, fmt::format("{:<10}", failure.verdict)),
                        one_line(failure.id.label, kCaseLabelWidth), failure.reason);
  }
  if (explained_ > kDetailedFailures && !full()) {
    text += fmt::format("the first {} are explained above; --full explains all\n", kDetailedFailures);
  }
  const std::string& first = failures_.front().id.label;
  if (!options_.command.empty() && util::visible(first, util::Keep::kNothing) == first) {
    text += fmt::format("again: {} --filter {}\n", options_.command,
                        util::shell_quoted("^" + util::regex_quoted(first) + "$"));
  }
  write(text);
  failures_.clear();
}

void Terminal::write_alike() {
  for (const Alike& alike : alike_) {
    if (alike.others.count() > 0 && !full()) {
      write(fmt::format("{} {}, as {}: {}\n", paint(options_.color, Tone::kBad, fmt::format("{}:", alike.verdict)),
                        counted(alike.others.count(), "more case"), alike.first, alike.reason) +
            alike.others.text());
    }
  }
  alike_.clear();
  places_.clear();
}

Result<void> Terminal::close(const RunRecord& /*record*/) {
  progress_.end();
  write_alike();
  failures_.clear();
  return {};
}

void Terminal::show_case(const model::CaseId& id, std::string_view verdict, Tone tone,
                         const model::Observation& observation, const std::vector<std::string>& missing) {
  if (options_.verbosity != Verbosity::kVerbose) {
    return;
  }
  std::string text = fmt::format("{} {:>8}  {}\n", paint(options_.color, tone, fmt::format("{:<15}", verdict)),
                                 duration(observation.seconds), one_line(id.label));
  for (const std::string& each : missing) {
    text += fmt::format("  not compared: {}\n", one_line(each, kCaseReasonWidth));
  }
  for (const std::string& each : observation.notes) {
    text += fmt::format("  note: {}\n", one_line(each, kCaseReasonWidth));
  }
  write(text);
}

void Terminal::remember(std::size_t order, std::string_view verdict, Tone tone, std::string_view counts_as,
                        const model::CaseId& id, const std::string& reason) {
  Group& group =
      groups_.try_emplace({order, std::string(verdict)}, Group{tone, std::string(counts_as), Causes(lists())})
          .first->second;
  group.causes.add(reason.empty() ? "" : one_line(reason, kCaseReasonWidth),
                   one_line(id.label, lists() == Lists::kComplete ? 0 : kCaseLabelWidth));
}

void Terminal::remember_left_out(const model::CaseId& id, const std::vector<std::string>& missing) {
  if (missing.empty()) {
    return;
  }
  left_out_.add(one_line(fmt::format("{}", fmt::join(missing, "; ")), kCaseReasonWidth),
                one_line(id.label, lists() == Lists::kComplete ? 0 : kCaseLabelWidth));
}

void Terminal::captured(const model::CaseCapture& result) {
  remember_duration(result.id, result.observation);
  const model::CaptureStatus status = result.status;
  const std::string_view status_name = model::name(status);
  if (result.loss != model::Loss::kNone) {
    const bool kept = result.loss == model::Loss::kKept;
    remember(kLossesLast + static_cast<std::size_t>(result.loss), model::name(result.loss), Tone::kBad,
             kept ? "could be checked, and cannot now; --allow-loss replaces the snapshot"
                  : "could be checked, and cannot now; --allow-loss was given",
             result.id, fmt::format("now {}{}{}", status_name, result.reason.empty() ? "" : ": ", result.reason));
  }
  if (status == model::CaptureStatus::kFailed) {
    show_failure(result.id, status_name, result.reason, {}, result.observation);
  } else {
    show_case(result.id, status_name, tone(status), result.observation, result.missing);
    if (!model::verifiable(status) && status != model::CaptureStatus::kSkipped &&
        status != model::CaptureStatus::kNoOp) {
      remember(static_cast<std::size_t>(status), status_name, tone(status), "verify cannot check", result.id,
               result.reason);
    } else {
      remember_left_out(result.id, result.missing);
    }
  }
}

void Terminal::verified(const model::CaseVerdict& result) {
  remember_duration(result.id, result.observation);
  remember_left_out(result.id, result.missing);
  const model::Standing counts_as = model::standing(result.verdict);
  const std::string_view verdict = model::name(result.verdict);
  if (counts_as == model::Standing::kFail) {
    const char* changed = "; the benchmark's own code is not what it was when captured";
    show_failure(result.id, verdict, result.reason + (result.source_changed ? changed : ""), result.sites,
                 result.observation, environment_text(result.environment, "  since it was captured"));
  } else {
    show_case(result.id, verdict, tone(counts_as), result.observation, result.missing);
    if (result.verdict == model::Verdict::kClose && !result.reason.empty()) {
      remember(static_cast<std::size_t>(result.verdict), "close (sketch)", tone(counts_as), model::name(counts_as),
               result.id, result.reason);
    }
    if (counts_as == model::Standing::kUnverified || counts_as == model::Standing::kObsolete ||
        counts_as == model::Standing::kExpected || result.verdict == model::Verdict::kInnerChanged) {
      remember(static_cast<std::size_t>(result.verdict), verdict, tone(counts_as), model::name(counts_as), result.id,
               result.reason);
    }
  }
}

void Terminal::write_groups() {
  for (const auto& [key, group] : groups_) {
    std::string text = paint(options_.color, group.tone, key.second);
    text += group.counts_as == key.second ? "" : fmt::format(" ({})", group.counts_as);
    text += fmt::format(": {}\n", counted(group.causes.count(), "case")) + group.causes.text();
    write(text);
  }
}

/// What the checked cases are not checked by.
void Terminal::write_left_out() {
  if (left_out_.count() > 0) {
    write(paint(options_.color, Tone::kDoubtful, "not compared") +
          fmt::format(": something in each of {}\n", counted(left_out_.count(), "checked case")) + left_out_.text());
  }
}

void Terminal::remember_duration(const model::CaseId& id, const model::Observation& observation) {
  const double seconds = observation.total_seconds;
  const bool is_slow =
      slowest_.size() < options_.durations || (!slowest_.empty() && seconds > slowest_.rbegin()->first);
  if (options_.durations == 0 || observation.ending == model::Ending::kNotRun || !is_slow) {
    return;
  }
  slowest_.emplace(seconds, fmt::format("{:>10}  {:>10}  {}\n", duration(seconds), duration(observation.seconds),
                                        one_line(id.label, kCaseLabelWidth)));
  if (slowest_.size() > options_.durations) {
    slowest_.erase(std::prev(slowest_.end()));
  }
}

void Terminal::write_durations() {
  if (slowest_.empty()) {
    return;
  }
  std::string text =
      paint(options_.color, Tone::kHeading, fmt::format("the slowest {}", counted(slowest_.size(), "case"))) +
      fmt::format(":\n{:>10}  {:>10}\n", "in all", "the call");
  for (const auto& [seconds, line] : slowest_) {
    text += line;
  }
  write(text);
}

template <class Summary>
void Terminal::sum_up(const Summary& summary) {
  progress_.end();
  write_alike();
  if (options_.verbosity == Verbosity::kQuiet) {
    write_failures();
    write_durations();
    write(closing_line(summary, options_.color));
    return;
  }
  write_groups();
  write_left_out();
  write_failures();
  write_durations();
  if constexpr (std::is_same_v<Summary, model::VerifySummary>) {
    write(suspicions_text(summary));
    write(summary.transitions ? "\n" + transitions_text(*summary.transitions, lists(), options_.color) : "");
  }
  write("\n" + closing_text(summary, options_.color));
}

void Terminal::replacing(const model::Replacement& replacement) {
  progress_.end();
  if (options_.verbosity != Verbosity::kQuiet) {
    write(replacement_text(replacement, options_.color));
  }
}

void Terminal::finished(const model::CaptureSummary& summary) {
  sum_up(summary);
  const bool stored = !summary.run_id.empty();
  if (stored && summary.replaces && summary.replaces->changed() > 0 && !options_.command.empty()) {
    write(fmt::format("undo: {} --undo\n", options_.command));
  }
}

void Terminal::finished(const model::VerifySummary& summary) { sum_up(summary); }

void Terminal::recorded(const model::StatusSummary& summary) {
  for (const auto& [id, reason] : summary.failed) {
    remember(0, model::name(model::CaseStatus::kFail), Tone::kDoubtful, model::name(model::CaseStatus::kFail), id,
             reason);
  }
  sum_up(summary);
}

}  // namespace snapshot_test::report
