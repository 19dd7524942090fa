#include "host/pickling/save_container.hpp"

#include <pybind11/pybind11.h>

#include <algorithm>
#include <vector>

#include "host/pickling/lazy_attributes.hpp"
#include "host/pickling/set_order.hpp"
#include "snapshot_test/util/form_key.hpp"
#include "util/try.hpp"

namespace snapshot_test::host::pickling {

namespace py = pybind11;

namespace {

enum class Keys { kContent, kLabels };

/// `(attributes, slots)` is what object.__reduce_ex__ gives for classes with slots.
bool is_slots_state(PyObject* state) {
  return PyTuple_GET_SIZE(state) == 2 && PyDict_CheckExact(PyTuple_GET_ITEM(state, 1)) &&
         (PyTuple_GET_ITEM(state, 0) == Py_None || PyDict_CheckExact(PyTuple_GET_ITEM(state, 0)));
}

/// Gives the attributes that are there only because the object was looked at a first value that says so. Who loads the
/// pickle gets the second one, their own.
Result<void> mark_lazy(Walk& walk, PyTypeObject* owner, PyObject* dict) {
  Output& out = walk.out();
  const std::vector<py::object> names = lazy_attributes(owner, dict);
  if (names.empty()) {
    return {};
  }
  const LabelScope label(walk.record());
  out.op(Opcode::kMark);
  for (const py::object& name : names) {
    TRY(walk.save(name.ptr()));
    out.short_text(util::kLazyMark);
  }
  out.op(Opcode::kSetItems);
  return {};
}

Result<void> save_dict_items(Walk& walk, PyObject* dict, Keys keys) {
  Output& out = walk.out();
  const Py_ssize_t size = PyDict_GET_SIZE(dict);
  PathScope path(walk.record().path, PathStep::Kind::kKey);
  Py_ssize_t position = 0;
  Py_ssize_t count = 0;
  PyObject* key = nullptr;
  PyObject* value = nullptr;
  while (PyDict_Next(dict, &position, &key, &value) != 0) {
    if (count % Output::kBatch == 0) {
      out.op(Opcode::kMark);
    }
    const auto held_key = py::reinterpret_borrow<py::object>(key);
    const auto held_value = py::reinterpret_borrow<py::object>(value);
    path.set_key(key);
    const bool content_before = walk.record().content;
    TRY(walk.save(key));
    if (keys == Keys::kLabels && PyUnicode_CheckExact(key)) {
      walk.record().content = content_before;
    }
    TRY(walk.save(value));
    if (PyDict_GET_SIZE(dict) != size) {
      return walk.record().opaque("a dict changed its size while it was pickled");
    }
    if (++count % Output::kBatch == 0) {
      out.op(Opcode::kSetItems);
      if (out.failure()) {
        return out.state();
      }
    }
  }
  if (count % Output::kBatch != 0) {
    out.op(Opcode::kSetItems);
  }
  return {};
}

Result<void> save_dict(Walk& walk, PyObject* dict, Keys keys, Sharing sharing, PyTypeObject* owner) {
  Output& out = walk.out();
  out.op(Opcode::kEmptyDict);
  if (sharing == Sharing::kPossible) {
    out.memoize(dict);
  } else {
    out.memoize_unnamed();
  }
  if (PyDict_GET_SIZE(dict) == 0) {
    walk.record().content = walk.record().content || keys == Keys::kContent;
    return {};
  }
  TRY(owner == nullptr ? Result<void>() : mark_lazy(walk, owner, dict));
  return save_dict_items(walk, dict, keys);
}

Result<void> save_elements(Walk& walk, const std::vector<py::object>& elements, std::size_t begin, std::size_t end) {
  PathScope path(walk.record().path, PathStep::Kind::kIndex);
  for (std::size_t i = begin; i < end; ++i) {
    path.set_index(static_cast<Py_ssize_t>(i));
    TRY(walk.save(elements[i].ptr()));
  }
  return {};
}

}  // namespace

Result<void> save_tuple(Walk& walk, PyObject* tuple, Sharing sharing) {
  Output& out = walk.out();
  const Py_ssize_t size = PyTuple_GET_SIZE(tuple);
  if (size == 0) {
    out.op(Opcode::kEmptyTuple);
    walk.record().content = true;
    return {};
  }
  if (size > 3) {
    out.op(Opcode::kMark);
  }
  {
    PathScope path(walk.record().path, PathStep::Kind::kIndex);
    for (Py_ssize_t i = 0; i < size; ++i) {
      path.set_index(i);
      TRY(walk.save(PyTuple_GET_ITEM(tuple, i)));
    }
  }
  // One of its items may have led back to the tuple and written it: then drop these items and refer to that.
  if (const auto number = sharing == Sharing::kPossible ? out.find(tuple) : std::nullopt) {
    if (size > 3) {
      out.op(Opcode::kPopMark);
    } else {
      for (Py_ssize_t i = 0; i < size; ++i) {
        out.op(Opcode::kPop);
      }
    }
    out.get(*number);
    return {};
  }
  switch (size) {
    case 1: out.op(Opcode::kTuple1); break;
    case 2: out.op(Opcode::kTuple2); break;
    case 3: out.op(Opcode::kTuple3); break;
    default: out.op(Opcode::kTuple); break;
  }
  if (sharing == Sharing::kPossible) {
    out.memoize(tuple);
  } else {
    out.memoize_unnamed();
  }
  return {};
}

Result<void> save_list(Walk& walk, PyObject* list) {
  Output& out = walk.out();
  out.op(Opcode::kEmptyList);
  out.memoize(list);
  if (PyList_GET_SIZE(list) == 0) {
    walk.record().content = true;
    return {};
  }
  PathScope path(walk.record().path, PathStep::Kind::kIndex);
  // The size is looked at each time: an item's own code may change the list.
  for (Py_ssize_t i = 0; i < PyList_GET_SIZE(list);) {
    out.op(Opcode::kMark);
    for (const Py_ssize_t end = i + Output::kBatch; i < end && i < PyList_GET_SIZE(list); ++i) {
      PyObject* item = PyList_GET_ITEM(list, i);
      if (walk.save_if_scalar(item)) {
        continue;
      }
      path.set_index(i);
      const auto held = py::reinterpret_borrow<py::object>(item);
      TRY(walk.save_no_scalar(item));
    }
    out.op(Opcode::kAppends);
    if (out.failure()) {
      return out.state();
    }
  }
  return {};
}

Result<void> save_dict(Walk& walk, PyObject* dict) {
  return save_dict(walk, dict, Keys::kContent, Sharing::kPossible, nullptr);
}

Result<void> save_set(Walk& walk, PyObject* set) {
  Output& out = walk.out();
  out.op(Opcode::kEmptySet);
  out.memoize(set);
  const std::vector<py::object> elements = ordered_elements(set);
  walk.record().content = walk.record().content || elements.empty();
  for (std::size_t i = 0; i < elements.size(); i += Output::kBatch) {
    out.op(Opcode::kMark);
    TRY(save_elements(walk, elements, i, std::min(elements.size(), i + Output::kBatch)));
    out.op(Opcode::kAddItems);
  }
  return {};
}

Result<void> save_frozenset(Walk& walk, PyObject* set) {
  Output& out = walk.out();
  const std::vector<py::object> elements = ordered_elements(set);
  walk.record().content = walk.record().content || elements.empty();
  out.op(Opcode::kMark);
  TRY(save_elements(walk, elements, 0, elements.size()));
  // As with tuples: an element may have led back here.
  if (const auto number = out.find(set)) {
    out.op(Opcode::kPopMark);
    out.get(*number);
    return {};
  }
  out.op(Opcode::kFrozenSet);
  out.memoize(set);
  return {};
}

Result<void> save_state(Walk& walk, PyObject* state, PyTypeObject* owner) {
  Output& out = walk.out();
  const bool sole = Py_REFCNT(state) == 1;
  if (PyDict_CheckExact(state) && !out.find(state)) {
    return save_dict(walk, state, Keys::kLabels, sole ? Sharing::kImpossible : Sharing::kPossible, owner);
  }
  if (PyTuple_CheckExact(state) && sole && is_slots_state(state)) {
    for (Py_ssize_t i = 0; i < 2; ++i) {
      PyObject* attributes = PyTuple_GET_ITEM(state, i);
      if (attributes == Py_None) {
        out.op(Opcode::kNone);
      } else if (const auto number = out.find(attributes)) {
        out.get(*number);
      } else
        TRY(save_dict(walk, attributes, Keys::kLabels, Sharing::kPossible, owner));
    }
    out.op(Opcode::kTuple2);
    out.memoize_unnamed();
    return {};
  }
  return PyTuple_CheckExact(state) && sole ? save_tuple(walk, state, Sharing::kImpossible) : walk.save(state);
}

}  // namespace snapshot_test::host::pickling
