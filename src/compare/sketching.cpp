#include "compare/sketching.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <tuple>
#include <type_traits>
#include <utility>

#include "compare/blocks.hpp"
#include "compare/elements.hpp"
#include "snapshot_test/pickle/describe.hpp"

namespace snapshot_test::compare {
namespace {

using pickle::Dtype;
using pickle::DtypeKind;

// The loops over a chunk are built for wider registers, too, and picked where the program starts.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
#define ST_WIDE __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define ST_WIDE
#endif

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kFits = 1e-6;  // relative: that the same factor or offset is meant
constexpr int kBias = 1023;     // of a double's exponent
constexpr double kHuge = 1e300;
constexpr double kLeastSquare = 1e-280;
constexpr double kMostSquare = 1e280;
constexpr std::int64_t kLastTolerance = std::tuple_size_v<Sketch::Tolerances> - 1;
constexpr double kLeastTolerance = 1e-290;  // below it, exponents say nothing of ratios

/// The bin of |difference| / tolerance, where both are finite and the first is not 0.
int tolerance_bin(double ratio) {
  const int exponent = static_cast<int>(std::bit_cast<std::uint64_t>(ratio) >> 52) - kBias;
  return std::clamp(exponent, Sketch::kLeastLog2, Sketch::kMostLog2) - Sketch::kLeastLog2 + 1;
}

/// Neighbouring floats become neighbouring integers; no wider than the float, so that as many are done at once.
template <class Bits>
std::uint64_t float_ulps(Bits a, Bits b) {
  using Integer = std::make_signed_t<Bits>;
  constexpr int kSignBit = 8 * sizeof(Bits) - 1;
  const auto order = [](Bits x) {
    const auto magnitude = static_cast<Integer>(x & ~(Bits{1} << kSignBit));
    const auto sign = static_cast<Integer>(static_cast<Integer>(x) >> kSignBit);
    return static_cast<Integer>((magnitude ^ sign) - sign);
  };
  const std::int64_t x = order(a);
  const std::int64_t y = order(b);
  if constexpr (sizeof(Bits) < sizeof(std::int64_t)) return static_cast<std::uint64_t>(x < y ? y - x : x - y);
  return x > y ? static_cast<std::uint64_t>(x) - static_cast<std::uint64_t>(y)
               : static_cast<std::uint64_t>(y) - static_cast<std::uint64_t>(x);
}

template <class T>
T load(const std::byte* from, std::size_t i) {
  T value;
  std::memcpy(&value, from + i * sizeof(T), sizeof(T));
  return value;
}

/// The difference in units of the spacing of floats with so many digits at `expected`.
std::uint64_t spaced_ulps(long double distance, long double expected, int digits, int least_exponent) {
  if (!std::isfinite(distance) || !std::isfinite(expected)) return 0;
  int exponent = 0;
  (void)std::frexp(expected, &exponent);
  if (expected == 0) exponent = least_exponent;
  const long double units = std::ldexp(distance, digits - std::max(exponent, least_exponent));
  constexpr long double kMost = 18446744073709551615.0L;
  return units >= kMost ? ~std::uint64_t{0} : static_cast<std::uint64_t>(std::roundl(units));
}

struct Format {
  int digits = 0;
  int least_exponent = 0;  ///< as frexp() counts: of the smallest normal number
};

Format format_of(const Dtype& dtype) {
  const std::uint64_t size = dtype.kind == DtypeKind::kComplex ? dtype.itemsize / 2 : dtype.itemsize;
  if (dtype.kind == DtypeKind::kBfloat16) return {8, -125};
  if (dtype.kind != DtypeKind::kFloat && dtype.kind != DtypeKind::kComplex) return {};
  switch (size) {
    case 2: return {11, -13};
    case 4: return {24, -125};
    case 8: return {53, -1021};
    default: return {std::numeric_limits<long double>::digits, std::numeric_limits<long double>::min_exponent};
  }
}

bool is_time(const Dtype& dtype) { return dtype.kind == DtypeKind::kDatetime || dtype.kind == DtypeKind::kTimedelta; }

bool is_real(const Dtype& dtype) {
  return dtype.kind == DtypeKind::kBool || dtype.kind == DtypeKind::kInt || dtype.kind == DtypeKind::kUInt ||
         dtype.kind == DtypeKind::kFloat || dtype.kind == DtypeKind::kBfloat16;
}

bool same_type(const Dtype& a, const Dtype& b) {
  return a.kind == b.kind && a.itemsize == b.itemsize && a.unit == b.unit && a.unit_multiple == b.unit_multiple;
}

ST_WIDE void fill_doubles(const std::byte* a, const std::byte* b, std::size_t n, SketchChunk& chunk) {
  for (std::size_t i = 0; i < n; ++i) {
    chunk.actual[i] = load<double>(a, i);
    chunk.expected[i] = load<double>(b, i);
  }
  for (std::size_t i = 0; i < n; ++i) {
    chunk.change[i] = chunk.actual[i] - chunk.expected[i];
    chunk.distance[i] = std::abs(chunk.change[i]);
  }
  for (std::size_t i = 0; i < n; ++i) chunk.ulps[i] = float_ulps(load<std::uint64_t>(a, i), load<std::uint64_t>(b, i));
}

ST_WIDE void fill_floats(const std::byte* a, const std::byte* b, std::size_t n, SketchChunk& chunk) {
  for (std::size_t i = 0; i < n; ++i) {
    chunk.actual[i] = load<float>(a, i);
    chunk.expected[i] = load<float>(b, i);
    chunk.change[i] = static_cast<double>(load<float>(a, i)) - static_cast<double>(load<float>(b, i));
    chunk.distance[i] = std::abs(chunk.change[i]);
  }
  chunk.small_ulps = true;
  for (std::size_t i = 0; i < n; ++i) chunk.ulps[i] = float_ulps(load<std::uint32_t>(a, i), load<std::uint32_t>(b, i));
}

/// Halves and bfloat16, widened by the comparison's own loops.
ST_WIDE void fill_narrow(const Dtype& dtype, const std::byte* a, const std::byte* b, std::size_t n,
                         SketchChunk& chunk) {
  alignas(64) float x[SketchChunk::kSize];
  alignas(64) float y[SketchChunk::kSize];
  const auto widen = dtype.kind == DtypeKind::kBfloat16 ? bfloats_to_floats : halves_to_floats;
  widen(a, n, x);
  widen(b, n, y);
  for (std::size_t i = 0; i < n; ++i) {
    chunk.actual[i] = x[i];
    chunk.expected[i] = y[i];
    chunk.change[i] = static_cast<double>(x[i]) - static_cast<double>(y[i]);
    chunk.distance[i] = std::abs(chunk.change[i]);
  }
  chunk.small_ulps = true;
  for (std::size_t i = 0; i < n; ++i) chunk.ulps[i] = float_ulps(load<std::uint16_t>(a, i), load<std::uint16_t>(b, i));
}

template <class Integer>
ST_WIDE void fill_integers(const std::byte* a, const std::byte* b, std::size_t n, bool times, SketchChunk& chunk) {
  for (std::size_t i = 0; i < n; ++i) {
    const auto x = load<Integer>(a, i);
    const auto y = load<Integer>(b, i);
    const auto u = static_cast<std::uint64_t>(x);
    const auto v = static_cast<std::uint64_t>(y);
    const std::uint64_t distance = x > y ? u - v : v - u;
    chunk.ulps[i] = distance;
    chunk.distance[i] = static_cast<double>(distance);
    chunk.change[i] = x > y ? chunk.distance[i] : -chunk.distance[i];
    // numpy's NaT is the least integer.
    const auto value = [times](Integer number) {
      return times && number == std::numeric_limits<Integer>::min() ? std::numeric_limits<double>::quiet_NaN()
                                                                    : static_cast<double>(number);
    };
    chunk.actual[i] = value(x);
    chunk.expected[i] = value(y);
    if (times && (std::isnan(chunk.actual[i]) || std::isnan(chunk.expected[i]))) {
      chunk.distance[i] = chunk.change[i] = std::numeric_limits<double>::quiet_NaN();
    }
  }
}

/// What is not finite as a double must not seem to be, whatever it is in its own type.
void check_finite(SketchChunk& chunk, std::size_t i) {
  if (std::isfinite(chunk.actual[i]) && std::isfinite(chunk.expected[i]) && std::isfinite(chunk.distance[i])) return;
  chunk.change[i] = chunk.distance[i] = std::numeric_limits<double>::quiet_NaN();
}

/// Types of which one holds what the other does not, and long double.
void fill_reals(const Dtype& actual, const Dtype& expected, const std::byte* a, const std::byte* b, std::size_t n,
                SketchChunk& chunk) {
  const Format x_format = format_of(actual);
  const Format y_format = format_of(expected);
  const bool coarser = y_format.digits == 0 || (x_format.digits != 0 && x_format.digits < y_format.digits);
  const Format format = coarser ? x_format : y_format;
  for (std::size_t i = 0; i < n; ++i) {
    long double x = 0;
    long double y = 0;
    convert(actual, a + i * actual.itemsize, 1, &x);
    convert(expected, b + i * expected.itemsize, 1, &y);
    const long double change = x - y;
    chunk.actual[i] = static_cast<double>(x);
    chunk.expected[i] = static_cast<double>(y);
    chunk.change[i] = static_cast<double>(change);
    chunk.distance[i] = std::abs(chunk.change[i]);
    check_finite(chunk, i);
    chunk.ulps[i] = format.digits == 0 ? spaced_ulps(std::abs(change), 1, 1, 1)
                                       : spaced_ulps(std::abs(change), y, format.digits, format.least_exponent);
  }
}

/// The magnitude of a complex number; by the root of squares where that neither overflows nor loses digits.
double magnitude_of(double real, double imaginary) {
  const double square = real * real + imaginary * imaginary;
  return square > kLeastSquare && square < kMostSquare ? std::sqrt(square) : std::hypot(real, imaginary);
}

template <class Real>
void fill_magnitude(const std::byte* a, const std::byte* b, std::size_t i, SketchChunk& chunk) {
  const double x[2] = {load<Real>(a, 2 * i), load<Real>(a, 2 * i + 1)};
  const double y[2] = {load<Real>(b, 2 * i), load<Real>(b, 2 * i + 1)};
  const bool x_nan = std::isnan(x[0]) || std::isnan(x[1]);
  const bool y_nan = std::isnan(y[0]) || std::isnan(y[1]);
  constexpr double kNotANumber = std::numeric_limits<double>::quiet_NaN();
  chunk.actual[i] = x_nan ? kNotANumber : magnitude_of(x[0], x[1]);
  chunk.expected[i] = y_nan ? kNotANumber : magnitude_of(y[0], y[1]);
  chunk.distance[i] = x[0] == y[0] && x[1] == y[1] ? 0 : magnitude_of(x[0] - y[0], x[1] - y[1]);
  check_finite(chunk, i);
}

template <class Real, class Bits>
ST_WIDE void fill_complex_of(const std::byte* a, const std::byte* b, std::size_t n, SketchChunk& chunk) {
  double odd = 0;  // numbers whose squares may have overflowed or lost digits, or that are not finite
#pragma omp simd reduction(+ : odd)
  for (std::size_t i = 0; i < n; ++i) {
    const double x[2] = {load<Real>(a, 2 * i), load<Real>(a, 2 * i + 1)};
    const double y[2] = {load<Real>(b, 2 * i), load<Real>(b, 2 * i + 1)};
    const double change[2] = {x[0] - y[0], x[1] - y[1]};
    const double squares[3] = {x[0] * x[0] + x[1] * x[1], y[0] * y[0] + y[1] * y[1],
                               change[0] * change[0] + change[1] * change[1]};
    odd += squares[0] > kLeastSquare && squares[0] < kMostSquare ? 0.0 : 1.0;
    odd += squares[1] > kLeastSquare && squares[1] < kMostSquare ? 0.0 : 1.0;
    const bool same = change[0] == 0 && change[1] == 0;
    odd += (squares[2] > kLeastSquare && squares[2] < kMostSquare) || same ? 0.0 : 1.0;
    chunk.actual[i] = std::sqrt(squares[0]);
    chunk.expected[i] = std::sqrt(squares[1]);
    chunk.distance[i] = std::sqrt(squares[2]);
    chunk.change[i] = change[0] + change[1];
  }
  if (odd != 0) {
    for (std::size_t i = 0; i < n; ++i) fill_magnitude<Real>(a, b, i, chunk);
  }
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint64_t real = float_ulps(load<Bits>(a, 2 * i), load<Bits>(b, 2 * i));
    const std::uint64_t imaginary = float_ulps(load<Bits>(a, 2 * i + 1), load<Bits>(b, 2 * i + 1));
    chunk.ulps[i] = real > imaginary ? real : imaginary;
  }
}

/// The larger of both parts' ulps. Types of which one holds what the other does not, and long double.
void fill_complex(const Dtype& actual, const Dtype& expected, const std::byte* a, const std::byte* b, std::size_t n,
                  SketchChunk& chunk) {
  using Complex = std::complex<long double>;
  const Format x_format = format_of(actual);
  const Format y_format = format_of(expected);
  const bool coarser = y_format.digits == 0 || (x_format.digits != 0 && x_format.digits < y_format.digits);
  const Format format = coarser ? x_format : y_format;
  for (std::size_t i = 0; i < n; ++i) {
    Complex x;
    Complex y;
    const std::byte* one = a + i * actual.itemsize;
    const std::byte* other = b + i * expected.itemsize;
    convert(actual, one, 1, &x);
    convert(expected, other, 1, &y);
    const Complex change = x - y;
    const bool nan = std::isnan(x.real()) || std::isnan(x.imag());
    const bool y_nan = std::isnan(y.real()) || std::isnan(y.imag());
    constexpr double kNotANumber = std::numeric_limits<double>::quiet_NaN();
    chunk.actual[i] = nan ? kNotANumber : static_cast<double>(std::abs(x));
    chunk.expected[i] = y_nan ? kNotANumber : static_cast<double>(std::abs(y));
    chunk.change[i] = static_cast<double>(change.real() + change.imag());
    chunk.distance[i] = x == y ? 0 : static_cast<double>(std::abs(change));
    check_finite(chunk, i);
    const auto ulps = [&](long double p, long double q) {
      return spaced_ulps(std::abs(p - q), q, format.digits, format.least_exponent);
    };
    chunk.ulps[i] = std::max(ulps(x.real(), y.real()), ulps(x.imag(), y.imag()));
  }
}

/// One chunk's elements in every form that a sketch needs; packed, in native byte order.
void fill(const Dtype& actual, const Dtype& expected, const std::byte* a, const std::byte* b, std::size_t n,
          SketchChunk& chunk) {
  const bool alike = same_type(actual, expected);
  if (alike && expected.kind == DtypeKind::kComplex && expected.itemsize == 16) {
    return fill_complex_of<double, std::uint64_t>(a, b, n, chunk);
  }
  if (alike && expected.kind == DtypeKind::kComplex && expected.itemsize == 8) {
    return fill_complex_of<float, std::uint32_t>(a, b, n, chunk);
  }
  if (actual.kind == DtypeKind::kComplex || expected.kind == DtypeKind::kComplex) {
    return fill_complex(actual, expected, a, b, n, chunk);
  }
  if (is_time(expected)) return fill_integers<std::int64_t>(a, b, n, true, chunk);
  if (alike && expected.kind == DtypeKind::kFloat && expected.itemsize == 8) return fill_doubles(a, b, n, chunk);
  if (alike && expected.kind == DtypeKind::kFloat && expected.itemsize == 4) {
    return fill_floats(a, b, n, chunk);
  }
  if (alike &&
      (expected.kind == DtypeKind::kBfloat16 || (expected.kind == DtypeKind::kFloat && expected.itemsize == 2))) {
    return fill_narrow(expected, a, b, n, chunk);
  }
  if (alike && expected.kind == DtypeKind::kInt) {
    switch (expected.itemsize) {
      case 1: return fill_integers<std::int8_t>(a, b, n, false, chunk);
      case 2: return fill_integers<std::int16_t>(a, b, n, false, chunk);
      case 4: return fill_integers<std::int32_t>(a, b, n, false, chunk);
      default: return fill_integers<std::int64_t>(a, b, n, false, chunk);
    }
  }
  if (alike && (expected.kind == DtypeKind::kUInt || expected.kind == DtypeKind::kBool)) {
    switch (expected.itemsize) {
      case 1: return fill_integers<std::uint8_t>(a, b, n, false, chunk);
      case 2: return fill_integers<std::uint16_t>(a, b, n, false, chunk);
      case 4: return fill_integers<std::uint32_t>(a, b, n, false, chunk);
      default: return fill_integers<std::uint64_t>(a, b, n, false, chunk);
    }
  }
  fill_reals(actual, expected, a, b, n, chunk);
}

ST_WIDE double largest_of(const double* distance, std::size_t n) {
  double most = 0;
#pragma omp simd reduction(max : most)
  for (std::size_t i = 0; i < n; ++i) most = distance[i] > most ? distance[i] : most;
  return most;
}

/// Lays the grid of a map over the elements in the order of their traversal.
class Grid {
 public:
  Grid(const PlanePair& pair, const Traversal& traversal, SketchMap& map) : map_(map) {
    std::vector<std::size_t> axes(pair.shape.size());
    for (std::size_t i = 0; i < axes.size(); ++i) axes[i] = i;
    std::stable_sort(axes.begin(), axes.end(), [&](auto x, auto y) { return pair.shape[x] > pair.shape[y]; });
    while (!axes.empty() && (axes.size() > 2 || pair.shape[axes.back()] <= 1)) axes.pop_back();
    std::sort(axes.begin(), axes.end());
    if (axes.empty()) return;
    map_.axes = axes;
    for (const std::size_t axis : axes) map_.extents.push_back(pair.shape[axis]);
    const auto cells = [](std::uint64_t extent) { return std::min<std::uint64_t>(extent, kMapSide); };
    map_.rows = axes.size() == 2 ? static_cast<std::size_t>(cells(map_.extents.front())) : 1;
    map_.columns = static_cast<std::size_t>(cells(map_.extents.back()));
    map_.largest.assign(map_.rows * map_.columns, 0);
    for (const std::size_t axis : traversal.axes) {
      Axis each;
      each.extent = pair.shape[axis];
      if (axis == axes.back()) each.step = 1;
      if (axes.size() == 2 && axis == axes.front()) each.step = map_.columns;
      each.cells = cells(each.extent);
      axes_.push_back(each);
    }
    while (axes_.size() > 1 && axes_.back().extent == 1) axes_.pop_back();
  }

  void add(const double* distance, std::size_t n) {
    if (map_.largest.empty()) return;
    for (std::size_t at = 0; at < n;) {
      Axis& inner = axes_.back();
      const std::uint64_t until = inner.step == 0 ? inner.extent : inner.end_of_cell();
      const auto run = static_cast<std::size_t>(std::min<std::uint64_t>(n - at, until - inner.index));
      double& cell = map_.largest[cell_];
      cell = std::max(cell, largest_of(distance + at, run));
      at += run;
      advance(run);
    }
  }

 private:
  struct Axis {
    std::uint64_t extent = 1;
    std::uint64_t cells = 1;
    std::size_t step = 0;  ///< of a cell in the map; 0: the map does not tell its elements apart
    std::uint64_t index = 0;

    [[nodiscard]] std::uint64_t cell() const { return index * cells / extent; }
    [[nodiscard]] std::uint64_t end_of_cell() const { return ((cell() + 1) * extent + cells - 1) / cells; }
  };

  void advance(std::uint64_t run) {
    for (std::size_t i = axes_.size(); i-- > 0;) {
      axes_[i].index += i + 1 == axes_.size() ? run : 1;
      if (axes_[i].index < axes_[i].extent || i == 0) break;
      axes_[i].index = 0;
    }
    cell_ = 0;
    if (axes_.front().index >= axes_.front().extent) return;  // the end
    for (const Axis& axis : axes_) cell_ += static_cast<std::size_t>(axis.cell()) * axis.step;
  }

  SketchMap& map_;
  std::vector<Axis> axes_;  ///< slowest first
  std::size_t cell_ = 0;
};

struct UlpSums {
  double sum = 0;  ///< each with the sign of its element's change
  std::uint64_t most = 0;
};

/// Also puts the bin of each into `bins`. kSmall: all are below 2^53.
template <bool kSmall>
ST_WIDE UlpSums sum_up_ulps(const SketchChunk& chunk, std::size_t n, std::int64_t* bins) {
  double sum = 0;
  std::uint64_t most = 0;
#pragma omp simd reduction(+ : sum) reduction(max : most)
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint64_t ulps = chunk.ulps[i];
    most = ulps > most ? ulps : most;
    const auto amount = static_cast<double>(ulps);
    sum += chunk.change[i] < 0 ? -amount : amount;
    // A large number may be rounded up to one with more bits: then only its highest bit, and others that cannot be.
    const double highest = kSmall ? amount : static_cast<double>(ulps & ~(ulps >> 1));
    const auto exponent = static_cast<std::int64_t>(std::bit_cast<std::uint64_t>(highest) >> 52) - (kBias - 1);
    bins[i] = exponent < 0 ? 0 : exponent;
  }
  return {sum, most};
}

/// Adds to `counts` how often each number is among n bins, at most SketchChunk::kSize. They are few as a rule: each is
/// looked for among all of them.
ST_WIDE void count_bins(const std::int64_t* bins, std::size_t n, std::uint64_t* counts) {
  constexpr std::size_t kWidth = 64;
  constexpr int kFew = 24;
  alignas(64) std::uint8_t narrow[SketchChunk::kSize];
  std::uint8_t least = 255;
  std::uint8_t most = 0;
  for (std::size_t i = 0; i < n; ++i) narrow[i] = static_cast<std::uint8_t>(bins[i]);
#pragma omp simd reduction(min : least) reduction(max : most)
  for (std::size_t i = 0; i < n; ++i) {
    least = narrow[i] < least ? narrow[i] : least;
    most = narrow[i] > most ? narrow[i] : most;
  }
  const std::size_t whole = most - least < kFew ? n / kWidth : 0;
  for (int bin = least; bin <= most && whole > 0; ++bin) {
    alignas(64) std::uint8_t lanes[kWidth] = {};  // each at most kSize / kWidth
    const auto wanted = static_cast<std::uint8_t>(bin);
    for (std::size_t k = 0; k < whole; ++k) {
      for (std::size_t i = 0; i < kWidth; ++i) {
        lanes[i] = static_cast<std::uint8_t>(lanes[i] + (narrow[k * kWidth + i] == wanted ? 1 : 0));
      }
    }
    std::uint32_t count = 0;
    for (const std::uint8_t lane : lanes) count += lane;
    counts[bin] += count;
  }
  for (std::size_t i = whole * kWidth; i < n; ++i) ++counts[narrow[i]];
}

}  // namespace

std::uint64_t ulps_between(long double actual, long double expected, const Dtype* dtype) {
  const Format format = dtype == nullptr ? Format{53, -1021} : format_of(*dtype);
  if (format.digits == 0) return spaced_ulps(std::abs(actual - expected), 1, 1, 1);
  if (format.digits != 53) {
    return spaced_ulps(std::abs(actual - expected), expected, format.digits, format.least_exponent);
  }
  return float_ulps(std::bit_cast<std::uint64_t>(static_cast<double>(actual)),
                    std::bit_cast<std::uint64_t>(static_cast<double>(expected)));
}

void Sketch::add(const Sketch& other) {
  total += other.total;
  differing += other.differing;
  const double before = static_cast<double>(measured);
  const double more = static_cast<double>(other.measured);
  if (more > 0) {
    mean_difference = (mean_difference * before + other.mean_difference * more) / (before + more);
    mean_ulps = (mean_ulps * before + other.mean_ulps * more) / (before + more);
  }
  measured += other.measured;
  for (std::size_t i = 0; i < ulps.size(); ++i) ulps[i] += other.ulps[i];
  for (std::size_t i = 0; i < tolerances.size(); ++i) tolerances[i] += other.tolerances[i];
  has_tolerance = has_tolerance || other.has_tolerance;
  max_difference = std::max(max_difference, other.max_difference);
  max_ulps = std::max(max_ulps, other.max_ulps);
  passing_rtol = std::max(passing_rtol, other.passing_rtol);
  passing_rtol_alone = std::max(passing_rtol_alone, other.passing_rtol_alone);
  nan_appeared += other.nan_appeared;
  nan_vanished += other.nan_vanished;
  nan_stayed += other.nan_stayed;
  inf_changed += other.inf_changed;
  sign_changed += other.sign_changed;
  became_zero += other.became_zero;
  was_zero += other.was_zero;
}

SketchBuilder::SketchBuilder(Sketch& sketch, const Applied& how)
    : sketch_(sketch), rtol_(how.tolerance.rtol), atol_(how.tolerance.atol) {
  sketch_.has_tolerance = !how.exact && (rtol_ > 0 || atol_ > 0);
  sketch_.rtol = rtol_;
  sketch_.atol = atol_;
}

void SketchBuilder::add(SketchChunk& chunk, std::size_t count, std::uint64_t first) {
  sketch_.total += count;
  if (add_finite(chunk, count, first, Sums::kOfFiniteOnly)) return;
  // What is not finite is told of by itself, and stands among the others as an element that has not changed.
  std::array<std::uint16_t, SketchChunk::kSize> changed;
  std::size_t changes = 0;
  std::size_t taken_out = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const Special kind = take_special(chunk, i, first);
    taken_out += kind == Special::kNone ? 0 : 1;
    if (kind == Special::kChanged) changed[changes++] = static_cast<std::uint16_t>(i);
  }
  (void)add_finite(chunk, count, first, Sums::kOfAny);
  sketch_.measured -= taken_out;
  ulp_counts_[0] -= taken_out;
  tolerance_counts_[0] -= sketch_.has_tolerance ? taken_out : 0;
  for (std::size_t i = 0; i < changes; ++i) chunk.distance[changed[i]] = kInfinity;
}

SketchBuilder::Special SketchBuilder::take_special(SketchChunk& chunk, std::size_t i, std::uint64_t first) {
  const double x = chunk.actual[i];
  const double y = chunk.expected[i];
  bool changed = false;
  if (std::isnan(x) || std::isnan(y)) {
    ++(std::isnan(x) && std::isnan(y) ? sketch_.nan_stayed
       : std::isnan(x)                ? sketch_.nan_appeared
                                      : sketch_.nan_vanished);
    changed = !std::isnan(x) || !std::isnan(y);
  } else if (std::isinf(x) || std::isinf(y)) {
    changed = x != y;
    sketch_.inf_changed += changed ? 1 : 0;
  } else {
    if (!std::isfinite(chunk.distance[i])) {  // finite, but further apart than a double can say
      chunk.distance[i] = std::numeric_limits<double>::max();
      chunk.change[i] = x > y ? chunk.distance[i] : -chunk.distance[i];
    }
    return Special::kNone;
  }
  chunk.actual[i] = chunk.expected[i] = 1;
  chunk.change[i] = chunk.distance[i] = 0;
  chunk.ulps[i] = 0;
  if (!changed) return Special::kStayed;
  ++sketch_.differing;
  sketch_.passing_rtol = sketch_.passing_rtol_alone = kInfinity;
  suggested_ = true;
  sketch_.same_factor = sketch_.same_offset = false;
  note(kInfinity, first + i, kInfinity, 0);
  return Special::kChanged;
}

// Everything that is summed up of a chunk in one go; what few chunks have is only found here, and looked at again.
ST_WIDE bool SketchBuilder::add_finite(const SketchChunk& chunk, std::size_t n, std::uint64_t first, Sums sums) {
  // As wide as everything else in the loops: a loop with narrower numbers is built for as few lanes as these have.
  alignas(64) std::int64_t ulp_bins[SketchChunk::kSize];
  alignas(64) std::int64_t tolerance_bins[SketchChunk::kSize];
  const double rtol = sketch_.has_tolerance ? rtol_ : 0;
  const double atol = sketch_.has_tolerance ? atol_ : 1;
  const double passing_atol = atol_;
  const double passing = std::min(sketch_.passing_rtol, std::numeric_limits<double>::max());
  const double alone = std::min(sketch_.passing_rtol_alone, std::numeric_limits<double>::max());
  // Rounding must not keep an element from being looked at. Without a tolerance there is none.
  const double margin = sketch_.has_tolerance ? 1 - 1e-15 : 1;
  const double worst = worst_.size() < kWorstElements ? 0 : std::min(least_score_, kHuge) * margin;
  double sum = 0;
  double most = 0;
  double differing = 0;
  double over = 0;
  double among_worst = 0;
  double least_tolerance = kInfinity;
  double least_product = kInfinity;
#pragma omp simd reduction(+ : sum, differing) reduction(max : most, over, among_worst) \
    reduction(min : least_tolerance, least_product)
  for (std::size_t i = 0; i < n; ++i) {
    const double x = chunk.actual[i];
    const double y = chunk.expected[i];
    const double distance = chunk.distance[i];
    const double magnitude = std::abs(y);
    const double tolerance = atol + rtol * magnitude;
    const auto distance_bits = std::bit_cast<std::uint64_t>(distance);
    sum += chunk.change[i];
    differing += distance > 0 ? 1.0 : 0.0;
    most = distance > most ? distance : most;
    const double beyond = (distance - passing_atol) - passing * magnitude;
    const double beyond_alone = distance - alone * magnitude;
    over = beyond > over ? beyond : over;
    over = beyond_alone > over ? beyond_alone : over;
    const double beyond_worst = distance - worst * tolerance;
    among_worst = beyond_worst > among_worst ? beyond_worst : among_worst;
    least_tolerance = tolerance < least_tolerance ? tolerance : least_tolerance;
    // Not positive: another sign, a zero, or numbers so small that their product is none.
    const double product = x * y;
    least_product = product < least_product ? product : least_product;
    // The logarithm of the ratio, rounded down: both exponents, and one less where the mantissa is the smaller one.
    const std::uint64_t ratio =
        (distance_bits - std::bit_cast<std::uint64_t>(tolerance) + (std::uint64_t{1} << 63)) >> 52;
    std::int64_t bin = static_cast<std::int64_t>(ratio) - (2048 + Sketch::kLeastLog2 - 1);
    bin = bin < 1 ? 1 : bin;
    bin = bin > kLastTolerance ? kLastTolerance : bin;
    tolerance_bins[i] = distance > 0 ? bin : 0;
  }
  const UlpSums ulps =
      chunk.small_ulps ? sum_up_ulps<true>(chunk, n, ulp_bins) : sum_up_ulps<false>(chunk, n, ulp_bins);
  if (sums == Sums::kOfFiniteOnly && !std::isfinite(sum)) return false;
  sketch_.measured += n;
  if (differing == 0) {
    ulp_counts_[0] += n;
    tolerance_counts_[0] += sketch_.has_tolerance ? n : 0;
    return true;
  }
  sum_ += sum;
  sum_ulps_ += ulps.sum;
  sketch_.differing += static_cast<std::uint64_t>(differing);
  sketch_.max_difference = std::max(sketch_.max_difference, most);
  sketch_.max_ulps = std::max(sketch_.max_ulps, ulps.most);
  if (over > 0) raise_passing(chunk, n);
  if (!suggested_) suggest(chunk, n);
  if (!(least_product > 0)) count_changes(chunk, n);
  if (sketch_.same_factor || sketch_.same_offset) check_patterns(chunk, n);
  count_bins(ulp_bins, n, ulp_counts_.data());
  if (sketch_.has_tolerance) {
    // Ratios to what has no exponent of its own are calculated.
    if (!(least_tolerance > kLeastTolerance)) bin_by_ratio(chunk, n, tolerance_bins);
    count_bins(tolerance_bins, n, tolerance_counts_.data());
  }
  if (among_worst > 0 || worst_.size() < kWorstElements) note_worst(chunk, n, first);
  return true;
}

void SketchBuilder::bin_by_ratio(const SketchChunk& chunk, std::size_t n, std::int64_t* bins) const {
  for (std::size_t i = 0; i < n; ++i) {
    const double ratio = chunk.distance[i] / (atol_ + rtol_ * std::abs(chunk.expected[i]));
    bins[i] = chunk.distance[i] > 0 ? tolerance_bin(ratio) : 0;
  }
}

ST_WIDE void SketchBuilder::note_worst(const SketchChunk& chunk, std::size_t n, std::uint64_t first) {
  alignas(64) double scores[SketchChunk::kSize];
  const double rtol = sketch_.has_tolerance ? rtol_ : 0;
  const double atol = sketch_.has_tolerance ? atol_ : 1;
  double most = 0;
#pragma omp simd reduction(max : most)
  for (std::size_t i = 0; i < n; ++i) {
    const double score = chunk.distance[i] / (atol + rtol * std::abs(chunk.expected[i]));
    scores[i] = chunk.distance[i] > 0 ? score : 0.0;
    most = scores[i] > most ? scores[i] : most;
  }
  if (worst_.size() == kWorstElements && most <= least_score_) return;
  for (std::size_t i = 0; i < n; ++i) {
    const bool wanted = worst_.size() < kWorstElements ? chunk.distance[i] > 0 : scores[i] > least_score_;
    if (wanted) note(scores[i], first + i, chunk.distance[i], chunk.ulps[i]);
  }
}

void SketchBuilder::raise_passing(const SketchChunk& chunk, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    const double distance = chunk.distance[i];
    const double magnitude = std::abs(chunk.expected[i]);
    const auto needed = [magnitude](double beyond) {
      return beyond <= 0 ? 0 : magnitude > 0 ? beyond / magnitude : kInfinity;
    };
    sketch_.passing_rtol = std::max(sketch_.passing_rtol, needed(distance - atol_));
    sketch_.passing_rtol_alone = std::max(sketch_.passing_rtol_alone, needed(distance));
  }
}

void SketchBuilder::suggest(const SketchChunk& chunk, std::size_t n) {
  for (std::size_t i = 0; i < n && !suggested_; ++i) {
    if (chunk.distance[i] == 0) continue;
    suggested_ = true;
    sketch_.offset = chunk.change[i];
    sketch_.factor = chunk.expected[i] == 0 ? 0 : chunk.actual[i] / chunk.expected[i];
    sketch_.same_factor = sketch_.same_offset = true;
  }
}

ST_WIDE void SketchBuilder::count_changes(const SketchChunk& chunk, std::size_t n) {
  double signs = 0;
  double became_zero = 0;
  double was_zero = 0;
#pragma omp simd reduction(+ : signs, became_zero, was_zero)
  for (std::size_t i = 0; i < n; ++i) {
    const double x = chunk.actual[i];
    const double y = chunk.expected[i];
    const double x_zero = x == 0 ? 1.0 : 0.0;
    const double y_zero = y == 0 ? 1.0 : 0.0;
    const double opposite = (x < 0 ? 1.0 : 0.0) + (y < 0 ? 1.0 : 0.0);
    signs += opposite == 1.0 ? (1.0 - x_zero) * (1.0 - y_zero) : 0.0;
    became_zero += x_zero * (1.0 - y_zero);
    was_zero += y_zero * (1.0 - x_zero);
  }
  sketch_.sign_changed += static_cast<std::uint64_t>(signs);
  sketch_.became_zero += static_cast<std::uint64_t>(became_zero);
  sketch_.was_zero += static_cast<std::uint64_t>(was_zero);
}

// One element that does not fit says that there is no such pattern.
ST_WIDE void SketchBuilder::check_patterns(const SketchChunk& chunk, std::size_t n) {
  const double factor = sketch_.factor;
  const double offset = sketch_.offset;
  const double offset_near = std::abs(offset) * kFits;
  double misses = 0;
  if (sketch_.same_factor) {
#pragma omp simd reduction(+ : misses)
    for (std::size_t i = 0; i < n; ++i) {
      const double x = chunk.actual[i];
      const double differs = chunk.distance[i] > 0 ? 1.0 : 0.0;
      misses += std::abs(x - factor * chunk.expected[i]) <= std::abs(x) * kFits ? 0.0 : differs;
    }
    sketch_.same_factor = misses == 0;
  }
  misses = 0;
  if (sketch_.same_offset) {
#pragma omp simd reduction(+ : misses)
    for (std::size_t i = 0; i < n; ++i) {
      const double differs = chunk.distance[i] > 0 ? 1.0 : 0.0;
      misses += std::abs(chunk.change[i] - offset) <= offset_near ? 0.0 : differs;
    }
    sketch_.same_offset = misses == 0;
  }
}

bool SketchBuilder::is_among_worst(double distance, double expected) const {
  const double score = sketch_.has_tolerance ? distance / (atol_ + rtol_ * std::abs(expected)) : distance;
  return worst_.size() < kWorstElements || !(score <= least_score_);
}

/// Sorted by score; of the same score those that came first.
void SketchBuilder::note(double score, std::uint64_t name, double difference, std::uint64_t ulps) {
  if (worst_.size() == kWorstElements) {
    if (score <= least_score_) return;
    worst_.pop_back();
  }
  const auto place =
      std::find_if(worst_.begin(), worst_.end(), [score](const Worst& each) { return each.score < score; });
  worst_.insert(place, {score, name, difference, ulps});
  least_score_ = worst_.back().score;
}

void SketchBuilder::finish() {
  sketch_.ulps = ulp_counts_;
  sketch_.tolerances = tolerance_counts_;
  if (sketch_.measured == 0) return;
  sketch_.mean_difference = sum_ / static_cast<double>(sketch_.measured);
  sketch_.mean_ulps = sum_ulps_ / static_cast<double>(sketch_.measured);
}

std::optional<Sketch> sketch_plane(const PlanePair& pair, const Traversal& traversal, const Applied& how) {
  const Dtype& actual = *pair.actual.dtype;
  const Dtype& expected = *pair.expected.dtype;
  const auto is_number = [](const Dtype& dtype) { return is_real(dtype) || dtype.kind == DtypeKind::kComplex; };
  const bool times = is_time(actual) && same_type(actual, expected) && expected.itemsize == 8;
  if (!times && !(is_number(actual) && is_number(expected))) return std::nullopt;
  Sketch sketch;
  sketch.path = pair.field;
  sketch.dtype = pickle::dtype_name(expected);
  sketch.shape = pair.shape;
  const Format x_format = format_of(actual);
  const Format y_format = format_of(expected);
  const bool coarser = y_format.digits == 0 || (x_format.digits != 0 && x_format.digits < y_format.digits);
  sketch.digits = coarser ? x_format.digits : y_format.digits;
  SketchBuilder builder(sketch, how);
  Grid grid(pair, traversal, sketch.map);
  SketchChunk chunk;
  BlockReader reader(pair, traversal, SketchChunk::kSize);
  for (Block block = reader.next(); block.count != 0; block = reader.next()) {
    fill(actual, expected, block.actual, block.expected, block.count, chunk);
    builder.add(chunk, block.count, block.first);
    grid.add(chunk.distance, block.count);
  }
  builder.finish();
  for (const SketchBuilder::Worst& each : builder.worst_elements()) {
    WorstElement worst;
    worst.index = traversal.index_of(each.name, pair);
    worst.actual = element_text(actual, element_at(pair.actual, worst.index));
    worst.expected = element_text(expected, element_at(pair.expected, worst.index));
    worst.difference = each.difference;
    worst.ulps = each.ulps;
    sketch.worst.push_back(std::move(worst));
  }
  return sketch;
}

void SketchSet::keep(Sketch sketch) {
  const auto is_worse = [](const Sketch& a, const Sketch& b) {
    return std::tuple(a.nan_appeared + a.nan_vanished + a.inf_changed, a.passing_rtol_alone, a.max_difference) >
           std::tuple(b.nan_appeared + b.nan_vanished + b.inf_changed, b.passing_rtol_alone, b.max_difference);
  };
  const auto place = std::find_if(kept.begin(), kept.end(), [&](const Sketch& each) { return is_worse(sketch, each); });
  kept.insert(place, std::move(sketch));
  if (kept.size() > kMostSketches) kept.pop_back();
}

void SketchSet::add(Sketch sketch) {
  if (!total) {
    total.emplace();
    total->rtol = sketch.rtol;
    total->atol = sketch.atol;
    total->digits = sketch.digits;
    total->dtype = sketch.dtype;
  }
  if (total->dtype != sketch.dtype) total->dtype = "numbers";
  total->digits = std::min(total->digits, sketch.digits);
  total->add(sketch);
  keep(std::move(sketch));
}

void SketchSet::add(SketchSet set, const std::string& path) {
  if (!set.total) return;
  Sketch sum = std::move(*set.total);
  if (total) {
    if (total->dtype != sum.dtype) total->dtype = "numbers";
    total->digits = std::min(total->digits, sum.digits);
    total->add(sum);
  } else {
    total = std::move(sum);
  }
  for (Sketch& each : set.kept) {
    each.path = path + each.path;
    keep(std::move(each));
  }
}

}  // namespace snapshot_test::compare
