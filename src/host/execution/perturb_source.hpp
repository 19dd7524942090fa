// perturb.py, compiled in.
#pragma once

#include <string_view>

namespace snapshot_test::host::execution {

extern const std::string_view kPerturbSource;

}  // namespace snapshot_test::host::execution
