#include "host/pickling/graph_writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "host/pickling/python_error.hpp"
#include "host/pickling/save_container.hpp"
#include "host/pickling/save_memory.hpp"
#include "host/pickling/type_names.hpp"
#include "util/stack.hpp"
#include "util/try.hpp"

namespace snapshot_test::host::pickling {

namespace py = pybind11;

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
    : Walk(sink, limits.max_bytes, buffers),
      context_{limits, drained, reducers, [this](const std::string& text) { record().note(text); }},
      routes_(reducers, array_types_),
      descriptions_(*this, context_),
      globals_(*this, descriptions_),
      reductions_(*this, context_, array_types_, globals_, descriptions_),
      arrays_(*this, array_types_, reductions_),
      numbers_(out()),
      stack_floor_(find_stack_floor()) {}

Result<PickledInfo> GraphWriter::dump(PyObject* value) {
  out().op<1>(Opcode::kProto, 5);
  TRY(save(value));
  out().op(Opcode::kStop);
  out().flush();
  TRY(out().state());
  PickledInfo info;
  info.bytes = out().bytes();
  info.content = record().content ? Content::kChecked : Content::kDescribedOnly;
  info.described = record().described;
  info.notes = record().notes.take();
  info.partly = record().notes.partly();
  return info;
}

Result<void> GraphWriter::save_no_scalar(PyObject* object) {
  if (const auto number = out().find(object)) {
    out().get(*number);
    record().content = record().content || PyType_Check(object) != 0;
    return {};
  }
  if (depth_ >= context_.limits.max_depth) {
    return record().opaque(fmt::format("nested deeper than {} levels", context_.limits.max_depth));
  }
  if (stack_is_low()) {
    return record().opaque(fmt::format("nested {} levels deep, which is more than this thread's stack holds", depth_));
  }
  if (out().failure()) {
    return out().state();
  }
  ++depth_;
  auto saved = save_by_type(object);
  --depth_;
  return saved;
}

Result<void> GraphWriter::save_by_type(PyObject* object) {
  PyTypeObject* type = Py_TYPE(object);
  if (type == &PyLong_Type) {
    save_big_int(out(), object);
    record().content = true;
    return {};
  }
  if (type == &PyTuple_Type) {
    return save_tuple(*this, object);
  }
  if (type == &PyList_Type) {
    return save_list(*this, object);
  }
  if (type == &PyDict_Type) {
    return save_dict(*this, object);
  }
  if (type == &PySet_Type) {
    return save_set(*this, object);
  }
  if (type == &PyFrozenSet_Type) {
    return save_frozenset(*this, object);
  }
  if (type == &PyByteArray_Type) {
    save_bytearray(out(), object);
    record().content = true;
    return {};
  }
  if (type == &PyPickleBuffer_Type) {
    return save_pickle_buffer(*this, object);
  }
  return save_routed(object);
}

Result<void> GraphWriter::save_routed(PyObject* object) {
  const std::size_t problems_before = context_.reducers.problems().size();
  const TypeRoute& route = routes_.of(object);
  for (std::size_t i = problems_before; i < context_.reducers.problems().size(); ++i) {
    record().note(context_.reducers.problems()[i]);
  }
  switch (route.route) {
    case Route::kClass: return globals_.save_class(object);
    case Route::kFunction: return globals_.save_function(object);
    case Route::kArray: return arrays_.save_array(object);
    case Route::kDtype: return arrays_.save_dtype(object);
    case Route::kIterator:
      if (is_iterator(object)) {
        return descriptions_.save_iterator(object);
      }
      break;
    case Route::kRegistered: {
      auto made = call_reducer(*route.reducer, object);
      if (!made) {
        return reductions_.save_by_reduction(object);
      }
      if (const auto* reduction = std::get_if<Reduction>(&*made)) {
        // A form without arguments is a value, too: an empty geometry, a frame of reference.
        record().content = record().content || (reduction->args.empty() && !reduction->state);
        return reductions_.save_reduction(object, *reduction);
      }
      return descriptions_.save_description(object, std::get<Description>(*made));
    }
    case Route::kNumber: return save_number(object);
    case Route::kReduce: break;
  }
  // One that was drained among the items of another is at its end now.
  return context_.drained.knows(object) ? descriptions_.save_iterator(object) : reductions_.save_by_reduction(object);
}

Result<void> GraphWriter::save_number(PyObject* object) {
  if (numbers_.save(object)) {
    record().content = true;
    return {};
  }
  auto saved = reductions_.save_by_reduction(object);
  if (saved && out().find(object)) {
    numbers_.learn(object);
  }
  return saved;
}

Reducer::result_type GraphWriter::call_reducer(const Reducer& reducer, PyObject* object) {
  try {
    return reducer(object, context_);
  } catch (const py::error_already_set& error) {
    if (is_fatal(error)) {
      throw;
    }
    record().note(
        fmt::format("the canonical form of {} failed: {}", type_name(py::type::handle_of(object)), one_line(error)));
    return std::nullopt;
  }
}

bool GraphWriter::stack_is_low() const {
  return reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)) < stack_floor_;
}

}  // namespace snapshot_test::host::pickling
