// Accepted changes and proposals, as JSON in manifests (grammar in docs/store.md).
#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "snapshot_test/store/history.hpp"

namespace snapshot_test::store {

[[nodiscard]] nlohmann::ordered_json history_to_json(const std::vector<Change>& history);
/// Throws what nlohmann::json throws, or std::invalid_argument.
[[nodiscard]] std::vector<Change> history_from_json(const nlohmann::json& in);
[[nodiscard]] nlohmann::ordered_json proposal_to_json(const Proposal& proposal);
[[nodiscard]] Proposal proposal_from_json(const nlohmann::json& in);

}  // namespace snapshot_test::store
