#include "session/follow_up.hpp"

#include <fmt/format.h>

#include <utility>

#include "session/pending.hpp"
#include "session/with_hosts.hpp"
#include "util/try.hpp"

namespace snapshot_test::session {

namespace {

/// Passes on that a capture goes on, and keeps what it says of each case: the run is not its own.
class CaptureWithin : public model::Listener {
 public:
  explicit CaptureWithin(model::Listener& outer) : outer_(outer) {}

  void durations(const std::vector<model::CaseDuration>& cases) override { outer_.durations(cases); }
  void phase(const std::string& what, std::size_t cases) override { outer_.phase(what, cases); }
  void started(const model::CaseId& id) override { outer_.started(id); }
  void ended(const model::CaseId& id) override { outer_.ended(id); }
  void tick() override { outer_.tick(); }
  void note(const std::string& text) override { outer_.note(text); }
  void captured(const model::CaseCapture& result) override {
    statuses.insert_or_assign({result.id.benchmark, result.id.index}, result.status);
  }

  std::map<CaseKey, model::CaptureStatus> statuses;

 private:
  model::Listener& outer_;
};

}  // namespace

namespace {

using Complete = std::function<void(const model::Benchmark&, store::CaseRecord&)>;

Result<std::map<CaseKey, model::CaptureStatus>> capture_some(const VerifyOptions& options,
                                                             const std::filesystem::path& location,
                                                             const std::set<CaseKey>& cases, Complete complete,
                                                             model::Listener& listener, const runner::OpenHosts& open) {
  CaptureOptions capturing;
  capturing.suite = options.suite;
  capturing.snapshot_dir = location;
  capturing.variant = options.variant;
  capturing.comparison = options.comparison;
  capturing.method = options.method;
  capturing.method.resume = false;
  capturing.record = options.record;
  capturing.wanted = [&](const model::Benchmark& benchmark, std::size_t index) {
    return cases.contains({benchmark.name, index});
  };
  capturing.complete_record = std::move(complete);
  capturing.allow_loss = capturing.complete_record != nullptr;  // what was staged before is no baseline
  CaptureWithin within(listener);
  TRY_ASSIGN(const auto summary, capture(capturing, within, open));
  if (summary.run_id.empty() && summary.status != model::ExitStatus::kInterrupted) {
    const auto& failures = summary.plan.failures;
    return fail(ErrorKind::kInternal,
                fmt::format("the values that verify was to store could not be captured: {}",
                            failures.empty() ? summary.failure.empty() ? "the suite does not have these cases any more"
                                                                       : summary.failure
                                             : failures.front().where + ": " + failures.front().cause));
  }
  if (summary.run_id.empty()) {
    within.statuses.clear();  // it was interrupted: nothing is stored
  }
  return std::move(within.statuses);
}

}  // namespace

Result<std::map<CaseKey, model::CaptureStatus>> capture_cases(const VerifyOptions& options,
                                                              const std::filesystem::path& location,
                                                              const std::set<CaseKey>& cases, model::Listener& listener,
                                                              const runner::OpenHosts& open) {
  return capture_some(options, location, cases, nullptr, listener, open);
}

Result<std::size_t> stage_pending(const VerifyOptions& options, const std::map<CaseKey, store::Proposal>& proposals,
                                  const std::set<std::string>& settled, model::Listener& listener,
                                  const runner::OpenHosts& open) {
  const std::filesystem::path location = store::absolute_location(options.pending->folder);
  TRY_ASSIGN(const auto there, store::Store::open_if_there(location));
  if (there) {
    TRY(forget_pending(*there, settled));
  }
  if (proposals.empty()) {
    return 0;
  }
  TRY_ASSIGN(const auto made, store::Store::open_or_create(location));
  TRY(leave_out_of_git(location));
  std::set<CaseKey> cases;
  for (const auto& [key, proposal] : proposals) {
    cases.insert(key);
  }
  const Complete complete = [&](const model::Benchmark& benchmark, store::CaseRecord& record) {
    record.proposal = proposals.at({benchmark.name, record.index});
  };
  TRY_ASSIGN(const auto staged, capture_some(options, location, cases, complete, listener, open));
  return staged.size();
}

}  // namespace snapshot_test::session
