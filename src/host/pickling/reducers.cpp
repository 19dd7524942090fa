#include "host/pickling/reducers.hpp"

#include <algorithm>

#include "host/pickling/describe.hpp"
#include "host/pickling/describe_callable.hpp"
#include "host/pickling/folder_text.hpp"
#include "host/pickling/libraries.hpp"
#include "host/pickling/python_error.hpp"

namespace snapshot_test::host::pickling {

namespace py = pybind11;

namespace {

using Result = std::optional<Canonical>;

py::object as_object(PyTypeObject& type) {
  return py::reinterpret_borrow<py::object>(reinterpret_cast<PyObject*>(&type));
}

Reducer by_type(const std::string& kind) {
  return [kind](py::handle object, const ReducerContext&) -> Result { return describe_by_type(object, kind); };
}

Result view(py::handle object, const ReducerContext&) { return describe_view(object); }

Result module(py::handle object, const ReducerContext&) { return describe_by_type(object, "module"); }

Result mapping(py::handle object, const ReducerContext&) {
  py::dict items;
  items.attr("update")(object);
  return Description{"mapping",
                     {{"type", py::str(type_name(py::type::handle_of(object))), Content::kDescribedOnly},
                      {"items", std::move(items)}}};
}

/// Methods are written as getattr(self, name), which must lead back to them.
Result method(py::handle object, const ReducerContext&) {
  const py::object function = object.attr("__func__");
  const py::object self = object.attr("__self__");
  const py::object name = py::getattr(function, "__name__", py::none());
  if (py::isinstance<py::str>(name) && py::getattr(self, name, py::none()).equal(object)) {
    return std::nullopt;
  }
  Description out = describe_function(function);
  out.kind = "method";
  out.fields.push_back({"self", self});
  return out;
}

/// A path's own reduction takes it apart. Only one that is somewhere else in every run is written as a whole.
Result path(py::handle object, const ReducerContext&) {
  const py::object text = py::str(object);
  const py::object named = with_folder_names(text);
  if (named.is(text)) {
    return std::nullopt;
  }
  return Reduction{py::type::of(object), py::make_tuple(named), {}, {}, {}, {}};
}

/// What a weak reference refers to belongs to somebody else: it may be anything, and large.
Result weak_reference(py::handle object, const ReducerContext&) {
  const py::object referent = object();
  const std::string known = type_name(py::type::handle_of(referent));
  return Description{
      "weakref",
      {{"type", py::str(type_name(py::type::handle_of(object))), Content::kDescribedOnly},
       {"referent", referent.is_none() ? py::object(py::none()) : py::object(py::str(known)), Content::kDescribedOnly}},
      referent.is_none() ? "" : "a weak reference's " + known + " is known by its type only"};
}

}  // namespace

Reducers Reducers::standard() {
  Reducers out;
  out.add(as_object(PyModule_Type), Match::kSubclasses, module);
  out.add(as_object(PyMethod_Type), Match::kExactType, method);
  out.add(as_object(PyMemoryView_Type), Match::kExactType,
          [](py::handle object, const ReducerContext&) -> Result { return describe_buffer(object); });
  out.add(as_object(PyDictProxy_Type), Match::kExactType, mapping);
  out.add(as_object(PyDictKeys_Type), Match::kSubclasses, view);
  out.add(as_object(PyDictValues_Type), Match::kSubclasses, view);
  out.add(as_object(PyDictItems_Type), Match::kSubclasses, view);
  out.add("_weakref", "ref", Match::kSubclasses, weak_reference);
  out.add("_weakref", "ProxyType", Match::kExactType, by_type("weakref"));
  out.add("_weakref", "CallableProxyType", Match::kExactType, by_type("weakref"));
  out.add("re", "Match", Match::kExactType,
          [](py::handle object, const ReducerContext&) -> Result { return describe_match(object); });
  out.add("pathlib", "PurePath", Match::kSubclasses, path);
  out.add("threading", "Thread", Match::kSubclasses, by_type("object"));
  out.add("_socket", "socket", Match::kSubclasses, by_type("object"));
  out.add("numpy", "nditer", Match::kSubclasses, [](py::handle object, const ReducerContext& context) -> Result {
    return describe_drained(object, context, KeepItems::kCopied);
  });
  add_callables(out);
  add_libraries(out);
  return out;
}

void Reducers::add(std::string module_name, std::string attribute, Match match, Reducer reducer) {
  append({{}, std::move(module_name), std::move(attribute), match, std::move(reducer)});
}

void Reducers::add(std::string name, Match match, Reducer reducer) {
  append({{}, {}, std::move(name), match, std::move(reducer)});
}

void Reducers::add(py::object type, Match match, Reducer reducer) {
  append({std::move(type), {}, {}, match, std::move(reducer)});
}

void Reducers::append(Entry entry) {
  entries_.push_back(std::move(entry));
  found_.clear();
}

void Reducers::add_library(std::string package, Loader loader) {
  libraries_.push_back({std::move(package), std::move(loader)});
  found_.clear();
}

const Reducer* Reducers::find(py::handle type) const {
  const Py_ssize_t modules = PyDict_GET_SIZE(PyImport_GetModuleDict());
  if (const auto known = found_.find(type.ptr());
      known != found_.end() && (known->second.reducer != nullptr || known->second.modules == modules)) {
    return known->second.reducer;
  }
  load_libraries_of(type);
  const Reducer* reducer = search(type);
  found_[type.ptr()] = {py::reinterpret_borrow<py::object>(type), reducer, modules};
  return reducer;
}

void Reducers::load_libraries_of(py::handle type) const {
  const py::handle classes(reinterpret_cast<PyTypeObject*>(type.ptr())->tp_mro);
  if (!classes) {
    return;
  }
  for (const py::handle each : py::reinterpret_borrow<py::tuple>(classes)) {
    const std::string name = type_name(each);
    const std::string_view package = std::string_view(name).substr(0, name.find('.'));
    const auto library = std::find_if(libraries_.begin(), libraries_.end(), [&](const Library& candidate) {
      return !candidate.loaded && candidate.package == package;
    });
    if (library == libraries_.end()) {
      continue;
    }
    library->loaded = true;
    Reducers added;
    try {
      library->loader(added);
    } catch (const py::error_already_set& error) {
      if (is_fatal(error)) {
        throw;
      }
      problems_.push_back("the canonical forms of " + library->package + " could not be loaded: " + one_line(error));
    }
    std::move(added.entries_.begin(), added.entries_.end(), std::back_inserter(library_entries_));
    // Loading runs Python: another thread may have found nothing in the meantime.
    found_.clear();
  }
}

const Reducer* Reducers::search(py::handle type) const {
  auto* const asked = reinterpret_cast<PyTypeObject*>(type.ptr());
  std::vector<std::string> names;  // of the type and its bases, made when first needed
  const auto is_named = [&](const Entry& entry) {
    if (names.empty()) {
      for (const py::handle each : py::reinterpret_borrow<py::tuple>(asked->tp_mro)) {
        names.push_back(type_name(each));
      }
    }
    const auto end = entry.match == Match::kExactType ? names.begin() + 1 : names.end();
    return std::find(names.begin(), end, entry.attribute) != end;
  };
  const auto matches = [&](const Entry& entry) {
    py::object wanted = entry.type;
    if (!wanted) {
      if (entry.module.empty() && is_named(entry)) {
        return true;
      }
      wanted = entry.module.empty() ? find_loaded(entry.attribute) : find_loaded(entry.module, entry.attribute);
    }
    if (!wanted || !PyType_Check(wanted.ptr())) {
      return false;
    }
    return entry.match == Match::kExactType
               ? wanted.is(type)
               : PyType_IsSubtype(asked, reinterpret_cast<PyTypeObject*>(wanted.ptr())) != 0;
  };
  for (const std::deque<Entry>* entries : {&entries_, &std::as_const(library_entries_)}) {
    const auto entry = std::find_if(entries->rbegin(), entries->rend(), matches);
    if (entry != entries->rend()) {
      return &entry->reducer;
    }
  }
  return nullptr;
}

std::string type_name(py::handle type) {
  const auto text = [&](const char* name) -> std::string {
    const auto value = py::reinterpret_steal<py::object>(PyObject_GetAttrString(type.ptr(), name));
    const char* utf8 = value && PyUnicode_Check(value.ptr()) ? PyUnicode_AsUTF8(value.ptr()) : nullptr;
    PyErr_Clear();
    return utf8 == nullptr ? std::string() : std::string(utf8);
  };
  const std::string module_name = text("__module__");
  std::string qualname = text("__qualname__");
  if (qualname.empty()) {
    qualname = reinterpret_cast<PyTypeObject*>(type.ptr())->tp_name;
  }
  return module_name.empty() ? qualname : module_name + "." + qualname;
}

bool is_instance(py::handle object, const char* module, const char* attribute) {
  const py::object type = find_loaded(module, attribute);
  return type && PyType_Check(type.ptr()) &&
         PyType_IsSubtype(Py_TYPE(object.ptr()), reinterpret_cast<PyTypeObject*>(type.ptr())) != 0;
}

py::object find_loaded(const std::string& module_name, const std::string& attribute) {
  auto at = py::reinterpret_borrow<py::object>(PyDict_GetItemString(PyImport_GetModuleDict(), module_name.c_str()));
  std::size_t begin = 0;
  while (at && begin <= attribute.size()) {
    const std::size_t end = std::min(attribute.find('.', begin), attribute.size());
    const std::string name = attribute.substr(begin, end - begin);
    at = PyModule_Check(at.ptr())
             ? py::reinterpret_borrow<py::object>(PyDict_GetItemString(PyModule_GetDict(at.ptr()), name.c_str()))
             : py::reinterpret_steal<py::object>(PyObject_GetAttrString(at.ptr(), name.c_str()));
    begin = end + 1;
  }
  PyErr_Clear();
  return at;
}

py::object find_loaded(const std::string& name) {
  for (std::size_t dot = name.rfind('.'); dot != std::string::npos && dot != 0; dot = name.rfind('.', dot - 1)) {
    if (py::object found = find_loaded(name.substr(0, dot), name.substr(dot + 1))) {
      return found;
    }
  }
  return {};
}

}  // namespace snapshot_test::host::pickling
