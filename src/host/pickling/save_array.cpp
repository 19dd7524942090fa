// numpy arrays, straight from their memory, and dtypes.
#include <fmt/format.h>

#include "host/pickling/folder_text.hpp"
#include "host/pickling/graph_writer.hpp"
#include "host/pickling/python_error.hpp"
#include "util/try.hpp"

namespace snapshot_test::host::pickling {

/// As numpy's own protocol 5 does: _frombuffer(buffer, dtype, shape, order).
Result<void> GraphWriter::save_array(PyObject* array) {
  py::object dtype;
  py::object from_buffer;
  const DtypeTraits* traits = nullptr;
  try {
    dtype = py::handle(array).attr("dtype");
    traits = &arrays_.traits(dtype);
    if (traits->plain) {
      from_buffer = arrays_.from_buffer();
    }
  } catch (const py::error_already_set& error) {
    if (is_fatal(error)) {
      throw;
    }
    return opaque(fmt::format("numpy does not describe an array's dtype ({})", one_line(error)));
  }
  if (!from_buffer) {
    return save_by_reduction(array);
  }
  py::object named;
  try {
    named = array_with_folder_names(array);
  } catch (const py::error_already_set& error) {
    if (is_fatal(error)) {
      throw;
    }
  }
  if (named && named.ptr() != array) {
    return save_array(named.ptr());
  }
  const ArrayView view = view_array(array, traits->item_size);
  {
    const LabelScope label(content_);
    TRY(save(from_buffer.ptr()));
  }
  stream_.op(Opcode::kMark);
  save_elements_of(array, view);
  TRY(save(dtype.ptr()));
  if (view.shape.size() > 3) {
    stream_.op(Opcode::kMark);
  }
  for (const std::ptrdiff_t length : view.shape) {
    save_int(length);
  }
  switch (view.shape.size()) {
    case 0: stream_.op(Opcode::kEmptyTuple); break;
    case 1: stream_.op(Opcode::kTuple1); break;
    case 2: stream_.op(Opcode::kTuple2); break;
    case 3: stream_.op(Opcode::kTuple3); break;
    default: stream_.op(Opcode::kTuple); break;
  }
  stream_.short_text(view.order == MemoryOrder::kFortran ? "F" : "C");
  stream_.op(Opcode::kTuple);
  stream_.op(Opcode::kReduce);
  memoize(array);
  content_ = true;
  return stream_state();
}

/// As a bytearray: array protocols of numpy's own give what may be written to.
void GraphWriter::save_elements_of(PyObject* array, const ArrayView& view) {
  const std::size_t size = view.bytes();
  if (!is_buffer(size)) {
    stream_.op<8>(Opcode::kByteArray8, size);
    return stream_elements(view, stream_);
  }
  if (view.order == MemoryOrder::kNeither) {
    gather_elements(view, buffers_->add_own(size));
  } else {
    buffers_->add(array, {view.data, size});
  }
  refer_to_buffer(false);
}

/// Equal plain dtypes are the same thing, whether or not they are the same object.
Result<void> GraphWriter::save_dtype(PyObject* dtype) {
  std::string key;
  try {
    key = arrays_.traits(dtype).key;
  } catch (const py::error_already_set& error) {
    if (is_fatal(error)) {
      throw;
    }
  }
  if (key.empty()) {
    return save_by_reduction(dtype);
  }
  if (const auto known = dtypes_.find(key); known != dtypes_.end()) {
    get(known->second);
    content_ = true;
    return {};
  }
  auto saved = save_by_reduction(dtype);
  if (const auto number = memo_.find(dtype)) {
    dtypes_.emplace(std::move(key), *number);
  }
  return saved;
}

}  // namespace snapshot_test::host::pickling
