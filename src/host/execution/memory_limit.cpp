#include "host/execution/memory_limit.hpp"

#include <algorithm>

namespace snapshot_test::host::execution {

MemoryLimit::MemoryLimit(std::uint64_t bytes) {
  if (bytes == 0 || ::getrlimit(RLIMIT_DATA, &before_) != 0) {
    return;
  }
  rlimit lower = before_;
  lower.rlim_cur = std::min<rlim_t>(bytes, before_.rlim_max);
  limited_ = ::setrlimit(RLIMIT_DATA, &lower) == 0;
}

MemoryLimit::~MemoryLimit() {
  if (limited_) {
    ::setrlimit(RLIMIT_DATA, &before_);
  }
}

}  // namespace snapshot_test::host::execution
