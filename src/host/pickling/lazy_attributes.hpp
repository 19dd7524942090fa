// Attributes that are there because somebody looked at the object, not because of what it is.
#pragma once

#include <pybind11/pybind11.h>

#include <vector>

namespace snapshot_test::host::pickling {

/// Of the attributes in `dict` (an instance's __dict__), the names of those that hide a descriptor of the class which
/// computes them from the object when they are first asked for (functools.cached_property and its like), and of those
/// that are called a cache and hold values by the names of the class's properties. An attribute that replaces a method
/// or a descriptor's default is none of them. Needs the GIL; runs no code of the object's.
[[nodiscard]] std::vector<pybind11::object> lazy_attributes(PyTypeObject* type, pybind11::handle dict);

}  // namespace snapshot_test::host::pickling
