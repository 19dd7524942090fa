#include "host/pickling/drain_cache.hpp"

#include "host/pickling/python_error.hpp"
#include "host/pickling/reducers.hpp"

namespace snapshot_test::host::pickling {

namespace py = pybind11;

namespace {

py::object kept(py::object item, KeepItems keep) {
  if (keep == KeepItems::kAsTheyAre) {
    return item;
  }
  if (PyTuple_CheckExact(item.ptr())) {
    const auto tuple = py::reinterpret_borrow<py::tuple>(item);
    py::tuple copies(tuple.size());
    for (std::size_t i = 0; i < tuple.size(); ++i) {
      copies[i] = kept(tuple[i], keep);
    }
    return copies;
  }
  return py::hasattr(item, "copy") ? py::object(item.attr("copy")()) : item;
}

}  // namespace

const Drained& DrainCache::drain(py::handle iterator, std::size_t max_items, KeepItems keep) {
  if (const auto known = drained_.find(iterator.ptr()); known != drained_.end()) {
    return known->second;
  }
  // Entered before it runs: an iterator that leads back to itself then ends instead of starting again.
  Drained& out = drained_[iterator.ptr()];
  out.iterator = py::reinterpret_borrow<py::object>(iterator);
  try {
    const auto self = py::reinterpret_steal<py::object>(PyObject_GetIter(iterator.ptr()));
    if (!self || PyIter_Check(self.ptr()) == 0) {
      throw py::error_already_set();
    }
    while (auto item = py::reinterpret_steal<py::object>(PyIter_Next(self.ptr()))) {
      if (out.items.size() == max_items) {
        out.more = true;
        break;
      }
      out.items.append(kept(std::move(item), keep));
    }
    if (PyErr_Occurred() != nullptr) {
      throw py::error_already_set();
    }
  } catch (const py::error_already_set& error) {
    if (is_fatal(error)) {
      throw;
    }
    out.raised = one_line(error);
  }
  return out;
}

}  // namespace snapshot_test::host::pickling
