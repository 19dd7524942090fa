#include "host/pickling/save_reduce.hpp"

#include <fmt/format.h>

#include <utility>

#include "host/pickling/describe.hpp"
#include "host/pickling/python_error.hpp"
#include "host/pickling/save_container.hpp"
#include "host/pickling/save_items.hpp"
#include "host/pickling/save_scalar.hpp"
#include "host/pickling/type_names.hpp"
#include "util/try.hpp"

namespace snapshot_test::host::pickling {

namespace py = pybind11;

namespace {

bool is_getattr(const py::object& callable) {
  return PyCFunction_Check(callable.ptr()) && callable.ptr() == PyDict_GetItemString(PyEval_GetBuiltins(), "getattr");
}

}  // namespace

/// What __reduce_ex__ returns.
py::object ReductionSaver::reduce(PyObject* object) {
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

Result<void> ReductionSaver::save_by_reduction(PyObject* object) {
  py::object value;
  try {
    value = reduce(object);
  } catch (const py::error_already_set& error) {
    if (is_fatal(error)) {
      throw;
    }
    return descriptions_.describe_refusal(object, one_line(error));
  }
  if (py::isinstance<py::str>(value)) {
    const GlobalName& global = globals_.name_of(object, value.ptr());
    if (!global.found) {
      return descriptions_.describe_refusal(object, fmt::format("it is not {}.{}", global.module, global.qualname));
    }
    globals_.write(object, global);
    // A function by its name says nothing of a result; a singleton does.
    record_.content = record_.content || PyCallable_Check(object) == 0;
    return {};
  }
  auto reduction = parse_reduction(std::move(value));
  if (!reduction) {
    return descriptions_.describe_refusal(object, reduction.error().message);
  }
  // A class that says of itself that calling it is enough has values that are told apart by their class:
  // numpy.ma.masked.
  record_.content = record_.content || (reduction->args.empty() && !reduction->state);
  return save_completed(object, *reduction);
}

/// With what a class adds and the __reduce__ that it inherits leaves out.
Result<void> ReductionSaver::save_completed(PyObject* object, Reduction& reduction) {
  py::object added;
  try {
    added = inherited_.complete(object, reduction);
  } catch (const py::error_already_set& error) {
    if (is_fatal(error)) {
      throw;
    }
    return descriptions_.describe_refusal(object, one_line(error));
  }
  return save_reduction(object, reduction, added);
}

Result<void> ReductionSaver::save_reduction(PyObject* object, const Reduction& reduction, const py::object& added) {
  auto construction = construction_of(object, reduction);
  if (!construction) {
    return descriptions_.describe_refusal(object, construction.error().message);
  }
  TRY_ASSIGN(const auto built, save_construction(*construction));
  if (built == Built::kTakenBack) {
    return describe_reduction(object, reduction, *construction, added);
  }
  // The arguments may have led back to the object and written it: then drop this one and refer to that.
  if (const auto number = out_.find(object)) {
    out_.op(Opcode::kPop);
    out_.get(*number);
  } else {
    out_.memoize(object);
  }
  if (auto saved = save_parts(object, reduction); !saved || !added) {
    return saved;
  }
  return save_attributes(object, py::reinterpret_borrow<py::dict>(added));
}

/// Attributes of an object whose __setstate__ does not take them: (object, setattr(object, name, value), …)[0].
Result<void> ReductionSaver::save_attributes(PyObject* object, const py::dict& attributes) {
  PathScope path(record_.path, PathStep::Kind::kField, "state");
  out_.op(Opcode::kPop);
  const auto save_label = [&](PyObject* label) {
    const LabelScope scope(record_);
    return walk_.save(label);
  };
  TRY(save_label(py::module_::import("_operator").attr("getitem").ptr()));
  out_.op(Opcode::kMark);
  TRY(walk_.save(object));
  const py::object set = py::module_::import("builtins").attr("setattr");
  for (const auto& [name, value] : attributes) {
    TRY(save_label(set.ptr()));
    TRY(walk_.save(object));
    TRY(save_label(name.ptr()));
    TRY(walk_.save(value.ptr()));
    out_.op(Opcode::kTuple3);
    out_.op(Opcode::kReduce);
  }
  out_.op(Opcode::kTuple);
  save_int(out_, 0);
  out_.op(Opcode::kTuple2);
  out_.op(Opcode::kReduce);
  return out_.state();
}

Result<ReductionSaver::Built> ReductionSaver::save_construction(const Construction& construction) {
  if (!globals_.is_loadable(construction.callable.ptr())) {
    return Built::kTakenBack;
  }
  const std::uint64_t described_before = record_.described;
  {
    const LabelScope label(record_);
    TRY(walk_.save(construction.callable.ptr()));
  }
  TRY_ASSIGN(const auto args_number, save_arguments(construction));
  const bool extended = construction.form == Construction::Form::kNewObjectEx;
  if (extended) {
    PathScope path(record_.path, PathStep::Kind::kField, "kwargs");
    TRY(walk_.save(construction.kwargs.ptr()));
  }
  if (record_.described != described_before) {
    // A constructor would hardly take a description for what it describes.
    for (int i = extended ? 3 : 2; i != 0; --i) {
      out_.op(Opcode::kPop);
    }
    if (!construction.args.empty() && !out_.find(construction.args.ptr())) {
      out_.insert(construction.args.ptr(), args_number);  // the description refers to them
    }
    return Built::kTakenBack;
  }
  switch (construction.form) {
    case Construction::Form::kCall: out_.op(Opcode::kReduce); break;
    case Construction::Form::kNewObject: out_.op(Opcode::kNewObj); break;
    case Construction::Form::kNewObjectEx: out_.op(Opcode::kNewObjEx); break;
  }
  return Built::kYes;
}

/// The memo number of the tuple; of no meaning for an empty one.
Result<std::uint64_t> ReductionSaver::save_arguments(const Construction& construction) {
  PathScope path(record_.path, PathStep::Kind::kField, "args");
  PyObject* args = construction.args.ptr();
  const Py_ssize_t size = PyTuple_GET_SIZE(args);
  if (size == 0) {
    out_.op(Opcode::kEmptyTuple);
    return 0;
  }
  if (const auto number = out_.find(args)) {
    out_.get(*number);
    return *number;
  }
  if (size == 2 && is_getattr(construction.callable)) {
    // A bound method: what it is bound to may be content, its name is a label.
    TRY(walk_.save(PyTuple_GET_ITEM(args, 0)));
    const LabelScope label(record_);
    TRY(walk_.save(PyTuple_GET_ITEM(args, 1)));
    out_.op(Opcode::kTuple2);
    return out_.memoize_unnamed();
  }
  // Besides the construction there is one owner, the reduction, unless the object keeps the tuple itself.
  const Sharing sharing = Py_REFCNT(args) <= 2 ? Sharing::kImpossible : Sharing::kPossible;
  TRY(save_tuple(walk_, args, sharing));
  return out_.find(args).value_or(out_.last_number());
}

Result<void> ReductionSaver::save_parts(PyObject* object, const Reduction& reduction) {
  if (reduction.list_items || reduction.dict_items) {
    record_.content = true;  // even if there are none: then it is known to be empty
  }
  if (reduction.list_items) {
    TRY(append_items(walk_, reduction.list_items));
  }
  if (reduction.dict_items) {
    TRY(set_items(walk_, reduction.dict_items));
  }
  if (!reduction.state) {
    return {};
  }
  PathScope path(record_.path, PathStep::Kind::kField, "state");
  if (!reduction.state_setter) {
    auto saved = save_state(walk_, reduction.state.ptr(), Py_TYPE(object));
    out_.op(Opcode::kBuild);
    return saved;
  }
  return save_state_by_setter(object, reduction);
}

/// setter(object, state). Lib/pickle.py calls it and drops what it returns, so that a reader that calls nothing would
/// drop the state, too. Here the object is written as (object, setter(object, state))[0].
Result<void> ReductionSaver::save_state_by_setter(PyObject* object, const Reduction& reduction) {
  out_.op(Opcode::kPop);
  {
    const LabelScope label(record_);
    TRY(walk_.save(py::module_::import("_operator").attr("getitem").ptr()));
    TRY(walk_.save(object));
    TRY(walk_.save(reduction.state_setter.ptr()));
  }
  TRY(walk_.save(object));
  TRY(save_state(walk_, reduction.state.ptr(), Py_TYPE(object)));
  out_.op(Opcode::kTuple2);
  out_.op(Opcode::kReduce);  // setter(object, state)
  out_.op(Opcode::kTuple2);
  save_int(out_, 0);
  out_.op(Opcode::kTuple2);
  out_.op(Opcode::kReduce);  // getitem((object, …), 0)
  return {};
}

/// Stands for an object by what its own reduction says of it.
Result<void> ReductionSaver::describe_reduction(PyObject* object, const Reduction& reduction,
                                                const Construction& construction, const py::object& added) {
  if (arrays_.is_derived(Py_TYPE(object))) {
    return descriptions_.save_description(object, describe_instance(object, context_));
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
    return record_.opaque(fmt::format("iterating over its items raised {}", one_line(error)));
  }
  if (reduction.state) {
    out.fields.push_back({"state", reduction.state});
  }
  if (added) {
    out.fields.push_back({"attributes", added});
  }
  return descriptions_.save_description(object, out);
}

}  // namespace snapshot_test::host::pickling
