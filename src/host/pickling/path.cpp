#include "host/pickling/path.hpp"

#include <fmt/format.h>

#include <cstddef>

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

}  // namespace

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
