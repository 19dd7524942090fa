// What bounds the observation of one value.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>

namespace snapshot_test::model {

/// Where one of them cuts a value, the observation has a note that says so.
struct ValueLimits {
  std::uint64_t max_items = 10'000;               ///< taken from an iterator; the others are not compared
  std::optional<std::uint64_t> max_bytes;         ///< of one value's pickle; a value that needs more is opaque
  std::optional<std::uint64_t> max_stored_bytes;  ///< of one value's pickle; of one that needs more a sketch is stored
  std::uint64_t max_depth = 20'000;               ///< levels of nesting; a value that has more is opaque
};

void to_json(nlohmann::json& out, const ValueLimits& in);
void from_json(const nlohmann::json& in, ValueLimits& out);

}  // namespace snapshot_test::model
