#include "host/pickling/inherited_state.hpp"
#include "host/pickling/type_names.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <iterator>
#include <string>
#include <utility>

namespace snapshot_test::host::pickling {

namespace py = pybind11;

namespace {

/// Types that keep something in __dict__ themselves, and what. A Counter has one and keeps nothing there.
struct Keeper {
  const char* type;
  std::initializer_list<const char*> names;
  bool forgets;  ///< its __reduce__ leaves out the rest of __dict__
};
const std::array<Keeper, 4> kKeepers = {{
    {"numpy.ma.core.MaskedArray",
     {"_mask", "_fill_value", "_hardmask", "_sharedmask", "_isfield", "_baseclass", "_optinfo", "_basedict"},
     true},
    {"numpy.memmap", {"_mmap", "filename", "offset", "mode"}, false},
    {"collections.Counter", {}, true},
    {"random.Random", {"gauss_next"}, true},
}};

const Keeper* keeper_named(py::handle type) {
  const std::string name = type_name(type);
  const auto* const found =
      std::find_if(kKeepers.begin(), kKeepers.end(), [&](const Keeper& each) { return name == each.type; });
  return found == kKeepers.end() ? nullptr : found;
}

void add_own_names(py::handle type, std::vector<py::object>& out) {
  if (const Keeper* keeper = keeper_named(type)) {
    std::transform(keeper->names.begin(), keeper->names.end(), std::back_inserter(out),
                   [](const char* name) { return py::str(name); });
  }
}

bool defines(py::handle type, const char* name) {
  PyObject* own = reinterpret_cast<PyTypeObject*>(type.ptr())->tp_dict;
  return own != nullptr && PyDict_GetItemString(own, name) != nullptr;
}

/// The names in a class's __slots__, as attributes are called: private ones are mangled.
void add_slots(py::handle type, std::vector<py::object>& out) {
  PyObject* own = reinterpret_cast<PyTypeObject*>(type.ptr())->tp_dict;
  PyObject* declared = own == nullptr ? nullptr : PyDict_GetItemString(own, "__slots__");
  if (declared == nullptr) {
    return;
  }
  const py::list names = PyUnicode_Check(declared) != 0
                             ? py::list(py::make_tuple(py::reinterpret_borrow<py::object>(declared)))
                             : py::list(py::reinterpret_borrow<py::object>(declared));
  for (const py::handle each : names) {
    auto name = py::str(each).cast<std::string>();
    if (name == "__dict__" || name == "__weakref__") {
      continue;
    }
    if (name.starts_with("__") && !name.ends_with("__")) {
      const auto of_class = py::str(type.attr("__name__")).cast<std::string>();
      name = "_" + of_class.substr(std::min(of_class.find_first_not_of('_'), of_class.size())) + name;
    }
    out.push_back(py::str(name));
  }
}

std::string package_of(py::handle type) {
  const std::string name = type_name(type);
  return name.substr(0, name.find('.'));
}

void set_if_there(py::dict& out, py::handle object, const py::object& name) {
  const auto value = py::reinterpret_steal<py::object>(PyObject_GetAttr(object.ptr(), name.ptr()));
  if (value) {
    out[name] = value;
  } else {
    PyErr_Clear();
  }
}

void forget(py::dict& from, py::handle name) {
  if (PyDict_DelItem(from.ptr(), name.ptr()) != 0) {
    PyErr_Clear();  // it was not there
  }
}

/// What a state says, as object.__reduce_ex__ makes it: attributes, or a pair of attributes and slots.
void forget_those_in(const py::object& state, py::dict& from) {
  const auto drop = [&](py::handle part) {
    if (PyDict_Check(part.ptr()) != 0) {
      for (const auto& [name, value] : py::reinterpret_borrow<py::dict>(part)) {
        forget(from, name);
      }
    }
  };
  if (state && PyTuple_Check(state.ptr()) && PyTuple_GET_SIZE(state.ptr()) == 2) {
    drop(PyTuple_GET_ITEM(state.ptr(), 0));
    drop(PyTuple_GET_ITEM(state.ptr(), 1));
  } else if (state) {
    drop(state);
  }
}

py::dict attributes_of(py::handle object, const std::vector<py::object>& without) {
  py::dict out;
  const py::object own = py::getattr(object, "__dict__", py::none());
  if (PyDict_Check(own.ptr()) != 0) {
    out.attr("update")(own);
  }
  for (const py::object& name : without) {
    forget(out, name);
  }
  return out;
}

/// What an exception was raised from is said by whoever raised it. Its context and traceback say how it got here.
void add_cause(py::dict& attributes, py::handle exception) {
  const auto cause = py::reinterpret_steal<py::object>(PyException_GetCause(exception.ptr()));
  if (cause) {
    attributes["__cause__"] = cause;
  }
}

/// numpy writes its own scalar for one of a class derived from it. Records name their class in their dtype.
void name_class_of_scalar(py::handle scalar, Reduction& reduction) {
  const py::object base = scalar.attr("dtype").attr("type");
  const py::handle own(reinterpret_cast<PyObject*>(Py_TYPE(scalar.ptr())));
  if (!base.is(own) && PyObject_HasAttrString(scalar.ptr(), "__setitem__") == 0) {
    reduction.callable = py::module_::import("copyreg").attr("__newobj__");
    reduction.args = py::make_tuple(own, base(scalar));
  }
}

}  // namespace

const InheritedState::Kind& InheritedState::kind_of(PyTypeObject* type) {
  if (const auto known = kinds_.find(type); known != kinds_.end()) {
    return known->second;
  }
  return kinds_.emplace(type, find_kind(py::reinterpret_borrow<py::object>(reinterpret_cast<PyObject*>(type))))
      .first->second;
}

InheritedState::Kind InheritedState::find_kind(py::object type) {
  Kind out;
  auto* const asked = reinterpret_cast<PyTypeObject*>(type.ptr());
  out.type = std::move(type);
  out.exception = PyType_IsSubtype(asked, reinterpret_cast<PyTypeObject*>(PyExc_BaseException)) != 0;
  if ((asked->tp_flags & Py_TPFLAGS_HEAPTYPE) == 0 && !out.exception) {
    return out;  // a type written in C knows all of itself
  }
  std::vector<py::handle> before;
  for (const py::handle each : py::reinterpret_borrow<py::tuple>(asked->tp_mro)) {
    if (defines(each, "__reduce_ex__") || defines(each, "__reduce__")) {
      add_owner(out, each, before);
      break;
    }
    before.push_back(each);
  }
  return out;
}

/// `owner` is the class whose __reduce__ counts, `before` are those that inherit it.
void InheritedState::add_owner(Kind& kind, py::handle owner, const std::vector<py::handle>& before) {
  if (owner.ptr() == reinterpret_cast<PyObject*>(&PyBaseObject_Type)) {
    kind.exception = false;
    return;  // object's leaves nothing out
  }
  // A package knows what its own classes hold.
  for (const py::handle each : before) {
    add_own_names(each, kind.not_added);
    if (package_of(each) != package_of(owner)) {
      add_slots(each, kind.slots);
    }
  }
  const Keeper* keeper = keeper_named(owner);
  add_own_names(owner, kind.not_added);
  kind.attributes =
      package_of(kind.type) != package_of(owner) &&
      (reinterpret_cast<PyTypeObject*>(owner.ptr())->tp_dictoffset == 0 || (keeper != nullptr && keeper->forgets));
  kind.scalar = type_name(owner) == "numpy.generic";
  kind.sets_state = PyObject_HasAttrString(kind.type.ptr(), "__setstate__") != 0;
  kind.sets_attributes =
      kind.exception && kind.type.attr("__setstate__").is(py::handle(PyExc_BaseException).attr("__setstate__"));
}

py::object InheritedState::complete(py::handle object, Reduction& reduction) {
  const Kind& kind = kind_of(Py_TYPE(object.ptr()));
  if (!kind.adds()) {
    return {};
  }
  if (kind.scalar) {
    name_class_of_scalar(object, reduction);
  }
  py::dict attributes = kind.attributes ? attributes_of(object, kind.not_added) : py::dict();
  if (kind.exception) {
    add_cause(attributes, object);
  }
  py::dict slots;
  for (const py::object& name : kind.slots) {
    set_if_there(slots, object, name);
  }
  forget_those_in(reduction.state, attributes);
  forget_those_in(reduction.state, slots);
  if (attributes.empty() && slots.empty()) {
    return {};
  }
  if (!reduction.state && !kind.sets_state) {
    const py::object named = attributes.empty() ? py::object(py::none()) : py::object(attributes);
    reduction.state = slots.empty() ? named : py::object(py::make_tuple(named, slots));
    return {};
  }
  attributes.attr("update")(slots);
  if (kind.sets_attributes && (!reduction.state || PyDict_CheckExact(reduction.state.ptr()))) {
    py::dict state;
    if (reduction.state) {
      state.attr("update")(reduction.state);
    }
    state.attr("update")(attributes);
    reduction.state = std::move(state);
    return {};
  }
  return attributes;
}

}  // namespace snapshot_test::host::pickling
