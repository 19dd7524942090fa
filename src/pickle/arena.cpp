#include "pickle/arena.hpp"

#include <sys/mman.h>

#include <algorithm>

namespace snapshot_test::pickle {
namespace {

constexpr std::size_t kHugePage = std::size_t{2} << 20;
constexpr std::size_t kLargestBlock = std::size_t{16} << 20;

std::size_t rounded(std::size_t size, std::size_t unit) { return (size + unit - 1) / unit * unit; }

// Reading a large pickle spends more time in first touching memory than in reading, page by page.
std::byte* map_huge(std::size_t size) {
  void* place = mmap(nullptr, size + kHugePage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (place == MAP_FAILED) throw std::bad_alloc();
  auto* const first = static_cast<std::byte*>(place);
  const auto address = reinterpret_cast<std::uintptr_t>(first);
  std::byte* const aligned = first + (rounded(address, kHugePage) - address);
  if (aligned != first) munmap(first, static_cast<std::size_t>(aligned - first));
  if (const auto tail = static_cast<std::size_t>(first + kHugePage - aligned); tail != 0) munmap(aligned + size, tail);
  // Where this has no effect, everything is as right and somewhat slower.
  madvise(aligned, size, MADV_HUGEPAGE);
  return aligned;
}

}  // namespace

Block::Block(std::size_t size) : size_(size) {
  if (size_ >= kHugePage) {
    size_ = rounded(size_, kHugePage);
    begin_ = map_huge(size_);
  } else {
    begin_ = static_cast<std::byte*>(::operator new(size_));
  }
  poison(begin_, size_);
}

Block::~Block() {
  if (begin_ == nullptr) return;
  unpoison(begin_, size_);
  if (size_ >= kHugePage) {
    munmap(begin_, size_);
  } else {
    ::operator delete(begin_);
  }
}

std::byte* Arena::allocate_elsewhere(std::size_t size) {
  if (size > next_block_ / 4) return blocks_.emplace_back(size).begin();
  const Block& block = blocks_.emplace_back(next_block_);
  next_block_ = std::min(next_block_ * 2, kLargestBlock);
  next_ = block.begin() + size;
  limit_ = block.end();
  return block.begin();
}

}  // namespace snapshot_test::pickle
