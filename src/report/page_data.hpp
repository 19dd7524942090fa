// What the report page's script works on: a table of all cases, and their details in packed pieces that are unpacked
// when a case is opened. page/report.js reads both; their form is private to the two.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "report/case_difference.hpp"
#include "report/case_json.hpp"
#include "report/run_record.hpp"
#include "snapshot_test/util/result.hpp"

namespace snapshot_test::report {

/// A case of either kind of run.
struct PageRow {
  const model::CaseVerdict* verified = nullptr;  ///< one of the two; owned by the record
  const model::CaseCapture* captured = nullptr;
  std::string_view verdict;  ///< or status, by name
  model::Standing standing = model::Standing::kUnverified;
  CaseDifference difference;

  [[nodiscard]] const model::CaseId& id() const;
  [[nodiscard]] const model::Observation& observation() const;
  [[nodiscard]] const std::string& reason() const;
  [[nodiscard]] const std::string& how() const;  ///< it differs, or else why it has its verdict
};

/// The worst first: what failed without a result, what differs by the most tolerances, what could not be checked, what
/// is close, the rest. The record must outlive them.
[[nodiscard]] std::vector<PageRow> page_rows(const RunRecord& record);

struct PageData {
  std::string index;                 ///< packed JSON: run, rows, groups
  std::vector<std::string> details;  ///< packed JSON, each a list of the details of some cases
  std::size_t rows_left_out = 0;     ///< the last of the rows
  std::size_t details_left_out = 0;  ///< cases that have details, but not here
};

/// All of it takes at most `room` bytes, by leaving out the details of the least bad cases and, where even the table is
/// too large, these cases. kInternal where zlib fails.
[[nodiscard]] Result<PageData> page_data(const std::vector<PageRow>& rows, std::size_t room);

/// An "inf" that JSON has no number for stands for one; -1 for what is not there.
[[nodiscard]] Json page_number(const std::optional<double>& number);

}  // namespace snapshot_test::report
