#include "host/pickling/buffers.hpp"

namespace snapshot_test::host::pickling {

namespace py = pybind11;

Buffers::~Buffers() {
  for (Py_buffer& view : exports_) {
    PyBuffer_Release(&view);
  }
}

void Buffers::add(py::handle owner, std::span<const std::byte> bytes) {
  owners_.push_back(py::reinterpret_borrow<py::object>(owner));
  spans_.push_back(bytes);
}

void Buffers::add_export(py::handle exporter, int flags) {
  Py_buffer& view = exports_.emplace_back();
  if (PyObject_GetBuffer(exporter.ptr(), &view, flags) != 0) {
    exports_.pop_back();
    throw py::error_already_set();
  }
  spans_.emplace_back(static_cast<const std::byte*>(view.buf), static_cast<std::size_t>(view.len));
}

std::span<std::byte> Buffers::add_own(std::size_t size) {
  own_.push_back(std::make_unique_for_overwrite<std::byte[]>(size));
  const std::span<std::byte> room(own_.back().get(), size);
  spans_.emplace_back(room);
  return room;
}

}  // namespace snapshot_test::host::pickling
