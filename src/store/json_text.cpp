#include "store/json_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "snapshot_test/store/format.hpp"
#include "util/json_text.hpp"

namespace snapshot_test::store {

namespace {

/// nlohmann puts "[json.exception.type_error.302] " before what people can read.
std::string_view without_code(std::string_view what) {
  const std::size_t end = what.find("] ");
  return what.starts_with('[') && end != std::string_view::npos ? what.substr(end + 2) : what;
}

/// "line 3, column 7: unexpected end of input; expected ']'"
std::string parse_error_text(std::string_view text, const nlohmann::json::parse_error& error) {
  const std::string_view before = text.substr(0, std::min(error.byte == 0 ? 0 : error.byte - 1, text.size()));
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const std::size_t start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  std::string_view cause = without_code(error.what());
  if (const std::size_t dash = cause.find(" - "); dash != std::string_view::npos) {
    cause.remove_prefix(dash + 3);
  }
  return fmt::format("line {}, column {}: {}", line, before.size() - start + 1, cause);
}

}  // namespace

Result<void> decode_json(std::string_view text, const std::string& path,
                         const std::function<void(const nlohmann::json&, std::string&)>& decode) {
  std::string cause;
  std::string where;
  try {
    decode(nlohmann::json::parse(text), where);
    return {};
  } catch (const nlohmann::json::parse_error& error) {
    cause = parse_error_text(text, error);
  } catch (const nlohmann::json::exception& error) {
    cause = without_code(error.what());
  } catch (const std::invalid_argument& error) {
    cause = error.what();
  }
  return fail(ErrorKind::kCorrupt, fmt::format("'{}' is damaged: {}{}{}; restore it or capture again", path, where,
                                               where.empty() ? "" : ": ", cause));
}

void need_object(const nlohmann::json& value) {
  if (!value.is_object()) {
    throw std::invalid_argument(fmt::format("an object was expected, not {}", value.type_name()));
  }
}

const nlohmann::json& get_array(const nlohmann::json& object, const char* key) {
  const nlohmann::json& value = object.at(key);
  if (!value.is_array()) {
    throw std::invalid_argument(fmt::format("'{}' must be an array, not {}", key, value.type_name()));
  }
  return value;
}

std::uint64_t get_unsigned(const nlohmann::json& object, const char* key) {
  const nlohmann::json& value = object.at(key);
  if (!value.is_number_unsigned()) {
    throw std::invalid_argument(fmt::format("'{}' must be a whole number, at least 0", key));
  }
  return value.get<std::uint64_t>();
}

Result<void> check_version(std::uint64_t version, const std::string& path) {
  if (is_read_format(version)) {
    return {};
  }
  return fail(ErrorKind::kUnsupported,
              fmt::format("'{}' has format version {}, and this snapshot_test reads versions {} to {}; use {}, or "
                          "capture into another folder with --snapshot-dir",
                          path, version, kOldestFormat, kSketchFormat,
                          version > kSketchFormat ? "a newer snapshot_test" : "the one that wrote it"));
}

std::string json_text(const nlohmann::ordered_json& value) { return util::json_text(value, 2) + "\n"; }

std::string as_stored(const std::string& text) {
  const bool ascii = std::all_of(text.begin(), text.end(), [](char c) { return static_cast<signed char>(c) >= 0; });
  if (ascii) {
    return text;
  }
  return nlohmann::json::parse(util::json_text(nlohmann::json(text))).get<std::string>();
}

}  // namespace snapshot_test::store
