#include "host/pickling/describe.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <utility>

#include "host/pickling/graph_writer.hpp"
#include "host/pickling/python_error.hpp"

namespace snapshot_test::host::pickling {
namespace {

Description::Field type_field(py::handle object) {
  return {"type", py::str(type_name(py::type::handle_of(object))), Content::kDescribedOnly};
}

/// The attribute if it is there and is a string.
py::object text_of(py::handle object, const char* name) {
  py::object value = py::getattr(object, name, py::none());
  return py::isinstance<py::str>(value) ? value : py::object();
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

/// Line numbers and file names are left out: moving a function does not change it.
void add_code(Hash& hash, py::handle code) {
  hash.add(std::string(py::bytes(code.attr("co_code"))));
  hash.add(py::repr(code.attr("co_names")).cast<std::string>());
  for (const py::handle constant : py::tuple(code.attr("co_consts"))) {
    if (PyCode_Check(constant.ptr())) {
      add_code(hash, constant);
    } else if (PyFrozenSet_CheckExact(constant.ptr())) {
      const auto sorted = py::reinterpret_steal<py::list>(PySequence_List(constant.ptr()));
      py::list texts;
      for (const py::handle item : sorted) {
        texts.append(py::repr(item));
      }
      texts.attr("sort")();
      hash.add(py::repr(texts).cast<std::string>());
    } else {
      hash.add(py::repr(constant).cast<std::string>());
    }
  }
}

std::string code_hash(py::handle code) {
  Hash hash;
  add_code(hash, code);
  return hash.hex();
}

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

/// __dict__, then the slots of all its classes that hold something.
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

bool is_instance(py::handle object, const char* module, const char* attribute) {
  const py::object type = find_loaded(module, attribute);
  return type && PyType_Check(type.ptr()) &&
         PyType_IsSubtype(Py_TYPE(object.ptr()), reinterpret_cast<PyTypeObject*>(type.ptr())) != 0;
}

}  // namespace

Description describe_by_type(py::handle object, std::string kind) {
  Description out{std::move(kind), {type_field(object)}};
  if (py::object name = text_of(object, "__name__")) {
    out.fields.push_back({"name", std::move(name), Content::kDescribedOnly});
  }
  return out;
}

Description describe_drained(py::handle iterator, const ReducerContext& context, KeepItems keep) {
  const Drained& drained = context.drained.drain(iterator, context.limits.max_items, keep);
  Description out{"iterator", {type_field(iterator), {"items", drained.items}}};
  if (drained.more) {
    out.fields.push_back({"more", py::bool_(true)});
    context.note(fmt::format("only the first {} items of the iterator are kept", drained.items.size()));
  }
  if (!drained.raised.empty()) {
    out.fields.push_back({"raised", py::str(drained.raised)});
    context.note(fmt::format("the iterator raised {} after {} items", drained.raised, drained.items.size()));
  }
  return out;
}

Description describe_code(py::handle code) {
  return {"code",
          {{"name", code.attr("co_name"), Content::kDescribedOnly},
           {"code", py::str(code_hash(code)), Content::kDescribedOnly}}};
}

Description describe_function(py::handle function) {
  std::string name;
  for (const char* part : {"__module__", "__qualname__"}) {
    if (const py::object text = text_of(function, part)) {
      name += (name.empty() ? "" : ".") + text.cast<std::string>();
    }
  }
  Description out{"function", {{"name", py::str(name), Content::kDescribedOnly}}};
  if (const py::object code = py::getattr(function, "__code__", py::none()); PyCode_Check(code.ptr())) {
    out.fields.push_back({"code", py::str(code_hash(code)), Content::kDescribedOnly});
  }
  return out;
}

Description describe_buffer(py::handle exporter) {
  auto view = py::reinterpret_steal<py::object>(PyMemoryView_FromObject(exporter.ptr()));
  if (!view) {
    throw py::error_already_set();
  }
  Description out{"buffer", {type_field(exporter)}};
  out.fields.push_back({"format", view.attr("format"), Content::kDescribedOnly});
  out.fields.push_back({"shape", view.attr("shape")});
  out.fields.push_back(elements_of(view));
  return out;
}

Description describe_sized(py::handle iterable, const ReducerContext& context) {
  const py::object iterator = py::iter(iterable);
  py::list items;
  bool more = false;
  while (auto item = py::reinterpret_steal<py::object>(PyIter_Next(iterator.ptr()))) {
    if (items.size() == context.limits.max_items) {
      more = true;
      break;
    }
    items.append(std::move(item));
  }
  if (PyErr_Occurred() != nullptr) {
    throw py::error_already_set();
  }
  Description out{"items", {type_field(iterable), {"items", std::move(items)}}};
  if (more) {
    out.fields.push_back({"length", py::int_(py::len(iterable))});
    context.note(fmt::format("only the first {} of {} items are kept", context.limits.max_items, py::len(iterable)));
  }
  return out;
}

Description describe_match(py::handle match) {
  return {"match",
          {{"pattern", match.attr("re").attr("pattern")},
           {"string", match.attr("string")},
           {"span", match.attr("span")()},
           {"groups", match.attr("groups")()},
           {"named", match.attr("groupdict")()}}};
}

Description describe_instance(py::handle object, const ReducerContext& context) {
  if (is_instance(object, "_io", "_IOBase")) {
    return describe_by_type(object);
  }
  if (PyIter_Check(object.ptr()) != 0) {
    return describe_drained(object, context);
  }
  Description out{"instance", {type_field(object)}};
  const py::object value = builtin_value(object);
  if (value) {
    out.fields.push_back({"value", value});
  } else if (PyObject_CheckBuffer(object.ptr()) != 0) {
    return describe_buffer(object);
  }
  py::dict attributes = attributes_of(object);
  if (value && py::hasattr(value, "__dict__")) {
    for (const auto& [name, of_value] : py::dict(value.attr("__dict__"))) {
      attributes.attr("pop")(name, py::none());  // the value says it
    }
  }
  if (!attributes.empty()) {
    out.fields.push_back({"state", std::move(attributes)});
  }
  if (out.fields.size() > 1) {
    return out;
  }
  if (PyCallable_Check(object.ptr()) == 0 && PyObject_HasAttrString(object.ptr(), "__len__") != 0 &&
      PyObject_HasAttrString(object.ptr(), "__iter__") != 0) {
    return describe_sized(object, context);
  }
  return describe_by_type(object);
}

Result<void> GraphWriter::describe_refusal(PyObject* object, const std::string& why) {
  const ReducerContext context{limits_, drained_, [this](std::string text) { note(std::move(text)); }};
  std::optional<Description> description;
  try {
    description = describe_instance(object, context);
  } catch (const py::error_already_set& error) {
    if (is_fatal(error)) {
      throw;
    }
    note(fmt::format("{} could be described by its type only: {}", type_name(py::type::handle_of(object)),
                     one_line(error)));
    description = Description{"object", {type_field(object)}};
  }
  note(fmt::format("{} is described, it cannot be pickled: {}", type_name(py::type::handle_of(object)), why));
  return save_description(object, *description);
}

Result<void> GraphWriter::save_description(PyObject* object, const Description& description) {
  ++described_;
  if (const auto number = memo_.find(object)) {
    get(*number);
    return {};
  }
  stream_.op(Opcode::kEmptyDict);
  memoize(object);
  stream_.op(Opcode::kMark);
  stream_.short_text(kDescriptionKey);
  stream_.short_text(description.kind);
  PathScope path(path_, PathStep::Kind::kField);
  for (const Description::Field& field : description.fields) {
    path.set_field(field.name.c_str());
    stream_.short_text(field.name);
    const bool content_before = content_;
    auto saved = field.made              ? save_reduction(field.value.ptr(), *field.made)
                 : field.name == "state" ? save_state(field.value.ptr())
                                         : save(field.value.ptr());
    if (!saved) {
      return saved;
    }
    if (field.content == Content::kDescribedOnly) {
      content_ = content_before;
    }
  }
  stream_.op(Opcode::kSetItems);
  return stream_state();
}

}  // namespace snapshot_test::host::pickling
