#include "host/pickling/graph_writer.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <utility>

#include "host/pickling/class_layout.hpp"
#include "host/pickling/describe.hpp"
#include "host/pickling/python_error.hpp"
#include "host/pickling/type_names.hpp"
#include "util/stack.hpp"
#include "util/try.hpp"

namespace snapshot_test::host::pickling {
namespace {

/// Kept free for what runs on top of the walk: the value's own Python code, the sink.
constexpr std::size_t kSmallestReserve = 96 * 1024;
constexpr std::size_t kLargestReserve = 1024 * 1024;

/// The lowest address of this thread's stack that the walk may reach; 0 where it can't be known.
std::uintptr_t find_stack_floor() {
  const auto stack = util::stack_of_this_thread();
  return stack ? stack->lowest + std::clamp(stack->size / 8, kSmallestReserve, kLargestReserve) : 0;
}

}  // namespace

GraphWriter::GraphWriter(util::ByteSink& sink, const Limits& limits, const Reducers& reducers, DrainCache& drained,
                         Buffers* buffers)
    : stream_(sink, limits.max_bytes),
      limits_(limits),
      reducers_(reducers),
      drained_(drained),
      buffers_(buffers),
      routes_(reducers, arrays_),
      stack_floor_(find_stack_floor()) {}

Result<PickledInfo> GraphWriter::dump(PyObject* value) {
  stream_.op<1>(Opcode::kProto, 5);
  TRY(save(value));
  stream_.op(Opcode::kStop);
  stream_.flush();
  TRY(stream_state());
  PickledInfo info;
  info.bytes = stream_.bytes();
  info.content = content_ ? Content::kChecked : Content::kDescribedOnly;
  info.described = described_;
  info.notes = notes_.take();
  info.partly = notes_.partly();
  return info;
}

Result<void> GraphWriter::save(PyObject* object) {
  if (save_scalar(object)) {
    return {};
  }
  if (const auto number = memo_.find(object)) {
    get(*number);
    content_ = content_ || PyType_Check(object) != 0;
    return {};
  }
  if (depth_ >= limits_.max_depth) {
    return opaque(fmt::format("nested deeper than {} levels", limits_.max_depth));
  }
  if (stack_is_low()) {
    return opaque(fmt::format("nested {} levels deep, which is more than this thread's stack holds", depth_));
  }
  if (stream_.failure()) {
    return stream_state();
  }
  ++depth_;
  auto saved = save_by_type(object);
  --depth_;
  return saved;
}

Result<void> GraphWriter::save_by_type(PyObject* object) {
  PyTypeObject* type = Py_TYPE(object);
  if (type == &PyLong_Type) {
    save_big_int(object);
    return {};
  }
  if (type == &PyTuple_Type) {
    return save_tuple(object);
  }
  if (type == &PyList_Type) {
    return save_list(object);
  }
  if (type == &PyDict_Type) {
    return save_dict(object);
  }
  if (type == &PySet_Type) {
    return save_set(object);
  }
  if (type == &PyFrozenSet_Type) {
    return save_frozenset(object);
  }
  if (type == &PyByteArray_Type) {
    return save_bytearray(object);
  }
  if (type == &PyPickleBuffer_Type) {
    return save_pickle_buffer(object);
  }
  return save_routed(object);
}

Result<void> GraphWriter::save_routed(PyObject* object) {
  const std::size_t problems_before = reducers_.problems().size();
  const TypeRoute& route = routes_.of(object);
  for (std::size_t i = problems_before; i < reducers_.problems().size(); ++i) {
    note(reducers_.problems()[i]);
  }
  switch (route.route) {
    case Route::kClass: return save_class(object);
    case Route::kFunction: return save_function(object);
    case Route::kArray: return save_array(object);
    case Route::kDtype: return save_dtype(object);
    case Route::kIterator:
      if (is_iterator(object)) {
        return save_iterator(object);
      }
      break;
    case Route::kRegistered: {
      auto made = call_reducer(*route.reducer, object);
      if (!made) {
        return save_by_reduction(object);
      }
      if (const auto* reduction = std::get_if<Reduction>(&*made)) {
        // A form without arguments is a value, too: an empty geometry, a frame of reference.
        content_ = content_ || (reduction->args.empty() && !reduction->state);
        return save_reduction(object, *reduction);
      }
      return save_description(object, std::get<Description>(*made));
    }
    case Route::kReduce: break;
  }
  // One that was drained among the items of another is at its end now.
  return drained_.knows(object) ? save_iterator(object) : save_by_reduction(object);
}

Reducer::result_type GraphWriter::call_reducer(const Reducer& reducer, PyObject* object) {
  try {
    return reducer(object, context());
  } catch (const py::error_already_set& error) {
    if (is_fatal(error)) {
      throw;
    }
    note(fmt::format("the canonical form of {} failed: {}", type_name(py::type::handle_of(object)), one_line(error)));
    return std::nullopt;
  }
}

bool GraphWriter::stack_is_low() const {
  return reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)) < stack_floor_;
}

tl::unexpected<Error> GraphWriter::opaque(std::string_view why) const {
  return fail(ErrorKind::kPython, fmt::format("opaque: {}, at {}", why, path_text(path_)));
}

Result<void> GraphWriter::stream_state() const {
  if (stream_.failure()) {
    return tl::unexpected(*stream_.failure());
  }
  return {};
}

ReducerContext GraphWriter::context() {
  return {limits_, drained_, reducers_, [this](std::string text) { note(text); }};
}

void GraphWriter::refer_to_buffer(bool read_only) {
  stream_.op(Opcode::kNextBuffer);
  if (read_only) {
    stream_.op(Opcode::kReadOnlyBuffer);
  }
  stream_.count_elsewhere(buffers_->spans().back().size());
}

void GraphWriter::get(std::uint64_t number) {
  if (number < 256) {
    stream_.op<1>(Opcode::kBinGet, number);
  } else {
    stream_.op<4>(Opcode::kLongBinGet, number);
  }
}

}  // namespace snapshot_test::host::pickling
