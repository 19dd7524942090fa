// JSON files as text: read with errors that say where, written in a fixed form.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "snapshot_test/util/result.hpp"

namespace snapshot_test::store {

/// Parses `text` and has `decode` read its members; `decode` may throw what nlohmann/json throws, or
/// std::invalid_argument, and keeps in `where` the place it is at ("cases[3]").
/// kCorrupt: "'path' is damaged: line 3, column 7: …" or "'path' is damaged: cases[3]: key 'status' not found".
[[nodiscard]] Result<void> decode_json(std::string_view text, const std::string& path,
                                       const std::function<void(const nlohmann::json&, std::string& where)>& decode);

/// Throws std::invalid_argument unless `value` is an object: at() and value() would say less.
void need_object(const nlohmann::json& value);
/// object[key], which must be an array. (null would pass for an empty one.)
[[nodiscard]] const nlohmann::json& get_array(const nlohmann::json& object, const char* key);
/// The unsigned integer `object[key]`. nlohmann's get<> would wrap a negative one.
[[nodiscard]] std::uint64_t get_unsigned(const nlohmann::json& object, const char* key);

/// kUnsupported unless is_read_format(version).
[[nodiscard]] Result<void> check_version(std::uint64_t version, const std::string& path);

/// Indented, with a final newline; bytes that are not UTF-8 become U+FFFD.
[[nodiscard]] std::string json_text(const nlohmann::ordered_json& value);
/// `text` as it reads after it was written with json_text().
[[nodiscard]] std::string as_stored(const std::string& text);

}  // namespace snapshot_test::store
