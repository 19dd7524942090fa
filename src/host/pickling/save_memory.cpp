#include "host/pickling/save_memory.hpp"

#include <fmt/format.h>
#include <pybind11/pybind11.h>

#include "host/pickling/folder_text.hpp"
#include "host/pickling/python_error.hpp"

namespace snapshot_test::host::pickling {

namespace py = pybind11;

namespace {

/// A buffer held for as long as its bytes are being written.
class BufferView {
 public:
  BufferView(PyObject* object, int flags) {
    if (PyObject_GetBuffer(object, &view_, flags) != 0) {
      throw py::error_already_set();
    }
  }
  BufferView(const BufferView&) = delete;
  BufferView& operator=(const BufferView&) = delete;
  ~BufferView() { PyBuffer_Release(&view_); }
  [[nodiscard]] const Py_buffer& get() const { return view_; }

 private:
  Py_buffer view_{};
};

}  // namespace

void save_bytearray(Output& out, PyObject* bytearray) {
  if (out.is_buffer(static_cast<std::size_t>(PyByteArray_GET_SIZE(bytearray)))) {
    out.buffers().add_export(bytearray, PyBUF_SIMPLE);
    out.refer_to_buffer(false);
  } else {
    // Not the bytearray itself where it holds a folder's path.
    const py::object named = with_folder_names(bytearray);
    const BufferView view(named.ptr(), PyBUF_SIMPLE);
    out.op<8>(Opcode::kByteArray8, static_cast<std::uint64_t>(view.get().len));
    out.put(view.get().buf, static_cast<std::size_t>(view.get().len));
  }
  out.memoize(bytearray);
}

Result<void> save_pickle_buffer(Walk& walk, PyObject* buffer) {
  Output& out = walk.out();
  try {
    const BufferView view(buffer, PyBUF_FULL_RO);
    auto size = static_cast<std::uint64_t>(view.get().len);  // in the stream
    const void* data = view.get().buf;
    const bool contiguous = PyBuffer_IsContiguous(&view.get(), 'A') != 0;
    py::object copy;
    if (!contiguous) {
      copy = py::reinterpret_steal<py::object>(PyBytes_FromObject(buffer));
      if (!copy) {
        throw py::error_already_set();
      }
      data = PyBytes_AS_STRING(copy.ptr());
    }
    if (contiguous && out.is_buffer(size)) {
      out.buffers().add_export(buffer, PyBUF_FULL_RO);
      out.refer_to_buffer(view.get().readonly != 0);
      size = 0;
    } else if (view.get().readonly == 0) {
      out.op<8>(Opcode::kByteArray8, size);
    } else if (size <= UINT32_MAX) {
      out.op<4>(Opcode::kBinBytes, size);
    } else {
      out.op<8>(Opcode::kBinBytes8, size);
    }
    out.put(data, size);
    // The wrapper was most likely made by a reduction, for us alone: then holding it would keep its memory for nothing.
    if (Py_REFCNT(buffer) > 1) {
      out.memoize(buffer);
    } else {
      out.memoize_unnamed();
    }
    walk.record().content = true;
    return {};
  } catch (const py::error_already_set& error) {
    if (is_fatal(error)) {
      throw;
    }
    return walk.record().opaque(fmt::format("a PickleBuffer does not give its bytes ({})", one_line(error)));
  }
}

}  // namespace snapshot_test::host::pickling
