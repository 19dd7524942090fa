// The inner loops over blocks of numbers, and which build of them runs. Blocks lie anywhere (pickles do not align), in
// native byte order, and fit into the first cache.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "compare/tally.hpp"

namespace snapshot_test::compare {

/// Counts one more, and keeps it as a sample if it is among the first.
void add_mismatch(Tally& tally, std::uint64_t index);

/// The types that are compared as they are stored.
enum class Numeric { kFloat, kDouble, kLongDouble, kComplex, kComplexLong, kInt64, kUInt64 };

/// Compares n (at most kBlock) elements; adds to `tally` where they do not all agree. `first` is the index of the
/// first.
void compare_block(Numeric type, const std::byte* actual, const std::byte* expected, std::size_t n, const Rule& rule,
                   std::uint64_t first, Tally& tally);

/// Are n real numbers all finite? `size`: bytes of one, 2, 4, 8, or 16 (the platform's long double).
[[nodiscard]] bool all_finite(std::size_t size, const std::byte* numbers, std::size_t n);

void halves_to_floats(const std::byte* packed, std::size_t n, float* out);
void bfloats_to_floats(const std::byte* packed, std::size_t n, float* out);

/// The builds of the loops that this machine can run, the fastest (which is used) first: "avx512", "avx2", "baseline".
[[nodiscard]] std::vector<std::string_view> instruction_sets();
/// For tests, before anything is compared; false where the machine cannot run it.
[[nodiscard]] bool use_instruction_set(std::string_view name);

}  // namespace snapshot_test::compare
