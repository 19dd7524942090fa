#include "host/pickling/python_error.hpp"

#include <algorithm>

#include "host/pickling/type_names.hpp"

namespace snapshot_test::host::pickling {

namespace py = pybind11;

bool is_fatal(const py::error_already_set& error) {
  return error.matches(PyExc_KeyboardInterrupt) || error.matches(PyExc_MemoryError);
}

std::string one_line(const py::error_already_set& error) {
  constexpr std::size_t kLongest = 200;
  std::string out = type_name(error.type());
  if (out.starts_with("builtins.")) {
    out.erase(0, std::string_view("builtins.").size());
  }
  try {
    const std::string text = py::str(error.value()).cast<std::string>();
    if (!text.empty()) {
      out += ": " + text;
    }
  } catch (const py::error_already_set&) {
    out += " (its text raised, too)";
  } catch (const py::cast_error&) {
    out += " (its text is not valid Unicode)";
  }
  if (out.size() > kLongest) {
    // Not in the middle of a character.
    std::size_t end = kLongest;
    while (end != 0 && (static_cast<unsigned char>(out[end]) & 0xc0) == 0x80) {
      --end;
    }
    out.resize(end);
    out += "…";
  }
  std::replace(out.begin(), out.end(), '\n', ' ');
  return out;
}

}  // namespace snapshot_test::host::pickling
