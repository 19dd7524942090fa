// An iterator that shows the items of another as they pass.
#pragma once

#include <pybind11/pybind11.h>

#include <functional>

namespace snapshot_test::host::trace {

/// Makes them. GIL held, when it is destroyed, too.
class PassingIterators {
 public:
  /// Iterates over what `iterator` gives, one for one, and shows each to `seen` before it is handed on. It asks for no
  /// item that it is not asked for, and what `iterator` raises passes through. `seen` must not throw. Throws
  /// error_already_set where memory is lacking.
  [[nodiscard]] pybind11::object wrap(pybind11::object iterator, std::function<void(pybind11::handle)> seen);

 private:
  pybind11::object type_;  ///< made when first needed
};

/// Does it give what somebody else put there: a list's iterator, a range's, enumerate, zip, itertools.repeat, a file?
[[nodiscard]] bool gives_what_was_given(pybind11::handle iterator);

}  // namespace snapshot_test::host::trace
