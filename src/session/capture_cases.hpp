// The cases of one capture: what to run of them, what they showed, and what becomes of it in the store.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "session/judge.hpp"
#include "session/resumption.hpp"
#include "session/run.hpp"
#include "session/session.hpp"
#include "snapshot_test/store/store.hpp"
#include "snapshot_test/store/transaction.hpp"

namespace snapshot_test::session {

/// What is known of each case while a capture goes on. Output and tracebacks of cases that ran are let go at once.
class Capture {
 public:
  /// `sources`: DiscoverReply::sources.
  Capture(const CaptureOptions& options, model::Listener& listener, const store::Store& store,
          store::CaptureTransaction& transaction, std::map<std::string, std::string> sources)
      : options_(options),
        listener_(listener),
        store_(store),
        transaction_(transaction),
        sources_(std::move(sources)) {}

  /// Takes over what an interrupted capture has written down, as far as it still holds. Of how many cases.
  std::size_t take_over(const Selection& selection);
  /// Says what of these is complete.
  void report_complete(const Selection& selection);
  [[nodiscard]] runner::CaseRunner::RulesOf rules_of() const { return rules_by(options_.comparison); }
  [[nodiscard]] std::vector<runner::CaseTask> first_tasks(const Run& run);
  [[nodiscard]] model::CaseRequest first_request(const Run& run, const runner::CaseTask& task) const;
  /// A task for each case whose first run left something to confirm.
  [[nodiscard]] std::vector<runner::CaseTask> second_tasks(const Run& run) const;
  [[nodiscard]] model::CaseRequest second_request(const Run& run, const runner::CaseTask& task) const;
  /// Where a case raised, it is run again in a way that it may not mind.
  [[nodiscard]] runner::CaseRunner::Then on_first(runner::CaseTask& task, runner::CaseOutcome outcome);
  /// What a series does not confirm is run again by itself, and only that run counts.
  [[nodiscard]] runner::CaseRunner::Then on_second(const runner::CaseTask& task, const runner::CaseOutcome& outcome);
  /// What the machine refused, if it did: nothing may be stored then.
  [[nodiscard]] Result<void> refused() const;
  /// The last step: lets go of each benchmark's cases as its manifest is written.
  [[nodiscard]] Result<void> stage(const Selection& selection);
  void count_into(model::CaptureSummary& summary) const;
  /// What stage() has found out about the baseline that is there; without its origin.
  [[nodiscard]] const model::Replacement& replacement() const { return replacement_; }
  /// The selected cases whose earlier snapshots stay, since what was captured now cannot be checked.
  [[nodiscard]] std::vector<shards::PlannedCase> kept(const Selection& selection) const;
  /// Of a shard, what stage() has staged: captured_digest() of each benchmark.
  [[nodiscard]] const std::map<std::string, std::string>& digests() const { return digests_; }
  /// The largest values that stage() has seen.
  [[nodiscard]] const std::vector<std::pair<std::string, std::uint64_t>>& largest() const { return largest_; }
  /// What stage() has found out about what it stages.
  [[nodiscard]] const model::Sensitivity& sensitivity() const { return sensitivity_; }
  /// Why the journal could not be written, if it could not.
  [[nodiscard]] const Result<void>& written() const { return written_; }

 private:
  using Key = std::pair<std::string, std::size_t>;

  [[nodiscard]] model::Observe first_look() const {
    return options_.suite.mode == Mode::kDeepest ? model::Observe::kDeepest : model::Observe::kAll;
  }
  [[nodiscard]] bool needs_second_run(const Captured& captured) const;
  void remember(const store::Manifest& old, const model::Benchmark& benchmark);
  [[nodiscard]] model::Loss loss_of(const Key& key, model::CaptureStatus now) const;
  /// `last`: how its last run ended.
  /// Was the run refused something by the machine, so that the capture has to end?
  [[nodiscard]] bool note_refusal(const runner::CaseTask& task, const runner::CaseOutcome& outcome);
  static void judge_anew(Captured& captured);
  void complete(const runner::CaseTask& task, Captured& captured, std::string reason, model::Ending last);
  void write_down(const runner::CaseTask& task, const Captured& captured, model::Ending last);
  void report(const model::CaseId& id, Captured& captured);
  /// Fills the magnitudes of the cases, and counts those that wrong values could pass in.
  void look_at_sensitivity(const model::Benchmark& benchmark, store::Manifest& manifest);
  void note_size(const model::CaseId& id, const model::SiteValue& site);
  void compare_with_old(const model::Benchmark& benchmark, const store::Manifest& old, const store::Manifest& now);

  const CaptureOptions& options_;
  model::Listener& listener_;
  const store::Store& store_;
  store::CaptureTransaction& transaction_;
  std::map<std::string, std::string> sources_;
  Result<void> written_;
  /// Cases whose present snapshot can be checked, and the objects that this takes.
  std::map<Key, std::vector<std::string>> checkable_;
  std::map<Key, Captured> captured_;
  std::map<Key, runner::CaseOutcome> in_series_;  ///< second runs that did not agree, until there is one by itself
  std::map<model::CaptureStatus, std::size_t> counts_;
  std::map<model::Loss, std::size_t> losses_;
  std::map<std::string, std::string> digests_;
  std::string refusal_;
  model::Sensitivity sensitivity_;
  model::Replacement replacement_;
  std::vector<std::pair<std::string, std::uint64_t>> largest_;
};

}  // namespace snapshot_test::session
