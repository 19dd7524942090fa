// The reports that a run can be asked for, a row each.
#pragma once

#include <memory>
#include <ostream>
#include <span>
#include <string>

#include "report/report.hpp"

namespace snapshot_test::report {

/// Can it be made from a run's record, or only as the run goes on?
enum class Made { kAnytime, kDuringTheRun };

struct ReportKind {
  const char* option;  ///< which names the file
  const char* help;
  Cases cases;  ///< whether it reads the record's
  /// "-" is `standard_output`, which must outlive the report. kIo.
  Result<std::unique_ptr<Report>> (*open)(const std::string& path, std::ostream& standard_output);
  Made made = Made::kAnytime;
};

/// In the order of the help.
[[nodiscard]] std::span<const ReportKind> report_kinds();

}  // namespace snapshot_test::report
