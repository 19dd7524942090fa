// The --json reports of the shards of one run, as the report of the whole.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "merge/shard_set.hpp"
#include "model/settings.hpp"
#include "report/run_record.hpp"
#include "snapshot_test/util/result.hpp"

namespace snapshot_test::merge {

/// A report, and the file that it was read from.
struct NamedRecord {
  std::string file;
  report::RunRecord record;
};

struct ReportMerge {
  Mixed mixed = Mixed::kRefused;
  /// Changes what the shards were told to demand. Null: nothing is changed.
  std::function<void(model::Demands&)> change_demands;
};

/// The record of the run that the shards are, with its end: what no shard judges by itself is judged here. A shard that
/// is missing or was not finished fails it as too little, with "incomplete: shard 3 of 8 is missing"; two complete runs
/// of a shard that came to different results fail it, too. Errors as choose(), and kUsage where one is no shard's.
[[nodiscard]] Result<report::RunRecord> merge_reports(const std::vector<NamedRecord>& reports,
                                                      const ReportMerge& options);

}  // namespace snapshot_test::merge
