#include "host/pickling/function_globals.hpp"

#include <algorithm>
#include <string_view>

#include "host/pickling/type_names.hpp"

namespace snapshot_test::host::pickling {

namespace py = pybind11;

namespace {

/// Numbers of the instructions that matter, which every version of Python gives out anew; -1 where it has none.
struct Instructions {
  int extended_arg = -1;
  int load_global = -1;
  int load_name = -1;
  int load_from_dict_or_globals = -1;
  int load_attr = -1;
  int load_method = -1;

  static const Instructions& here() {
    static const Instructions kHere = [] {
      const py::dict numbers = py::module_::import("opcode").attr("opmap");
      const auto number = [&](const char* name) { return numbers.contains(name) ? numbers[name].cast<int>() : -1; };
      return Instructions{number("EXTENDED_ARG"), number("LOAD_GLOBAL"),
                          number("LOAD_NAME"),    number("LOAD_FROM_DICT_OR_GLOBALS"),
                          number("LOAD_ATTR"),    number("LOAD_METHOD")};
    }();
    return kHere;
  }
};

// The lowest bit of these arguments says how the result is called, from these versions on.
constexpr unsigned kGlobalShift = PY_VERSION_HEX >= 0x030b0000 ? 1 : 0;
constexpr unsigned kAttributeShift = PY_VERSION_HEX >= 0x030c0000 ? 1 : 0;
/// What is between an instruction and its successor, where anything is.
constexpr int kCache = 0;

void add_names(py::handle code, std::vector<std::string>& out) {
  const Instructions& is = Instructions::here();
  const std::string text = py::bytes(code.attr("co_code"));
  const py::tuple names = code.attr("co_names");
  const auto name = [&](std::size_t index) {
    return index < names.size() ? names[index].cast<std::string>() : std::string();
  };
  std::size_t extended = 0;
  std::string* reading = nullptr;
  std::vector<std::string> found;
  found.reserve(text.size() / 2);  // `reading` refers into it
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    const int instruction = static_cast<unsigned char>(text[i]);
    const std::size_t argument = extended << 8 | static_cast<unsigned char>(text[i + 1]);
    extended = instruction == is.extended_arg ? argument : 0;
    if (instruction == is.extended_arg || instruction == kCache) {
      continue;
    }
    if (instruction == is.load_global) {
      reading = &found.emplace_back(name(argument >> kGlobalShift));
    } else if (instruction == is.load_name || instruction == is.load_from_dict_or_globals) {
      reading = &found.emplace_back(name(argument));
    } else if (reading != nullptr && instruction == is.load_attr) {
      *reading += "." + name(argument >> kAttributeShift);
    } else if (reading != nullptr && instruction == is.load_method) {
      *reading += "." + name(argument);
    } else {
      reading = nullptr;
    }
  }
  for (std::string& each : found) {
    if (std::find(out.begin(), out.end(), each) == out.end()) {
      out.push_back(std::move(each));
    }
  }
  for (const py::handle constant : py::tuple(code.attr("co_consts"))) {
    if (PyCode_Check(constant.ptr())) {
      add_names(constant, out);
    }
  }
}

}  // namespace

std::vector<std::string> globals_read(py::handle code) {
  std::vector<std::string> out;
  add_names(code, out);
  return out;
}

bool is_standard_module(const std::string& name) {
  const std::string top = name.substr(0, name.find('.'));
  const py::module_ sys = py::module_::import("sys");
  if (py::tuple(sys.attr("builtin_module_names")).contains(top)) {
    return true;
  }
  if (py::hasattr(sys, "stdlib_module_names")) {
    return py::object(sys.attr("stdlib_module_names")).contains(top);
  }
  // Python 3.9: by where it is.
  const auto file_of = [](const std::string& module) {
    const py::object file = find_loaded(module, "__file__");
    return file && py::isinstance<py::str>(file) ? file.cast<std::string>() : std::string();
  };
  std::string folder = file_of("os");
  folder.resize(folder.rfind('/') + 1);
  const std::string file = file_of(top);
  return !folder.empty() && file.starts_with(folder) && file.find("-packages/") == std::string::npos;
}

}  // namespace snapshot_test::host::pickling
