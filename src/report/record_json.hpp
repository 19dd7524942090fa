// What a --json file of capture or verify says, as the record that it was written from: so that any report can be made
// of it afterwards, also of several shards together.
#pragma once

#include <string>
#include <vector>

#include "report/run_record.hpp"
#include "snapshot_test/util/result.hpp"

namespace snapshot_test::report {

/// `name` is the file's, for messages. What a key of a later version adds is left out; a missing one counts as empty.
/// kUsage where it is no such report, or of another format.
[[nodiscard]] Result<RunRecord> record_from_json(const std::string& text, const std::string& name);

/// Fills in the counts of a summary that record.end holds from the record's cases.
void count_cases(RunRecord& record);

/// One record of several runs of one command: all cases, the counts of all, the worst end. A case that several have
/// counts once, by the verdict that is worst for it. kUsage where they are of different commands, or there is none.
[[nodiscard]] Result<RunRecord> merged(std::vector<RunRecord> records);

}  // namespace snapshot_test::report
