// Helpers for the JSON forms of the model's values.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>

namespace snapshot_test::model {

template <class T>
nlohmann::json optional_to_json(const std::optional<T>& value) {
  return value ? nlohmann::json(*value) : nlohmann::json(nullptr);
}

/// Absent and null both mean "none".
template <class T>
std::optional<T> optional_from_json(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) {
    return std::nullopt;
  }
  return found->get<T>();
}

}  // namespace snapshot_test::model
