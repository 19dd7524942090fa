#include "host/pickling/save_array.hpp"

#include <fmt/format.h>

#include "host/pickling/folder_text.hpp"
#include "host/pickling/python_error.hpp"
#include "host/pickling/save_scalar.hpp"
#include "util/try.hpp"

namespace snapshot_test::host::pickling {

namespace py = pybind11;

/// As numpy's own protocol 5 does: _frombuffer(buffer, dtype, shape, order).
Result<void> ArraySaver::save_array(PyObject* array) {
  py::object dtype;
  py::object from_buffer;
  const DtypeTraits* traits = nullptr;
  try {
    dtype = py::handle(array).attr("dtype");
    traits = &types_.traits(dtype);
    if (traits->plain) {
      from_buffer = types_.from_buffer();
    }
  } catch (const py::error_already_set& error) {
    if (is_fatal(error)) {
      throw;
    }
    return record_.opaque(fmt::format("numpy does not describe an array's dtype ({})", one_line(error)));
  }
  if (!from_buffer) {
    return reductions_.save_by_reduction(array);
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
  ArrayView view = view_array(array, traits->item_size);
  view.padded = traits->padded;
  {
    const LabelScope label(record_);
    TRY(walk_.save(from_buffer.ptr()));
  }
  out_.op(Opcode::kMark);
  save_elements_of(array, view);
  TRY(walk_.save(dtype.ptr()));
  if (view.shape.size() > 3) {
    out_.op(Opcode::kMark);
  }
  for (const std::ptrdiff_t length : view.shape) {
    save_int(out_, length);
  }
  switch (view.shape.size()) {
    case 0: out_.op(Opcode::kEmptyTuple); break;
    case 1: out_.op(Opcode::kTuple1); break;
    case 2: out_.op(Opcode::kTuple2); break;
    case 3: out_.op(Opcode::kTuple3); break;
    default: out_.op(Opcode::kTuple); break;
  }
  out_.short_text(view.order == MemoryOrder::kFortran ? "F" : "C");
  out_.op(Opcode::kTuple);
  out_.op(Opcode::kReduce);
  out_.memoize(array);
  record_.content = true;
  return out_.state();
}

/// As a bytearray: array protocols of numpy's own give what may be written to.
void ArraySaver::save_elements_of(PyObject* array, const ArrayView& view) {
  const std::size_t size = view.bytes();
  if (!out_.is_buffer(size)) {
    out_.op<8>(Opcode::kByteArray8, size);
    return stream_elements(view, out_);
  }
  if (view.order == MemoryOrder::kNeither) {
    gather_elements(view, out_.buffers().add_own(size));
  } else {
    out_.buffers().add(array, {view.data, size});
  }
  out_.refer_to_buffer(false);
}

/// Equal plain dtypes are the same thing, whether or not they are the same object.
Result<void> ArraySaver::save_dtype(PyObject* dtype) {
  std::string key;
  try {
    key = types_.traits(dtype).key;
  } catch (const py::error_already_set& error) {
    if (is_fatal(error)) {
      throw;
    }
  }
  if (key.empty()) {
    return reductions_.save_by_reduction(dtype);
  }
  if (const auto known = dtypes_.find(key); known != dtypes_.end()) {
    out_.get(known->second);
    record_.content = true;
    return {};
  }
  auto saved = reductions_.save_by_reduction(dtype);
  if (const auto number = out_.find(dtype)) {
    dtypes_.emplace(std::move(key), *number);
  }
  return saved;
}

}  // namespace snapshot_test::host::pickling
