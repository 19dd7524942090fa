#include "config/expected.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "config/values.hpp"
#include "util/file.hpp"
#include "util/text.hpp"
#include "util/try.hpp"

#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 1
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

namespace snapshot_test::config {

namespace {

constexpr const char* kEntries = "expected";
constexpr const char* kForm = "is read from tables [[expected]], each with case, verdict and reason";

const std::vector<std::string>& entry_keys() {
  static const std::vector<std::string> kKeys = {"case", "verdict", "reason", "issue", "until", "max_elements"};
  return kKeys;
}

const std::vector<std::string>& expectable_verdicts() {
  static const std::vector<std::string> kWords = [] {
    std::vector<std::string> words;
    for (int i = 0; i <= static_cast<int>(model::Verdict::kObsolete); ++i) {
      if (const auto verdict = static_cast<model::Verdict>(i); may_be_expected(verdict)) {
        words.emplace_back(name(verdict));
      }
    }
    return words;
  }();
  return kWords;
}

/// One entry while it is read. The first thing that is wrong stays.
class EntryReader {
 public:
  EntryReader(const toml::table& table, const std::filesystem::path& file) : table_(table), file_(file) {
    entry_.file = file.string();
    entry_.line = static_cast<int>(table.source().begin.line);
  }

  Result<model::Expectation> read() {
    for (const auto& [key, value] : table_) {
      const std::string name(key.str());
      if (std::find(entry_keys().begin(), entry_keys().end(), name) == entry_keys().end()) {
        complain(key.source(), name, unknown_key(name, entry_keys()));
      }
    }
    text("case", Need::kRequired, entry_.cases);
    verdict();
    text("reason", Need::kRequired, entry_.reason);
    text("issue", Need::kOptional, entry_.issue);
    until();
    max_elements();
    if (!wrong_.empty()) {
      return fail(ErrorKind::kConfig, std::move(wrong_));
    }
    return std::move(entry_);
  }

 private:
  enum class Need { kOptional, kRequired };

  void complain(const toml::source_region& where, std::string_view key, std::string_view what) {
    if (wrong_.empty()) {
      wrong_ = fmt::format("{}:{}:{}: {}: {}", file_.string(), where.begin.line, where.begin.column, key, what);
    }
  }

  void text(const char* key, Need need, std::string& target) {
    const toml::node* node = table_.get(key);
    if (node == nullptr) {
      if (need == Need::kRequired) {
        complain(table_.source(), key, "is missing; every entry says of which case it is, its verdict and the reason");
      }
      return;
    }
    const auto value = node->value_exact<std::string>();
    if (!value || value->find_first_not_of(" \t\r\n") == std::string::npos) {
      complain(node->source(), key, "must be a text in quotes that is not empty");
      return;
    }
    target = *value;
  }

  void verdict() {
    std::string word;
    text("verdict", Need::kRequired, word);
    if (word.empty()) {
      return;
    }
    const auto found = model::verdict_from_name(word);
    if (found && may_be_expected(*found)) {
      entry_.verdict = *found;
      return;
    }
    const auto meant = util::nearest(word, expectable_verdicts());
    complain(table_.get("verdict")->source(), "verdict",
             found
                 ? fmt::format("'{}' cannot be expected; what can is {}", word, fmt::join(expectable_verdicts(), ", "))
             : meant ? fmt::format("'{}' is no verdict; did you mean '{}'?", word, *meant)
                     : fmt::format("'{}' is no verdict; one of {} is", word, fmt::join(expectable_verdicts(), ", ")));
  }

  void until() {
    const toml::node* node = table_.get("until");
    if (node == nullptr) {
      return;
    }
    const auto date = node->value_exact<toml::date>();
    if (!date) {
      complain(node->source(), "until", "must be a date such as 2026-12-31, without quotes and time");
      return;
    }
    entry_.until = fmt::format("{:04}-{:02}-{:02}", date->year, date->month, date->day);
  }

  void max_elements() {
    const toml::node* node = table_.get("max_elements");
    if (node == nullptr) {
      return;
    }
    const auto number = node->value_exact<std::int64_t>();
    if (!number || *number < 1) {
      complain(node->source(), "max_elements", "must be a whole number of at least 1");
    } else if (entry_.verdict != model::Verdict::kDifferent) {
      complain(node->source(), "max_elements",
               fmt::format(
                   "says how many elements may differ, which there are of the verdict 'different' alone, not of '{}'",
                   name(entry_.verdict)));
    } else {
      entry_.max_elements = static_cast<std::uint64_t>(*number);
    }
  }

  const toml::table& table_;
  const std::filesystem::path& file_;
  model::Expectation entry_;
  std::string wrong_;
};

}  // namespace

Result<std::vector<model::Expectation>> parse_expected(std::string_view text, const std::filesystem::path& file) {
  const toml::parse_result parsed = toml::parse(text, file.string());
  const auto at = [&](const toml::source_position& where, std::string_view what) {
    return fail(ErrorKind::kConfig, fmt::format("{}:{}:{}: {}", file.string(), where.line, where.column, what));
  };
  if (!parsed) {
    return at(parsed.error().source().begin, fmt::format("malformed TOML: {}", parsed.error().description()));
  }
  std::vector<model::Expectation> entries;
  for (const auto& [key, value] : parsed.table()) {
    if (key.str() != kEntries) {
      return at(key.source().begin,
                fmt::format("{}: {}; the file {}", key.str(), unknown_key(std::string(key.str()), {kEntries}), kForm));
    }
    const toml::array* tables = value.as_array();
    if (tables == nullptr || (!tables->empty() && !tables->is_homogeneous(toml::node_type::table))) {
      return at(value.source().begin, fmt::format("{}: the file {}", kEntries, kForm));
    }
    for (const toml::node& each : *tables) {
      TRY_ASSIGN(auto entry, EntryReader(*each.as_table(), file).read());
      entries.push_back(std::move(entry));
    }
  }
  return entries;
}

Result<std::vector<model::Expectation>> read_expected(const std::filesystem::path& file) {
  const auto text = util::read_file(file);
  if (!text) {
    return fail(ErrorKind::kConfig, text.error().message);
  }
  return parse_expected(*text, file);
}

}  // namespace snapshot_test::config
