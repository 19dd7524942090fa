// JSON5 as people write it in asv.conf.json, turned into strict JSON. https://spec.json5.org
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace snapshot_test::config {

/// Strict JSON and where each of its bytes comes from, so that an error in it can be shown in the original.
struct StrictJson {
  std::string text;
  std::vector<std::size_t> origin;  ///< per byte of `text`: its offset in the original
};

/// Takes out comments, trailing commas and the byte order mark; writes single-quoted strings and unquoted keys with
/// double quotes, JSON5's string escapes as JSON's, its numbers (hexadecimal, `+1`, `.5`, `5.`) as JSON's.
/// Whatever is neither JSON5 nor JSON (also Infinity and NaN) passes through for the JSON parser to complain about.
[[nodiscard]] StrictJson json5_to_json(std::string_view text);

}  // namespace snapshot_test::config
