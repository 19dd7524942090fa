#include "host/pickling/standard_reducers.hpp"

#include <span>
#include <string>
#include <utility>

#include "host/pickling/array_view.hpp"
#include "host/pickling/describe.hpp"
#include "host/pickling/describe_callable.hpp"
#include "host/pickling/folder_text.hpp"
#include "host/pickling/libraries.hpp"
#include "host/pickling/type_names.hpp"

namespace snapshot_test::host::pickling {

namespace py = pybind11;

namespace {

py::object as_object(PyTypeObject& type) {
  return py::reinterpret_borrow<py::object>(reinterpret_cast<PyObject*>(&type));
}

Reducer by_type(const std::string& kind) {
  return [kind](py::handle object, const ReducerContext&) -> Reducer::result_type {
    return describe_by_type(object, kind);
  };
}

Reducer::result_type view(py::handle object, const ReducerContext&) { return describe_view(object); }

Reducer::result_type module(py::handle object, const ReducerContext&) { return describe_by_type(object, "module"); }

Reducer::result_type mapping(py::handle object, const ReducerContext&) {
  py::dict items;
  items.attr("update")(object);
  return Description{"mapping",
                     {{"type", py::str(type_name(py::type::handle_of(object))), Content::kDescribedOnly},
                      {"items", std::move(items)}}};
}

/// Methods are written as getattr(self, name), which must lead back to them.
Reducer::result_type method(py::handle object, const ReducerContext&) {
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
Reducer::result_type path(py::handle object, const ReducerContext&) {
  const py::object text = py::str(object);
  const py::object named = with_folder_names(text);
  if (named.is(text)) {
    return std::nullopt;
  }
  return Reduction{py::type::of(object), py::make_tuple(named), {}, {}, {}, {}};
}

/// What a weak reference refers to belongs to somebody else: it may be anything, and large.
Reducer::result_type weak_reference(py::handle object, const ReducerContext&) {
  const py::object referent = object();
  const std::string known = type_name(py::type::handle_of(referent));
  return Description{
      "weakref",
      {{"type", py::str(type_name(py::type::handle_of(object))), Content::kDescribedOnly},
       {"referent", referent.is_none() ? py::object(py::none()) : py::object(py::str(known)), Content::kDescribedOnly}},
      referent.is_none() ? "" : "a weak reference's " + known + " is known by its type only"};
}

/// As numpy's own reduction, but for the bytes that are no part of the number.
Reducer::result_type long_double(py::handle object, const ReducerContext&) {
  const py::tuple reduced = object.attr("__reduce__")();
  const py::tuple args = reduced[1];
  if (reduced.size() != 2 || args.size() != 2 || !py::isinstance<py::bytes>(args[1])) {
    return std::nullopt;
  }
  auto bytes = args[1].cast<std::string>();
  clear_padding(std::as_writable_bytes(std::span(bytes)));
  return Reduction{reduced[0], py::make_tuple(args[0], py::bytes(bytes)), {}, {}, {}, {}};
}

}  // namespace

Reducers standard_reducers() {
  Reducers out;
  out.add(as_object(PyModule_Type), Match::kSubclasses, module);
  out.add(as_object(PyMethod_Type), Match::kExactType, method);
  out.add(as_object(PyMemoryView_Type), Match::kExactType,
          [](py::handle object, const ReducerContext&) -> Reducer::result_type { return describe_buffer(object); });
  out.add(as_object(PyDictProxy_Type), Match::kExactType, mapping);
  out.add(as_object(PyDictKeys_Type), Match::kSubclasses, view);
  out.add(as_object(PyDictValues_Type), Match::kSubclasses, view);
  out.add(as_object(PyDictItems_Type), Match::kSubclasses, view);
  out.add("_weakref", "ref", Match::kSubclasses, weak_reference);
  out.add("_weakref", "ProxyType", Match::kExactType, by_type("weakref"));
  out.add("_weakref", "CallableProxyType", Match::kExactType, by_type("weakref"));
  out.add("re", "Match", Match::kExactType,
          [](py::handle object, const ReducerContext&) -> Reducer::result_type { return describe_match(object); });
  out.add("pathlib", "PurePath", Match::kSubclasses, path);
  out.add("threading", "Thread", Match::kSubclasses, by_type("object"));
  out.add("_socket", "socket", Match::kSubclasses, by_type("object"));
  out.add("numpy", "longdouble", Match::kExactType, long_double);
  out.add("numpy", "clongdouble", Match::kExactType, long_double);
  out.add("numpy", "nditer", Match::kSubclasses,
          [](py::handle object, const ReducerContext& context) -> Reducer::result_type {
            return describe_drained(object, context, KeepItems::kCopied);
          });
  add_callables(out);
  add_libraries(out);
  return out;
}

}  // namespace snapshot_test::host::pickling
