// The Python files of this folder, as text.
#pragma once

#include <string_view>

namespace snapshot_test::host::discovery {

[[nodiscard]] std::string_view files_in_use_source();
[[nodiscard]] std::string_view narrowing_source();

}  // namespace snapshot_test::host::discovery
