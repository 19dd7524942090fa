// What is made from the table of settings: the table of docs/configuration.md and the Python package's _settings.py.
// SNAPSHOT_TEST_UPDATE=1 in the environment writes them anew.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>

#include <cmath>
#include <cstdlib>

#include "config/table.hpp"
#include "util/file.hpp"

namespace snapshot_test::config {
namespace {

namespace fs = std::filesystem;

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
    text.replace(at, what.size(), by);
  }
  return text;
}

std::string code(std::string_view text) { return fmt::format("`{}`", text); }

/// " > 0", ", 0 to 100"
std::string range_text(const Range& range) {
  if (std::isfinite(range.high)) {
    return fmt::format(", {:.0f} to {:.0f}", range.low, range.high);
  }
  return fmt::format(" {} {:.0f}", range.low_bound == Bound::kExcluded ? ">" : "≥", range.low);
}

std::string type_text(const Row& row) {
  const auto number = [&row](std::string_view noun) {
    return fmt::format("{}{}", row.unit.empty() ? noun : row.unit, range_text(row.range));
  };
  switch (row.place.type) {
    case Type::kSwitch: return "true, false";
    case Type::kNumber: return number("number");
    case Type::kWhole: return number("whole number");
    case Type::kText: return "text";
    case Type::kPath: return "path";
    case Type::kWord: return fmt::format("`\"{}\"`", fmt::join(row.place.words, "\"`, `\""));
    case Type::kPatterns: return row.key == "variant_fallback" ? "list of texts" : "list of glob patterns";
    case Type::kPaths: return "path or list of paths";
    case Type::kDtypes: return "object: dtype to `{\"rtol\", \"atol\"}`";
    case Type::kChanges: return "list of objects";
  }
  return {};
}

std::string default_text(const Row& row) {
  const std::string value = code(row.place.get({}).dump());
  return row.default_means.empty() ? value : fmt::format("{}: {}", value, row.default_means);
}

std::string option_text(const Row& row) {
  if (row.option.empty()) {
    return "–";
  }
  const std::string names = code(replaced(std::string(row.option), ",", "`, `"));
  if (row.place.type == Type::kSwitch && row.place.get({}) == true) {
    return fmt::format("`--no-{}`, {}", row.option.substr(2), names);
  }
  const bool shared = row.key.starts_with("tolerance.") && !row.value.empty();
  return row.option.front() != '-' ? "the argument" : shared ? fmt::format("{} (`{}`)", names, row.value) : names;
}

std::string documented(const Row& row) {
  std::string meaning(row.help);
  meaning += row.off.empty() ? "" : fmt::format("; false: {}", row.off);
  meaning += row.detail.empty() ? "" : fmt::format("; {}", row.detail);
  return fmt::format("| {} | {}{} | {} | {} | {} |\n", code(row.key), type_text(row),
                     row.place.null == Place::Null::kTaken ? ", or null" : "", default_text(row), option_text(row),
                     replaced(meaning, "|", "\\|"));
}

std::string document(const std::string& present) {
  const std::string begin = "| key | type | default | command line | meaning |\n|---|---|---|---|---|\n";
  const std::size_t from = present.find(begin);
  if (from == std::string::npos) {
    return "there is no table of settings";
  }
  std::string rows_text;
  for (const Row& row : rows()) {
    rows_text += documented(row);
  }
  return present.substr(0, from) + begin + rows_text + present.substr(present.find("\n\n", from) + 1);
}

struct Annotation {
  std::string attribute;  ///< what an attribute holds
  std::string argument;   ///< what may be given
};

Annotation annotation_of(const Row& row) {
  const auto both = [](const char* type) { return Annotation{type, type}; };
  switch (row.place.type) {
    case Type::kSwitch: return both("bool");
    case Type::kNumber: return both("float");
    case Type::kWhole: return both("int");
    case Type::kText:
    case Type::kPath: return {"str", "AnyPath"};
    case Type::kWord: return both("str");
    case Type::kPatterns: return both("list[str]");
    case Type::kPaths: return {"list[str]", "AnyPath | list[AnyPath]"};
    case Type::kDtypes: return both("dict[str, Any]");
    case Type::kChanges: return both("list[dict[str, Any]]");
  }
  return {};
}

/// "#: The folder that holds the snapshots." in lines of at most 120 columns.
std::string comment(const Row& row) {
  std::string text(row.help);
  text.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(text.front())));
  text += text.ends_with('.') ? "" : ".";
  const Json value = row.place.get({});
  if (!row.default_means.empty()) {
    text += fmt::format(" {}: {}.", value.is_null() ? "None" : value.dump(), row.default_means);
  }
  std::string lines;
  std::string line = "    #:";
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    if (line.size() + 1 + word.size() > 120) {
      lines += line + "\n";
      line = "    #:";
    }
    line += " " + word;
  }
  return lines + line + "\n";
}

std::string python_module() {
  std::string attributes;
  std::string arguments;
  std::string names;
  for (const Row& row : rows()) {
    const auto [attribute, argument] = annotation_of(row);
    const std::string or_none = row.place.null == Place::Null::kTaken ? " | None" : "";
    if (const std::size_t dot = row.key.find('.'); dot == std::string_view::npos) {
      attributes += comment(row) + fmt::format("    {}: {}{}\n", row.key, attribute, or_none);
      arguments += fmt::format("    {}: {}{}\n", row.key, argument, or_none);
    } else if (names.empty()) {
      attributes += "    @tolerance@";
      arguments += "    tolerance: dict[str, Any]\n";
      names = code(row.key.substr(dot + 1));
    } else {
      names += fmt::format(", {}", code(row.key.substr(dot + 1)));
    }
  }
  attributes =
      replaced(attributes, "    @tolerance@", fmt::format("    #: {}.\n    tolerance: dict[str, Any]\n", names));
  return fmt::format(
      "\"\"\"The settings, as attributes and as arguments. Made from src/config/table.cpp by the test Documents, "
      "which\n"
      "SNAPSHOT_TEST_UPDATE=1 in the environment lets write this file.\n\"\"\"\n\n"
      "from __future__ import annotations\n\nfrom typing import TypedDict\n\n"
      "TYPE_CHECKING = False\nif TYPE_CHECKING:\n    import os\n    from typing import Any, Union\n\n"
      "    AnyPath = Union[str, os.PathLike[str]]\n\n\n"
      "class Attributes:\n    \"\"\"What a configuration holds.\"\"\"\n\n{}\n\n"
      "class Arguments(TypedDict, total=False):\n    \"\"\"What may be given.\"\"\"\n\n{}",
      attributes, arguments);
}

/// The file is `wanted`, or is made so where that is asked for.
void expect_file(const fs::path& name, const std::string& wanted) {
  const fs::path file = fs::path(SNAPSHOT_TEST_SOURCE_DIR) / name;
  if (std::getenv("SNAPSHOT_TEST_UPDATE") != nullptr) {
    ASSERT_TRUE(util::write_file_atomically(file, wanted));
  }
  const auto present = util::read_file(file);
  ASSERT_TRUE(present) << present.error().message;
  EXPECT_EQ(*present, wanted) << "SNAPSHOT_TEST_UPDATE=1 writes " << name;
}

TEST(Documents, SettingsTable_HasEveryRow) {
  const fs::path name = "docs/configuration.md";
  const auto present = util::read_file(fs::path(SNAPSHOT_TEST_SOURCE_DIR) / name);
  ASSERT_TRUE(present) << present.error().message;
  expect_file(name, document(*present));
}

TEST(Documents, PythonSettings_HaveEveryRow) {
  expect_file("python/diff_tester/snapshot/_settings.py", python_module());
}

}  // namespace
}  // namespace snapshot_test::config
