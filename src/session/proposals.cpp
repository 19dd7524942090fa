#include "session/proposals.hpp"

#include <utility>

#include "session/pending.hpp"
#include "util/try.hpp"

namespace snapshot_test::session {

using model::Verdict;

namespace {

/// A value that somebody may want in place of the snapshot?
bool can_be_accepted(const model::CaseVerdict& judged) {
  // What is known to be wrong is no new baseline.
  const Verdict verdict =
      judged.verdict == Verdict::kUnexpected ? judged.seen.value_or(judged.verdict) : judged.verdict;
  return verdict == Verdict::kDifferent || verdict == Verdict::kNoSnapshot || verdict == Verdict::kCaptureFailed;
}

}  // namespace

void Proposals::note(const model::CaseVerdict& verdict, const store::CaseRecord* snapshot) {
  if (!options_.pending) {
    return;
  }
  if (!can_be_accepted(verdict)) {
    settled_.insert(verdict.id.label);
    return;
  }
  store::Proposal proposal;
  proposal.verdict = model::name(verdict.seen.value_or(verdict.verdict));
  proposal.reason = verdict.reason;
  if (snapshot != nullptr) {
    proposal.run_before = snapshot->run;
    proposal.before = store::objects_of(*snapshot);
  }
  proposal.file = verdict.id.file;
  proposal.source = digest_of_file(verdict.id.file);
  proposals_.insert_or_assign({verdict.id.benchmark, verdict.id.index}, std::move(proposal));
}

Result<void> Proposals::stage(model::VerifySummary& summary, model::Listener& listener,
                              const runner::OpenHosts& open) const {
  if (!options_.pending) {
    return {};
  }
  auto staged = stage_pending(options_, proposals_, settled_, listener, open);
  if (staged) {
    summary.pending = *staged;
  } else if (options_.pending->need == PendingPlace::Need::kRequired) {
    return tl::unexpected(std::move(staged.error()));
  } else {
    summary.not_pending = staged.error().message;
  }
  return {};
}

}  // namespace snapshot_test::session
