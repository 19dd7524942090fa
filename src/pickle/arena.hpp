// Memory for the nodes of one document: given out in order, given back all at once, so that no destructor recurses.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

#include "pickle/poison.hpp"

namespace snapshot_test::pickle {

/// A piece of memory from the heap or, where it is large, straight from the system and in huge pages if it has them.
class Block {
 public:
  /// Throws std::bad_alloc.
  explicit Block(std::size_t size);
  Block(Block&& other) noexcept : begin_(std::exchange(other.begin_, nullptr)), size_(other.size_) {}
  Block& operator=(Block&& other) noexcept {
    std::swap(begin_, other.begin_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~Block();

  [[nodiscard]] std::byte* begin() const noexcept { return begin_; }
  [[nodiscard]] std::byte* end() const noexcept { return begin_ + size_; }

 private:
  std::byte* begin_ = nullptr;
  std::size_t size_ = 0;
};

class Arena {
 public:
  template <class T, class... Args>
  T* make(Args&&... args) {
    static_assert(std::is_trivially_destructible_v<T>);
    return new (allocate<T>(1)) T{std::forward<Args>(args)...};
  }

  /// `count` value-initialised elements; the caller knows that sizeof(T) * count does not overflow.
  template <class T>
  T* array(std::size_t count) {
    T* first = room<T>(count);
    std::uninitialized_value_construct_n(first, count);
    return first;
  }

  /// Room for `count` elements that the caller is about to construct.
  template <class T>
  T* room(std::size_t count) {
    static_assert(std::is_trivially_destructible_v<T>);
    return static_cast<T*>(allocate<T>(count));
  }

 private:
  static constexpr std::size_t kAlignment = 8;

  template <class T>
  void* allocate(std::size_t count) {
    static_assert(alignof(T) <= kAlignment);
    // NOLINTNEXTLINE(bugprone-sizeof-expression): T may be a pointer
    const std::size_t wanted = sizeof(T) * count;
    const std::size_t size = (wanted + kAlignment - 1) / kAlignment * kAlignment + kPoisonedGap;
    std::byte* place = next_;
    if (size <= static_cast<std::size_t>(limit_ - next_)) [[likely]] {
      next_ += size;
    } else {
      place = allocate_elsewhere(size);
    }
    unpoison(place, wanted);
    return place;
  }

  /// From a new block, which becomes the current one unless it is for this piece alone.
  std::byte* allocate_elsewhere(std::size_t size);

  std::byte* next_ = nullptr;
  std::byte* limit_ = nullptr;
  std::vector<Block> blocks_;
  std::size_t next_block_ = std::size_t{4} << 10;
};

}  // namespace snapshot_test::pickle
