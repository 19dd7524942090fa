// What of a verification's values somebody may want in place of the snapshots, and staging it.
#pragma once

#include <map>
#include <set>
#include <string>

#include "session/follow_up.hpp"

namespace snapshot_test::session {

/// Gathers proposals where options.pending asks for them. Of one verification; `options` outlive it.
class Proposals {
 public:
  explicit Proposals(const VerifyOptions& options) : options_(options) {}

  /// Remembers what the run says of its pending value. `snapshot`: null where there is none.
  void note(const model::CaseVerdict& verdict, const store::CaseRecord* snapshot);
  /// Stages the values of what could be accepted, and tells `summary` of it. An error where that has to be and cannot.
  [[nodiscard]] Result<void> stage(model::VerifySummary& summary, model::Listener& listener,
                                   const runner::OpenHosts& open) const;

 private:
  const VerifyOptions& options_;
  std::map<CaseKey, store::Proposal> proposals_;  ///< what could be accepted
  std::set<std::string> settled_;                 ///< labels of what was judged, and is not among them
};

}  // namespace snapshot_test::session
