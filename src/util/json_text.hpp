// JSON as text.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace snapshot_test::util {

/// `indent`: spaces a level; -1 is all in one line. Bytes that are not UTF-8 become U+FFFD: output of benchmarks and
/// reprs may hold them.
template <class Json>
[[nodiscard]] std::string json_text(const Json& json, int indent = -1) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace snapshot_test::util
