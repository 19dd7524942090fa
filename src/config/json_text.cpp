#include "config/json_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "config/json5.hpp"
#include "util/file.hpp"

namespace snapshot_test::config {

namespace {

using Json = nlohmann::ordered_json;

std::string place(const std::filesystem::path& file, std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const std::size_t line_start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  return fmt::format("{}:{}:{}", file.string(), line, offset - line_start + 1);
}

/// nlohmann's explanation without its own idea of the position.
std::string explanation(std::string_view what) {
  for (const std::string_view marker : {std::string_view("syntax error "), std::string_view("] ")}) {
    if (const std::size_t found = what.find(marker); found != std::string_view::npos) {
      return std::string(what.substr(marker.front() == ']' ? found + marker.size() : found));
    }
  }
  return std::string(what);
}

/// Remembers the keys of the objects that are open, to notice one that comes twice; the parser would keep the last.
class DuplicateKeys {
 public:
  bool operator()(int /*depth*/, Json::parse_event_t event, Json& parsed) {
    switch (event) {
      case Json::parse_event_t::object_start: open_.emplace_back(); break;
      case Json::parse_event_t::object_end: open_.pop_back(); break;
      case Json::parse_event_t::key:
        if (!open_.back().insert(parsed.get<std::string>()).second && !found) {
          found = parsed.get<std::string>();
        }
        break;
      default: break;
    }
    return true;
  }

  std::optional<std::string> found;

 private:
  std::vector<std::set<std::string>> open_;
};

}  // namespace

Result<Json> parse_json(std::string_view text, const std::filesystem::path& file, Dialect dialect) {
  StrictJson strict;
  if (dialect == Dialect::kJson5) {
    strict = json5_to_json(text);
  } else {
    strict.text = text;
    strict.origin.resize(text.size());
    std::iota(strict.origin.begin(), strict.origin.end(), std::size_t{0});
  }
  DuplicateKeys duplicates;
  try {
    Json parsed = Json::parse(strict.text, std::ref(duplicates));
    if (duplicates.found) {
      return fail(ErrorKind::kConfig, fmt::format("{}: the key '{}' comes twice in one object; keep one of them",
                                                  file.string(), *duplicates.found));
    }
    return parsed;
  } catch (const Json::parse_error& error) {
    // `byte` counts what was read, so it is 1 past the offender, and 1 more at the end of the text.
    const std::size_t offender = error.byte == 0 ? 0 : error.byte - 1;
    const std::size_t offset = offender < strict.origin.size() ? strict.origin[offender] : text.size();
    return fail(ErrorKind::kConfig,
                fmt::format("{}: malformed JSON: {}", place(file, text, offset), explanation(error.what())));
  } catch (const Json::exception& error) {
    return fail(ErrorKind::kConfig, fmt::format("{}: malformed JSON: {}", file.string(), explanation(error.what())));
  }
}

Result<Json> read_json(const std::filesystem::path& file, Dialect dialect) {
  auto text = util::read_file(file);
  if (!text) {
    return fail(ErrorKind::kConfig, std::move(text.error().message));
  }
  return parse_json(*text, file, dialect);
}

}  // namespace snapshot_test::config
