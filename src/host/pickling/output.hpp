// The opcodes of one pickle, with what its unpickler will have in its memo, and the buffers beside it.
#pragma once

#include <Python.h>

#include <cstddef>
#include <cstdint>
#include <optional>

#include "host/pickling/buffers.hpp"
#include "host/pickling/memo.hpp"
#include "host/pickling/stream.hpp"

namespace snapshot_test::host::pickling {

/// A stream that numbers what is memoised as the unpickler will. Needs the GIL. Says nothing of what is worth writing.
class Output : public Stream {
 public:
  /// Items between a MARK and its APPENDS: the unpickler has no more than these on its stack. As in CPython.
  static constexpr Py_ssize_t kBatch = 1000;

  /// `sink` and `buffers` are borrowed; the latter may be null: then everything is in the stream.
  Output(util::ByteSink& sink, std::optional<std::uint64_t> max_bytes, Buffers* buffers)
      : Stream(sink, max_bytes), buffers_(buffers) {}

  /// The number under which the unpickler will have it, if it was memoised.
  [[nodiscard]] std::optional<std::uint64_t> find(PyObject* object) const { return memo_.find(object); }
  /// Memoises what is on top of the stack as `object`, which must not be there yet.
  void memoize(PyObject* object) { memo_.insert(object, memoize_unnamed()); }
  /// The same for what nobody will ask for. Returns its number.
  std::uint64_t memoize_unnamed() {
    op(Opcode::kMemoize);
    return count_++;
  }
  /// Puts what has that number on the stack.
  void get(std::uint64_t number);

  /// Enters an object whose number is known, or under the number that comes next. Writes nothing.
  void insert(PyObject* object, std::uint64_t number) { memo_.insert(object, number); }
  void insert_next(PyObject* object) { memo_.insert(object, count_); }
  /// The number of an equal str or bytes, or nothing after having entered this one under the number that comes next.
  [[nodiscard]] std::optional<std::uint64_t> find_or_insert_value(PyObject* text_or_bytes) {
    return values_.find_or_insert(text_or_bytes, count_);
  }
  /// The number of what was memoised last.
  [[nodiscard]] std::uint64_t last_number() const { return count_ - 1; }

  /// Does memory of that size go beside the pickle?
  [[nodiscard]] bool is_buffer(std::size_t size) const { return buffers_ != nullptr && size >= Buffers::kLeast; }
  /// For what is_buffer().
  [[nodiscard]] Buffers& buffers() { return *buffers_; }
  /// Refers to the buffer that was just added.
  void refer_to_buffer(bool read_only);

 private:
  Buffers* buffers_;
  IdentityMemo memo_;
  ValueMemo values_;
  std::uint64_t count_ = 0;
};

}  // namespace snapshot_test::host::pickling
