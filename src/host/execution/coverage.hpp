// What the values of a call show of what it changed.
#pragma once

#include <pybind11/pybind11.h>

#include <cstddef>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "host/execution/reachable.hpp"
#include "host/execution/seen.hpp"

namespace snapshot_test::host::execution {

/// A change is covered where a value that is compared anyway is the changed object, holds it, lies in its memory, or
/// has the same content. GIL held throughout.
class Coverage {
 public:
  using Digest = std::function<std::optional<std::string>(pybind11::handle)>;

  /// By the meaningful `return` and `body` values of `seen`, which must outlive this.
  Coverage(const std::vector<SeenValue>& seen, Digest digest);

  /// `digest` is that of the leaf.
  [[nodiscard]] bool covers(const StatePart& leaf, const std::string& digest);

 private:
  void add(pybind11::handle value, int levels);
  void take_digests();

  Digest digest_;
  std::vector<pybind11::handle> values_;
  std::unordered_set<PyObject*> objects_;
  std::unordered_map<PyObject*, std::size_t> memory_;  ///< what owns an array's memory → bytes of it that are seen
  std::optional<std::set<std::string>> digests_;       ///< taken when first asked for
};

}  // namespace snapshot_test::host::execution
