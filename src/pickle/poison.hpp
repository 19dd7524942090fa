// Under AddressSanitizer, what an arena has not given out may not be touched; elsewhere these do nothing.
#pragma once

#include <cstddef>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SNAPSHOT_TEST_POISON 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define SNAPSHOT_TEST_POISON 1
#endif

#ifdef SNAPSHOT_TEST_POISON
#include <sanitizer/asan_interface.h>
#endif

namespace snapshot_test::pickle {

#ifdef SNAPSHOT_TEST_POISON
inline constexpr std::size_t kPoisonedGap = 8;
inline void poison(const void* place, std::size_t size) { __asan_poison_memory_region(place, size); }
inline void unpoison(const void* place, std::size_t size) { __asan_unpoison_memory_region(place, size); }
#else
inline constexpr std::size_t kPoisonedGap = 0;
inline void poison(const void*, std::size_t) {}
inline void unpoison(const void*, std::size_t) {}
#endif

}  // namespace snapshot_test::pickle
