// What a class adds to one whose __reduce__ it inherits: ndarray's says nothing of attributes, datetime's neither, an
// exception's nothing of its cause.
#pragma once

#include <pybind11/pybind11.h>

#include <unordered_map>
#include <vector>

#include "host/pickling/reduction.hpp"

namespace snapshot_test::host::pickling {

/// Remembers what it finds out of types. GIL held throughout.
class InheritedState {
 public:
  /// Adds to what __reduce_ex__ of `object` gave what that leaves out, as far as a state can hold it. What it cannot
  /// hold is returned: a dict of attributes, or null. May throw error_already_set.
  [[nodiscard]] pybind11::object complete(pybind11::handle object, Reduction& reduction);

 private:
  struct Kind {
    pybind11::object type;                    ///< kept alive, so that its address stays its identity
    bool attributes = false;                  ///< the reduction is one without __dict__
    std::vector<pybind11::object> not_added;  ///< attributes that are the base's own
    std::vector<pybind11::object> slots;
    bool exception = false;
    bool scalar = false;           ///< of a class derived from a numpy scalar: its reduction gives the base
    bool sets_state = false;       ///< it has a __setstate__
    bool sets_attributes = false;  ///< its __setstate__ is that of exceptions: it sets what a dict names
    [[nodiscard]] bool adds() const { return attributes || exception || scalar || !slots.empty(); }
  };

  const Kind& kind_of(PyTypeObject* type);
  static Kind find_kind(pybind11::object type);
  static void add_owner(Kind& kind, pybind11::handle owner, const std::vector<pybind11::handle>& before);

  std::unordered_map<PyTypeObject*, Kind> kinds_;
};

}  // namespace snapshot_test::host::pickling
