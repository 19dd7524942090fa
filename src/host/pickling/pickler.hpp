// Canonical pickles: standard protocol 5, in band or with buffers, whose bytes depend on the value as far as they can.
#pragma once

#include <pybind11/pybind11.h>

#include "host/pickling/buffers.hpp"
#include "host/pickling/drain_cache.hpp"
#include "host/pickling/limits.hpp"
#include "host/pickling/pickled_info.hpp"
#include "host/pickling/reducers.hpp"
#include "snapshot_test/util/result.hpp"
#include "util/byte_sink.hpp"

namespace snapshot_test::host::pickling {

/// Writes values as pickles that pickle.load reads, without FRAME opcodes. What is written the same however it was
/// built, and what is not:
/// - Strings and bytes shorter than 32 bytes (UTF-8) are written in place every time; up to 64 KiB they are memoised by
///   value; from there on, like containers and objects, by identity.
/// - Sets and frozensets of None, bool, int, float, complex, str, bytes and tuples of these are written in an order of
///   their values. Dicts keep their order, which is part of their value.
/// - Exact numpy arrays without object fields are written as numpy's protocol 5 does, always as a bytearray, straight
///   from their memory ('F' order if only Fortran-contiguous, else 'C').
/// - A container that occurs twice is written once and referred to; an equal copy of it is written again.
/// Subclasses of numpy.ndarray use their own __reduce__, which copies their data once.
///
/// Large buffers go from the object's memory to the sink without a copy, in one write each. With `buffers`, the memory
/// of contiguous arrays, of bytes, bytearrays and PickleBuffers from Buffers::kLeast on is referred to instead; of
/// other arrays a contiguous copy is made there.
class Pickler {
 public:
  /// All are borrowed and must outlive the pickler. `buffers` may be null: then everything is in the stream.
  Pickler(util::ByteSink& sink, const Limits& limits, const Reducers& reducers, DrainCache& drained,
          Buffers* buffers = nullptr);

  /// Needs the GIL; runs Python code (the value's __reduce_ex__, its iterators). kPython where the value is opaque
  /// (the message says why and where in it), or the sink's own error; the sink then holds the beginning of a pickle.
  /// Throws pybind11::error_already_set for KeyboardInterrupt and MemoryError only.
  [[nodiscard]] Result<PickledInfo> dump(pybind11::handle value);

 private:
  util::ByteSink& sink_;
  const Limits& limits_;
  const Reducers& reducers_;
  DrainCache& drained_;
  Buffers* buffers_;
};

/// What a DrainCache digests items with: a Pickler's dump().
[[nodiscard]] Result<PickledInfo> pickle_items(util::ByteSink& sink, const Limits& limits, const Reducers& reducers,
                                               DrainCache& drained, pybind11::handle items);

}  // namespace snapshot_test::host::pickling
