#include "host/pickling/reducers.hpp"

#include "host/pickling/describe.hpp"

namespace snapshot_test::host::pickling {

namespace py = pybind11;

namespace {

using Result = std::optional<Canonical>;

py::object as_object(PyTypeObject& type) {
  return py::reinterpret_borrow<py::object>(reinterpret_cast<PyObject*>(&type));
}

Reducer by_type(std::string kind) {
  return [kind](py::handle object, const ReducerContext&) -> Result { return describe_by_type(object, kind); };
}

Result sized(py::handle object, const ReducerContext& context) { return describe_sized(object, context); }

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

/// What a weak reference refers to belongs to somebody else: it may be anything, and large.
Result weak_reference(py::handle object, const ReducerContext&) {
  const py::object referent = object();
  return Description{
      "weakref",
      {{"type", py::str(type_name(py::type::handle_of(object))), Content::kDescribedOnly},
       {"referent",
        referent.is_none() ? py::object(py::none()) : py::object(py::str(type_name(py::type::handle_of(referent)))),
        Content::kDescribedOnly}}};
}

}  // namespace

Reducers Reducers::standard() {
  Reducers out;
  out.add(as_object(PyModule_Type), Match::kSubclasses, module);
  out.add(as_object(PyMethod_Type), Match::kExactType, method);
  out.add(as_object(PyCode_Type), Match::kExactType,
          [](py::handle object, const ReducerContext&) -> Result { return describe_code(object); });
  out.add(as_object(PyMemoryView_Type), Match::kExactType,
          [](py::handle object, const ReducerContext&) -> Result { return describe_buffer(object); });
  out.add(as_object(PyDictProxy_Type), Match::kExactType, mapping);
  out.add(as_object(PyDictKeys_Type), Match::kSubclasses, sized);
  out.add(as_object(PyDictValues_Type), Match::kSubclasses, sized);
  out.add(as_object(PyDictItems_Type), Match::kSubclasses, sized);
  out.add("_weakref", "ref", Match::kSubclasses, weak_reference);
  out.add("_weakref", "ProxyType", Match::kExactType, by_type("weakref"));
  out.add("_weakref", "CallableProxyType", Match::kExactType, by_type("weakref"));
  out.add("re", "Match", Match::kExactType,
          [](py::handle object, const ReducerContext&) -> Result { return describe_match(object); });
  out.add("threading", "Thread", Match::kSubclasses, by_type("object"));
  out.add("_socket", "socket", Match::kSubclasses, by_type("object"));
  out.add("numpy", "nditer", Match::kSubclasses, [](py::handle object, const ReducerContext& context) -> Result {
    return describe_drained(object, context, KeepItems::kCopied);
  });
  return out;
}

void Reducers::add(std::string module_name, std::string attribute, Match match, Reducer reducer) {
  entries_.push_back({{}, std::move(module_name), std::move(attribute), match, std::move(reducer)});
}

void Reducers::add(py::object type, Match match, Reducer reducer) {
  entries_.push_back({std::move(type), {}, {}, match, std::move(reducer)});
}

const Reducer* Reducers::find(py::handle type) const {
  for (auto entry = entries_.rbegin(); entry != entries_.rend(); ++entry) {
    const py::object wanted = entry->type ? entry->type : find_loaded(entry->module, entry->attribute);
    if (!wanted || !PyType_Check(wanted.ptr())) {
      continue;
    }
    const bool matches = entry->match == Match::kExactType
                             ? wanted.is(type)
                             : PyType_IsSubtype(reinterpret_cast<PyTypeObject*>(type.ptr()),
                                                reinterpret_cast<PyTypeObject*>(wanted.ptr())) != 0;
    if (matches) {
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

py::object find_loaded(const std::string& module_name, const std::string& attribute) {
  PyObject* found = PyDict_GetItemString(PyImport_GetModuleDict(), module_name.c_str());
  auto at = py::reinterpret_borrow<py::object>(found);
  std::size_t begin = 0;
  while (at && begin <= attribute.size()) {
    const std::size_t end = std::min(attribute.find('.', begin), attribute.size());
    at = py::reinterpret_steal<py::object>(
        PyObject_GetAttrString(at.ptr(), attribute.substr(begin, end - begin).c_str()));
    begin = end + 1;
  }
  PyErr_Clear();
  return at;
}

}  // namespace snapshot_test::host::pickling
