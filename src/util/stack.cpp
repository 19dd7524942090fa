#include "util/stack.hpp"

#include <pthread.h>

namespace snapshot_test::util {

namespace {

std::optional<StackBounds> ask() {
  pthread_attr_t attributes;
  if (::pthread_getattr_np(::pthread_self(), &attributes) != 0) {
    return std::nullopt;
  }
  void* lowest = nullptr;
  std::size_t size = 0;
  const int failed = ::pthread_attr_getstack(&attributes, &lowest, &size);
  ::pthread_attr_destroy(&attributes);
  if (failed != 0) {
    return std::nullopt;
  }
  return StackBounds{reinterpret_cast<std::uintptr_t>(lowest), size};
}

}  // namespace

std::optional<StackBounds> stack_of_this_thread() {
  thread_local const std::optional<StackBounds> bounds = ask();
  return bounds;
}

}  // namespace snapshot_test::util
