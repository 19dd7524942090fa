// How two values, or the sites of two snapshots, differ.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "inspect/compare_values.hpp"

namespace snapshot_test::render {

/// A difference that several sites show is explained once. Files have no sites.
[[nodiscard]] std::string value_diff_text(const inspect::ValueDiff& diff);

/// The documented machine form (docs/json.md); `before` and `after` are what the user called them.
[[nodiscard]] nlohmann::ordered_json value_diff_json(const inspect::ValueDiff& diff, const std::string& before,
                                                     const std::string& after);

}  // namespace snapshot_test::render
