// What the unpickler will have in its memo, and under which number.
#pragma once

#include <Python.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace snapshot_test::host::pickling {

/// Object address → memo number. Keeps the objects alive, so that an address stays an identity. Needs the GIL.
class IdentityMemo {
 public:
  IdentityMemo();
  IdentityMemo(const IdentityMemo&) = delete;
  IdentityMemo& operator=(const IdentityMemo&) = delete;
  ~IdentityMemo();

  [[nodiscard]] std::optional<std::uint64_t> find(PyObject* object) const;
  /// `object` must not be there yet.
  void insert(PyObject* object, std::uint64_t number);
  [[nodiscard]] std::size_t size() const { return count_; }

 private:
  struct Slot {
    PyObject* object;  ///< owned; null if free
    std::uint64_t number;
  };
  [[nodiscard]] std::size_t slot_of(PyObject* object) const;
  void grow();

  std::vector<Slot> slots_;
  std::size_t count_ = 0;
};

/// A str's or bytes' content → memo number. Equal contents are one entry, whichever object holds them. Needs the GIL.
class ValueMemo {
 public:
  ValueMemo();
  ValueMemo(const ValueMemo&) = delete;
  ValueMemo& operator=(const ValueMemo&) = delete;
  ~ValueMemo();

  /// The number of an equal value, or nothing after having entered this one under `next`.
  [[nodiscard]] std::optional<std::uint64_t> find_or_insert(PyObject* text_or_bytes, std::uint64_t next);

 private:
  struct Slot {
    PyObject* object;  ///< owned; null if free
    std::size_t hash;
    std::uint64_t number;
  };
  void grow();

  std::vector<Slot> slots_;
  std::size_t count_ = 0;
};

}  // namespace snapshot_test::host::pickling
