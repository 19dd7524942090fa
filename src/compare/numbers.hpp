// Python numbers and numpy scalars, one against the other by value.
#pragma once

#include <complex>
#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "compare/auto_atol.hpp"
#include "compare/planes.hpp"
#include "compare/settings.hpp"
#include "snapshot_test/pickle/value.hpp"

namespace snapshot_test::compare {

/// In the order of Python's numeric tower.
enum class NumberKind { kBool, kInt, kFloat, kComplex };

/// A number of either origin.
struct Number {
  NumberKind kind = NumberKind::kInt;
  std::complex<long double> value;       ///< exact for every type but large ints
  std::span<const std::byte> big;        ///< the whole of an int beyond 64 bits
  const pickle::Dtype* dtype = nullptr;  ///< null for Python's own
};

/// Nothing for what is not a bool, int, float, complex, or numpy scalar of such a kind.
[[nodiscard]] std::optional<Number> number_of(const pickle::Value& value);

/// A numeric element in the byte order of its dtype.
[[nodiscard]] Number number_at(const pickle::Dtype& dtype, const std::byte* element);

/// `around`: of the list that the number is in, for an automatic atol; null where it stands by itself.
[[nodiscard]] Applied applied(const Number& number, const Options& options, const Magnitude* around = nullptr);

struct NumberResult {
  Outcome outcome = Outcome::kIdentical;
  bool has_nan = false;                ///< the same NaN on both sides
  Numbers numbers;                     ///< filled where they differ; no samples
  std::optional<Tolerance> tolerance;  ///< as Comparison::tolerance
};

[[nodiscard]] NumberResult compare_numbers(const Number& actual, const Number& expected, const Options& options,
                                           IdenticalNans identical_nans, const Magnitude* around = nullptr);

}  // namespace snapshot_test::compare
