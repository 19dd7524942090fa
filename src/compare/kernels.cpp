#include "compare/kernels.hpp"

#include <Eigen/Core>
#include <bit>
#include <cmath>
#include <limits>

namespace snapshot_test::compare {
namespace {

template <class T>
using ConstMap = Eigen::Map<const Eigen::Array<T, Eigen::Dynamic, 1>>;

// x - y <= 0 exactly where x <= y, so this is the rule itself. Whatever is not finite makes the maximum NaN or
// positive: a block that passes has neither NaN nor infinity.
template <class T>
bool all_within(const T* a, const T* b, std::size_t n, const Rule& rule) {
  const auto size = static_cast<Eigen::Index>(n);
  const ConstMap<T> x(a, size);
  const ConstMap<T> y(b, size);
  const T rtol = static_cast<T>(rule.rtol);
  const T atol = static_cast<T>(rule.atol);
  return ((x - y).abs() - (y.abs() * rtol + atol)).template maxCoeff<Eigen::PropagateNaN>() <= T{0};
}

// |re| + |im| bounds a magnitude from above and the larger part bounds it from below: what passes by those passes. The
// margin is wider than any rounding of hypot.
template <class T>
bool all_within(const std::complex<T>* a, const std::complex<T>* b, std::size_t n, const Rule& rule) {
  using Parts = Eigen::Map<const Eigen::Array<T, 2, Eigen::Dynamic>>;
  const auto size = static_cast<Eigen::Index>(n);
  const Parts x(reinterpret_cast<const T*>(a), 2, size);
  const Parts y(reinterpret_cast<const T*>(b), 2, size);
  const T margin = T{1} - T{1e-9};
  const T rtol = static_cast<T>(rule.rtol);
  const T atol = static_cast<T>(rule.atol);
  const auto difference = (x - y).abs().colwise().sum();
  const auto allowed = (y.abs().colwise().maxCoeff() * rtol + atol) * margin;
  return (difference - allowed).template maxCoeff<Eigen::PropagateNaN>() <= T{0};
}

template <class T>
bool is_nan(T x) {
  return std::isnan(x);
}
template <class T>
bool is_nan(std::complex<T> x) {
  return std::isnan(x.real()) || std::isnan(x.imag());
}
template <class T>
bool is_inf(T x) {
  return std::isinf(x);
}
template <class T>
bool is_inf(std::complex<T> x) {
  return !is_nan(x) && (std::isinf(x.real()) || std::isinf(x.imag()));
}

// std::abs of a complex is hypot: no overflow on the way.
template <class T>
void measure(T difference, T magnitude, const Rule& rule, std::uint64_t index, Tally& tally) {
  ++tally.measured;
  const auto absolute = static_cast<double>(difference);
  const double relative =
      magnitude > 0 ? static_cast<double>(difference / magnitude) : std::numeric_limits<double>::infinity();
  if (absolute > tally.max_absolute) {
    tally.max_absolute = absolute;
    tally.at_max_absolute = index;
  }
  if (relative > tally.max_relative) {
    tally.max_relative = relative;
    tally.at_max_relative = index;
  }
  const T atol = static_cast<T>(rule.atol);
  const double rtol_needed =
      magnitude > 0 ? static_cast<double>((difference - atol) / magnitude) : std::numeric_limits<double>::infinity();
  const auto atol_needed = static_cast<double>(difference - static_cast<T>(rule.rtol) * magnitude);
  tally.passing_rtol = std::max(tally.passing_rtol, rtol_needed);
  tally.passing_atol = std::max(tally.passing_atol, atol_needed);
}

template <class T, class Real>
void tally_block(const T* a, const T* b, std::size_t n, const Rule& rule, std::uint64_t first, Tally& tally) {
  const Real rtol = static_cast<Real>(rule.rtol);
  const Real atol = static_cast<Real>(rule.atol);
  for (std::size_t i = 0; i < n; ++i) {
    const T x = a[i];
    const T y = b[i];
    const bool x_nan = is_nan(x);
    const bool y_nan = is_nan(y);
    const bool x_inf = is_inf(x);
    const bool y_inf = is_inf(y);
    tally.actual_nans += x_nan;
    tally.expected_nans += y_nan;
    tally.actual_infs += x_inf;
    tally.expected_infs += y_inf;
    if (x == y) continue;
    if (x_nan || y_nan) {
      const bool both = x_nan && y_nan;
      if (both && rule.nans == NanPolicy::kEqual) continue;
      tally.nan_pairs += both;
      tally.mismatch(first + i);
    } else if (x_inf || y_inf) {
      tally.mismatch(first + i);
    } else {
      const Real difference = std::abs(x - y);
      const Real magnitude = std::abs(y);
      if (difference <= magnitude * rtol + atol) continue;
      tally.mismatch(first + i);
      measure(difference, magnitude, rule, first + i, tally);
    }
  }
}

template <class Real, class T>
void compare_any(const T* a, const T* b, std::size_t n, const Rule& rule, std::uint64_t first, Tally& tally) {
  if (n == 0 || all_within(a, b, n, rule)) return;
  tally_block<T, Real>(a, b, n, rule, first, tally);
}

}  // namespace

void compare_block(const float* a, const float* b, std::size_t n, const Rule& rule, std::uint64_t first, Tally& tally) {
  compare_any<float>(a, b, n, rule, first, tally);
}
void compare_block(const double* a, const double* b, std::size_t n, const Rule& rule, std::uint64_t first,
                   Tally& tally) {
  compare_any<double>(a, b, n, rule, first, tally);
}
void compare_block(const long double* a, const long double* b, std::size_t n, const Rule& rule, std::uint64_t first,
                   Tally& tally) {
  compare_any<long double>(a, b, n, rule, first, tally);
}
void compare_block(const std::complex<double>* a, const std::complex<double>* b, std::size_t n, const Rule& rule,
                   std::uint64_t first, Tally& tally) {
  compare_any<double>(a, b, n, rule, first, tally);
}
void compare_block(const std::complex<long double>* a, const std::complex<long double>* b, std::size_t n,
                   const Rule& rule, std::uint64_t first, Tally& tally) {
  compare_any<long double>(a, b, n, rule, first, tally);
}

float half_to_float(std::uint16_t bits) {
  return static_cast<float>(Eigen::half(Eigen::half_impl::raw_uint16_to_half(bits)));
}

float bfloat16_to_float(std::uint16_t bits) { return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16); }

}  // namespace snapshot_test::compare
