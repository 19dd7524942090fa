#include "host/trace/plain_values.hpp"

#include <pybind11/numpy.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "host/pickling/type_names.hpp"

namespace snapshot_test::host::trace {
namespace py = pybind11;
namespace {

/// Of nesting. What is deeper, or contains itself, is foreign.
constexpr int kMostDepth = 60;
/// What a small object takes.
constexpr std::uint64_t kObjectBytes = 32;
constexpr std::uint64_t kSlotBytes = 16;

std::uint64_t bytes_of_atom(PyObject* atom) {
  if (PyUnicode_CheckExact(atom)) {
    return kObjectBytes + static_cast<std::uint64_t>(PyUnicode_GET_LENGTH(atom)) * PyUnicode_KIND(atom);
  }
  if (PyBytes_CheckExact(atom)) return kObjectBytes + static_cast<std::uint64_t>(PyBytes_GET_SIZE(atom));
  return kObjectBytes;
}

/// The memory of a bytearray or array.array, and of whatever else exports it in one piece.
class Memory {
 public:
  explicit Memory(PyObject* exporter) : held_(PyObject_GetBuffer(exporter, &view_, PyBUF_SIMPLE) == 0) {
    if (!held_) PyErr_Clear();
  }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  ~Memory() {
    if (held_) PyBuffer_Release(&view_);
  }
  [[nodiscard]] std::string_view bytes() const {
    return held_ ? std::string_view(static_cast<const char*>(view_.buf), static_cast<std::size_t>(view_.len)) : "";
  }
  [[nodiscard]] bool held() const { return held_; }

 private:
  Py_buffer view_{};
  bool held_;
};

/// What an object may hold of which nothing can be seen from outside.
constexpr std::uint64_t kUnseenBytes = std::uint64_t{16} << 10;

/// Made in C or C++ by a library, whose memory is its own affair. Python's own classes have no dot in this name.
bool is_of_an_extension(const PyTypeObject* type) {
  constexpr auto kSmall = std::to_array<std::string_view>(
      {"datetime.", "decimal.", "collections.", "itertools.", "functools.", "re.", "types.", "numpy.", "operator."});
  for (; type != nullptr; type = type->tp_base) {
    const std::string_view name = type->tp_name;
    const auto starts = [name](std::string_view small) { return name.starts_with(small); };
    if (std::any_of(kSmall.begin(), kSmall.end(), starts)) return false;
    if (name.find('.') != std::string_view::npos) return true;
  }
  return false;
}

/// Of what a library made: what it says itself, or a guess.
std::uint64_t claimed_bytes(PyObject* object) {
  const auto size = py::reinterpret_steal<py::object>(PyObject_GetAttrString(object, "nbytes"));
  const bool number = size && PyLong_CheckExact(size.ptr());
  const auto bytes = number ? PyLong_AsUnsignedLongLong(size.ptr()) : 0;
  if (PyErr_Occurred() != nullptr) {
    PyErr_Clear();
    return kUnseenBytes;
  }
  return kUnseenBytes + bytes;
}

py::object checked(PyObject* made) {
  if (made == nullptr) throw py::error_already_set();
  return py::reinterpret_steal<py::object>(made);
}

/// Of what a container refers to, where the container's owners are `owners`.
Owners owners_within(Owners owners, PyObject* item) {
  return owners == Owners::kNone && Py_REFCNT(item) == 1 ? Owners::kNone : Owners::kOthers;
}

bool equal_atoms(PyObject* a, PyObject* b) {
  const PyTypeObject* type = Py_TYPE(a);
  if (type == &PyFloat_Type) {
    return std::bit_cast<std::uint64_t>(PyFloat_AS_DOUBLE(a)) == std::bit_cast<std::uint64_t>(PyFloat_AS_DOUBLE(b));
  }
  if (type == &PyComplex_Type) {
    const Py_complex x = PyComplex_AsCComplex(a);
    const Py_complex y = PyComplex_AsCComplex(b);
    return std::memcmp(&x, &y, sizeof x) == 0;
  }
  if (type == &PyLong_Type || type == &PyUnicode_Type || type == &PyBytes_Type) {
    return PyObject_RichCompareBool(a, b, Py_EQ) == 1;
  }
  return false;
}

}  // namespace

PlainValues::Type PlainValues::look_up(PyTypeObject* type) {
  if (arrays_.is_array(type)) return Type::kArray;
  for (const char* scalar : {"number", "bool_", "character", "datetime64"}) {
    const py::object base = pickling::find_loaded("numpy", scalar);
    if (base && PyType_Check(base.ptr()) && PyType_IsSubtype(type, reinterpret_cast<PyTypeObject*>(base.ptr()))) {
      return std::string_view(type->tp_name).starts_with("numpy.") ? Type::kAtom : Type::kOther;
    }
  }
  const py::object std_array = pickling::find_loaded("array", "array");
  return std_array && std_array.ptr() == reinterpret_cast<PyObject*>(type) ? Type::kStdArray : Type::kOther;
}

PlainValues::Type PlainValues::type_of(PyTypeObject* type) {
  if (type == &PyLong_Type || type == &PyFloat_Type || type == &PyUnicode_Type || type == Py_TYPE(Py_None) ||
      type == &PyBool_Type || type == &PyBytes_Type || type == &PyComplex_Type) {
    return Type::kAtom;
  }
  if (type == &PyList_Type) return Type::kList;
  if (type == &PyTuple_Type) return Type::kTuple;
  if (type == &PyDict_Type) return Type::kDict;
  if (type == &PySet_Type) return Type::kSet;
  if (type == &PyFrozenSet_Type) return Type::kFrozenSet;
  if (type == &PyByteArray_Type) return Type::kByteArray;
  if (const auto known = types_.find(type); known != types_.end()) return known->second.second;
  const Type found = look_up(type);
  types_.emplace(type, std::pair(py::reinterpret_borrow<py::object>(reinterpret_cast<PyObject*>(type)), found));
  return found;
}

bool PlainValues::owns_memory(PyObject* value) {
  return array_traits(value) != nullptr && py::reinterpret_borrow<py::array>(value).owndata();
}

const pickling::DtypeTraits* PlainValues::array_traits(PyObject* value) {
  if (type_of(Py_TYPE(value)) != Type::kArray) return nullptr;
  const pickling::DtypeTraits& traits = arrays_.traits(py::reinterpret_borrow<py::array>(value).dtype());
  return traits.plain && !traits.key.empty() ? &traits : nullptr;
}

Nature PlainValues::nature_of(PyObject* value, int depth) {
  if (depth > kMostDepth) return Nature::kForeign;
  bool foreign = false;
  const auto look_at = [&](PyObject* item) { foreign = nature_of(item, depth + 1) == Nature::kForeign; };
  switch (type_of(Py_TYPE(value))) {
    case Type::kAtom: return Nature::kAtom;
    case Type::kArray: return array_traits(value) != nullptr ? Nature::kPlain : Nature::kForeign;
    case Type::kByteArray:
    case Type::kStdArray: return Nature::kPlain;
    case Type::kList:
      for (Py_ssize_t i = 0; i < PyList_GET_SIZE(value) && !foreign; ++i) look_at(PyList_GET_ITEM(value, i));
      break;
    case Type::kTuple:
      for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(value) && !foreign; ++i) look_at(PyTuple_GET_ITEM(value, i));
      break;
    case Type::kDict: {
      PyObject* key = nullptr;
      PyObject* item = nullptr;
      for (Py_ssize_t at = 0; !foreign && PyDict_Next(value, &at, &key, &item) != 0;) {
        look_at(key);
        if (!foreign) look_at(item);
      }
      break;
    }
    case Type::kSet:
    case Type::kFrozenSet:
      for (const py::handle item : py::reinterpret_borrow<py::object>(value)) {
        if (!foreign) look_at(item.ptr());
      }
      break;
    case Type::kOther: return Nature::kForeign;
  }
  return foreign ? Nature::kForeign : Nature::kPlain;
}

std::optional<PlainValues::Copy> PlainValues::copy(PyObject* value, std::uint64_t most, Owners owners) {
  Room room{0, most};
  py::object made = copied(value, room, 0, owners);
  if (!made) return std::nullopt;
  return Copy{std::move(made), room.used};
}

std::optional<PlainValues::Copy> PlainValues::atoms_of(PyObject* iterable, std::uint64_t most) {
  const PyTypeObject* type = Py_TYPE(iterable);
  const bool sized = type == &PyList_Type || type == &PyTuple_Type || type == &PyRange_Type || type == &PyDict_Type ||
                     type == &PySet_Type || type == &PyFrozenSet_Type || type == &PyUnicode_Type;
  const Py_ssize_t size = sized ? PyObject_Size(iterable) : -1;
  if (size < 0) PyErr_Clear();  // a range longer than memory
  if (size < 0 || static_cast<std::uint64_t>(size) > most) return std::nullopt;
  Copy items{type == &PyTuple_Type ? py::reinterpret_borrow<py::object>(iterable) : checked(PySequence_List(iterable))};
  for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(items.value.ptr()); ++i) {
    PyObject* item = PySequence_Fast_GET_ITEM(items.value.ptr(), i);
    if (!is_atom(item)) return std::nullopt;
    items.bytes += bytes_of_atom(item);
  }
  return items;
}

// Null: no room.
py::object PlainValues::copied(PyObject* value, Room& room, int depth, Owners owners) {
  const auto itself = [value] { return py::reinterpret_borrow<py::object>(value); };
  const Type type = type_of(Py_TYPE(value));
  switch (type) {
    case Type::kAtom: return room.take(bytes_of_atom(value)) ? itself() : py::object();
    case Type::kArray: {
      if (array_traits(value) == nullptr) break;
      const auto array = py::reinterpret_borrow<py::array>(value);
      if (!room.take(kObjectBytes + static_cast<std::uint64_t>(array.nbytes()))) return {};
      return owners == Owners::kNone && array.owndata() ? itself() : py::object(array.attr("copy")("K"));
    }
    case Type::kByteArray:
      if (!room.take(kObjectBytes + static_cast<std::uint64_t>(PyByteArray_GET_SIZE(value)))) return {};
      return owners == Owners::kNone
                 ? itself()
                 : checked(PyByteArray_FromStringAndSize(PyByteArray_AS_STRING(value), PyByteArray_GET_SIZE(value)));
    case Type::kStdArray:
      if (!room.take(kObjectBytes + Memory(value).bytes().size())) return {};
      return owners == Owners::kNone ? itself() : py::object(itself().attr("__copy__")());
    case Type::kOther: break;
    default:
      if (depth < kMostDepth) return copied_items(value, type, room, depth, owners);
  }
  return referred(value, room);
}

py::object PlainValues::referred(PyObject* value, Room& room) {
  const std::uint64_t left = room.most - std::min(room.most, room.used);
  return room.take(held_bytes(value, left)) ? py::reinterpret_borrow<py::object>(value) : py::object();
}

// A container that nobody can change stays as it is while what is in it does.
py::object PlainValues::copied_items(PyObject* value, Type type, Room& room, int depth, Owners owners) {
  if (type == Type::kDict) return copied_dict(value, room, depth, owners);
  auto items = py::reinterpret_borrow<py::object>(value);
  const auto size = static_cast<std::uint64_t>(PyObject_Size(value));
  if (!room.take(kObjectBytes + size * kSlotBytes)) return {};
  if (type == Type::kSet || type == Type::kFrozenSet) {  // what is in them cannot change
    if (!room.take(size * kObjectBytes)) return {};
    return type == Type::kFrozenSet || owners == Owners::kNone ? items : checked(PySet_New(value));
  }
  if (type == Type::kList && owners == Owners::kOthers) items = checked(PySequence_List(value));
  const auto* const unchanged = type == Type::kTuple || owners == Owners::kNone ? value : nullptr;
  for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(items.ptr()); ++i) {
    PyObject* item = PySequence_Fast_GET_ITEM(items.ptr(), i);
    py::object made = copied(item, room, depth + 1, owners_within(owners, item));
    if (!made) return {};
    if (made.ptr() == item) continue;
    if (items.ptr() == unchanged) items = checked(PySequence_List(value));
    if (PyList_SetItem(items.ptr(), i, made.release().ptr()) != 0) throw py::error_already_set();
  }
  return type == Type::kTuple && items.ptr() != unchanged ? checked(PyList_AsTuple(items.ptr())) : items;
}

py::object PlainValues::copied_dict(PyObject* value, Room& room, int depth, Owners owners) {
  if (!room.take(kObjectBytes + static_cast<std::uint64_t>(PyDict_GET_SIZE(value)) * kSlotBytes)) return {};
  PyObject* key = nullptr;
  PyObject* item = nullptr;
  for (Py_ssize_t at = 0; PyDict_Next(value, &at, &key, &item) != 0;) {
    // Such a key's own __hash__ would be run.
    if (nature_of(key, depth + 1) == Nature::kForeign) return referred(value, room);
    if (!room.take(bytes_of_atom(key))) return {};
  }
  py::object items = py::reinterpret_borrow<py::object>(value);
  if (owners == Owners::kOthers) items = checked(PyDict_Copy(value));
  for (Py_ssize_t at = 0; PyDict_Next(items.ptr(), &at, &key, &item) != 0;) {
    const py::object made = copied(item, room, depth + 1, owners_within(owners, item));
    if (!made) return {};
    if (made.ptr() == item) continue;
    if (items.ptr() == value) items = checked(PyDict_Copy(value));
    // The key is there, so that the walk goes on as it was.
    if (PyDict_SetItem(items.ptr(), key, made.ptr()) != 0) throw py::error_already_set();
  }
  return items;
}

bool PlainValues::equal_arrays(PyObject* a, PyObject* b) {
  const pickling::DtypeTraits* x = array_traits(a);
  const pickling::DtypeTraits* y = array_traits(b);
  if (x == nullptr || y == nullptr || (x != y && (x->key.empty() || x->key != y->key))) return false;
  const pickling::ArrayView one = pickling::view_array(a, x->item_size);
  const pickling::ArrayView two = pickling::view_array(b, y->item_size);
  if (one.shape != two.shape) return false;
  if (one.order == two.order && one.order != pickling::MemoryOrder::kNeither) {
    return std::memcmp(one.data, two.data, one.bytes()) == 0;
  }
  std::vector<std::byte> first(one.bytes());
  std::vector<std::byte> second(two.bytes());
  pickling::gather_elements(one, first);
  pickling::gather_elements(two, second);
  return first == second;
}

bool PlainValues::equal(PyObject* a, PyObject* b, int depth) {
  if (Py_TYPE(a) != Py_TYPE(b) || depth > kMostDepth) return false;
  const Type type = type_of(Py_TYPE(a));
  if (a == b && (type == Type::kAtom || type == Type::kOther)) return true;
  switch (type) {
    case Type::kAtom: return equal_atoms(a, b);
    case Type::kArray: return equal_arrays(a, b);
    case Type::kByteArray: return Memory(a).bytes() == Memory(b).bytes();
    case Type::kStdArray:
      return py::handle(a).attr("typecode").equal(py::handle(b).attr("typecode")) &&
             Memory(a).bytes() == Memory(b).bytes();
    case Type::kList:
    case Type::kTuple: {
      const Py_ssize_t size = PySequence_Fast_GET_SIZE(a);
      if (PySequence_Fast_GET_SIZE(b) != size) return false;
      for (Py_ssize_t i = 0; i < size; ++i) {
        if (!equal(PySequence_Fast_GET_ITEM(a, i), PySequence_Fast_GET_ITEM(b, i), depth + 1)) return false;
      }
      return true;
    }
    case Type::kDict: {
      if (PyDict_GET_SIZE(a) != PyDict_GET_SIZE(b)) return false;
      PyObject *key = nullptr, *item = nullptr, *other_key = nullptr, *other = nullptr;
      for (Py_ssize_t at = 0, there = 0; PyDict_Next(a, &at, &key, &item) != 0;) {
        if (PyDict_Next(b, &there, &other_key, &other) == 0 || !equal(key, other_key, depth + 1) ||
            !equal(item, other, depth + 1)) {
          return false;
        }
      }
      return true;
    }
    case Type::kSet:
    case Type::kFrozenSet:
      // Elements of plain sets are compared by C code.
      return nature_of(a, depth) == Nature::kPlain && nature_of(b, depth) == Nature::kPlain &&
             PyObject_RichCompareBool(a, b, Py_EQ) == 1;
    case Type::kOther: break;
  }
  return false;
}

std::uint64_t held_bytes(PyObject* object, std::uint64_t most) {
  struct Search {
    std::unordered_set<PyObject*> known;
    std::vector<PyObject*> open;
    static int meet(PyObject* met, void* search) {
      auto& self = *static_cast<Search*>(search);
      const bool shared = PyType_Check(met) || PyModule_Check(met) || PyFunction_Check(met) || PyCFunction_Check(met) ||
                          PyFrame_Check(met) || PyCode_Check(met);
      if (!shared && self.known.insert(met).second) self.open.push_back(met);
      return 0;
    }
  } search;
  Search::meet(object, &search);
  std::uint64_t bytes = 0;
  while (!search.open.empty() && bytes <= most) {
    PyObject* next = search.open.back();
    search.open.pop_back();
    const PyTypeObject* type = Py_TYPE(next);
    bytes += kObjectBytes + kSlotBytes;
    if (PyUnicode_Check(next)) {
      bytes += static_cast<std::uint64_t>(PyUnicode_GET_LENGTH(next)) * PyUnicode_KIND(next);
    } else if (PyBytes_Check(next)) {
      bytes += static_cast<std::uint64_t>(PyBytes_GET_SIZE(next));
    } else if (const std::string_view name = type->tp_name; name == "numpy.ndarray" || PyByteArray_Check(next)) {
      bytes += Memory(next).bytes().size();
    } else if (is_of_an_extension(type)) {
      bytes += claimed_bytes(next);
    }
    if (PyObject_IS_GC(next) && type->tp_traverse != nullptr) type->tp_traverse(next, Search::meet, &search);
  }
  return bytes;
}

bool is_resource(PyObject* value) {
  constexpr auto kTypes = std::to_array<std::string_view>(
      {"_io._RawIOBase", "_io.FileIO", "_io.TextIOWrapper", "_io.BufferedReader", "_io.BufferedWriter",
       "_io.BufferedRandom", "_socket.socket", "mmap.mmap", "Popen", "select.epoll"});
  for (const PyTypeObject* type = Py_TYPE(value); type != nullptr; type = type->tp_base) {
    if (std::find(kTypes.begin(), kTypes.end(), std::string_view(type->tp_name)) != kTypes.end()) return true;
  }
  return false;
}

bool is_iterator(PyObject* value) {
  const PyTypeObject* type = Py_TYPE(value);
  return PyIter_Check(value) != 0 && type->tp_iter != nullptr && PyType_Check(value) == 0;
}

}  // namespace snapshot_test::host::trace
