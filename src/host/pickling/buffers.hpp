// Protocol 5's out-of-band buffers: memory that a pickle refers to, in order, instead of holding a copy of it.
#pragma once

#include <pybind11/pybind11.h>

#include <cstddef>
#include <deque>
#include <memory>
#include <span>
#include <vector>

namespace snapshot_test::host::pickling {

/// The buffers of one pickle, and what keeps them alive: references to arrays and bytes, which are not copied, exports
/// of what could be resized, and memory of its own. GIL held in every call but spans(), and when it is destroyed.
class Buffers {
 public:
  /// What is smaller is written into the pickle.
  static constexpr std::size_t kLeast = 4096;

  Buffers() = default;
  Buffers(const Buffers&) = delete;
  Buffers& operator=(const Buffers&) = delete;
  ~Buffers();

  /// The next buffer is `bytes` of `owner`, which cannot move them while there is a reference to it.
  void add(pybind11::handle owner, std::span<const std::byte> bytes);
  /// The next buffer is all of `exporter`'s memory, which is contiguous. Throws what PyObject_GetBuffer raises.
  void add_export(pybind11::handle exporter, int flags);
  /// The next buffer is new memory of `size` bytes, for the caller to fill.
  [[nodiscard]] std::span<std::byte> add_own(std::size_t size);

  [[nodiscard]] std::span<const std::span<const std::byte>> spans() const { return spans_; }

 private:
  std::vector<std::span<const std::byte>> spans_;
  std::vector<pybind11::object> owners_;
  std::deque<Py_buffer> exports_;
  std::vector<std::unique_ptr<std::byte[]>> own_;
};

}  // namespace snapshot_test::host::pickling
