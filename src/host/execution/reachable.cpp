#include "host/execution/reachable.hpp"

#include <fmt/format.h>

#include <unordered_set>
#include <utility>

#include "host/interpreter/interpreter.hpp"
#include "host/pickling/type_names.hpp"
#include "util/text.hpp"

namespace snapshot_test::host::execution {

namespace py = pybind11;

namespace {

/// Deeper instances, and those beyond so many leaves, are one leaf each.
constexpr std::size_t kMostLevels = 4;
constexpr std::size_t kMostLeaves = 2000;
/// Plain data is told by looking at each of its items, up to so many.
constexpr std::size_t kMostItems = 20'000;

/// `names` is a dict or a class's mappingproxy.
void add_namespace(Named& named, const std::string& prefix, const py::handle names) {
  for (const py::handle item : py::list(names.attr("items")())) {
    const auto pair = py::reinterpret_borrow<py::tuple>(item);
    if (!py::isinstance<py::str>(pair[0])) {
      continue;
    }
    const auto name = pair[0].cast<std::string>();
    if (!util::is_dunder(name) && !is_code(py::object(pair[1]).ptr())) {
      named.emplace(prefix + name, pair[1]);
    }
  }
}

/// Made by exec() in a dict of its own, as opposed to a module's function: what it works on is known to it alone.
bool has_own_globals(PyObject* function) {
  if (PyFunction_Check(function) == 0) {
    return false;
  }
  const auto name = py::dict(py::handle(function).attr("__globals__")).attr("get")("__name__");
  return !interpreter::module("sys").attr("modules").attr("__contains__")(name).cast<bool>();
}

/// Its attributes; a null object where its class has slots only.
py::object attributes_of(PyObject* instance) {
  PyObject* dict = PyObject_GenericGetDict(instance, nullptr);
  PyErr_Clear();
  return py::reinterpret_steal<py::object>(dict);
}

void add_instance(Named& named, const py::object& instance) {
  if (const py::object attributes = attributes_of(instance.ptr())) {
    add_namespace(named, "self.", attributes);
    for (const auto& [name, value] : attributes.cast<py::dict>()) {
      if (has_own_globals(value.ptr())) {
        add_namespace(named, fmt::format("self.{}.globals.", py::str(name).cast<std::string>()),
                      value.attr("__globals__"));
      }
    }
  }
  const auto type = py::type::of(instance);
  for (const py::handle base : type.attr("__mro__")) {
    if (base.ptr() == reinterpret_cast<PyObject*>(&PyBaseObject_Type)) {
      continue;
    }
    // The nearest class wins, as in a look-up.
    add_namespace(named, "class.", base.attr("__dict__"));
  }
}

void add_function(Named& named, const py::object& function) {
  if (PyFunction_Check(function.ptr()) == 0) {
    return;
  }
  add_namespace(named, "globals.", function.attr("__globals__"));
  const py::object closure = function.attr("__closure__");
  if (closure.is_none()) {
    return;
  }
  const auto names = function.attr("__code__").attr("co_freevars").cast<py::tuple>();
  const auto cells = closure.cast<py::tuple>();
  for (std::size_t i = 0; i < cells.size(); ++i) {
    PyObject* value = PyCell_Get(py::object(cells[i]).ptr());
    if (value == nullptr) {
      PyErr_Clear();  // a variable that has no value yet
    } else if (const auto held = py::reinterpret_steal<py::object>(value); !is_code(value)) {
      named.emplace("closure." + py::object(names[i]).cast<std::string>(), held);
    }
  }
}

py::object attribute_of(PyTypeObject* type, const char* name) {
  auto value = py::reinterpret_steal<py::object>(PyObject_GetAttrString(reinterpret_cast<PyObject*>(type), name));
  PyErr_Clear();
  return value;
}

bool has_own(PyTypeObject* type, const char* name) {
  return attribute_of(type, name).ptr() != attribute_of(&PyBaseObject_Type, name).ptr();
}

/// Which classes' instances are nothing but their attributes.
class Classes {
 public:
  explicit Classes(const pickling::Reducers& reducers) : reducers_(reducers) {}

  bool are_attributes(PyTypeObject* type) {
    const auto known = known_.find(type);
    return known != known_.end() ? known->second : known_.emplace(type, find_out(type)).first->second;
  }

 private:
  [[nodiscard]] bool find_out(PyTypeObject* type) const {
    for (PyTypeObject* each = type; each != &PyBaseObject_Type; each = each->tp_base) {
      const bool is_of_python = (each->tp_flags & Py_TPFLAGS_HEAPTYPE) != 0 && each->tp_itemsize == 0;
      const py::handle names = each->tp_dict != nullptr ? py::handle(each->tp_dict) : py::handle();
      if (!is_of_python || !names || PyDict_GetItemString(names.ptr(), "__slots__") != nullptr) {
        return false;
      }
    }
    for (const char* name : {"__reduce_ex__", "__reduce__", "__getstate__", "__getnewargs__", "__getnewargs_ex__"}) {
      if (has_own(type, name)) {
        return false;
      }
    }
    return PyType_IsSubtype(type, &PyType_Type) == 0 && reducers_.find(reinterpret_cast<PyObject*>(type)) == nullptr;
  }

  const pickling::Reducers& reducers_;
  std::map<PyTypeObject*, bool> known_;
};

/// functools.cached_property and its like keep what they computed under their own name.
bool is_cache(PyTypeObject* type, PyObject* name) {
  PyObject* found = _PyType_Lookup(type, name);  // borrowed
  const std::string_view kind = found != nullptr ? Py_TYPE(found)->tp_name : "";
  return kind.find("cached_property") != std::string_view::npos;
}

class LeafFinder {
 public:
  explicit LeafFinder(const pickling::Reducers& reducers) : classes_(reducers) {}

  void add(const std::string& name, const std::string& top, const py::object& value) {
    PyTypeObject* type = Py_TYPE(value.ptr());
    const bool whole = above_.size() >= kMostLevels || leaves_.size() >= kMostLeaves || !classes_.are_attributes(type);
    const py::object attributes = whole ? py::object() : attributes_of(value.ptr());
    if (!attributes) {
      leaves_.emplace(name, StatePart{top, value, above_});
      return;
    }
    leaves_.emplace(name + ".__class__", StatePart{top, py::type::of(value), above_});
    if (!seen_.insert(value.ptr()).second) {
      return;  // its attributes have names already
    }
    above_.push_back(value.ptr());
    for (const auto& [key, attribute] : py::dict(attributes.attr("copy")())) {
      if (py::isinstance<py::str>(key) && !is_code(attribute.ptr()) && !is_cache(type, key.ptr())) {
        add(fmt::format("{}.{}", name, key.cast<std::string>()), top, py::reinterpret_borrow<py::object>(attribute));
      }
    }
    above_.pop_back();
  }

  std::map<std::string, StatePart> take() { return std::move(leaves_); }

 private:
  Classes classes_;
  std::map<std::string, StatePart> leaves_;
  std::vector<PyObject*> above_;
  std::unordered_set<PyObject*> seen_;
};

bool is_numeric_array(PyObject* value) {
  const py::object ndarray = pickling::find_loaded("numpy", "ndarray");
  return ndarray && reinterpret_cast<PyObject*>(Py_TYPE(value)) == ndarray.ptr() &&
         !py::handle(value).attr("dtype").attr("hasobject").cast<bool>();
}

bool is_plain(PyObject* value, std::size_t& left) {
  if (left == 0 || --left == 0) {
    return false;
  }
  if (value == Py_None || PyBool_Check(value) != 0 || PyLong_CheckExact(value) != 0 || PyFloat_CheckExact(value) != 0 ||
      PyComplex_CheckExact(value) != 0 || PyUnicode_CheckExact(value) != 0 || PyBytes_CheckExact(value) != 0 ||
      PyByteArray_CheckExact(value) != 0 || is_code(value)) {
    return true;
  }
  if (PyTuple_CheckExact(value) != 0 || PyList_CheckExact(value) != 0) {
    for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(value); ++i) {
      if (!is_plain(PySequence_Fast_GET_ITEM(value, i), left)) {
        return false;
      }
    }
    return true;
  }
  if (PyDict_CheckExact(value) != 0) {
    PyObject* key = nullptr;
    PyObject* item = nullptr;
    for (Py_ssize_t at = 0; PyDict_Next(value, &at, &key, &item) != 0;) {
      if (!is_plain(key, left) || !is_plain(item, left)) {
        return false;
      }
    }
    return true;
  }
  return is_numeric_array(value);
}

}  // namespace

bool is_code(PyObject* value) {
  return PyModule_Check(value) != 0 || PyType_Check(value) != 0 || PyFunction_Check(value) != 0 ||
         PyCFunction_Check(value) != 0 || PyMethod_Check(value) != 0 || Py_TYPE(value) == &PyProperty_Type ||
         Py_TYPE(value) == &PyStaticMethod_Type || Py_TYPE(value) == &PyClassMethod_Type ||
         Py_TYPE(value) == &PyGetSetDescr_Type || Py_TYPE(value) == &PyMemberDescr_Type;
}

Named reachable_names(const discovery::LiveBenchmark& benchmark, const py::tuple& args) {
  Named named;
  for (std::size_t i = 0; i < args.size(); ++i) {
    named.emplace(fmt::format("args[{}]", i), args[i]);
  }
  if (!benchmark.instance().is_none()) {
    add_instance(named, benchmark.instance());
  }
  add_function(named, benchmark.underlying_function());
  if (const py::object& module = benchmark.module(); !module.is_none()) {
    add_namespace(named, "globals.", module.attr("__dict__"));
  }
  return named;
}

std::map<std::string, StatePart> leaves_of(const Named& named, const pickling::Reducers& reducers) {
  LeafFinder finder(reducers);
  for (const auto& [name, value] : named) {
    finder.add(name, name, value);
  }
  return finder.take();
}

bool is_plain_data(py::handle value) {
  std::size_t left = kMostItems;
  return is_plain(value.ptr(), left);
}

}  // namespace snapshot_test::host::execution
