// Values that are nothing but data. A later statement may change them, so that they have to be copied while they are
// what they are; and no Python code is needed to copy, compare or measure them.
#pragma once

#include <pybind11/pybind11.h>

#include <cstdint>
#include <optional>
#include <unordered_map>

#include "host/pickling/array_view.hpp"

namespace snapshot_test::host::trace {

/// What a value is made of.
enum class Nature {
  kAtom,     ///< cannot change: None, numbers, texts, bytes, numpy's scalars
  kPlain,    ///< numpy arrays without objects or fields, bytearray, array.array; list, tuple, dict and sets of plain
             ///< values
  kForeign,  ///< anything else, or a container with anything else in it
};

/// Who has references to a value: others, or only who hands it over, who lets go of it, too.
enum class Owners { kOthers, kNone };

/// GIL held throughout. None of it runs Python code of the project's. Throws error_already_set where memory is lacking.
class PlainValues {
 public:
  struct Copy {
    pybind11::object value;
    std::uint64_t bytes = 0;  ///< what it takes, about; the same in every run
  };

  [[nodiscard]] bool is_atom(PyObject* value) { return type_of(Py_TYPE(value)) == Type::kAtom; }
  /// By its type alone: no container, and not plain.
  [[nodiscard]] bool is_foreign(PyObject* value) { return type_of(Py_TYPE(value)) == Type::kOther; }
  /// An array without objects or fields, whose memory is its own.
  [[nodiscard]] bool owns_memory(PyObject* value);
  [[nodiscard]] Nature nature_of(PyObject* value) { return nature_of(value, 0); }

  /// A copy that nobody can change, or the value itself where nobody can change that. What is foreign in it is referred
  /// to. None where it would take more than `most` bytes.
  [[nodiscard]] std::optional<Copy> copy(PyObject* value, std::uint64_t most, Owners owners = Owners::kOthers);

  /// The items of a list, tuple, range, dict, set or text that is about to be iterated over, in their order, where all
  /// are atoms: as a list or tuple that nobody changes. None of anything else, and where there are more than `most`.
  [[nodiscard]] std::optional<Copy> atoms_of(PyObject* iterable, std::uint64_t most);

  /// Same types, same bits, in the same order. False where it cannot be said, as of foreign objects that are not one.
  [[nodiscard]] bool equal(PyObject* a, PyObject* b) { return equal(a, b, 0); }

  /// The traits of an exact numpy array without objects or fields in it; null for everything else.
  [[nodiscard]] const pickling::DtypeTraits* array_traits(PyObject* value);

 private:
  enum class Type : std::uint8_t {
    kAtom,
    kArray,
    kByteArray,
    kStdArray,
    kList,
    kTuple,
    kDict,
    kSet,
    kFrozenSet,
    kOther
  };
  struct Room {
    std::uint64_t used = 0;
    std::uint64_t most = 0;
    [[nodiscard]] bool take(std::uint64_t bytes) {
      used += bytes;
      return used <= most;
    }
  };

  [[nodiscard]] Type type_of(PyTypeObject* type);
  [[nodiscard]] Type look_up(PyTypeObject* type);
  [[nodiscard]] Nature nature_of(PyObject* value, int depth);
  [[nodiscard]] pybind11::object copied(PyObject* value, Room& room, int depth, Owners owners);
  [[nodiscard]] pybind11::object copied_items(PyObject* value, Type type, Room& room, int depth, Owners owners);
  [[nodiscard]] pybind11::object copied_dict(PyObject* value, Room& room, int depth, Owners owners);
  [[nodiscard]] static pybind11::object referred(PyObject* value, Room& room);
  [[nodiscard]] bool equal(PyObject* a, PyObject* b, int depth);
  [[nodiscard]] bool equal_arrays(PyObject* a, PyObject* b);

  pickling::ArrayTypes arrays_;
  std::unordered_map<PyTypeObject*, std::pair<pybind11::object, Type>> types_;  ///< each type kept alive
};

/// About how much memory an object holds that others do not share with it: its own, and what it refers to, but for
/// classes, functions and modules. What a library in C holds is what its `nbytes` says, and a guess. No more than about
/// `most` is found out.
[[nodiscard]] std::uint64_t held_bytes(PyObject* object, std::uint64_t most);

/// Holds a descriptor or the like until it goes: an open file, a socket, a child process.
[[nodiscard]] bool is_resource(PyObject* value);

/// Gives its items once: it has __next__, and is its own __iter__.
[[nodiscard]] bool is_iterator(PyObject* value);

}  // namespace snapshot_test::host::trace
