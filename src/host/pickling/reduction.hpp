// The two forms in which an object that is no built-in value is written: what __reduce_ex__ returns, or a description.
#pragma once

#include <pybind11/pybind11.h>

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace snapshot_test::host::pickling {

/// Does comparing this say anything about what was computed? A function, a lock, a module do not.
enum class Content { kChecked, kDescribedOnly };

/// What __reduce_ex__ returns, as a value. Absent parts are null objects. See the library reference, object.__reduce__.
struct Reduction {
  pybind11::object callable;
  pybind11::tuple args{0};
  pybind11::object state;
  pybind11::object list_items;  ///< an iterator
  pybind11::object dict_items;  ///< an iterator of pairs
  pybind11::object state_setter;
};

/// What stands in the pickle for something that cannot be pickled: a dict of `util::kFormKey: kind` and the fields,
/// in their order. pickle.load gives that dict. Fields named "state", "closure", "globals" and "attributes" are dicts
/// whose keys are labels.
struct Description {
  struct Field {
    std::string name;
    pybind11::object value;
    Content content = Content::kChecked;
    std::optional<Reduction> made{};  ///< what is written for `value` instead of its own reduction
  };
  std::string kind;
  std::vector<Field> fields;
  std::string partly = {};  ///< what of the object is not in the fields, and why; empty if all of it is
};

using Canonical = std::variant<Reduction, Description>;

}  // namespace snapshot_test::host::pickling
