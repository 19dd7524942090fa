// A value as JSON for programs; its form is in docs/json.md.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>

#include "snapshot_test/pickle/value.hpp"

namespace snapshot_test::render {

struct JsonLimits {
  std::size_t items = 1000;    ///< of each container and array
  std::size_t nodes = 100000;  ///< of the whole value
  std::size_t depth = 50;
};

/// Bounded whatever the value's size, depth, sharing or cycles; what is cut says "truncated": true. Bytes that are not
/// UTF-8 are replaced. Numbers that JSON cannot hold are null, with their text beside them.
[[nodiscard]] nlohmann::ordered_json value_json(const pickle::Value& value, const JsonLimits& limits);

}  // namespace snapshot_test::render
