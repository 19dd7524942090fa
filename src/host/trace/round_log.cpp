#include "host/trace/round_log.hpp"

#include <fmt/format.h>

#include <exception>
#include <utility>

#include "host/pickling/type_names.hpp"

namespace snapshot_test::host::trace {
namespace py = pybind11;

namespace {

/// Compared with the round before it would cost more than it takes.
bool is_number(PyObject* value) { return PyLong_CheckExact(value) || PyFloat_CheckExact(value) || value == Py_None; }

}  // namespace

void RoundLog::add(py::handle value, Owners owners) {
  ++count_;
  try {
    if (!rest_ && digests_ == 0 && keep(value, owners)) return;
    atoms_only_ = false;
    last_ = py::reinterpret_borrow<py::object>(value);
    if (plain_.nature_of(value.ptr()) == Nature::kForeign) return skip();
    digest(value);
  } catch (const std::exception&) {
    skip();
  }
}

void RoundLog::add_atoms(const PlainValues::Copy& atoms, std::size_t count) try {
  PyObject* items = atoms.value.ptr();
  const bool fits = !rest_ && digests_ == 0 && atoms_only_ && list_.size() + count <= budget_.atoms &&
                    bytes_ + atoms.bytes <= budget_.bytes;
  if (!fits) {
    for (std::size_t i = 0; i < count; ++i) add(PySequence_Fast_GET_ITEM(items, static_cast<Py_ssize_t>(i)));
    return;
  }
  if (count == 0) return;
  const auto end = static_cast<Py_ssize_t>(list_.size());
  const auto passed = py::reinterpret_steal<py::object>(PySequence_GetSlice(items, 0, static_cast<Py_ssize_t>(count)));
  if (!passed || PyList_SetSlice(list_.ptr(), end, end, passed.ptr()) != 0) throw py::error_already_set();
  count_ += count;
  bytes_ += atoms.bytes;
  kept_ = list_[list_.size() - 1];
} catch (const std::exception&) {
  count_ += count;
  skip();
}

void RoundLog::skip() {
  if (first_unseen_ == 0) first_unseen_ = count_;
  last_unseen_ = count_;
  last_sha256_.clear();
  if (!rest_) rest_.emplace(plain_);
}

bool RoundLog::keep(py::handle value, Owners owners) {
  const bool atom = plain_.is_atom(value.ptr());
  if (list_.size() >= (atom && atoms_only_ ? budget_.atoms : budget_.rounds)) return false;
  py::object kept;
  if (atom && kept_.is(value)) {
    kept = kept_;
  } else if (kept_ && !is_number(value.ptr()) && plain_.equal(value.ptr(), kept_.ptr())) {
    kept = kept_;
  } else {
    auto copy = plain_.copy(value.ptr(), budget_.bytes - bytes_, owners);
    if (!copy) return false;
    bytes_ += copy->bytes;
    kept = std::move(copy->value);
  }
  atoms_only_ = atoms_only_ && atom;
  list_.append(kept);
  kept_ = std::move(kept);
  return true;
}

void RoundLog::digest(py::handle value) {
  if (!rest_ && digests_ < budget_.digests && !plain_.is_atom(value.ptr())) {
    ValueDigest one(plain_);
    one.add(value.ptr());
    const py::dict form = one.finish(pickling::type_name(py::type::handle_of(value)));
    last_sha256_ = form["sha256"].cast<std::string>();
    list_.append(form);
    ++digests_;
    return;
  }
  if (!rest_) rest_.emplace(plain_);
  last_sha256_.clear();
  rest_->add(value.ptr());
  ++rest_rounds_;
}

bool RoundLog::still_holds(py::handle value) {
  try {
    if (rest_ || count_ == 0 || plain_.is_atom(value.ptr())) return true;
    if (last_sha256_.empty()) return kept_.is(value) || plain_.equal(value.ptr(), kept_.ptr());
    ValueDigest now(plain_);
    now.add(value.ptr());
    return now.finish("")["sha256"].cast<std::string>() == last_sha256_;
  } catch (const std::exception&) {
    return true;
  }
}

LoggedRounds RoundLog::take() {
  LoggedRounds taken{std::exchange(list_, py::list()), count_, ""};
  if (rest_ && rest_rounds_ > 0) taken.list.append(rest_->finish("rounds", rest_rounds_));
  if (last_) taken.list.append(last_);
  if (first_unseen_ != 0) {
    taken.unseen = fmt::format("rounds {} to {} of {} were not looked at", first_unseen_, last_unseen_, count_);
  } else if (digests_ + rest_rounds_ > 0) {
    taken.unseen = fmt::format("{} of {} rounds are known by their digests only", digests_ + rest_rounds_, count_);
  }
  return taken;
}

}  // namespace snapshot_test::host::trace
