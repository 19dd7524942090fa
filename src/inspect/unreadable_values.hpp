// Which values of a store are not there, or not what they were.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "snapshot_test/store/store.hpp"

namespace snapshot_test::inspect {

/// Objects that have been looked at, with their size in the manifest and what is wrong with them, if anything is: many
/// cases share one.
using CheckedObjects = std::map<std::pair<std::string, std::uint64_t>, std::string>;

/// "CASE, SITE: what is wrong" of a benchmark's values. Reads all that `checked` does not have yet.
[[nodiscard]] std::vector<std::string> unreadable_values(const store::Store& store, const store::Manifest& manifest,
                                                         CheckedObjects& checked);

}  // namespace snapshot_test::inspect
