#include "host/trace/body_recorder.hpp"

#include <algorithm>
#include <exception>
#include <string_view>
#include <utility>

#include "host/trace/passing_iterator.hpp"

namespace snapshot_test::host::trace {
namespace py = pybind11;
namespace {

constexpr const char* kCapsuleName = nullptr;  // names are compared in each call

/// Of a statement that is in no loop: larger values are digested.
constexpr RoundBudget kSmallCopy{.bytes = std::uint64_t{1} << 20, .atoms = 1, .rounds = 1, .digests = 1};

constexpr std::uint64_t kMostAtoms = RoundBudget{}.atoms;

struct SlotReference {
  std::shared_ptr<RecordTable> owner;
  RecordTable::Slot* slot;
};

/// numpy.float64(2) is as plain as 2.0; numpy's scalars are known by where their classes come from.
bool is_numpy_scalar(const PyTypeObject* type) {
  for (; type->tp_base != nullptr; type = type->tp_base) {
    if (std::string_view(type->tp_name) == "numpy.generic") return true;
  }
  return false;
}

bool is_plain(PyObject* value) {
  const PyTypeObject* type = Py_TYPE(value);
  if (type == &PyTuple_Type) {  // m, n = self.m, self.n
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(value); ++i) {
      PyObject* item = PyTuple_GET_ITEM(value, i);
      if (Py_TYPE(item) == &PyTuple_Type || !is_plain(item)) return false;
    }
    return true;
  }
  return value == Py_None || type == &PyLong_Type || type == &PyFloat_Type || type == &PyBool_Type ||
         type == &PyComplex_Type || type == &PyUnicode_Type || type == &PyBytes_Type || type == &PyFunction_Type ||
         type == &PyMethod_Type || type == &PyModule_Type || PyCFunction_Check(value) || PyType_Check(value) ||
         is_numpy_scalar(type);
}

bool keeps(KeepRule rule, PyObject* value) {
  switch (rule) {
    case KeepRule::kNotIterator: return !PyIter_Check(value);
    case KeepRule::kNotPlain: return !is_plain(value);
    case KeepRule::kAnything:
    case KeepRule::kFilled: break;
  }
  return true;
}

bool is_empty(PyObject* value) {
  return (PyList_CheckExact(value) && PyList_GET_SIZE(value) == 0) ||
         (PyDict_CheckExact(value) && PyDict_GET_SIZE(value) == 0);
}

/// An iterator among the items is tied to what is iterated over (itertools.groupby), or is looked at where it is used.
/// What is beside it is kept: the group's key.
py::object without_iterators(py::handle item) {
  if (is_iterator(item.ptr())) return py::none();
  if (!PyTuple_CheckExact(item.ptr())) return py::reinterpret_borrow<py::object>(item);
  const auto parts = py::reinterpret_borrow<py::tuple>(item);
  const auto any = [](py::handle part) { return is_iterator(part.ptr()); };
  if (std::none_of(parts.begin(), parts.end(), any)) return py::reinterpret_borrow<py::object>(item);
  py::tuple kept(parts.size());
  for (std::size_t i = 0; i < parts.size(); ++i) {
    kept[i] = any(parts[i]) ? py::object(py::none()) : py::object(parts[i]);
  }
  return kept;
}

/// Nothing in it says what was computed.
bool says_nothing(const py::list& rounds, KeepRule rule) {
  return std::all_of(rounds.begin(), rounds.end(), [rule](py::handle round) {
    return round.is_none() || (rule == KeepRule::kFilled && is_empty(round.ptr()));
  });
}

SlotReference* reference_of(PyObject* self) {
  return static_cast<SlotReference*>(PyCapsule_GetPointer(self, kCapsuleName));
}

PyObject* record(PyObject* self, PyObject* value) {
  const SlotReference* reference = reference_of(self);
  if (!reference) return nullptr;
  reference->owner->record(*reference->slot, value);
  Py_INCREF(value);
  return value;
}

PyObject* pass(PyObject* self, PyObject* value) try {
  const SlotReference* reference = reference_of(self);
  return reference ? reference->owner->pass(*reference->slot, value).release().ptr() : nullptr;
} catch (py::error_already_set& error) {
  error.restore();
  return nullptr;
}

void delete_reference(PyObject* capsule) { delete reference_of(capsule); }

PyMethodDef record_definition = {"record", record, METH_O, nullptr};
PyMethodDef pass_definition = {"pass", pass, METH_O, nullptr};

}  // namespace

RecordTable::RecordTable(const std::vector<SiteRule>& rules) : slots_(rules.size()) {
  for (std::size_t i = 0; i < rules.size(); ++i) slots_[i].rule = rules[i];
}

std::shared_ptr<RecordTable> RecordTable::make(const std::vector<SiteRule>& rules) {
  return std::shared_ptr<RecordTable>(new RecordTable(rules));
}

py::object RecordTable::recorder(std::size_t index) {
  auto reference = std::make_unique<SlotReference>(SlotReference{shared_from_this(), &slots_.at(index)});
  const bool passes = reference->slot->rule.passing != Passing::kNo;
  const auto capsule =
      py::reinterpret_steal<py::object>(PyCapsule_New(reference.get(), kCapsuleName, delete_reference));
  if (!capsule) throw py::error_already_set();
  static_cast<void>(reference.release());  // the capsule's from here on
  auto function =
      py::reinterpret_steal<py::object>(PyCFunction_New(passes ? &pass_definition : &record_definition, capsule.ptr()));
  if (!function) throw py::error_already_set();
  return function;
}

py::object RecordTable::pass(Slot& slot, py::handle given) {
  auto iterator = py::reinterpret_borrow<py::object>(given);
  if (slot.rule.passing == Passing::kIterators) {
    if (!is_iterator(given.ptr()) || gives_what_was_given(given)) return iterator;
  } else {
    slot.entered = true;
    if (py::object atoms = pass_atoms(slot, given)) return atoms;
    iterator = py::reinterpret_steal<py::object>(PyObject_GetIter(given.ptr()));
    if (!iterator) throw py::error_already_set();
  }
  return passing_.wrap(std::move(iterator),
                       [owner = shared_from_this(), &slot](py::handle item) { owner->record_item(slot, item); });
}

// Null where the items are to be looked at as they pass.
py::object RecordTable::pass_atoms(Slot& slot, py::handle given) {
  log_iterations(slot, true);
  auto items = slot.left_early ? std::nullopt : plain_.atoms_of(given.ptr(), kMostAtoms);
  if (!items) return {};
  auto iterator = py::reinterpret_steal<py::object>(PyObject_GetIter(given.ptr()));
  if (!iterator) throw py::error_already_set();
  slot.iterations.push_back({iterator, py::reinterpret_borrow<py::object>(given), std::move(*items)});
  return iterator;
}

void RecordTable::log_iterations(Slot& slot, bool ended_only) {
  while (!slot.iterations.empty()) {
    Iteration& last = slot.iterations.back();
    const Py_ssize_t left = std::max<Py_ssize_t>(PyObject_LengthHint(last.iterator.ptr(), 0), 0);
    if (ended_only && left > 0 && Py_REFCNT(last.iterator.ptr()) > 1) return;  // it goes on around the one that begins
    const Py_ssize_t size = PyObject_Size(last.iterable.ptr());
    if (size > PyObject_Size(last.items.value.ptr())) {  // a list that grew while it was read
      if (auto now = plain_.atoms_of(last.iterable.ptr(), kMostAtoms)) last.items = std::move(*now);
    }
    const Py_ssize_t passed = std::clamp<Py_ssize_t>(size - left, 0, PyObject_Size(last.items.value.ptr()));
    if (passed > 0) {
      if (!slot.log) slot.log.emplace(plain_, RoundBudget{});
      slot.log->add_atoms(last.items, static_cast<std::size_t>(passed));
      slot.count += static_cast<std::uint64_t>(passed);
    }
    slot.left_early = slot.left_early || left > passed;
    slot.iterations.pop_back();
  }
}

void RecordTable::record(Slot& slot, py::handle value) {
  const Owners owners =
      slot.rule.look == Look::kAtOnce && Py_REFCNT(value.ptr()) == 1 ? Owners::kNone : Owners::kOthers;
  ++slot.count;
  if (slot.rule.repeated && slot.count > 1) end_round(slot, value);
  // A file of each round would be one open file of each.
  const bool held_open = slot.rule.repeated && plain_.is_foreign(value.ptr()) && is_resource(value.ptr());
  const bool wanted = !held_open && keeps(slot.rule.keep, value.ptr());
  if (slot.rule.look != Look::kLater) look_at_once(slot, wanted ? value : py::handle(Py_None), owners);
  py::object kept;
  if (wanted) kept = py::reinterpret_borrow<py::object>(value);
  // The slot is whole again before the old value goes: its destructor may run this very statement.
  std::swap(slot.value, kept);
}

void RecordTable::record_item(Slot& slot, py::handle item) try {
  ++slot.count;
  if (!slot.log) slot.log.emplace(plain_, RoundBudget{});
  const py::object kept = without_iterators(item);
  slot.log->add(kept);
} catch (const std::exception&) {
  slot.log->skip();
}

void RecordTable::look_at_once(Slot& slot, py::handle value, Owners owners) {
  if (!slot.rule.repeated) {
    slot.log.reset();
    // An array that is thrown away belongs to nobody else, and objects are only referred to.
    if ((owners == Owners::kNone && plain_.owns_memory(value.ptr())) || plain_.is_foreign(value.ptr())) return;
    slot.log.emplace(plain_, kSmallCopy);
  } else if (!slot.log) {
    slot.log.emplace(plain_, RoundBudget{});
  }
  slot.log->add(value, owners);
}

// What the last round's value has become. Where this round's is the same object, it has been written over already.
void RecordTable::end_round(Slot& slot, py::handle next) {
  const py::object value = slot.value ? slot.value : py::none();
  if (slot.rule.look == Look::kLater) {
    if (!slot.log) slot.log.emplace(plain_, RoundBudget{});
    slot.log->add(value);
  } else if (slot.rule.look == Look::kTwice) {
    const bool same = value.is(next) && !plain_.is_foreign(next.ptr());
    if (!same && !slot.in_the_end && slot.log->is_itemised() && !slot.log->still_holds(value)) {
      slot.changed_from = slot.log->count() - 1;
      slot.in_the_end.emplace(plain_, RoundBudget{});
    }
    if (slot.in_the_end) slot.in_the_end->add(same && slot.log->is_itemised() ? slot.log->last_item() : value);
  }
}

RecordTable::Taken RecordTable::take_rounds(Slot& slot) {
  log_iterations(slot, false);
  if (slot.rule.passing == Passing::kNo && slot.count > 0) end_round(slot, {});
  Taken taken{slot.count, {}, {}, slot.value, true, false, ""};
  if (!slot.log) {
    if (slot.entered) taken.value = py::list();
    return taken;
  }
  LoggedRounds rounds = slot.log->take();
  taken.unseen = rounds.unseen;
  py::list value = rounds.list;
  if (slot.in_the_end) {
    LoggedRounds later = slot.in_the_end->take();
    if (taken.unseen.empty()) taken.unseen = later.unseen;
    value = py::list();
    for (std::size_t i = 0; i < slot.changed_from; ++i) value.append(rounds.list[i]);
    value += later.list;
    taken.changed = true;
  }
  if (says_nothing(value, slot.rule.keep) && says_nothing(rounds.list, slot.rule.keep)) return taken;
  taken.value = value;
  if (slot.rule.look == Look::kTwice) taken.at_once = rounds.list;
  return taken;
}

RecordTable::Taken RecordTable::take(Slot& slot) {
  if (slot.rule.repeated) return take_rounds(slot);
  Taken taken{slot.count, slot.value, {}, {}, false, false, ""};
  const bool unfilled = slot.rule.keep == KeepRule::kFilled && slot.value && is_empty(slot.value.ptr());
  if (!slot.value || unfilled) return {slot.count, {}, {}, {}, false, false, ""};
  if (slot.log) {
    taken.changed = !slot.log->still_holds(slot.value);
    if (const py::object kept = slot.log->take().list[0]; !kept.is(slot.value)) taken.at_once = kept;
  }
  return taken;
}

std::vector<RecordTable::Taken> RecordTable::take() {
  std::vector<Taken> taken;
  for (Slot& slot : slots_) {
    taken.push_back(take(slot));
    slot.count = 0;
    slot.value = py::object();
    slot.log.reset();
    slot.in_the_end.reset();
    slot.entered = false;
    slot.left_early = false;
  }
  return taken;
}

}  // namespace snapshot_test::host::trace
