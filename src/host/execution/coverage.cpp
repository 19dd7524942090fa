#include "host/execution/coverage.hpp"

#include <algorithm>
#include <utility>

#include "host/pickling/type_names.hpp"

namespace snapshot_test::host::execution {

namespace py = pybind11;
using model::SiteKind;

namespace {

/// Of a value, so many parts at most, so deep at most, count as shown by it.
constexpr std::size_t kMostParts = 10'000;
constexpr int kLevels = 4;
/// The parts of a value whose content is compared with that of what changed.
constexpr Py_ssize_t kMostDigests = 50;

/// What the memory of an array belongs to, and how many bytes of it the array shows; null for anything else.
std::pair<PyObject*, std::size_t> memory_of(py::handle value) {
  const py::object ndarray = pickling::find_loaded("numpy", "ndarray");
  if (!ndarray || !py::isinstance(value, ndarray)) {
    return {nullptr, 0};
  }
  auto owner = py::reinterpret_borrow<py::object>(value);
  while (py::isinstance(owner, ndarray) && !owner.attr("base").is_none()) {
    owner = owner.attr("base");
  }
  return {owner.ptr(), value.attr("nbytes").cast<std::size_t>()};
}

}  // namespace

Coverage::Coverage(const std::vector<SeenValue>& seen, Digest digest) : digest_(std::move(digest)) {
  for (const SeenValue& each : seen) {
    if (each.meaningful && (each.site.kind == SiteKind::kReturn || each.site.kind == SiteKind::kBody)) {
      values_.emplace_back(each.value);
      add(each.value, kLevels);
    }
  }
}

void Coverage::add(py::handle value, int levels) {
  if (objects_.size() >= kMostParts || !objects_.insert(value.ptr()).second) {
    return;
  }
  if (const auto [owner, bytes] = memory_of(value); owner != nullptr) {
    std::size_t& most = memory_[owner];
    most = std::max(most, bytes);
  }
  if (levels == 0) {
    return;
  }
  if (PyTuple_Check(value.ptr()) || PyList_Check(value.ptr())) {
    for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(value.ptr()); ++i) {
      add(PySequence_Fast_GET_ITEM(value.ptr(), i), levels - 1);
    }
  } else if (PyDict_Check(value.ptr())) {
    PyObject* key = nullptr;
    PyObject* item = nullptr;
    for (Py_ssize_t at = 0; PyDict_Next(value.ptr(), &at, &key, &item) != 0;) {
      add(item, levels - 1);
    }
  } else if (!is_code(value.ptr())) {
    const auto attributes = py::reinterpret_steal<py::object>(PyObject_GenericGetDict(value.ptr(), nullptr));
    PyErr_Clear();
    if (attributes) {
      add(attributes, levels);
    }
  }
}

void Coverage::take_digests() {
  digests_.emplace();
  const auto take = [&](py::handle value) {
    if (auto digest = digest_(value)) {
      digests_->insert(std::move(*digest));
    }
  };
  for (const py::handle value : values_) {
    take(value);
    if (PyTuple_CheckExact(value.ptr()) || PyList_CheckExact(value.ptr())) {
      for (Py_ssize_t i = 0; i < std::min(PySequence_Fast_GET_SIZE(value.ptr()), kMostDigests); ++i) {
        take(PySequence_Fast_GET_ITEM(value.ptr(), i));
      }
    }
  }
}

bool Coverage::covers(const StatePart& leaf, const std::string& digest) {
  const auto is_seen = [&](PyObject* object) { return objects_.count(object) != 0; };
  if (is_seen(leaf.value.ptr()) || std::any_of(leaf.above.begin(), leaf.above.end(), is_seen)) {
    return true;
  }
  if (const auto [owner, bytes] = memory_of(leaf.value); owner != nullptr) {
    const auto shown = memory_.find(owner);
    if (shown != memory_.end() && shown->second >= bytes) {
      return true;
    }
  }
  if (!digests_) {
    take_digests();
  }
  return digests_->count(digest) != 0;
}

}  // namespace snapshot_test::host::execution
