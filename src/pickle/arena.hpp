// Memory for the nodes of one document: given out in order, given back all at once, so that no destructor recurses.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

namespace snapshot_test::pickle {

class Arena {
 public:
  template <class T, class... Args>
  T* make(Args&&... args) {
    static_assert(std::is_trivially_destructible_v<T>);
    return new (allocate(sizeof(T), alignof(T))) T{std::forward<Args>(args)...};
  }

  /// `count` value-initialised elements; the caller knows that sizeof(T) * count does not overflow.
  template <class T>
  T* array(std::size_t count) {
    static_assert(std::is_trivially_destructible_v<T>);
    T* first = static_cast<T*>(allocate(sizeof(T) * count, alignof(T)));
    std::uninitialized_value_construct_n(first, count);
    return first;
  }

 private:
  static constexpr std::size_t kFirstChunk = std::size_t{4} << 10;
  static constexpr std::size_t kLargestChunk = std::size_t{4} << 20;

  void* allocate(std::size_t size, std::size_t alignment) {
    std::size_t padding = (alignment - offset_ % alignment) % alignment;
    if (padding + size > capacity_ - offset_) {
      grow(size);
      padding = 0;
    }
    void* place = chunks_.back().get() + offset_ + padding;
    offset_ += padding + size;
    return place;
  }

  void grow(std::size_t size) {
    capacity_ = std::max(size, next_chunk_);
    next_chunk_ = std::min(next_chunk_ * 2, kLargestChunk);
    chunks_.push_back(std::make_unique_for_overwrite<std::byte[]>(capacity_));
    offset_ = 0;
  }

  std::vector<std::unique_ptr<std::byte[]>> chunks_;
  std::size_t offset_ = 0;
  std::size_t capacity_ = 0;
  std::size_t next_chunk_ = kFirstChunk;
};

}  // namespace snapshot_test::pickle
