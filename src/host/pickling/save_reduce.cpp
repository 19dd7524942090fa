// Everything without a form of its own: copyreg's table, then __reduce_ex__(5), as in Lib/pickle.py.
#include <fmt/format.h>

#include <utility>

#include "host/pickling/describe.hpp"
#include "host/pickling/graph_writer.hpp"
#include "host/pickling/python_error.hpp"
#include "host/pickling/type_names.hpp"
#include "util/try.hpp"

namespace snapshot_test::host::pickling {
namespace {

/// `(attributes, slots)` is what object.__reduce_ex__ gives for classes with slots.
bool is_slots_state(PyObject* state) {
  return PyTuple_GET_SIZE(state) == 2 && PyDict_CheckExact(PyTuple_GET_ITEM(state, 1)) &&
         (PyTuple_GET_ITEM(state, 0) == Py_None || PyDict_CheckExact(PyTuple_GET_ITEM(state, 0)));
}

bool is_getattr(const py::object& callable) {
  return PyCFunction_Check(callable.ptr()) && callable.ptr() == PyDict_GetItemString(PyEval_GetBuiltins(), "getattr");
}

}  // namespace

/// What __reduce_ex__ returns.
py::object GraphWriter::reduce(PyObject* object) {
  if (!reduce_ex_) {
    reduce_ex_ = py::str("__reduce_ex__");
    protocol_ = py::int_(5);
    dispatch_table_ = find_loaded("copyreg", "dispatch_table");
  }
  if (dispatch_table_ && PyDict_Check(dispatch_table_.ptr())) {
    if (PyObject* registered =
            PyDict_GetItemWithError(dispatch_table_.ptr(), reinterpret_cast<PyObject*>(Py_TYPE(object)))) {
      return py::reinterpret_borrow<py::object>(registered)(py::handle(object));
    }
  }
  auto value = py::reinterpret_steal<py::object>(PyObject_CallMethodOneArg(object, reduce_ex_.ptr(), protocol_.ptr()));
  if (!value) {
    throw py::error_already_set();
  }
  return value;
}

Result<void> GraphWriter::save_by_reduction(PyObject* object) {
  py::object value;
  try {
    value = reduce(object);
  } catch (const py::error_already_set& error) {
    if (is_fatal(error)) {
      throw;
    }
    return describe_refusal(object, one_line(error));
  }
  if (py::isinstance<py::str>(value)) {
    const GlobalName& global = globals_.of(object, value.ptr());
    if (!global.found) {
      return describe_refusal(object, fmt::format("it is not {}.{}", global.module, global.qualname));
    }
    write_global(object, global);
    // A function by its name says nothing of a result; a singleton does.
    content_ = content_ || PyCallable_Check(object) == 0;
    return {};
  }
  auto reduction = parse_reduction(std::move(value));
  if (!reduction) {
    return describe_refusal(object, reduction.error().message);
  }
  // A class that says of itself that calling it is enough has values that are told apart by their class:
  // numpy.ma.masked.
  content_ = content_ || (reduction->args.empty() && !reduction->state);
  return save_completed(object, *reduction);
}

/// With what a class adds and the __reduce__ that it inherits leaves out.
Result<void> GraphWriter::save_completed(PyObject* object, Reduction& reduction) {
  py::object added;
  try {
    added = inherited_.complete(object, reduction);
  } catch (const py::error_already_set& error) {
    if (is_fatal(error)) {
      throw;
    }
    return describe_refusal(object, one_line(error));
  }
  return save_reduction(object, reduction, added);
}

Result<void> GraphWriter::save_reduction(PyObject* object, const Reduction& reduction, const py::object& added) {
  auto construction = construction_of(object, reduction);
  if (!construction) {
    return describe_refusal(object, construction.error().message);
  }
  TRY_ASSIGN(const auto built, save_construction(*construction));
  if (built == Built::kTakenBack) {
    return describe_reduction(object, reduction, *construction, added);
  }
  // The arguments may have led back to the object and written it: then drop this one and refer to that.
  if (const auto number = memo_.find(object)) {
    stream_.op(Opcode::kPop);
    get(*number);
  } else {
    memoize(object);
  }
  if (auto saved = save_parts(object, reduction); !saved || !added) {
    return saved;
  }
  return save_attributes(object, py::reinterpret_borrow<py::dict>(added));
}

/// Attributes of an object whose __setstate__ does not take them: (object, setattr(object, name, value), …)[0].
Result<void> GraphWriter::save_attributes(PyObject* object, const py::dict& attributes) {
  PathScope path(path_, PathStep::Kind::kField, "state");
  stream_.op(Opcode::kPop);
  const auto save_label = [&](PyObject* label) {
    const LabelScope scope(content_);
    return save(label);
  };
  TRY(save_label(py::module_::import("_operator").attr("getitem").ptr()));
  stream_.op(Opcode::kMark);
  TRY(save(object));
  const py::object set = py::module_::import("builtins").attr("setattr");
  for (const auto& [name, value] : attributes) {
    TRY(save_label(set.ptr()));
    TRY(save(object));
    TRY(save_label(name.ptr()));
    TRY(save(value.ptr()));
    stream_.op(Opcode::kTuple3);
    stream_.op(Opcode::kReduce);
  }
  stream_.op(Opcode::kTuple);
  save_int(0);
  stream_.op(Opcode::kTuple2);
  stream_.op(Opcode::kReduce);
  return stream_state();
}

Result<GraphWriter::Built> GraphWriter::save_construction(const Construction& construction) {
  if (!is_loadable(construction.callable.ptr())) {
    return Built::kTakenBack;
  }
  const std::uint64_t described_before = described_;
  {
    const LabelScope label(content_);
    TRY(save(construction.callable.ptr()));
  }
  TRY_ASSIGN(const auto args_number, save_arguments(construction));
  const bool extended = construction.form == Construction::Form::kNewObjectEx;
  if (extended) {
    PathScope path(path_, PathStep::Kind::kField, "kwargs");
    TRY(save(construction.kwargs.ptr()));
  }
  if (described_ != described_before) {
    // A constructor would hardly take a description for what it describes.
    for (int i = extended ? 3 : 2; i != 0; --i) {
      stream_.op(Opcode::kPop);
    }
    if (!construction.args.empty() && !memo_.find(construction.args.ptr())) {
      memo_.insert(construction.args.ptr(), args_number);  // the description refers to them
    }
    return Built::kTakenBack;
  }
  switch (construction.form) {
    case Construction::Form::kCall: stream_.op(Opcode::kReduce); break;
    case Construction::Form::kNewObject: stream_.op(Opcode::kNewObj); break;
    case Construction::Form::kNewObjectEx: stream_.op(Opcode::kNewObjEx); break;
  }
  return Built::kYes;
}

/// The memo number of the tuple; of no meaning for an empty one.
Result<std::uint64_t> GraphWriter::save_arguments(const Construction& construction) {
  PathScope path(path_, PathStep::Kind::kField, "args");
  PyObject* args = construction.args.ptr();
  const Py_ssize_t size = PyTuple_GET_SIZE(args);
  if (size == 0) {
    stream_.op(Opcode::kEmptyTuple);
    return 0;
  }
  if (const auto number = memo_.find(args)) {
    get(*number);
    return *number;
  }
  if (size == 2 && is_getattr(construction.callable)) {
    // A bound method: what it is bound to may be content, its name is a label.
    TRY(save(PyTuple_GET_ITEM(args, 0)));
    const LabelScope label(content_);
    TRY(save(PyTuple_GET_ITEM(args, 1)));
    stream_.op(Opcode::kTuple2);
    return memoize_unnamed();
  }
  // Besides the construction there is one owner, the reduction, unless the object keeps the tuple itself.
  const Sharing sharing = Py_REFCNT(args) <= 2 ? Sharing::kImpossible : Sharing::kPossible;
  TRY(save_tuple(args, sharing));
  return memo_.find(args).value_or(memo_count_ - 1);
}

Result<void> GraphWriter::save_parts(PyObject* object, const Reduction& reduction) {
  if (reduction.list_items || reduction.dict_items) {
    content_ = true;  // even if there are none: then it is known to be empty
  }
  if (reduction.list_items) {
    TRY(append_items(reduction.list_items));
  }
  if (reduction.dict_items) {
    TRY(set_items(reduction.dict_items));
  }
  if (!reduction.state) {
    return {};
  }
  PathScope path(path_, PathStep::Kind::kField, "state");
  if (!reduction.state_setter) {
    auto saved = save_state(reduction.state.ptr(), Py_TYPE(object));
    stream_.op(Opcode::kBuild);
    return saved;
  }
  return save_state_by_setter(object, reduction);
}

/// setter(object, state). Lib/pickle.py calls it and drops what it returns, so that a reader that calls nothing would
/// drop the state, too. Here the object is written as (object, setter(object, state))[0].
Result<void> GraphWriter::save_state_by_setter(PyObject* object, const Reduction& reduction) {
  stream_.op(Opcode::kPop);
  {
    const LabelScope label(content_);
    TRY(save(py::module_::import("_operator").attr("getitem").ptr()));
    TRY(save(object));
    TRY(save(reduction.state_setter.ptr()));
  }
  TRY(save(object));
  TRY(save_state(reduction.state.ptr(), Py_TYPE(object)));
  stream_.op(Opcode::kTuple2);
  stream_.op(Opcode::kReduce);  // setter(object, state)
  stream_.op(Opcode::kTuple2);
  save_int(0);
  stream_.op(Opcode::kTuple2);
  stream_.op(Opcode::kReduce);  // getitem((object, …), 0)
  return {};
}

/// Attributes: their names are labels.
Result<void> GraphWriter::save_state(PyObject* state, PyTypeObject* owner) {
  const bool sole = Py_REFCNT(state) == 1;
  if (PyDict_CheckExact(state) && !memo_.find(state)) {
    return save_dict(state, Keys::kLabels, sole ? Sharing::kImpossible : Sharing::kPossible, owner);
  }
  if (PyTuple_CheckExact(state) && sole && is_slots_state(state)) {
    for (Py_ssize_t i = 0; i < 2; ++i) {
      PyObject* attributes = PyTuple_GET_ITEM(state, i);
      if (attributes == Py_None) {
        stream_.op(Opcode::kNone);
      } else if (const auto number = memo_.find(attributes)) {
        get(*number);
      } else
        TRY(save_dict(attributes, Keys::kLabels, Sharing::kPossible, owner));
    }
    stream_.op(Opcode::kTuple2);
    memoize_unnamed();
    return {};
  }
  return PyTuple_CheckExact(state) && sole ? save_tuple(state, Sharing::kImpossible) : save(state);
}

/// Stands for an object by what its own reduction says of it.
Result<void> GraphWriter::describe_reduction(PyObject* object, const Reduction& reduction,
                                             const Construction& construction, const py::object& added) {
  if (arrays_.is_derived(Py_TYPE(object))) {
    return save_description(object, describe_instance(object, context()));
  }
  Description out{"instance", {}};
  out.fields.push_back({"type", py::str(type_name(py::type::handle_of(object))), Content::kDescribedOnly});
  if (construction.form == Construction::Form::kCall &&
      construction.callable.ptr() != reinterpret_cast<PyObject*>(Py_TYPE(object))) {
    out.fields.push_back({"callable", construction.callable, Content::kDescribedOnly});
  }
  if (!construction.args.empty()) {
    out.fields.push_back({"args", construction.args});
  }
  if (construction.kwargs) {
    out.fields.push_back({"kwargs", construction.kwargs});
  }
  try {
    if (reduction.list_items) {
      out.fields.push_back({"items", py::list(reduction.list_items)});
    }
    if (reduction.dict_items) {
      py::dict pairs;
      pairs.attr("update")(reduction.dict_items);
      out.fields.push_back({"dict_items", std::move(pairs)});
    }
  } catch (const py::error_already_set& error) {
    if (is_fatal(error)) {
      throw;
    }
    return opaque(fmt::format("iterating over its items raised {}", one_line(error)));
  }
  if (reduction.state) {
    out.fields.push_back({"state", reduction.state});
  }
  if (added) {
    out.fields.push_back({"attributes", added});
  }
  return save_description(object, out);
}

}  // namespace snapshot_test::host::pickling
