// The manual page, in the language of groff and mandoc.
#pragma once

#include <string>

#include "cli/usage.hpp"

namespace snapshot_test::cli {

/// snapshot_test(1). The same text for the same program: it has a version, and no date.
[[nodiscard]] std::string man_page(const Usage& usage);

}  // namespace snapshot_test::cli
