// What capture and verify have in common: settings, the terminal, report files, and an end that all of them agree on.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "cli/command.hpp"
#include "cli/outcome.hpp"
#include "config/config.hpp"
#include "report/report.hpp"
#include "report/terminal.hpp"
#include "session/session.hpp"

namespace snapshot_test::cli {

/// Opens the files that were asked for and adds their reports, and GitHub's where it is wanted; kUsage where two name
/// the same one.
[[nodiscard]] Result<void> open_reports(report::Reports& reports, const ReportFiles& files, When github,
                                        const Streams& streams);

/// Where people read of a run: on standard error where standard output is a report's.
enum class Output { kStandard, kError };

/// What the user sees of a run of so many `passes` over its cases.
[[nodiscard]] std::unique_ptr<report::Terminal> make_terminal(const config::Config& config, const Shared& shared,
                                                              std::size_t passes, Output output,
                                                              const Streams& streams);

/// What a report says of a run that begins now.
[[nodiscard]] report::RunHead run_head(const std::string& command);
/// The same, with the command line that runs it again.
[[nodiscard]] report::RunHead run_head(const std::string& command, const Shared& shared);

/// Does the run itself; the result is the summary's exit status.
using Work = std::function<Result<model::ExitStatus>(const config::Config&, session::SuiteOptions, report::Reports&)>;

/// Opens the report files, loads the settings, runs `work`, and closes the reports; a run that ends early is in them,
/// too. Returns the program's exit status: a report that could not be written turns a success into kInternal.
[[nodiscard]] model::ExitStatus reported_run(const std::string& command, const Shared& shared, const ReportFiles& files,
                                             const Streams& streams, const Work& work);

}  // namespace snapshot_test::cli
