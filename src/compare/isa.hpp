// What one build of the loops (isa_kernels.hpp) offers, and what it falls back on. The builds differ in their
// instruction set, so nothing may be shared between them that the linker could merge: this header declares only, and
// includes nothing with inline functions. tests/support/check_isa_symbols.py looks at what they export.
#pragma once

#include "compare/tally.hpp"

namespace snapshot_test::compare {

struct Isa {
  const char* name;
  /// Surely within the rule, all of them? False where it takes a closer look, as at NaN and infinities.
  bool (*within_float)(const std::byte* a, const std::byte* b, std::size_t n, const Rule& rule);
  bool (*within_double)(const std::byte* a, const std::byte* b, std::size_t n, const Rule& rule);
  bool (*within_complex)(const std::byte* a, const std::byte* b, std::size_t n, const Rule& rule);
  /// The closer look.
  void (*tally_float)(const std::byte* a, const std::byte* b, std::size_t n, const Rule& rule, std::uint64_t first,
                      Tally& tally);
  void (*tally_double)(const std::byte* a, const std::byte* b, std::size_t n, const Rule& rule, std::uint64_t first,
                       Tally& tally);
  void (*tally_complex)(const std::byte* a, const std::byte* b, std::size_t n, const Rule& rule, std::uint64_t first,
                        Tally& tally);
  void (*tally_int64)(const std::byte* a, const std::byte* b, std::size_t n, const Rule& rule, std::uint64_t first,
                      Tally& tally);
  void (*tally_uint64)(const std::byte* a, const std::byte* b, std::size_t n, const Rule& rule, std::uint64_t first,
                       Tally& tally);
  bool (*finite_floats)(const std::byte* numbers, std::size_t n);
  bool (*finite_doubles)(const std::byte* numbers, std::size_t n);
  void (*halves)(const std::byte* packed, std::size_t n, float* out);
};

extern const Isa kIsaBaseline;
#ifdef SNAPSHOT_TEST_X86
extern const Isa kIsaAvx2;
extern const Isa kIsaAvx512;
#endif

/// One element after the other, in every detail: where approximate magnitudes could decide wrongly.
void tally_each_float(const std::byte* a, const std::byte* b, std::size_t n, const Rule& rule, std::uint64_t first,
                      Tally& tally);
void tally_each_double(const std::byte* a, const std::byte* b, std::size_t n, const Rule& rule, std::uint64_t first,
                       Tally& tally);
void tally_each_complex(const std::byte* a, const std::byte* b, std::size_t n, const Rule& rule, std::uint64_t first,
                        Tally& tally);
void tally_each_int64(const std::byte* a, const std::byte* b, std::size_t n, const Rule& rule, std::uint64_t first,
                      Tally& tally);
void tally_each_uint64(const std::byte* a, const std::byte* b, std::size_t n, const Rule& rule, std::uint64_t first,
                       Tally& tally);

}  // namespace snapshot_test::compare
