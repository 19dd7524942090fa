// written_files.py, compiled in.
#pragma once

#include <string_view>

namespace snapshot_test::host::execution {

extern const std::string_view kWrittenFilesSource;

}  // namespace snapshot_test::host::execution
