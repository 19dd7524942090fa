// --max-memory: how much a case may have.
#pragma once

#include <sys/resource.h>

#include <cstdint>

namespace snapshot_test::host::execution {

/// Until it is destroyed, this process and those it starts get no more private memory than `bytes` each (RLIMIT_DATA:
/// the heap, anonymous mappings and what has been written to of private ones, what was there before included); 0 limits
/// nothing. What asks for more is told so: Python code gets a MemoryError.
class MemoryLimit {
 public:
  explicit MemoryLimit(std::uint64_t bytes);
  ~MemoryLimit();
  MemoryLimit(const MemoryLimit&) = delete;
  MemoryLimit& operator=(const MemoryLimit&) = delete;

 private:
  bool limited_ = false;
  rlimit before_{};
};

}  // namespace snapshot_test::host::execution
