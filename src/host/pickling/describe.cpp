#include "host/pickling/describe.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <utility>

#include "host/pickling/class_layout.hpp"
#include "host/pickling/python_error.hpp"
#include "host/pickling/type_names.hpp"
#include "snapshot_test/util/form_key.hpp"

namespace snapshot_test::host::pickling {

namespace py = pybind11;

Description::Field type_field(py::handle object) {
  return {"type", py::str(type_name(py::type::handle_of(object))), Content::kDescribedOnly};
}

void add_drained(Description& out, const Drained& drained, const ReducerContext& context) {
  out.fields.push_back({"items", drained.items});
  const std::size_t kept = drained.items.size();
  if (!drained.rest.sha256.empty()) {
    py::dict rest;
    rest[util::kFormKey] = "digest";
    rest["type"] = "items";
    rest["sha256"] = drained.rest.sha256;
    rest["count"] = drained.rest.count;
    if (drained.rest.floats) {
      rest["sum"] = drained.rest.sum;
      rest["abs"] = drained.rest.absolute_sum;
    }
    out.fields.push_back({"rest", std::move(rest)});
    context.note(fmt::format("only the first {} items are kept, of {} more a digest", kept, drained.rest.count));
  }
  if (drained.more) {
    out.fields.push_back({"more", py::bool_(true)});
    context.note(fmt::format("it has more items: {}", drained.partly));
  }
  out.partly = drained.partly;
  if (!drained.raised.empty()) {
    out.fields.push_back({"raised", py::str(drained.raised)});
    const std::string what =
        fmt::format("iterating raised {} after {} items", drained.raised, kept + drained.rest.count);
    out.partly += (out.partly.empty() ? "" : ", ") + what;
    context.note(what);
  }
}

namespace {

/// Of an array that an object which is none would be turned into.
constexpr double kMostArrayBytes = 1 << 30;

/// The value of the built-in type that the object derives from, without what the subclass makes of it; null if none.
py::object builtin_value(py::handle object) {
  PyObject* self = object.ptr();
  const std::array<std::pair<bool, PyTypeObject*>, 7> kinds = {{{PyDict_Check(self) != 0, &PyDict_Type},
                                                                {PyList_Check(self) != 0, &PyList_Type},
                                                                {PyTuple_Check(self) != 0, &PyTuple_Type},
                                                                {PyFrozenSet_Check(self) != 0, &PyFrozenSet_Type},
                                                                {PyAnySet_Check(self) != 0, &PySet_Type},
                                                                {PyLong_Check(self) != 0, &PyLong_Type},
                                                                {PyFloat_Check(self) != 0, &PyFloat_Type}}};
  if (PyDict_Check(self)) {
    return py::reinterpret_steal<py::object>(PyDict_Copy(self));
  }
  if (PyUnicode_Check(self)) {
    return py::reinterpret_steal<py::object>(PyUnicode_Substring(self, 0, PyUnicode_GetLength(self)));
  }
  if (PyBytes_Check(self)) {
    return py::bytes(PyBytes_AS_STRING(self), static_cast<std::size_t>(PyBytes_GET_SIZE(self)));
  }
  if (PyLong_Check(self)) {
    return py::handle(reinterpret_cast<PyObject*>(&PyLong_Type)).attr("__int__")(object);
  }
  if (PyFloat_Check(self)) {
    return py::float_(PyFloat_AS_DOUBLE(self));
  }
  for (const auto& [is, type] : kinds) {
    if (is) {
      // type.__iter__(object): the built-in's own iteration, not the subclass's.
      const py::handle base(reinterpret_cast<PyObject*>(type));
      return base(base.attr("__iter__")(object));
    }
  }
  // A masked array's mask is part of its value, and is no attribute.
  for (const char* name : {"ma.MaskedArray", "ndarray"}) {
    const py::object array = find_loaded("numpy", name);
    if (array && PyType_Check(array.ptr()) && PyObject_TypeCheck(self, reinterpret_cast<PyTypeObject*>(array.ptr()))) {
      return find_loaded("numpy", "ndarray.view")(object, array);
    }
  }
  return {};
}

bool has(py::handle object, const char* attribute) {
  return PyObject_HasAttrString(reinterpret_cast<PyObject*>(Py_TYPE(object.ptr())), attribute) != 0;
}

/// What it gives as a numpy array; null where it does not, or where that is too large to be made.
py::object exported_array(py::handle object, Description& out) {
  const py::object ndarray = find_loaded("numpy", "ndarray");
  if (!ndarray || !has(object, "__array__")) {
    return {};
  }
  const py::object shape = py::getattr(object, "shape", py::none());
  const py::object itemsize = py::getattr(py::getattr(object, "dtype", py::none()), "itemsize", py::none());
  double bytes = 0;
  if (PyTuple_Check(shape.ptr()) && PyLong_Check(itemsize.ptr())) {
    bytes = itemsize.cast<double>();
    for (const py::handle extent : shape) {
      bytes *= PyLong_Check(extent.ptr()) ? extent.cast<double>() : 1;
    }
  }
  if (bytes > kMostArrayBytes) {
    out.partly = fmt::format("{} would be an array of {:.3g} bytes, which was not made",
                             type_name(py::type::handle_of(object)), bytes);
    return {};
  }
  py::object array = object.attr("__array__")();
  return py::isinstance(array, ndarray) ? array : py::object();
}

py::list entries_of(py::handle mapping, const ReducerContext& context, Description& out) {
  py::list entries;
  for (const py::handle key : py::object(mapping.attr("keys")())) {
    if (entries.size() == context.limits.max_items) {
      out.partly = fmt::format("only its first {} entries were looked at", entries.size());
      break;
    }
    entries.append(py::make_tuple(key, py::object(mapping[key])));
  }
  return entries;
}

/// What the object holds besides its attributes, if it says so in one of the ways of the language.
void add_content(Description& out, py::handle object, const ReducerContext& context) {
  if (py::object value = builtin_value(object)) {
    out.fields.push_back({"value", std::move(value)});
  } else if (py::object array = exported_array(object, out)) {
    out.fields.push_back({"value", std::move(array)});
  } else if (PyObject_CheckBuffer(object.ptr()) != 0) {
    out = describe_buffer(object);
  } else if (PyCallable_Check(object.ptr()) != 0 || !has(object, "__len__") || !out.partly.empty()) {
    return;
  } else if (has(object, "keys") && has(object, "__getitem__")) {
    out.fields.push_back({"entries", entries_of(object, context, out)});
  } else if (has(object, "__iter__") || has(object, "__getitem__")) {
    out.kind = "items";
    add_drained(out, context.drained.drain_own(py::iter(object), context.limits, context.reducers), context);
  }
}

}  // namespace

Description describe_by_type(py::handle object, std::string kind) {
  Description out{std::move(kind), {type_field(object)}, {}};
  const std::string type = type_name(py::type::handle_of(object));
  out.partly = fmt::format("{} is known by its type only", type);
  if (py::object name = text_of(object, "__name__")) {
    out.partly = fmt::format("{} {} is known by its name only", type, name.cast<std::string>());
    out.fields.push_back({"name", std::move(name), Content::kDescribedOnly});
  }
  return out;
}

Description describe_drained(py::handle iterator, const ReducerContext& context, KeepItems keep) {
  Description out{"iterator", {type_field(iterator)}, {}};
  add_drained(out, context.drained.drain(iterator, context.limits, context.reducers, keep), context);
  return out;
}

py::dict attributes_of(py::handle object) {
  py::dict out;
  const py::object own = py::getattr(object, "__dict__", py::none());
  if (PyDict_Check(own.ptr())) {
    out.attr("update")(own);
  }
  const py::object slot_names = find_loaded("copyreg", "_slotnames");
  if (slot_names) {
    for (const py::handle name : py::list(slot_names(py::type::of(object)))) {
      const auto value = py::reinterpret_steal<py::object>(PyObject_GetAttr(object.ptr(), name.ptr()));
      if (value) {
        out[name] = value;
      } else {
        PyErr_Clear();
      }
    }
  }
  return out;
}

namespace {

/// Non-contiguous memory has to be put together; contiguous memory is read where it is. In C order both.
py::object bytes_in(const py::object& view) {
  py::object bytes = PyBuffer_IsContiguous(PyMemoryView_GET_BUFFER(view.ptr()), 'C') != 0
                         ? py::reinterpret_steal<py::object>(PyPickleBuffer_FromObject(view.attr("toreadonly")().ptr()))
                         : view.attr("tobytes")();
  if (!bytes) {
    throw py::error_already_set();
  }
  return bytes;
}

struct Machine {
  char code;   ///< array.array's type code
  int format;  ///< Modules/arraymodule.c, enum machine_format_code; plus one for big endian
};

/// What array.array calls numbers of a format of the struct module and a size; null where it has none.
const Machine* machine_of(char format, std::size_t item_size) {
  static constexpr std::array<Machine, 10> kMachines = {
      {{'B', 0}, {'b', 1}, {'H', 2}, {'h', 4}, {'I', 6}, {'i', 8}, {'Q', 10}, {'q', 12}, {'f', 14}, {'d', 16}}};
  constexpr std::string_view kBySize = "-bh-i---q";
  char code = format;
  if (std::string_view("bhilqnBHILQN").find(format) != std::string_view::npos) {
    code = item_size < kBySize.size() ? kBySize[item_size] : '-';
    code = format < 'a' && code != '-' ? static_cast<char>(code - 'a' + 'A') : code;
  }
  const auto* const found =
      std::find_if(kMachines.begin(), kMachines.end(), [code](const Machine& each) { return each.code == code; });
  return found == kMachines.end() ? nullptr : found;
}

/// The elements in C order: numbers as an array.array, which any process can read, or as numpy's array where that has
/// no type for them and numpy is there; what is no number as bytes.
Description::Field elements_of(const py::object& view) {
  const Py_buffer* buffer = PyMemoryView_GET_BUFFER(view.ptr());
  std::string_view format = buffer->format == nullptr ? "B" : buffer->format;
  const bool text = buffer->obj == nullptr || PyBytes_Check(buffer->obj) != 0 || PyByteArray_Check(buffer->obj) != 0 ||
                    std::string_view(Py_TYPE(buffer->obj)->tp_name) == "mmap.mmap";
  if (format.empty() || format == "c" || (format == "B" && text)) {
    return {"bytes", bytes_in(view)};
  }
  const bool ordered = std::string_view("@=<>!").find(format.front()) != std::string_view::npos;
  const bool big = ordered && (format.front() == '>' || format.front() == '!');
  format.remove_prefix(ordered ? 1 : 0);
  if (const Machine* machine =
          format.size() == 1 ? machine_of(format[0], static_cast<std::size_t>(buffer->itemsize)) : nullptr) {
    const py::module_ array = py::module_::import("array");
    Reduction numbers;
    numbers.callable = array.attr("_array_reconstructor");
    const int swapped = big && buffer->itemsize > 1 ? 1 : 0;
    numbers.args =
        py::make_tuple(array.attr("array"), std::string(1, machine->code), machine->format + swapped, bytes_in(view));
    return {"values", view, Content::kChecked, std::move(numbers)};
  }
  const py::object as_array = find_loaded("numpy", "asarray");
  return as_array ? Description::Field{"values", as_array(view)} : Description::Field{"bytes", bytes_in(view)};
}

}  // namespace

Description describe_buffer(py::handle exporter) {
  auto view = py::reinterpret_steal<py::object>(PyMemoryView_FromObject(exporter.ptr()));
  if (!view) {
    throw py::error_already_set();
  }
  Description out{"buffer", {type_field(exporter)}, {}};
  out.fields.push_back({"format", view.attr("format"), Content::kDescribedOnly});
  out.fields.push_back({"shape", view.attr("shape")});
  out.fields.push_back(elements_of(view));
  return out;
}

Description describe_view(py::handle view) {
  auto items = py::reinterpret_steal<py::object>(PySequence_List(view.ptr()));
  if (!items) {
    throw py::error_already_set();
  }
  return {"items", {type_field(view), {"items", std::move(items)}}, {}};
}

Description describe_match(py::handle match) {
  return {"match",
          {{"pattern", match.attr("re").attr("pattern")},
           {"string", match.attr("string")},
           {"span", match.attr("span")()},
           {"groups", match.attr("groups")()},
           {"named", match.attr("groupdict")()}},
          {}};
}

Description describe_instance(py::handle object, const ReducerContext& context) {
  if (is_instance(object, "_io", "_IOBase")) {
    return describe_by_type(object);
  }
  Description out{"instance", {type_field(object)}, {}};
  try {
    add_content(out, object, context);
  } catch (const py::error_already_set& error) {
    if (is_fatal(error)) {
      throw;
    }
    out.partly =
        fmt::format("looking at what {} holds raised {}", type_name(py::type::handle_of(object)), one_line(error));
  }
  const bool has_content = out.fields.size() > 1;
  py::dict attributes = attributes_of(object);
  if (const py::object value = builtin_value(object); value && py::hasattr(value, "__dict__")) {
    for (const auto& [name, of_value] : py::dict(value.attr("__dict__"))) {
      attributes.attr("pop")(name, py::none());  // the value says it
    }
  }
  if (!attributes.empty()) {
    out.fields.push_back({"state", std::move(attributes)});
  }
  if (out.fields.size() == 1) {
    Description by_type = describe_by_type(object);
    if (!out.partly.empty()) {
      by_type.partly = std::move(out.partly);
    }
    return by_type;
  }
  if (!has_content && out.partly.empty() && native_base(Py_TYPE(object.ptr())) != &PyBaseObject_Type) {
    out.partly = fmt::format("{} is known by its attributes only", type_name(py::type::handle_of(object)));
  }
  return out;
}

}  // namespace snapshot_test::host::pickling
