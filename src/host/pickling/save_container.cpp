// tuple, list, dict, set, frozenset, bytearray, PickleBuffer; and the items of reductions.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "host/pickling/folder_text.hpp"
#include "host/pickling/graph_writer.hpp"
#include "host/pickling/lazy_attributes.hpp"
#include "host/pickling/python_error.hpp"
#include "host/pickling/set_order.hpp"
#include "snapshot_test/util/form_key.hpp"
#include "util/try.hpp"

namespace snapshot_test::host::pickling {
namespace {

/// Items between a MARK and its APPENDS: the unpickler has no more than these on its stack. As in CPython.
constexpr Py_ssize_t kBatch = 1000;

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

Result<void> GraphWriter::save_tuple(PyObject* tuple, Sharing sharing) {
  const Py_ssize_t size = PyTuple_GET_SIZE(tuple);
  if (size == 0) {
    stream_.op(Opcode::kEmptyTuple);
    content_ = true;
    return {};
  }
  if (size > 3) {
    stream_.op(Opcode::kMark);
  }
  {
    PathScope path(path_, PathStep::Kind::kIndex);
    for (Py_ssize_t i = 0; i < size; ++i) {
      path.set_index(i);
      TRY(save(PyTuple_GET_ITEM(tuple, i)));
    }
  }
  // One of its items may have led back to the tuple and written it: then drop these items and refer to that.
  if (const auto number = sharing == Sharing::kPossible ? memo_.find(tuple) : std::nullopt) {
    if (size > 3) {
      stream_.op(Opcode::kPopMark);
    } else {
      for (Py_ssize_t i = 0; i < size; ++i) {
        stream_.op(Opcode::kPop);
      }
    }
    get(*number);
    return {};
  }
  switch (size) {
    case 1: stream_.op(Opcode::kTuple1); break;
    case 2: stream_.op(Opcode::kTuple2); break;
    case 3: stream_.op(Opcode::kTuple3); break;
    default: stream_.op(Opcode::kTuple); break;
  }
  if (sharing == Sharing::kPossible) {
    memoize(tuple);
  } else {
    memoize_unnamed();
  }
  return {};
}

Result<void> GraphWriter::save_list(PyObject* list) {
  stream_.op(Opcode::kEmptyList);
  memoize(list);
  if (PyList_GET_SIZE(list) == 0) {
    content_ = true;
    return {};
  }
  PathScope path(path_, PathStep::Kind::kIndex);
  // The size is looked at each time: an item's own code may change the list.
  for (Py_ssize_t i = 0; i < PyList_GET_SIZE(list);) {
    stream_.op(Opcode::kMark);
    for (const Py_ssize_t end = i + kBatch; i < end && i < PyList_GET_SIZE(list); ++i) {
      PyObject* item = PyList_GET_ITEM(list, i);
      if (save_scalar(item)) {
        continue;
      }
      path.set_index(i);
      const auto held = py::reinterpret_borrow<py::object>(item);
      TRY(save(item));
    }
    stream_.op(Opcode::kAppends);
    if (stream_.failure()) {
      return stream_state();
    }
  }
  return {};
}

Result<void> GraphWriter::save_dict(PyObject* dict, Keys keys, Sharing sharing, PyTypeObject* owner) {
  stream_.op(Opcode::kEmptyDict);
  if (sharing == Sharing::kPossible) {
    memoize(dict);
  } else {
    memoize_unnamed();
  }
  if (PyDict_GET_SIZE(dict) == 0) {
    content_ = content_ || keys == Keys::kContent;
    return {};
  }
  TRY(owner == nullptr ? Result<void>() : mark_lazy(owner, dict));
  return save_dict_items(dict, keys);
}

/// Gives the attributes that are there only because the object was looked at a first value that says so. Who loads the
/// pickle gets the second one, their own.
Result<void> GraphWriter::mark_lazy(PyTypeObject* owner, PyObject* dict) {
  const std::vector<py::object> names = lazy_attributes(owner, dict);
  if (names.empty()) {
    return {};
  }
  const LabelScope label(content_);
  stream_.op(Opcode::kMark);
  for (const py::object& name : names) {
    TRY(save(name.ptr()));
    stream_.short_text(util::kLazyMark);
  }
  stream_.op(Opcode::kSetItems);
  return {};
}

Result<void> GraphWriter::save_dict_items(PyObject* dict, Keys keys) {
  const Py_ssize_t size = PyDict_GET_SIZE(dict);
  PathScope path(path_, PathStep::Kind::kKey);
  Py_ssize_t position = 0;
  Py_ssize_t count = 0;
  PyObject* key = nullptr;
  PyObject* value = nullptr;
  while (PyDict_Next(dict, &position, &key, &value) != 0) {
    if (count % kBatch == 0) {
      stream_.op(Opcode::kMark);
    }
    const auto held_key = py::reinterpret_borrow<py::object>(key);
    const auto held_value = py::reinterpret_borrow<py::object>(value);
    path.set_key(key);
    const bool content_before = content_;
    TRY(save(key));
    if (keys == Keys::kLabels && PyUnicode_CheckExact(key)) {
      content_ = content_before;
    }
    TRY(save(value));
    if (PyDict_GET_SIZE(dict) != size) {
      return opaque("a dict changed its size while it was pickled");
    }
    if (++count % kBatch == 0) {
      stream_.op(Opcode::kSetItems);
      if (stream_.failure()) {
        return stream_state();
      }
    }
  }
  if (count % kBatch != 0) {
    stream_.op(Opcode::kSetItems);
  }
  return {};
}

Result<void> GraphWriter::save_elements(const std::vector<py::object>& elements, std::size_t begin, std::size_t end) {
  PathScope path(path_, PathStep::Kind::kIndex);
  for (std::size_t i = begin; i < end; ++i) {
    path.set_index(static_cast<Py_ssize_t>(i));
    TRY(save(elements[i].ptr()));
  }
  return {};
}

Result<void> GraphWriter::save_set(PyObject* set) {
  stream_.op(Opcode::kEmptySet);
  memoize(set);
  const std::vector<py::object> elements = ordered_elements(set);
  content_ = content_ || elements.empty();
  for (std::size_t i = 0; i < elements.size(); i += kBatch) {
    stream_.op(Opcode::kMark);
    TRY(save_elements(elements, i, std::min(elements.size(), i + kBatch)));
    stream_.op(Opcode::kAddItems);
  }
  return {};
}

Result<void> GraphWriter::save_frozenset(PyObject* set) {
  const std::vector<py::object> elements = ordered_elements(set);
  content_ = content_ || elements.empty();
  stream_.op(Opcode::kMark);
  TRY(save_elements(elements, 0, elements.size()));
  // As with tuples: an element may have led back here.
  if (const auto number = memo_.find(set)) {
    stream_.op(Opcode::kPopMark);
    get(*number);
    return {};
  }
  stream_.op(Opcode::kFrozenSet);
  memoize(set);
  return {};
}

Result<void> GraphWriter::save_bytearray(PyObject* bytearray) {
  if (is_buffer(static_cast<std::size_t>(PyByteArray_GET_SIZE(bytearray)))) {
    buffers_->add_export(bytearray, PyBUF_SIMPLE);
    refer_to_buffer(false);
  } else {
    // Not the bytearray itself where it holds a folder's path.
    const py::object named = with_folder_names(bytearray);
    const BufferView view(named.ptr(), PyBUF_SIMPLE);
    stream_.op<8>(Opcode::kByteArray8, static_cast<std::uint64_t>(view.get().len));
    stream_.put(view.get().buf, static_cast<std::size_t>(view.get().len));
  }
  memoize(bytearray);
  content_ = true;
  return {};
}

Result<void> GraphWriter::save_pickle_buffer(PyObject* buffer) {
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
    if (contiguous && is_buffer(size)) {
      buffers_->add_export(buffer, PyBUF_FULL_RO);
      refer_to_buffer(view.get().readonly != 0);
      size = 0;
    } else if (view.get().readonly == 0) {
      stream_.op<8>(Opcode::kByteArray8, size);
    } else if (size <= UINT32_MAX) {
      stream_.op<4>(Opcode::kBinBytes, size);
    } else {
      stream_.op<8>(Opcode::kBinBytes8, size);
    }
    stream_.put(data, size);
    // The wrapper was most likely made by a reduction, for us alone: then holding it would keep its memory for nothing.
    if (Py_REFCNT(buffer) > 1) {
      memoize(buffer);
    } else {
      memoize_unnamed();
    }
    content_ = true;
    return {};
  } catch (const py::error_already_set& error) {
    if (is_fatal(error)) {
      throw;
    }
    return opaque(fmt::format("a PickleBuffer does not give its bytes ({})", one_line(error)));
  }
}

/// After the last item: closes the batch that is open, or says why there was no next one.
Result<void> GraphWriter::finish_items(std::optional<Opcode> close) {
  if (PyErr_Occurred() != nullptr) {
    const py::error_already_set error;
    if (is_fatal(error)) {
      throw error;
    }
    return opaque(fmt::format("iterating over its items raised {}", one_line(error)));
  }
  if (close) {
    stream_.op(*close);
  }
  return stream_state();
}

/// The items of a reduction, appended to the object on the stack.
Result<void> GraphWriter::append_items(const py::object& items) {
  PathScope path(path_, PathStep::Kind::kIndex);
  Py_ssize_t count = 0;
  while (auto item = py::reinterpret_steal<py::object>(PyIter_Next(items.ptr()))) {
    if (count % kBatch == 0) {
      stream_.op(Opcode::kMark);
    }
    path.set_index(count);
    TRY(save(item.ptr()));
    if (++count % kBatch == 0) {
      stream_.op(Opcode::kAppends);
    }
  }
  return finish_items(count % kBatch == 0 ? std::nullopt : std::optional(Opcode::kAppends));
}

Result<void> GraphWriter::set_items(const py::object& pairs) {
  PathScope path(path_, PathStep::Kind::kKey);
  Py_ssize_t count = 0;
  while (auto pair = py::reinterpret_steal<py::object>(PyIter_Next(pairs.ptr()))) {
    if (!PyTuple_Check(pair.ptr()) || PyTuple_GET_SIZE(pair.ptr()) != 2) {
      return opaque("the dict items of its reduction are not pairs");
    }
    if (count % kBatch == 0) {
      stream_.op(Opcode::kMark);
    }
    path.set_key(PyTuple_GET_ITEM(pair.ptr(), 0));
    for (Py_ssize_t i = 0; i < 2; ++i) {
      TRY(save(PyTuple_GET_ITEM(pair.ptr(), i)));
    }
    if (++count % kBatch == 0) {
      stream_.op(Opcode::kSetItems);
    }
  }
  return finish_items(count % kBatch == 0 ? std::nullopt : std::optional(Opcode::kSetItems));
}

}  // namespace snapshot_test::host::pickling
