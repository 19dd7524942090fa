// What a verification does with the store when it has judged all cases, where it was told to.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>

#include "runner/case_runner.hpp"
#include "session/session.hpp"
#include "snapshot_test/store/store.hpp"

namespace snapshot_test::session {

/// A benchmark's full name and a case's index.
using CaseKey = std::pair<std::string, std::size_t>;

/// Captures these cases into the store at `location`, as `capture` would. What became of each that ran. The
/// verification's own hosts must have ended.
[[nodiscard]] Result<std::map<CaseKey, model::CaptureStatus>> capture_cases(const VerifyOptions& options,
                                                                            const std::filesystem::path& location,
                                                                            const std::set<CaseKey>& cases,
                                                                            model::Listener& listener,
                                                                            const runner::OpenHosts& open);

/// Stages the values of these cases in options.pending, in place of what is pending of them, and removes what is
/// pending of `settled`, the labels of cases that were judged and are not among them. How many are staged.
[[nodiscard]] Result<std::size_t> stage_pending(const VerifyOptions& options,
                                                const std::map<CaseKey, store::Proposal>& proposals,
                                                const std::set<std::string>& settled, model::Listener& listener,
                                                const runner::OpenHosts& open);

}  // namespace snapshot_test::session
