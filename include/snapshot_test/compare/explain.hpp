// A comparison's differences for people and for programs.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "snapshot_test/compare/compare.hpp"

namespace snapshot_test::compare {

/// Several lines without a trailing newline; empty where nothing differs. Bounded, valid UTF-8.
[[nodiscard]] std::string explain(const Comparison& comparison);
/// A line for each array that was compared by its sketch and is not identical; empty where there is none.
[[nodiscard]] std::string explain_sketched(const Comparison& comparison);

/// The same facts as a JSON object; its members are documented in docs/comparison.md. Numbers that JSON cannot hold
/// (inf, nan) are strings.
[[nodiscard]] nlohmann::json to_json(const Comparison& comparison);

}  // namespace snapshot_test::compare
