#include "host/trace/round_log.hpp"

#include <fmt/format.h>

#include <exception>
#include <utility>

#include "host/pickling/type_names.hpp"

namespace snapshot_test::host::trace {
namespace py = pybind11;

void RoundLog::add(py::handle value) {
  ++count_;
  try {
    if (!rest_ && digests_ == 0 && keep(value)) return;
    atoms_only_ = false;
    last_ = py::reinterpret_borrow<py::object>(value);
    if (plain_.nature_of(value.ptr()) == Nature::kForeign) return skip();
    digest(value);
  } catch (const std::exception&) {
    skip();
  }
}

void RoundLog::skip() {
  if (first_unseen_ == 0) first_unseen_ = count_;
  last_unseen_ = count_;
  last_sha256_.clear();
  if (!rest_) rest_.emplace(plain_);
}

bool RoundLog::keep(py::handle value) {
  const bool atom = plain_.is_atom(value.ptr());
  if (list_.size() >= (atom && atoms_only_ ? budget_.atoms : budget_.rounds)) return false;
  py::object kept;
  if (kept_ && plain_.equal(value.ptr(), kept_.ptr())) {
    kept = kept_;
  } else {
    auto copy = plain_.copy(value.ptr(), budget_.bytes - bytes_);
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
