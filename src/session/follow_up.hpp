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

/// Captures these cases into the store at options.snapshot_dir, as `capture` would. What became of each that ran. The
/// verification's own hosts must have ended.
[[nodiscard]] Result<std::map<CaseKey, model::CaptureStatus>> capture_cases(const VerifyOptions& options,
                                                                            const std::set<CaseKey>& cases,
                                                                            model::Listener& listener,
                                                                            const runner::OpenHosts& open);

/// Removes the snapshots with these indices, and with its last one a benchmark's manifest: all of it or nothing.
[[nodiscard]] Result<void> remove_snapshots(const store::Store& store,
                                            const std::map<std::string, std::set<std::size_t>>& cases);

}  // namespace snapshot_test::session
