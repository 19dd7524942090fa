#include "host/discovery/attributes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace snapshot_test::host::discovery {
namespace {

char ascii_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// str.lower() == name, for a `name` of ASCII letters none of which is the lower case of a letter outside ASCII.
bool equal_in_any_case(py::handle key, std::string_view name) {
  if (PyUnicode_Check(key.ptr()) == 0 || PyUnicode_GET_LENGTH(key.ptr()) != static_cast<Py_ssize_t>(name.size())) {
    return false;
  }
  const std::string text = utf8(key);
  return std::equal(text.begin(), text.end(), name.begin(), name.end(),
                    [](char a, char b) { return ascii_lower(a) == b; });
}

std::string describe_source(const py::object& source) {
  const py::object name = attribute_or_none(source, "__name__");
  return py::isinstance<py::str>(name) ? utf8(name) : utf8(py::type::of(source).attr("__name__"));
}

class HookSearch {
 public:
  explicit HookSearch(const py::object& source)
      : source_(source), keys_(py::reinterpret_steal<py::object>(PyObject_Dir(source.ptr()))) {
    if (!keys_) {
      throw py::error_already_set();
    }
  }

  [[nodiscard]] py::object find(std::string_view name) const {
    py::object spelling;
    for (const py::handle key : keys_) {
      if (!equal_in_any_case(key, name)) {
        continue;
      }
      if (spelling) {
        raise_value_error(fmt::format("{} has more than one {}: {} and {}; keep one", describe_source(source_), name,
                                      utf8(spelling), utf8(key)));
      }
      spelling = py::reinterpret_borrow<py::object>(key);
    }
    return spelling ? py::object(py::getattr(source_, spelling)) : py::object(py::none());
  }

 private:
  const py::object& source_;
  py::object keys_;
};

}  // namespace

py::object first_attribute(const Sources& sources, const char* name) {
  const py::str key(name);
  for (const py::object& source : sources) {
    py::object value = attribute_or_none(source, key);
    if (!value.is_none()) {
      return value;
    }
  }
  return py::none();
}

Hooks find_hooks(const Sources& sources) {
  Hooks hooks;
  for (const py::object& source : sources) {
    const HookSearch search(source);
    if (py::object setup = search.find("setup"); !setup.is_none()) {
      hooks.setups.push_back(std::move(setup));
    }
    if (py::object teardown = search.find("teardown"); !teardown.is_none()) {
      hooks.teardowns.push_back(std::move(teardown));
    }
  }
  std::reverse(hooks.setups.begin(), hooks.setups.end());
  return hooks;
}

}  // namespace snapshot_test::host::discovery
