#include "merge/shard_reports.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <exception>
#include <iterator>
#include <map>
#include <set>
#include <utility>
#include <variant>

#include "report/case_json.hpp"
#include "report/record_json.hpp"
#include "session/conclude.hpp"
#include "session/sharding.hpp"
#include "util/text.hpp"
#include "util/try.hpp"

namespace snapshot_test::merge {

namespace {

using model::CaptureSummary;
using model::ExitStatus;
using model::VerifySummary;
using report::RunRecord;

/// What two runs of a case have to agree on: not what it took, and what it wrote.
template <class Result>
std::string outcome_of(const Result& result) {
  report::Json json = report::case_json(result);
  json.erase("seconds");
  json.erase("file");
  json.erase("line");
  json["observation"].erase("output");
  json["observation"].erase("traceback");
  for (report::Json& site : json["sites"]) {  // of a capture: what is not the same in two runs is known
    if (site.contains("unstable") || site.contains("bounds") || site.contains("wholly_unstable")) {
      site.erase("object");
      site.erase("xxh3");
      site.erase("bytes");
      site.erase("bounds");
    }
  }
  return report::dump(json, -1);
}

template <class Results>
std::string outcomes_of(const Results& results) {
  std::vector<std::string> lines;
  std::transform(results.begin(), results.end(), std::back_inserter(lines),
                 [](const auto& each) { return outcome_of(each); });
  std::sort(lines.begin(), lines.end());
  return fmt::format("{}", fmt::join(lines, "\n"));
}

std::string not_run_text(const char* how, std::size_t left, std::size_t all) {
  return fmt::format("{} with {} of {} not run", how, left, util::counted(all, "case"));
}

/// Why the run of a shard says not all that it should.
std::string why_incomplete(const RunRecord& record) {
  if (const auto* verified = std::get_if<VerifySummary>(&record.end)) {
    const std::size_t all = record.verified.size() + verified->not_run.size();
    if (!verified->not_run.empty() || verified->status == ExitStatus::kInterrupted) {
      return not_run_text(verified->status == ExitStatus::kInterrupted ? "was interrupted" : "was stopped",
                          verified->not_run.size(), all);
    }
    return verified->status == ExitStatus::kInternal ? "did not end well: " + verified->failure : "";
  }
  if (const auto* captured = std::get_if<CaptureSummary>(&record.end)) {
    if (captured->status == ExitStatus::kInterrupted || captured->status == ExitStatus::kInternal) {
      return "was interrupted";
    }
    return captured->run_id.empty() ? "did not store what it captured" : "";
  }
  const auto* aborted = std::get_if<report::Aborted>(&record.end);
  return "did not end" + (aborted == nullptr ? std::string() : ": " + aborted->message);
}

template <class Results>
void add_names(const Results& results, std::vector<shards::PlannedCase>& names) {
  for (const auto& each : results) {
    names.push_back(shards::planned_case(each.id.benchmark, each.id.index, each.id.label));
  }
}

/// None where the run ended before it was known what the shard has.
Result<std::optional<Attempt>> attempt_of(const NamedRecord& report) {
  const RunRecord& record = report.record;
  if (!record.plan || !record.plan->shard) {
    if (std::holds_alternative<report::Aborted>(record.end)) {
      return std::nullopt;
    }
    return fail(ErrorKind::kUsage,
                fmt::format("'{}' is no report of a shard: `capture` and `verify` write one with --shard K/N --json "
                            "FILE; `snapshot_test report` makes reports of whole runs",
                            report.file));
  }
  Attempt attempt;
  attempt.source = report.file;
  attempt.shard = *record.plan->shard;
  attempt.tested = record.plan->tested;
  TRY_ASSIGN(attempt.place, store::run_info_from_text(attempt.shard.place.dump(), report.file));
  attempt.incomplete = why_incomplete(record);
  attempt.done = record.captured.size() + record.verified.size();
  add_names(record.captured, attempt.cases);
  add_names(record.verified, attempt.cases);
  if (const auto* verified = std::get_if<VerifySummary>(&record.end)) {
    for (const model::CaseId& id : verified->not_run) {
      attempt.cases.push_back(shards::planned_case(id.benchmark, id.index, id.label));
    }
  }
  attempt.results = outcomes_of(record.captured) + outcomes_of(record.verified);
  return attempt;
}

/// The cases of a shard on which two runs do not agree: "bench.time_f: identical and different".
template <class Results, class Name>
void add_conflicts(const Results& one, const Results& other, Name name, std::vector<std::string>& conflicts) {
  std::map<std::pair<std::string, std::size_t>, const typename Results::value_type*> known;
  for (const auto& each : one) {
    known.emplace(std::pair(each.id.benchmark, each.id.index), &each);
  }
  for (const auto& each : other) {
    const auto found = known.find({each.id.benchmark, each.id.index});
    if (found == known.end() || outcome_of(*found->second) == outcome_of(each)) {
      continue;
    }
    const std::string before(name(*found->second));
    const std::string now(name(each));
    conflicts.push_back(before == now ? fmt::format("{}: {} in other ways", each.id.label, now)
                                      : fmt::format("{}: {} and {}", each.id.label, before, now));
  }
}

std::string conflict_text(const NamedRecord& one, const NamedRecord& other) {
  constexpr std::size_t kMost = 5;
  std::vector<std::string> cases;
  add_conflicts(
      one.record.verified, other.record.verified, [](const auto& each) { return model::name(each.verdict); }, cases);
  add_conflicts(
      one.record.captured, other.record.captured, [](const auto& each) { return model::name(each.status); }, cases);
  const std::size_t all = cases.size();
  cases.resize(std::min(all, kMost));
  return fmt::format("{} was run twice, with different results ('{}', '{}'): {}{}", name_of(*one.record.plan->shard),
                     one.file, other.file, fmt::join(cases, "; "),
                     all > kMost ? fmt::format("; and {} more", all - kMost) : "");
}

/// What all shards say alike of what none of them has.
std::string beside_of(const RunRecord& record) {
  const auto* verified = std::get_if<VerifySummary>(&record.end);
  std::string text = verified == nullptr ? "" : outcomes_of(verified->beside);
  for (const model::Expectation& each :
       verified == nullptr ? std::vector<model::Expectation>() : verified->idle_expectations) {
    text += "\n" + each.place() + each.cases;
  }
  return text;
}

/// A shard that did not end says nothing of it.
Result<void> check_beside(const std::vector<const NamedRecord*>& parts, Mixed mixed) {
  const NamedRecord* first = nullptr;
  for (const NamedRecord* part : parts) {
    if (!std::holds_alternative<VerifySummary>(part->record.end) || mixed == Mixed::kAllowed) {
      continue;
    }
    first = first == nullptr ? part : first;
    if (beside_of(part->record) != beside_of(first->record)) {
      return fail(
          ErrorKind::kUsage,
          fmt::format("'{}' and '{}' do not say the same of snapshots without a case, or of expected.toml: merge "
                      "the shards of one run; --allow-mixed merges them all the same",
                      first->file, part->file));
    }
  }
  return {};
}

Result<void> check_commands(const std::vector<NamedRecord>& reports) {
  for (const NamedRecord& each : reports) {
    if (each.record.head.command != reports.front().record.head.command) {
      return fail(ErrorKind::kUsage,
                  fmt::format("'{}' is of {} and '{}' of {}: merge those of one run", reports.front().file,
                              reports.front().record.head.command, each.file, each.record.head.command));
    }
  }
  return {};
}

/// The plan of the whole run, from the shards'.
model::RunPlan whole_plan(const std::vector<const NamedRecord*>& parts) {
  model::RunPlan plan = *parts.front()->record.plan;
  const model::Shard shard = *plan.shard;
  plan.benchmarks = shard.benchmarks;
  plan.cases = shard.cases;
  plan.shard.reset();
  std::set<std::string> own;
  for (const NamedRecord* part : parts) {
    own.insert(session::empty_shard_text(*part->record.plan->shard));
  }
  std::vector<std::string> notes;
  for (const NamedRecord* part : parts) {
    plan.workers = std::max(plan.workers, part->record.plan->workers);
    for (const std::string& note : part->record.plan->notes) {
      if (!own.contains(note) && std::find(notes.begin(), notes.end(), note) == notes.end()) {
        notes.push_back(note);
      }
    }
  }
  plan.notes = std::move(notes);
  return plan;
}

/// Leaves the worse of what the run comes to by itself, and that it is not all there.
template <class Summary>
void add_incomplete(Summary& summary, const std::vector<std::string>& incomplete,
                    const std::vector<std::string>& conflicts) {
  if (incomplete.empty() && conflicts.empty()) {
    return;
  }
  const bool failed = (summary.status == ExitStatus::kFailed && !summary.too_little) || !conflicts.empty();
  std::vector<std::string> reasons = conflicts;
  if (!incomplete.empty()) {
    reasons.push_back(fmt::format("incomplete: {}", fmt::join(incomplete, ", ")));
  }
  if (summary.status == ExitStatus::kFailed && !summary.too_little) {
    reasons.push_back(summary.failure);
  }
  summary.status = ExitStatus::kFailed;
  summary.too_little = !failed;
  summary.failure = fmt::format("{}", fmt::join(reasons, "; "));
}

void end_verify(RunRecord& record, const std::vector<const NamedRecord*>& parts, const model::Demands& demands,
                session::Extent extent) {
  VerifySummary all;
  const auto& first = parts.front()->record;
  for (const NamedRecord* part : parts) {
    if (const auto* end = std::get_if<VerifySummary>(&part->record.end)) {
      all.seconds += end->seconds;
      all.pending += end->pending;
      all.not_pending = all.not_pending.empty() ? end->not_pending : all.not_pending;
      all.not_run.insert(all.not_run.end(), end->not_run.begin(), end->not_run.end());
    }
  }
  for (const NamedRecord* part : parts) {  // all say the same of it
    if (const auto* end = std::get_if<VerifySummary>(&part->record.end)) {
      for (const model::CaseVerdict& each : end->beside) {
        const bool ignored = each.verdict == model::Verdict::kObsolete && demands.obsolete == model::Obsolete::kIgnore;
        if (!ignored) {
          record.verified.push_back(each);
        }
      }
      all.idle_expectations = end->idle_expectations;
      break;
    }
  }
  if (extent == session::Extent::kPartial) {
    all.idle_expectations.clear();
  }
  all.snapshot_dir = first.head.snapshot_dir;
  all.plan = *record.plan;
  record.end = std::move(all);
  report::count_cases(record);
  session::conclude(std::get<VerifySummary>(record.end), demands, extent);
}

void end_capture(RunRecord& record, const std::vector<const NamedRecord*>& parts, const model::Demands& demands) {
  CaptureSummary all;
  std::vector<std::string> runs;
  for (const NamedRecord* part : parts) {
    if (const auto* end = std::get_if<CaptureSummary>(&part->record.end)) {
      all.seconds += end->seconds;
      all.resumed += end->resumed;
      all.not_imported = std::max(all.not_imported, end->not_imported);
      all.store_bytes = std::max(all.store_bytes, end->store_bytes);
      runs.push_back(end->run_id);
    }
  }
  all.run_id = fmt::format("{}", fmt::join(runs, " "));
  all.snapshot_dir = parts.front()->record.head.snapshot_dir;
  all.plan = *record.plan;
  record.end = std::move(all);
  report::count_cases(record);
  session::conclude(std::get<CaptureSummary>(record.end), demands);
}

/// The shards that ran, and what is known of those that could not.
struct Collected {
  std::vector<Attempt> attempts;
  std::vector<const NamedRecord*> reports;  ///< of each attempt
  std::vector<std::string> ended;
};

Result<Collected> collect(const std::vector<NamedRecord>& reports) {
  Collected all;
  for (const NamedRecord& report : reports) {
    TRY_ASSIGN(auto attempt, attempt_of(report));
    if (attempt) {
      all.attempts.push_back(std::move(*attempt));
      all.reports.push_back(&report);
    } else {
      all.ended.push_back(fmt::format("'{}' is of a run that could not start: {}", report.file,
                                      std::get<report::Aborted>(report.record.end).message));
    }
  }
  if (all.attempts.empty()) {
    return fail(ErrorKind::kUsage, fmt::format("no shard has run: {}", fmt::join(all.ended, "; ")));
  }
  return all;
}

/// What was demanded of the whole.
Result<model::Demands> demands_of(const Attempt& attempt, const ReportMerge& options) {
  model::Demands demands;
  try {
    demands = session::demands_from_json(attempt.shard.demands);
  } catch (const std::exception& error) {
    return fail(ErrorKind::kUsage, fmt::format("'{}' is not as it was written: {}", attempt.source, error.what()));
  }
  if (options.change_demands) {
    options.change_demands(demands);
  }
  return demands;
}

/// All cases, without an end.
RunRecord joined(const std::vector<const NamedRecord*>& parts) {
  RunRecord record;
  record.head = parts.front()->record.head;
  record.head.command_line.clear();  // each had its own
  for (const NamedRecord* part : parts) {
    record.head.timestamp = std::min(record.head.timestamp, part->record.head.timestamp);
    record.captured.insert(record.captured.end(), part->record.captured.begin(), part->record.captured.end());
    record.verified.insert(record.verified.end(), part->record.verified.begin(), part->record.verified.end());
  }
  record.plan = whole_plan(parts);
  return record;
}

}  // namespace

Result<RunRecord> merge_reports(const std::vector<NamedRecord>& reports, const ReportMerge& options) {
  if (reports.empty()) {
    return fail(ErrorKind::kUsage, "no report to merge");
  }
  TRY(check_commands(reports));
  TRY_ASSIGN(const Collected all, collect(reports));
  TRY_ASSIGN(Chosen chosen, choose(all.attempts, options.mixed));
  std::vector<std::string> conflicts;
  for (const auto& [one, other] : chosen.conflicts) {
    conflicts.push_back(conflict_text(*all.reports[one], *all.reports[other]));
  }
  std::vector<const NamedRecord*> parts;
  for (const auto& [number, attempt] : chosen.attempts) {
    parts.push_back(all.reports[attempt]);
  }
  TRY(check_beside(parts, options.mixed));
  TRY_ASSIGN(const model::Demands demands, demands_of(all.attempts.front(), options));
  if (!chosen.incomplete.empty()) {
    chosen.incomplete.insert(chosen.incomplete.end(), all.ended.begin(), all.ended.end());
  }
  RunRecord record = joined(parts);
  if (record.head.command == "capture") {
    end_capture(record, parts, demands);
    add_incomplete(std::get<CaptureSummary>(record.end), chosen.incomplete, conflicts);
  } else {
    const bool whole = chosen.incomplete.empty() &&
                       std::all_of(parts.begin(), parts.end(),
                                   [](const NamedRecord* part) { return part->record.plan->shard->whole_suite; });
    end_verify(record, parts, demands, whole ? session::Extent::kComplete : session::Extent::kPartial);
    add_incomplete(std::get<VerifySummary>(record.end), chosen.incomplete, conflicts);
  }
  return record;
}

}  // namespace snapshot_test::merge
