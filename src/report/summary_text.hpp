// What capture and verify say at their end.
#pragma once

#include <string>

#include "report/style.hpp"
#include "snapshot_test/model/result.hpp"

namespace snapshot_test::report {

/// Several lines: counts, the share that was (or will be) verified, the conclusion. Each ends with '\n'.
[[nodiscard]] std::string closing_text(const model::CaptureSummary& summary, Color color);
[[nodiscard]] std::string closing_text(const model::VerifySummary& summary, Color color);

/// The same in one line, for --quiet.
[[nodiscard]] std::string closing_line(const model::CaptureSummary& summary, Color color);
[[nodiscard]] std::string closing_line(const model::VerifySummary& summary, Color color);

/// Captured cases that verify will be able to check, and those that count: all but skipped and no-op.
[[nodiscard]] std::size_t countable_cases(const model::VerifySummary& summary);

}  // namespace snapshot_test::report
