#include "host/pickling/drain_cache.hpp"

#include <fmt/format.h>

#include <cmath>
#include <memory>
#include <optional>
#include <utility>

#include "host/pickling/python_error.hpp"
#include "host/pickling/type_names.hpp"
#include "store/digest.hpp"

namespace snapshot_test::host::pickling {

namespace py = pybind11;

namespace {

/// Of what is looked at but not kept.
constexpr std::uint64_t kStepsPerKeptItem = 100;
constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 30;
constexpr std::chrono::seconds kLongest{5};
/// Items that are held at a time while they are digested.
constexpr std::size_t kBatch = 200;
/// How deep in an item (a pair of a key and a group) iterators are looked for.
constexpr int kDeepestInside = 3;

py::object kept(py::object item, KeepItems keep) {
  if (keep == KeepItems::kAsTheyAre) {
    return item;
  }
  if (PyTuple_CheckExact(item.ptr())) {
    const auto tuple = py::reinterpret_borrow<py::tuple>(item);
    py::tuple copies(tuple.size());
    for (std::size_t i = 0; i < tuple.size(); ++i) {
      copies[i] = kept(tuple[i], keep);
    }
    return copies;
  }
  return py::hasattr(item, "copy") ? py::object(item.attr("copy")()) : item;
}

class DigestSink : public util::ByteSink {
 public:
  DigestSink(store::Sha256 hash, std::uint64_t& room) : hash_(std::move(hash)), room_(room) {}
  Result<void> write(std::span<const std::byte> bytes) override {
    if (bytes.size() > room_) {
      return fail(ErrorKind::kPython, "more bytes than are looked at");
    }
    room_ -= bytes.size();
    hash_.update(bytes);
    return {};
  }
  std::string finish() { return hash_.finish(); }

 private:
  store::Sha256 hash_;
  std::uint64_t& room_;
};

}  // namespace

/// Pickles items in batches into a digest.
class DrainCache::Rest {
 public:
  explicit Rest(DrainCache& owner) : owner_(owner) {}

  /// False: what was given so far is all that can be looked at, and not to its end.
  bool add(py::object item) {
    if (!sink_ && !start()) {
      return false;
    }
    inside_->drain_inside(item, 0);
    count_number(item);
    batch_.append(std::move(item));
    return batch_.size() < kBatch || flush();
  }

  void finish(Drained& out) {
    if (!sink_ && failure_.empty()) {
      return;
    }
    if (failure_.empty() && flush()) {
      out.rest = std::move(rest_);
      out.rest.sha256 = sink_->finish();
      out.partly = std::move(partly_);
      return;
    }
    out.more = true;
    out.partly = fmt::format("what follows its first {} items was not looked at: {}", out.items.size(), failure_);
  }

 private:
  bool start() {
    auto hash = store::Sha256::create();
    if (!hash) {
      failure_ = hash.error().message;
      return false;
    }
    sink_.emplace(std::move(*hash), owner_.budget_->bytes);
    rest_.floats = true;
    open();
    return true;
  }

  /// What is let go of must not be remembered: its address will be another's.
  void open() {
    batch_ = py::list();
    inside_ = std::make_unique<DrainCache>(owner_.pickle_);
    inside_->budget_ = owner_.budget_;
    inside_->limits_ = owner_.limits_;
    inside_->reducers_ = owner_.reducers_;
  }

  bool flush() {
    if (batch_.empty()) {
      return true;
    }
    rest_.count += batch_.size();
    const auto pickled = owner_.pickle_(*sink_, *owner_.limits_, *owner_.reducers_, *inside_, batch_);
    if (!pickled) {
      failure_ = pickled.error().message;
      return false;
    }
    if (partly_.empty() && !pickled->partly.empty()) {
      partly_ = "among the items that are not kept, " + pickled->partly;
    }
    if (std::chrono::steady_clock::now() > owner_.budget_->deadline) {
      failure_ = fmt::format("that takes longer than {} s", kLongest.count());
      return false;
    }
    open();
    return true;
  }

  /// Integers are exact: no sum of them says that all are near enough.
  void count_number(py::handle item) {
    rest_.floats = rest_.floats && PyFloat_Check(item.ptr()) != 0;
    if (rest_.floats) {
      rest_.sum += PyFloat_AS_DOUBLE(item.ptr());
      rest_.absolute_sum += std::abs(PyFloat_AS_DOUBLE(item.ptr()));
    }
  }

  DrainCache& owner_;
  std::optional<DigestSink> sink_;
  std::unique_ptr<DrainCache> inside_;
  py::list batch_;
  DrainedRest rest_;
  std::string failure_;
  std::string partly_;
};

bool is_iterator(py::handle object) {
  // A file's lines are not ours to read.
  if (PyIter_Check(object.ptr()) == 0 || is_instance(object, "_io", "_IOBase")) {
    return false;
  }
  const getiterfunc iter = Py_TYPE(object.ptr())->tp_iter;
  if (iter == nullptr || iter == PyObject_SelfIter) {
    return iter != nullptr;
  }
  const auto self = py::reinterpret_steal<py::object>(PyObject_GetIter(object.ptr()));
  if (!self) {
    const py::error_already_set error;
    if (is_fatal(error)) {
      throw error;
    }
  }
  return self.ptr() == object.ptr();
}

const Drained& DrainCache::drain(py::handle iterator, const Limits& limits, const Reducers& reducers, KeepItems keep) {
  if (const auto known = drained_.find(iterator.ptr()); known != drained_.end()) {
    return known->second;
  }
  // Entered before it runs: an iterator that leads back to itself then ends instead of starting again.
  Drained& out = drained_[iterator.ptr()];
  out.iterator = py::reinterpret_borrow<py::object>(iterator);
  drain_within_budget(out, iterator, limits, reducers, keep);
  return out;
}

Drained DrainCache::drain_own(py::handle iterator, const Limits& limits, const Reducers& reducers) {
  Drained out;
  drain_within_budget(out, iterator, limits, reducers, KeepItems::kAsTheyAre);
  return out;
}

void DrainCache::drain_within_budget(Drained& out, py::handle iterator, const Limits& limits, const Reducers& reducers,
                                     KeepItems keep) {
  if (budget_ != nullptr) {
    return take_items(out, iterator, keep);
  }
  Budget budget{kStepsPerKeptItem * limits.max_items, kMostBytes, std::chrono::steady_clock::now() + kLongest};
  struct Spending {
    DrainCache& cache;
    ~Spending() { cache.budget_ = nullptr; }
  } const spending{*this};
  budget_ = &budget;
  limits_ = &limits;
  reducers_ = &reducers;
  take_items(out, iterator, keep);
}

void DrainCache::take_items(Drained& out, py::handle iterator, KeepItems keep) {
  Rest rest(*this);
  try {
    while (auto item = py::reinterpret_steal<py::object>(PyIter_Next(iterator.ptr()))) {
      if (budget_->steps == 0) {
        out.more = true;
        break;
      }
      --budget_->steps;
      item = kept(std::move(item), keep);
      if (out.items.size() < limits_->max_items) {
        drain_inside(item, 0);
        out.items.append(std::move(item));
      } else if (!rest.add(std::move(item))) {
        break;
      }
    }
    if (PyErr_Occurred() != nullptr) {
      throw py::error_already_set();
    }
  } catch (const py::error_already_set& error) {
    if (is_fatal(error)) {
      throw;
    }
    out.raised = one_line(error);
  }
  rest.finish(out);
  if (out.more && out.partly.empty()) {
    out.partly = fmt::format("only its first {} items were looked at", out.items.size() + out.rest.count);
  }
}

void DrainCache::drain_inside(py::handle item, int depth) {
  if (is_iterator(item)) {
    drain(item, *limits_, *reducers_);
    return;
  }
  if (depth == kDeepestInside || (PyTuple_CheckExact(item.ptr()) == 0 && PyList_CheckExact(item.ptr()) == 0)) {
    return;
  }
  for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(item.ptr()); ++i) {
    const auto inner = py::reinterpret_borrow<py::object>(PySequence_Fast_GET_ITEM(item.ptr(), i));
    drain_inside(inner, depth + 1);
  }
}

}  // namespace snapshot_test::host::pickling
