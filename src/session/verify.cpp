#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "runner/process_hosts.hpp"
#include "session/baseline.hpp"
#include "session/environment.hpp"
#include "session/last_failures.hpp"
#include "session/run.hpp"
#include "session/sealed.hpp"
#include "session/sharding.hpp"
#include "session/tampering.hpp"
#include "session/transitions.hpp"
#include "session/verification.hpp"
#include "session/with_hosts.hpp"
#include "snapshot_test/store/store.hpp"
#include "store/baseline_digest.hpp"
#include "util/try.hpp"

namespace snapshot_test::session {

namespace {

/// As much of a stored benchmark as the filter and the exclusions look at.
std::vector<model::Benchmark> stored_benchmarks(const Baseline& baseline) {
  std::vector<model::Benchmark> stored;
  for (const auto& [name, manifest] : baseline.manifests) {
    stored.push_back(store::benchmark_of(manifest));
  }
  return stored;
}

Result<std::optional<TransitionLog>> open_transitions(const VerifyOptions& options) {
  if (!options.against_status) {
    return std::nullopt;
  }
  TRY_ASSIGN(auto file, store::read_status_file(*options.against_status));
  return TransitionLog(std::move(file), options.against_status->string(), options.transition_keys);
}

Result<void> check_digest(const VerifyOptions& options, const Baseline& baseline) {
  const std::string found = options.digest.empty() ? "" : store::baseline_digest(baseline.manifests);
  if (found == options.digest) {
    return {};
  }
  return fail(ErrorKind::kNoBaseline,
              fmt::format("'{}' holds the baseline sha256:{}, and --baseline names sha256:{}; bring that one here with "
                          "`snapshot_test pull`, or name another --snapshot-dir",
                          options.snapshot_dir.string(), found, options.digest));
}

/// What discovery is asked besides.
model::DiscoverRequest discovery_beside(const std::optional<TransitionLog>& transitions) {
  model::DiscoverRequest wanted;
  if (transitions) {
    wanted.stored = transitions->benchmarks();
    wanted.other_filter = transitions->before().filter;
    wanted.other_exclude = transitions->before().exclude;
  }
  return wanted;
}

}  // namespace

Result<model::VerifySummary> verify(const VerifyOptions& options, model::Listener& listener) {
  return verify(options, listener, [&options](const SuiteOptions& suite, model::Listener& hears) {
    return runner::ProcessHosts::open_sealed(suite, hears, options.seal);
  });
}

Result<model::VerifySummary> verify(const VerifyOptions& options, model::Listener& listener,
                                    const runner::OpenHosts& open) {
  const auto& none = options.no_baseline;
  TRY_ASSIGN(const auto store, none ? store::Store::open_or_create(store::absolute_location(none->store))
                                    : open_baseline(options.snapshot_dir));
  TRY_ASSIGN(auto baseline, none ? Result<Baseline>(Baseline()) : load_baseline(*store));
  TRY(check_digest(options, baseline));
  const std::vector<model::Benchmark> stored = stored_benchmarks(baseline);
  const auto origin = none ? std::nullopt : origin_of(*store, baseline);
  const auto last_run = none ? std::nullopt : last_run_of(baseline);
  TRY_ASSIGN(auto transitions, open_transitions(options));
  model::DiscoverRequest wanted = discovery_beside(transitions);
  wanted.stored.insert(wanted.stored.begin(), stored.begin(), stored.end());
  wanted.stay = true;
  TRY_ASSIGN(Run begun, Run::begin(options.suite, listener, open, std::move(wanted)));
  std::optional<Run> run(std::move(begun));
  Verification verification(options, listener, *store, std::move(baseline));
  std::optional<HeldStore> held;
  std::optional<SealedReferee> referee;
  if (options.seal != nullptr) {
    held.emplace(store->locator());
    referee.emplace(*held, options.read_data ? SealedReferee::Reading::kAll : SealedReferee::Reading::kByFingerprint,
                    [&](const runner::CaseTask& task) { return verification.stored_case(task); });
    verification.seal(*held);
  }
  model::VerifySummary& summary = verification.summary();
  const Indices& all_selected = run->found().stored_selected;
  const auto of_status = all_selected.begin() + static_cast<std::ptrdiff_t>(stored.size());
  Indices selected(all_selected.begin(), of_status);
  const Indices status_selected(of_status, all_selected.end());
  if (transitions) {
    TRY(transitions->check_suite(*run));
    verification.set_transitions(std::move(*transitions));
  }
  if (options.failed != FailedCases::kAsOthers && !verification.last().problem().empty()) {
    run->selection().suite.notes.push_back(verification.last().problem());
  }
  if (options.failed == FailedCases::kAlone) {
    selected = narrow_to_failed(*run, stored, std::move(selected), verification.last());
  }
  std::optional<model::Shard> shard;
  if (options.shard && run->plans_cases()) {
    TRY_ASSIGN(shard, verification.take_shard(*run));
  }
  summary.plan = run->plan();
  summary.plan.shard = shard;
  summary.plan.baseline = origin;
  summary.plan.variant = options.variant;
  summary.snapshot_dir = options.baseline_name.empty() ? options.snapshot_dir.string() : options.baseline_name;
  verification.environment().set_place(place_of(*run), summary.plan.tested);
  if (const auto& log = verification.transitions()) {
    if (const std::string changed = verification.environment().text(log->before().run); !changed.empty()) {
      summary.plan.notes.push_back("since the status file was written: " + changed);
    }
  }
  if (last_run) {
    summary.plan.environment = verification.environment().run(*last_run);
  }
  if (auto refusal = refuse_environment(options.same_environment, summary.plan.environment); !refusal) {
    return tl::unexpected(std::move(refusal.error()));
  }
  if (!none) {
    const auto last = last_run ? store->load_run(*last_run) : Result<std::optional<store::RunInfo>>(std::nullopt);
    summary.plan.tamper = look_for_tampering(*run, options.settings_files, last.value_or(std::nullopt),
                                             options.seal == nullptr ? AskGit::kYes : AskGit::kNo);
  }
  TRY(verification.look_up_expectations(stored, run->selection().suite));
  listener.planned(summary.plan);
  std::vector<runner::CaseTask> tasks = verification.plan(*run);
  TRY(verification.fetch_for(tasks));
  const std::size_t wanted_cases = tasks.size();
  bool stopped = false;
  const auto run_tasks = [&](runner::CaseRunner& host, const char* phase, std::vector<runner::CaseTask> these) {
    listener.durations(runner::durations_of(these));
    listener.phase(phase, these.size());
    host.judge_by(referee ? &*referee : nullptr);
    return host.run(
        std::move(these), rules_by(options.comparison),
        [&](const runner::CaseTask& task) { return verification.request(*run, task); },
        [&](const runner::CaseTask& task) { listener.started(runner::id_of(task)); },
        [&](const runner::CaseTask& task, runner::CaseOutcome outcome) {
          const auto then = verification.on_finished(task, std::move(outcome));
          if (then != runner::CaseRunner::Then::kDone) {
            return then;
          }
          listener.ended(runner::id_of(task));
          const bool enough = verification.enough_failed();
          stopped = stopped || enough;
          return enough ? runner::CaseRunner::Then::kStop : runner::CaseRunner::Then::kDone;
        });
  };
  TRY(run_tasks(run->warm_host(), "verifying", std::move(tasks)));
  while (verification.postponed().any() && !stopped && !run->interrupted()) {
    TRY_ASSIGN(auto again, verification.postponed().fetch(*run));
    TRY_ASSIGN(runner::CaseRunner* const host, run->another_host());
    TRY(run_tasks(*host, "comparing with what was fetched", std::move(again)));
  }
  if (options.source != nullptr) {
    options.source->ended();
  }
  verification.judge_unclaimed(stored, selected, run->selection().suite);
  verification.note_not_run();
  const bool interrupted = run->interrupted();
  const bool done = summary.not_run.empty() && !interrupted;
  if (verification.transitions()) {
    summary.transitions = verification.transitions()->conclude(*run, status_selected);
  }
  const bool whole_suite = run->is_whole_suite();
  const Extent extent = done && whole_suite && !shard ? Extent::kComplete : Extent::kPartial;
  summary.seconds = run->seconds();
  run.reset();  // what follows has hosts of its own
  TRY(verification.follow_up(extent, done, open));
  if (!interrupted) {
    TRY(verification.stage(open));
  }
  if (extent == Extent::kComplete || (shard && whole_suite)) {
    summary.idle_expectations = verification.idle_expectations();
  }
  if (shard) {
    conclude_shard(summary);
  } else {
    conclude(summary, options.demands, extent);
  }
  if (options.fail_on_tamper && summary.status == model::ExitStatus::kSuccess && findings_of(summary) > 0) {
    summary.status = model::ExitStatus::kFailed;
    summary.failure = fmt::format(
        "{} to be looked into beside the values (--fail-on-tamper)",
        findings_of(summary) == 1 ? "there is one thing" : fmt::format("there are {} things", findings_of(summary)));
  }
  if (stopped && !summary.not_run.empty()) {
    summary.failure += fmt::format("; the run was stopped there (--maxfail): {} of {} cases were run",
                                   wanted_cases - summary.not_run.size(), wanted_cases);
  }
  if (interrupted) {
    summary.status = model::ExitStatus::kInterrupted;
    summary.failure = "interrupted: the cases above were judged, the others were not";
  }
  if (const auto saved = verification.last().save(); !saved) {
    listener.note(saved.error().message);
  }
  listener.finished(summary);
  return std::move(summary);
}

}  // namespace snapshot_test::session
