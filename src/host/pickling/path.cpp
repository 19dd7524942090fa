#include "host/pickling/path.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace snapshot_test::host::pickling {
namespace {

constexpr std::size_t kShownSteps = 12;
constexpr Py_ssize_t kShownCharacters = 40;

std::string key_text(PyObject* key) {
  if (PyUnicode_CheckExact(key)) {
    std::string out = "'";
    const Py_ssize_t length = PyUnicode_GetLength(key);
    for (Py_ssize_t i = 0; i < length && i < kShownCharacters; ++i) {
      const Py_UCS4 character = PyUnicode_READ_CHAR(key, i);
      if (character >= 0x20 && character < 0x7f) {
        out += static_cast<char>(character);
      } else {
        out += fmt::format("\\u{{{:x}}}", static_cast<unsigned>(character));
      }
    }
    return out + (length > kShownCharacters ? "…'" : "'");
  }
  if (PyLong_CheckExact(key)) {
    int overflow = 0;
    const long long value = PyLong_AsLongLongAndOverflow(key, &overflow);
    return overflow == 0 ? std::to_string(value) : "int";
  }
  return fmt::format("<{}>", Py_TYPE(key)->tp_name);
}

std::string step_text(const PathStep& step) {
  switch (step.kind) {
    case PathStep::Kind::kIndex: return fmt::format("[{}]", step.index);
    case PathStep::Kind::kKey: return step.key == nullptr ? "[?]" : fmt::format("[{}]", key_text(step.key));
    case PathStep::Kind::kField: return fmt::format(".{}", step.field);
  }
  return {};
}

/// A key of attributes reads ".name".
std::string attribute_text(PyObject* key) {
  const std::string text = key == nullptr ? "" : key_text(key);
  const bool plain = text.size() > 2 && text.front() == '\'' && text.find_first_of("\\ -…") == std::string::npos;
  return plain ? "." + text.substr(1, text.size() - 2) : fmt::format("[{}]", text);
}

}  // namespace

std::string place_text(std::span<const PathStep> path) {
  std::string out;
  bool attributes = false;
  for (const PathStep& step : path.last(std::min(path.size(), kShownSteps))) {
    const bool field = step.kind == PathStep::Kind::kField;
    const std::string_view name = field ? step.field : "";
    if (step.kind == PathStep::Kind::kKey && attributes) {
      out += attribute_text(step.key);
    } else if (name != "state" && name != "items" && name != "value") {
      out += step_text(step);
    }
    attributes = name == "state";
  }
  if (path.size() > kShownSteps) {
    return "…" + out;
  }
  return out.empty() ? "the value itself" : out;
}

std::string path_text(std::span<const PathStep> path) {
  std::string out = "$";
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path.size() > kShownSteps && i == kShownSteps / 2) {
      out += fmt::format("…({} levels)…", path.size() - kShownSteps);
      i = path.size() - kShownSteps / 2;
    }
    out += step_text(path[i]);
  }
  return out;
}

}  // namespace snapshot_test::host::pickling
