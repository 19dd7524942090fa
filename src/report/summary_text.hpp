// The closing lines of capture and verify.
#pragma once

#include <string>

#include "report/run_record.hpp"
#include "report/style.hpp"
#include "snapshot_test/model/result.hpp"

namespace snapshot_test::report {

/// Several lines, each ended by '\n': the cases by status or verdict, the share that was or will be verified, time and
/// store size, and the conclusion: the exit status where it is not 0, and why.
[[nodiscard]] std::string closing_text(const model::CaptureSummary& summary, Color color);
[[nodiscard]] std::string closing_text(const model::VerifySummary& summary, Color color);
[[nodiscard]] std::string closing_text(const model::StatusSummary& summary, Color color);

/// For --quiet, without the cases by status: share, time and conclusion in one line, ended by '\n'.
[[nodiscard]] std::string closing_line(const model::CaptureSummary& summary, Color color);
[[nodiscard]] std::string closing_line(const model::VerifySummary& summary, Color color);
[[nodiscard]] std::string closing_line(const model::StatusSummary& summary, Color color);
/// The same of any run, also of one that could not start or go on: without colours, and without the '\n'.
[[nodiscard]] std::string run_end_text(const RunRecord& record);

}  // namespace snapshot_test::report
