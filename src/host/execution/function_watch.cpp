#include "host/execution/function_watch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "host/interpreter/interpreter.hpp"

namespace snapshot_test::host::execution {

namespace py = pybind11;

namespace {

struct WatchedModule {
  const char* name;
  std::array<const char*, 20> functions;  ///< until the first null
};

/// Not os.urandom and the like, which are replaced by this program itself.
constexpr std::array kWatchedModules = {
    WatchedModule{"time",
                  {"time", "time_ns", "perf_counter", "perf_counter_ns", "monotonic", "monotonic_ns", "process_time",
                   "process_time_ns", "sleep"}},
    WatchedModule{
        "os", {"open", "read", "write", "stat", "listdir", "scandir", "rename", "replace", "remove", "getpid", "fork"}},
    WatchedModule{"io", {"open", "FileIO", "BytesIO", "StringIO"}},
    WatchedModule{"pickle", {"dump", "dumps", "load", "loads", "Pickler", "Unpickler"}},
    WatchedModule{"copyreg", {"pickle", "_reduce_ex", "__newobj__", "__newobj_ex__"}},
    WatchedModule{"numpy",
                  {"all", "allclose", "any", "array", "array_equal", "array_equiv", "asarray", "dot", "frombuffer",
                   "isclose", "isnan", "load", "matmul", "max", "mean", "min", "ndarray", "save", "sum"}},
    WatchedModule{"numpy.testing", {"assert_allclose", "assert_array_equal", "assert_equal"}},
};

/// What people's start-up files replace for a console.
constexpr std::array kOfConsoles = {"_", "copyright", "credits", "exit", "help", "license", "quit"};

/// The dict of a loaded module; null where it is not loaded. Borrowed: nothing of the module runs.
PyObject* loaded_dict(const char* module) {
  PyObject* loaded = PyDict_GetItemString(PyImport_GetModuleDict(), module);
  return loaded == nullptr || PyModule_Check(loaded) == 0 ? nullptr : PyModule_GetDict(loaded);
}

/// Looks up one after the other, most of them in the same module.
class LoadedFunctions {
 public:
  /// Borrowed; null where there is none.
  PyObject* find(const char* module, PyObject* name) {
    if (module != module_) {
      module_ = module;
      dict_ = loaded_dict(module);
    }
    return dict_ == nullptr ? nullptr : PyDict_GetItem(dict_, name);
  }

 private:
  const char* module_ = nullptr;  ///< by its address
  PyObject* dict_ = nullptr;
};

py::str interned(const char* text) {
  PyObject* name = PyUnicode_InternFromString(text);
  if (name == nullptr) throw py::error_already_set();
  return py::reinterpret_steal<py::str>(name);
}

std::string code_file_of(PyObject* function) {
  auto* code = reinterpret_cast<PyCodeObject*>(PyFunction_GetCode(function));
  const char* file = PyUnicode_AsUTF8(code->co_filename);
  if (file == nullptr) PyErr_Clear();
  return file == nullptr ? "" : file;
}

std::string attribute_text(PyObject* object, const char* name) {
  const auto value = py::reinterpret_steal<py::object>(PyObject_GetAttrString(object, name));
  if (!value) PyErr_Clear();
  const char* text = value && PyUnicode_Check(value.ptr()) != 0 ? PyUnicode_AsUTF8(value.ptr()) : nullptr;
  if (text == nullptr) PyErr_Clear();
  return text == nullptr ? "" : text;
}

std::string describe_function(PyObject* now) {
  if (PyFunction_Check(now) != 0) {
    auto* code = reinterpret_cast<PyCodeObject*>(PyFunction_GetCode(now));
    return fmt::format("{}.{} ({}:{})", attribute_text(now, "__module__"), attribute_text(now, "__qualname__"),
                       code_file_of(now), code->co_firstlineno);
  }
  return fmt::format("a {}", Py_TYPE(now)->tp_name);
}

/// Was it made where numpy is? Functions that dispatch are made from a text.
bool is_numpys_own(PyObject* value) {
  if (PyFunction_Check(value) == 0) {
    const std::string type = attribute_text(reinterpret_cast<PyObject*>(Py_TYPE(value)), "__module__");
    if (type.starts_with("numpy")) return true;
    const bool plain = PyCFunction_Check(value) != 0 || PyType_Check(value) != 0;
    const std::string module = attribute_text(value, "__module__");
    return plain && (module.empty() || module.starts_with("numpy"));
  }
  PyObject* numpy = loaded_dict("numpy");
  PyObject* init = numpy == nullptr ? nullptr : PyDict_GetItemString(numpy, "__file__");
  const char* text = init != nullptr && PyUnicode_Check(init) != 0 ? PyUnicode_AsUTF8(init) : nullptr;
  if (text == nullptr) PyErr_Clear();
  const std::string_view package = text == nullptr ? "" : text;
  const std::string file = code_file_of(value);
  return file.starts_with("<") || package.empty() || file.starts_with(package.substr(0, package.rfind('/') + 1));
}

std::string replaced_line(const char* module, const py::str& name, PyObject* now) {
  return fmt::format("{}.{} is {}", module, name.cast<std::string>(), now == nullptr ? "gone" : describe_function(now));
}

}  // namespace

void FunctionWatch::take_stock() noexcept {
  try {
    (void)interpreter::module("pickle");
    PyObject* name = nullptr;
    PyObject* value = nullptr;
    for (Py_ssize_t at = 0; PyDict_Next(PyEval_GetBuiltins(), &at, &name, &value) != 0;) {
      const char* text = PyUnicode_AsUTF8(name);
      const bool counts = text != nullptr && PyCallable_Check(value) != 0 &&
                          std::none_of(kOfConsoles.begin(), kOfConsoles.end(),
                                       [text](const char* each) { return std::string_view(each) == text; });
      if (counts) watched_.push_back({"builtins", interned(text), py::reinterpret_borrow<py::object>(value)});
    }
    LoadedFunctions loaded;
    for (const WatchedModule& module : kWatchedModules) {
      for (const char* each : module.functions) {
        if (each == nullptr) break;
        py::str key = interned(each);
        PyObject* now = loaded.find(module.name, key.ptr());
        watched_.push_back({module.name, std::move(key), py::reinterpret_borrow<py::object>(now)});
      }
    }
  } catch (const std::exception&) {
    watched_.clear();  // nothing can be said
  }
  PyErr_Clear();
}

std::vector<std::string> FunctionWatch::replaced() const noexcept {
  std::vector<std::string> lines;
  LoadedFunctions loaded;
  for (const Watched& each : watched_) {
    PyObject* now = loaded.find(each.module, each.name.ptr());
    const bool same = each.original ? now == each.original.ptr() : now == nullptr || is_numpys_own(now);
    if (!same) lines.push_back(replaced_line(each.module, each.name, now));
  }
  return lines;
}

FunctionWatch::Moment FunctionWatch::now() const noexcept {
  Moment moment;
  moment.reserve(watched_.size());
  LoadedFunctions loaded;
  for (const Watched& each : watched_) moment.push_back(loaded.find(each.module, each.name.ptr()));
  return moment;
}

std::vector<std::string> FunctionWatch::replaced_since(const Moment& before) const noexcept {
  std::vector<std::string> lines;
  LoadedFunctions loaded;
  for (std::size_t i = 0; i < before.size() && i < watched_.size(); ++i) {
    PyObject* now = before[i] == nullptr ? nullptr : loaded.find(watched_[i].module, watched_[i].name.ptr());
    if (now != before[i]) lines.push_back(replaced_line(watched_[i].module, watched_[i].name, now));
  }
  return lines;
}

}  // namespace snapshot_test::host::execution
