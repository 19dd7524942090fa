// Elements of simple dtypes as C++ numbers and as text.
#pragma once

#include <complex>
#include <cstddef>
#include <string>

#include "snapshot_test/pickle/value.hpp"

namespace snapshot_test::compare {

/// What two dtypes are compared as: the narrowest type that holds both without loss, or raw bytes.
enum class Compute { kFloat, kDouble, kLongDouble, kComplex, kComplexLong, kRaw };
[[nodiscard]] Compute compute_type(const pickle::Dtype& a, const pickle::Dtype& b);

/// bool, int, uint, float, bfloat16, complex.
[[nodiscard]] bool is_numeric(const pickle::Dtype& dtype);

/// Converts packed elements in native byte order, of any alignment.
void convert(const pickle::Dtype& dtype, const std::byte* packed, std::size_t n, float* out);
void convert(const pickle::Dtype& dtype, const std::byte* packed, std::size_t n, double* out);
void convert(const pickle::Dtype& dtype, const std::byte* packed, std::size_t n, long double* out);
void convert(const pickle::Dtype& dtype, const std::byte* packed, std::size_t n, std::complex<double>* out);
void convert(const pickle::Dtype& dtype, const std::byte* packed, std::size_t n, std::complex<long double>* out);

/// "1.5", "(1+2j)", "b'ab'", "'text'", "NaT", "12 ns".
[[nodiscard]] std::string element_text(const pickle::Dtype& dtype, const std::byte* element);
/// The characters of one element of a U dtype as UTF-8, without the padding.
[[nodiscard]] std::string unicode_text(const pickle::Dtype& dtype, const std::byte* element);

}  // namespace snapshot_test::compare
