// The calls of session.hpp, with hosts of the caller's: a test's fakes, or what those calls use, processes.
#pragma once

#include "runner/case_runner.hpp"
#include "session/session.hpp"

namespace snapshot_test::session {

[[nodiscard]] Result<Selection> list(const SuiteOptions& options, model::Listener& listener,
                                     const runner::OpenHosts& open);
[[nodiscard]] Result<model::CaptureSummary> capture(const CaptureOptions& options, model::Listener& listener,
                                                    const runner::OpenHosts& open);
[[nodiscard]] Result<model::VerifySummary> verify(const VerifyOptions& options, model::Listener& listener,
                                                  const runner::OpenHosts& open);

[[nodiscard]] Result<model::StatusSummary> record_status(const StatusOptions& options, model::Listener& listener,
                                                         const runner::OpenHosts& open);

}  // namespace snapshot_test::session
