#include "host/pickling/global_names.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "host/pickling/python_error.hpp"

namespace snapshot_test::host::pickling {

namespace py = pybind11;

namespace {

/// The attribute as a string, or nothing.
std::optional<std::string> text_attribute(PyObject* object, const char* name) {
  const auto value = py::reinterpret_steal<py::object>(PyObject_GetAttrString(object, name));
  if (!value) {
    const py::error_already_set error;
    if (is_fatal(error)) {
      throw error;
    }
    return std::nullopt;
  }
  if (!py::isinstance<py::str>(value)) {
    return std::nullopt;
  }
  return value.cast<std::string>();
}

py::object dotted(py::object from, const std::string& name) {
  std::size_t begin = 0;
  while (from && begin <= name.size()) {
    const std::size_t end = std::min(name.find('.', begin), name.size());
    const std::string attribute = name.substr(begin, end - begin);
    if (attribute == "<locals>") {
      return {};
    }
    from = py::reinterpret_steal<py::object>(PyObject_GetAttrString(from.ptr(), attribute.c_str()));
    begin = end + 1;
  }
  if (PyErr_Occurred() != nullptr) {
    const py::error_already_set error;
    if (is_fatal(error)) {
      throw error;
    }
  }
  return from;
}

py::object module_named(const std::string& name) {
  const auto key = py::reinterpret_steal<py::object>(PyUnicode_FromStringAndSize(name.data(), name.size()));
  PyObject* loaded = PyDict_GetItemWithError(PyImport_GetModuleDict(), key.ptr());
  if (loaded != nullptr) {
    return py::reinterpret_borrow<py::object>(loaded);
  }
  auto imported = py::reinterpret_steal<py::object>(PyImport_Import(key.ptr()));
  if (!imported) {
    const py::error_already_set error;
    if (is_fatal(error)) {
      throw error;
    }
    return {};
  }
  // `import a.b` gives a.
  loaded = PyDict_GetItemWithError(PyImport_GetModuleDict(), key.ptr());
  return loaded == nullptr ? py::object() : py::reinterpret_borrow<py::object>(loaded);
}

/// For what has no __module__: the first loaded module that holds it under that name. Looks into the modules' dicts
/// only, so that no lazy module is woken up.
std::string module_holding(PyObject* object, const std::string& name) {
  const std::string first = name.substr(0, name.find('.'));
  const auto modules = py::reinterpret_steal<py::list>(PyDict_Items(PyImport_GetModuleDict()));
  for (const py::handle item : modules) {
    PyObject* module_name = PyTuple_GET_ITEM(item.ptr(), 0);
    PyObject* module = PyTuple_GET_ITEM(item.ptr(), 1);
    if (!PyModule_Check(module) || !PyUnicode_Check(module_name)) {
      continue;
    }
    const auto text = py::reinterpret_borrow<py::str>(module_name).cast<std::string>();
    if (text == "__main__" || text == "__mp_main__") {
      continue;
    }
    PyObject* held = PyDict_GetItemString(PyModule_GetDict(module), first.c_str());
    if (held == nullptr) {
      continue;
    }
    const auto found = first.size() == name.size()
                           ? py::reinterpret_borrow<py::object>(held)
                           : dotted(py::reinterpret_borrow<py::object>(held), name.substr(first.size() + 1));
    if (found.ptr() == object) {
      return text;
    }
  }
  return "__main__";
}

}  // namespace

const GlobalName& GlobalNames::of(PyObject* object, PyObject* name) {
  if (const auto known = known_.find(object); known != known_.end()) {
    return known->second;
  }
  GlobalName global;
  global.object = py::reinterpret_borrow<py::object>(object);
  std::optional<std::string> qualname;
  if (name != nullptr) {
    qualname = py::reinterpret_borrow<py::str>(name).cast<std::string>();
  } else {
    qualname = text_attribute(object, "__qualname__");
    if (!qualname) {
      qualname = text_attribute(object, "__name__");
    }
  }
  if (qualname) {
    global.qualname = std::move(*qualname);
    const auto module = text_attribute(object, "__module__");
    global.module = module ? *module : module_holding(object, global.qualname);
    if (const py::object loaded = module_named(global.module)) {
      global.found = dotted(loaded, global.qualname).ptr() == object;
    }
  }
  return known_.emplace(object, std::move(global)).first->second;
}

}  // namespace snapshot_test::host::pickling
