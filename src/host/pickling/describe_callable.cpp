#include "host/pickling/describe_callable.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "host/pickling/construction.hpp"
#include "host/pickling/function_globals.hpp"
#include "host/pickling/type_names.hpp"

namespace snapshot_test::host::pickling {

namespace py = pybind11;

namespace {

std::string dotted_name(py::handle object) {
  std::string name;
  for (const char* part : {"__module__", "__qualname__"}) {
    if (const py::object text = text_of(object, part)) {
      name += (name.empty() ? "" : ".") + text.cast<std::string>();
    }
  }
  return name;
}

/// FNV-1a, 64 bits: tells one function from another; nothing depends on its strength.
class Hash {
 public:
  void add(std::string_view text) {
    for (const char character : text) {
      value_ = (value_ ^ static_cast<unsigned char>(character)) * 0x100000001b3ULL;
    }
    value_ = (value_ ^ 0xff) * 0x100000001b3ULL;  // ends a field
  }
  [[nodiscard]] std::string hex() const { return fmt::format("{:016x}", value_); }

 private:
  std::uint64_t value_ = 0xcbf29ce484222325ULL;
};

std::string text_in_order(py::handle frozen_set) {
  py::list texts;
  for (const py::handle item : py::reinterpret_steal<py::list>(PySequence_List(frozen_set.ptr()))) {
    texts.append(py::repr(item));
  }
  texts.attr("sort")();
  return py::repr(texts).cast<std::string>();
}

/// Until 3.13, a function's first constant is its docstring, or None; nothing else ("<lambda>", "<genexpr>") has one.
bool has_docstring(py::handle code) {
#if PY_VERSION_HEX >= 0x030d0000
  constexpr int kHasDocstring = 0x4000000;  // CO_HAS_DOCSTRING
  return (code.attr("co_flags").cast<int>() & kHasDocstring) != 0;
#else
  return (code.attr("co_flags").cast<int>() & CO_NEWLOCALS) != 0 &&
         !code.attr("co_name").cast<std::string>().starts_with('<');
#endif
}

/// Line numbers, file names and docstrings are left out: they change nothing of what a function does.
void add_code(Hash& hash, py::handle code) {
  hash.add(std::string(py::bytes(code.attr("co_code"))));
  hash.add(py::repr(code.attr("co_names")).cast<std::string>());
  const py::tuple constants = code.attr("co_consts");
  for (std::size_t i = has_docstring(code) ? 1 : 0; i < constants.size(); ++i) {
    const py::object constant = constants[i];
    if (PyCode_Check(constant.ptr())) {
      add_code(hash, constant);
    } else if (PyFrozenSet_CheckExact(constant.ptr())) {
      hash.add(text_in_order(constant));
    } else {
      hash.add(py::repr(constant).cast<std::string>());
    }
  }
  // Which arguments it takes, and how.
  const py::tuple variables = code.attr("co_varnames");
  for (const char* count : {"co_argcount", "co_posonlyargcount", "co_kwonlyargcount"}) {
    hash.add(std::to_string(code.attr(count).cast<int>()));
  }
  constexpr int kMeaning = CO_VARARGS | CO_VARKEYWORDS | CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR;
  hash.add(std::to_string(code.attr("co_flags").cast<int>() & kMeaning));
  const auto arguments =
      static_cast<std::size_t>(code.attr("co_argcount").cast<int>() + code.attr("co_kwonlyargcount").cast<int>());
  for (std::size_t i = 0; i < std::min(arguments, variables.size()); ++i) {
    hash.add(variables[i].cast<std::string>());
  }
}

std::string code_hash(py::handle code) {
  Hash hash;
  add_code(hash, code);
  return hash.hex();
}

/// The variables of the functions around it; one that has no value yet is left out.
py::dict closure_of(py::handle function) {
  py::dict out;
  const py::object cells = py::getattr(function, "__closure__", py::none());
  if (!PyTuple_Check(cells.ptr())) {
    return out;
  }
  const py::tuple names = function.attr("__code__").attr("co_freevars");
  for (std::size_t i = 0; i < names.size(); ++i) {
    PyObject* cell = PyTuple_GET_ITEM(cells.ptr(), static_cast<Py_ssize_t>(i));
    if (PyObject* held = PyCell_Check(cell) ? PyCell_GET(cell) : nullptr) {
      out[py::object(names[i])] = py::reinterpret_borrow<py::object>(held);
    }
  }
  return out;
}

/// Follows attributes of modules only: those of objects run code.
py::object value_of(const py::dict& globals, const std::string& dotted, std::string& name) {
  std::size_t end = std::min(dotted.find('.'), dotted.size());
  name = dotted.substr(0, end);
  auto value = py::reinterpret_borrow<py::object>(PyDict_GetItemString(globals.ptr(), name.c_str()));
  while (value && PyModule_Check(value.ptr()) && end < dotted.size()) {
    const std::size_t begin = end + 1;
    end = std::min(dotted.find('.', begin), dotted.size());
    PyObject* inner = PyDict_GetItemString(PyModule_GetDict(value.ptr()), dotted.substr(begin, end - begin).c_str());
    if (inner == nullptr) {
      break;
    }
    value = py::reinterpret_borrow<py::object>(inner);
    name = dotted.substr(0, end);
  }
  return value;
}

bool has_name(py::handle value) {
  return PyFunction_Check(value.ptr()) || PyCFunction_Check(value.ptr()) || PyType_Check(value.ptr()) ||
         (PyCallable_Check(value.ptr()) != 0 && static_cast<bool>(text_of(value, "__name__")));
}

/// The globals that the function reads. Modules, and what modules of Python itself hold, are known well enough by
/// their names; `by_name` is the first of other functions and classes of which the name is all there will be.
py::dict globals_of(py::handle function, std::string& by_name) {
  py::dict out;
  const py::object globals = py::getattr(function, "__globals__", py::none());
  const py::object module = text_of(function, "__module__");
  if (!PyDict_Check(globals.ptr()) || (module && is_standard_module(module.cast<std::string>()))) {
    return out;
  }
  for (const std::string& dotted : globals_read(function.attr("__code__"))) {
    std::string name;
    const py::object value = value_of(py::reinterpret_borrow<py::dict>(globals), dotted, name);
    if (!value || name.starts_with("__")) {
      continue;
    }
    if (PyModule_Check(value.ptr())) {
      out[py::str(name)] = py::getattr(value, "__name__", py::none());
      continue;
    }
    const py::object home = has_name(value) ? text_of(value, "__module__") : py::object();
    const bool standard = home && is_standard_module(home.cast<std::string>());
    if (by_name.empty() && has_name(value) && !standard && dotted_name(value).find('<') == std::string::npos) {
      by_name = dotted_name(value);
    }
    const std::size_t dot = name.rfind('.');
    const py::object owner = dot == std::string::npos ? py::object()
                                                      : py::reinterpret_borrow<py::object>(PyDict_GetItemString(
                                                            globals.ptr(), name.substr(0, name.find('.')).c_str()));
    const bool in_standard =
        owner && PyModule_Check(owner.ptr()) && is_standard_module(py::str(owner.attr("__name__")).cast<std::string>());
    out[py::str(name)] = in_standard ? py::object(py::str(name)) : value;
  }
  return out;
}

/// What every class has, or what is kept there for speed.
bool is_bookkeeping(std::string_view name) {
  constexpr std::array<std::string_view, 16> kNames = {"__module__",
                                                       "__dict__",
                                                       "__weakref__",
                                                       "__doc__",
                                                       "__qualname__",
                                                       "__firstlineno__",
                                                       "__static_attributes__",
                                                       "_abc_impl",
                                                       "__abstractmethods__",
                                                       "__annotations__",
                                                       "__annotate__",
                                                       "__annotate_func__",
                                                       "__annotations_cache__",
                                                       "__parameters__",
                                                       "__slotnames__",  // copyreg's, once an instance was pickled
                                                       "__orig_bases__"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

py::dict class_attributes(py::handle type) {
  py::dict out;
  for (const auto& [key, value] : py::dict(type.attr("__dict__"))) {
    const bool slot = Py_TYPE(value.ptr()) == &PyMemberDescr_Type || Py_TYPE(value.ptr()) == &PyGetSetDescr_Type;
    if (!slot && py::isinstance<py::str>(key) && !is_bookkeeping(key.cast<std::string>())) {
      out[key] = value;
    }
  }
  return out;
}

bool is_plain_metaclass(PyTypeObject* metaclass) {
  const std::string name = type_name(reinterpret_cast<PyObject*>(metaclass));
  return metaclass == &PyType_Type || name == "abc.ABCMeta" || name == "enum.EnumMeta" || name == "enum.EnumType";
}

Reducer::result_type property(py::handle object, const ReducerContext&) {
  Description out{"property", {}};
  for (const char* part : {"fget", "fset", "fdel"}) {
    if (py::object function = object.attr(part); !function.is_none()) {
      out.fields.push_back({part, std::move(function)});
    }
  }
  return out;
}

Reducer::result_type wrapped_method(py::handle object, const ReducerContext&) {
  return Description{"method",
                     {{"type", py::str(type_name(py::type::handle_of(object))), Content::kDescribedOnly},
                      {"function", object.attr("__func__")}}};
}

/// What functools.lru_cache has made is the function, not what it remembers.
Reducer::result_type cached_function(py::handle object, const ReducerContext&) {
  const py::object module = text_of(object, "__module__");
  const py::object name = text_of(object, "__qualname__");
  if (module && name && find_loaded(module.cast<std::string>(), name.cast<std::string>()).is(object)) {
    return std::nullopt;
  }
  return Description{
      "function",
      {{"name", py::str(dotted_name(object)), Content::kDescribedOnly}, {"wrapped", object.attr("__wrapped__")}}};
}

/// Without the ufunc that it has made of its function, if it was called.
Reducer::result_type vectorized(py::handle object, const ReducerContext&) {
  py::dict state = py::dict(object.attr("__dict__")).attr("copy")();
  state.attr("pop")("_ufunc", py::none());
  return Reduction{py::module_::import("copyreg").attr("__newobj__"),
                   py::make_tuple(py::type::of(object)),
                   std::move(state),
                   {},
                   {},
                   {}};
}

/// An empty __dict__ comes into being when somebody asks for it; until then its place in the state is None.
Reducer::result_type partial(py::handle object, const ReducerContext&) {
  auto reduction = parse_reduction(object.attr("__reduce__")());
  if (!reduction || !reduction->state || !PyTuple_Check(reduction->state.ptr())) {
    return std::nullopt;
  }
  py::list state(reduction->state);
  const py::object last = state.empty() ? py::object(py::none()) : py::object(state[state.size() - 1]);
  if (PyDict_Check(last.ptr()) && PyDict_GET_SIZE(last.ptr()) == 0) {
    state[state.size() - 1] = py::none();
    reduction->state = py::tuple(state);
  }
  return std::move(*reduction);
}

}  // namespace

Description describe_function(py::handle function) {
  Description out{"function", {{"name", py::str(dotted_name(function)), Content::kDescribedOnly}}};
  const py::object code = py::getattr(function, "__code__", py::none());
  if (!PyCode_Check(code.ptr())) {
    out.partly = fmt::format("{} is known by its name only", dotted_name(function));
    return out;
  }
  out.fields.push_back({"code", py::str(code_hash(code))});
  const auto add = [&out](const char* name, py::object value) {
    const bool has_length = PyTuple_Check(value.ptr()) || PyDict_Check(value.ptr());
    if (has_length && py::len(value) != 0) {
      out.fields.push_back({name, std::move(value)});
    }
  };
  add("defaults", py::getattr(function, "__defaults__", py::none()));
  add("keywords", py::getattr(function, "__kwdefaults__", py::none()));
  add("closure", closure_of(function));
  std::string by_name;
  add("globals", globals_of(function, by_name));
  add("attributes", py::dict(py::getattr(function, "__dict__", py::dict())));
  if (!by_name.empty()) {
    out.partly = fmt::format("{} refers to {}, which is known by its name only", dotted_name(function), by_name);
  }
  return out;
}

Description describe_code(py::handle code) {
  return {"code", {{"name", code.attr("co_name"), Content::kDescribedOnly}, {"code", py::str(code_hash(code))}}};
}

Description describe_class(py::handle type) {
  Description out{"class", {{"name", py::str(type_name(type)), Content::kDescribedOnly}}};
  if (!is_plain_metaclass(Py_TYPE(type.ptr()))) {
    out.partly = fmt::format("{} is known by its name only", type_name(type));
    return out;
  }
  out.fields.push_back({"bases", type.attr("__bases__"), Content::kDescribedOnly});
  if (py::dict attributes = class_attributes(type); !attributes.empty()) {
    out.fields.push_back({"attributes", std::move(attributes)});
  }
  return out;
}

void add_callables(Reducers& reducers) {
  const auto type = [](PyTypeObject& object) {
    return py::reinterpret_borrow<py::object>(reinterpret_cast<PyObject*>(&object));
  };
  reducers.add(type(PyCode_Type), Match::kExactType,
               [](py::handle object, const ReducerContext&) -> Reducer::result_type { return describe_code(object); });
  reducers.add(type(PyProperty_Type), Match::kSubclasses, property);
  reducers.add(type(PyStaticMethod_Type), Match::kExactType, wrapped_method);
  reducers.add(type(PyClassMethod_Type), Match::kExactType, wrapped_method);
  reducers.add("functools", "partial", Match::kExactType, partial);
  reducers.add("functools", "_lru_cache_wrapper", Match::kExactType, cached_function);
  reducers.add("numpy", "vectorize", Match::kExactType, vectorized);
}

}  // namespace snapshot_test::host::pickling
