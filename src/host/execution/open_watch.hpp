// Who opens files of the baseline: a benchmark has no reason to.
#pragma once

#include <string>
#include <vector>

namespace snapshot_test::host::execution {

/// From here on every file or folder below `folders` that Python code of this process, or of its forks, opens, lists,
/// removes or renames is noted. By an audit hook (PEP 578), which cannot be taken away; code that opens files without
/// Python, or in a program that it starts, is not seen. Once a process; GIL held; throws error_already_set.
void watch_opening(const std::vector<std::string>& folders);

/// What has been noted in this process, or before it was forked: "open objects/9c/1e….pkl", relative to the folder.
/// Each once, the first of them.
[[nodiscard]] std::vector<std::string> opened();
/// As if this were noted here.
void add_opened(const std::vector<std::string>& lines);
void forget_opened();

}  // namespace snapshot_test::host::execution
