// The JSON form of what has become of the cases of a status file; docs/transitions.md describes it.
#pragma once

#include <nlohmann/json.hpp>

#include "snapshot_test/model/transitions.hpp"

namespace snapshot_test::report {

/// The counts and the labels of every cell.
[[nodiscard]] nlohmann::ordered_json transitions_json(const model::Transitions& transitions);
/// "pass-to-pass": 12, …: the nine cells, as an earlier tool wrote them.
void add_flat_transitions(nlohmann::ordered_json& json, const model::Transitions& transitions);
/// What transitions_json() made. Throws where it is something else.
[[nodiscard]] model::Transitions transitions_from_json(const nlohmann::json& json);

}  // namespace snapshot_test::report
