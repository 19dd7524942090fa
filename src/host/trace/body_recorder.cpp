#include "host/trace/body_recorder.hpp"

#include <utility>

namespace snapshot_test::host::trace {
namespace py = pybind11;
namespace {

constexpr const char* kCapsuleName = "snapshot_test.record_slot";

struct SlotReference {
  std::shared_ptr<RecordTable> owner;
  RecordTable::Slot* slot;
};

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
         type == &PyMethod_Type || type == &PyModule_Type || PyCFunction_Check(value) || PyType_Check(value);
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

PyObject* record(PyObject* self, PyObject* value) {
  auto* reference = static_cast<SlotReference*>(PyCapsule_GetPointer(self, kCapsuleName));
  if (!reference) return nullptr;
  RecordTable::Slot& slot = *reference->slot;
  ++slot.count;
  py::object kept;
  if (keeps(slot.rule, value)) kept = py::reinterpret_borrow<py::object>(value);
  // The slot is whole again before the old value goes: its destructor may run this very statement.
  std::swap(slot.value, kept);
  Py_INCREF(value);
  return value;
}

void delete_reference(PyObject* capsule) {
  delete static_cast<SlotReference*>(PyCapsule_GetPointer(capsule, kCapsuleName));
}

PyMethodDef record_definition = {"record", record, METH_O, nullptr};

}  // namespace

RecordTable::RecordTable(const std::vector<KeepRule>& rules) : slots_(rules.size()) {
  for (std::size_t i = 0; i < rules.size(); ++i) slots_[i].rule = rules[i];
}

std::shared_ptr<RecordTable> RecordTable::make(const std::vector<KeepRule>& rules) {
  return std::shared_ptr<RecordTable>(new RecordTable(rules));
}

py::object RecordTable::recorder(std::size_t index) {
  auto reference = std::make_unique<SlotReference>(SlotReference{shared_from_this(), &slots_.at(index)});
  const auto capsule =
      py::reinterpret_steal<py::object>(PyCapsule_New(reference.get(), kCapsuleName, delete_reference));
  if (!capsule) throw py::error_already_set();
  static_cast<void>(reference.release());  // the capsule's from here on
  auto function = py::reinterpret_steal<py::object>(PyCFunction_New(&record_definition, capsule.ptr()));
  if (!function) throw py::error_already_set();
  return function;
}

std::vector<RecordTable::Slot> RecordTable::take() {
  std::vector<Slot> taken(slots_.size());
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    taken[i] = {slots_[i].rule, std::exchange(slots_[i].count, 0), std::exchange(slots_[i].value, py::object())};
    if (taken[i].rule == KeepRule::kFilled && taken[i].value && is_empty(taken[i].value.ptr())) {
      taken[i].value = py::object();
    }
  }
  return taken;
}

}  // namespace snapshot_test::host::trace
