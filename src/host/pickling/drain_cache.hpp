// An iterator gives its items once. Who observes the same iterator at two sites, or pickles it a second time, must see
// the same items.
#pragma once

#include <pybind11/pybind11.h>

#include <cstddef>
#include <string>
#include <unordered_map>

namespace snapshot_test::host::pickling {

/// The items of an exhausted (or, at the limit, abandoned) iterator.
struct Drained {
  pybind11::object iterator;  ///< kept alive, so that its address stays its identity
  pybind11::list items;
  bool more = false;   ///< it had more items than were taken
  std::string raised;  ///< "ValueError: …" where it ended with an exception; empty otherwise
};

/// How items are kept: some iterators (numpy.nditer) yield views of a buffer that the next step overwrites.
enum class KeepItems { kAsTheyAre, kCopied };

/// Remembers every iterator it drained. One for a run, shared by its picklers. Needs the GIL in every call and when it
/// is destroyed, which must be before the interpreter ends.
class DrainCache {
 public:
  DrainCache() = default;
  DrainCache(const DrainCache&) = delete;
  DrainCache& operator=(const DrainCache&) = delete;

  /// Takes up to `max_items` items the first time it sees `iterator`. The iterator's own exceptions end the items;
  /// KeyboardInterrupt and MemoryError are thrown. The reference is valid as long as the cache.
  const Drained& drain(pybind11::handle iterator, std::size_t max_items, KeepItems keep = KeepItems::kAsTheyAre);

 private:
  std::unordered_map<PyObject*, Drained> drained_;
};

}  // namespace snapshot_test::host::pickling
