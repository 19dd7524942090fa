// An iterator gives its items once. Who observes the same iterator at two sites, or pickles it a second time, must see
// the same items.
#pragma once

#include <pybind11/pybind11.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>

#include "host/pickling/limits.hpp"
#include "host/pickling/pickled_info.hpp"
#include "snapshot_test/util/result.hpp"
#include "util/byte_sink.hpp"

namespace snapshot_test::host::pickling {

class Reducers;

/// What followed the items that are kept: pickled, put into a digest, and let go.
struct DrainedRest {
  std::uint64_t count = 0;
  std::string sha256;   ///< empty where the rest could not be looked at to its end
  bool floats = false;  ///< all of them are; then the next two say something
  double sum = 0;
  double absolute_sum = 0;
};

/// The items of an exhausted (or, at the last limit, abandoned) iterator.
struct Drained {
  pybind11::object iterator;  ///< kept alive, so that its address stays its identity
  pybind11::list items;
  DrainedRest rest;
  bool more = false;   ///< it had more items than were looked at
  std::string raised;  ///< "ValueError: …" where it ended with an exception; empty otherwise
  std::string partly;  ///< why not all of it is in the items and the rest's digest; empty if it is
};

/// How items are kept: some iterators (numpy.nditer) yield views of a buffer that the next step overwrites.
enum class KeepItems { kAsTheyAre, kCopied };

/// Is it one for the language, iter(object) being the object itself? Runs its __iter__, and clears what that raises.
/// A slot that only says "not implemented", which classes inherit (ExceptionGroup), does not make one.
[[nodiscard]] bool is_iterator(pybind11::handle object);

/// Remembers every iterator it drained. One for a run, shared by its picklers. Needs the GIL in every call and when it
/// is destroyed, which must be before the interpreter ends.
class DrainCache {
 public:
  /// Writes the pickle of a list of items, with another cache for the iterators inside of them.
  using PickleItems = Result<PickledInfo> (*)(util::ByteSink&, const Limits&, const Reducers&, DrainCache&,
                                              pybind11::handle items);

  /// `pickle` digests what is not kept: pickle_items() of pickler.hpp.
  explicit DrainCache(PickleItems pickle) : pickle_(pickle) {}
  DrainCache(const DrainCache&) = delete;
  DrainCache& operator=(const DrainCache&) = delete;

  /// Takes the items the first time it sees `iterator`: limits.max_items are kept, a hundred times as many are looked
  /// at. Items that are iterators themselves (the groups of itertools.groupby) are drained before the next item is
  /// asked for, which may be their end. The iterator's own exceptions end the items; KeyboardInterrupt and MemoryError
  /// are thrown. The reference is valid as long as the cache.
  const Drained& drain(pybind11::handle iterator, const Limits& limits, const Reducers& reducers,
                       KeepItems keep = KeepItems::kAsTheyAre);
  /// The same for an iterator that nobody else has: it is not remembered.
  [[nodiscard]] Drained drain_own(pybind11::handle iterator, const Limits& limits, const Reducers& reducers);
  [[nodiscard]] bool knows(pybind11::handle iterator) const { return drained_.contains(iterator.ptr()); }

 private:
  /// What one call of drain() may spend, with all the iterators inside of it.
  struct Budget {
    std::uint64_t steps = 0;
    std::uint64_t bytes = 0;
    std::chrono::steady_clock::time_point deadline;
  };
  class Rest;

  void drain_within_budget(Drained& out, pybind11::handle iterator, const Limits& limits, const Reducers& reducers,
                           KeepItems keep);
  void take_items(Drained& out, pybind11::handle iterator, KeepItems keep);
  void drain_inside(pybind11::handle item, int depth);

  PickleItems pickle_;
  std::unordered_map<PyObject*, Drained> drained_;
  Budget* budget_ = nullptr;  ///< of the outermost drain() that is under way
  const Limits* limits_ = nullptr;
  const Reducers* reducers_ = nullptr;
};

}  // namespace snapshot_test::host::pickling
