// Cleaning a folder store of what is old.
#pragma once

#include <cstddef>
#include <ctime>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "snapshot_test/store/store.hpp"

namespace snapshot_test::store {

struct CleanedByAge {
  CleanReport report;
  std::size_t runs = 0;  ///< records of captures that nothing names
};

/// As Store::clean() of the folder store at `location`, but what `capture --undo` and `capture --resume` need stays,
/// with the values that it names, unless it is of a capture before the time `before`; records of captures before it
/// that no case and no history names, go, too. How old a capture is says its id, else its folder or file. Errors as
/// Store::open_if_there() and Store::clean(); kNoBaseline where there is no folder store.
[[nodiscard]] Result<CleanedByAge> clean_by_age(const std::filesystem::path& location,
                                                const std::optional<std::vector<std::string>>& live_benchmarks,
                                                CleanMode mode, std::time_t before, Patience patience = {});

}  // namespace snapshot_test::store
