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

}  // namespace snapshot_test::report
