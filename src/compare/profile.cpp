#include "compare/profile.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "compare/keys.hpp"

namespace snapshot_test::compare {
namespace {

using pickle::Array;
using pickle::Kind;
using pickle::Value;

bool comes_before(const Coordinate& a, const Coordinate& b) {
  if (std::isnan(a.at) || std::isnan(b.at)) return !std::isnan(a.at) && std::isnan(b.at);
  return a.at < b.at;
}

// Steps and depth are bounded, so a value that is full of sharing or contains itself does no harm. In what has an order
// the bound cuts off the same on both sides; what has none counts only if all of it was visited.
class Collector {
 public:
  explicit Collector(const Options& options)
      : options_(options), order_(options.ignore_order ? Order::kIgnored : Order::kMatters) {}

  std::vector<Coordinate> run(const Value& value) {
    collect(value, 0);
    if (found_.size() > kMostCoordinates) found_.resize(kMostCoordinates);
    return std::move(found_);
  }

 private:
  static constexpr std::size_t kMostSteps = 256;
  static constexpr std::size_t kMostUnordered = 1024;
  static constexpr int kDeepest = 16;

  [[nodiscard]] bool full() const { return unordered_ == 0 && found_.size() >= kMostCoordinates; }

  void collect(const Value& value, int depth) {
    if (stopped_ || full()) return;
    const std::size_t most = unordered_ == 0 ? kMostSteps : kMostUnordered;
    if (++steps_ > most || depth > kDeepest) {
      stopped_ = true;
      return;
    }
    if (const auto number = number_of(value)) return add(*number);
    const bool shuffled = order_ == Order::kIgnored;
    switch (value.kind()) {
      case Kind::kList:
      case Kind::kTuple: return shuffled ? collect_unordered(value.items(), depth) : collect_all(value.items(), depth);
      case Kind::kSet:
      case Kind::kFrozenSet: return collect_unordered(value.items(), depth);
      case Kind::kDict: return collect_dict(value, depth);
      case Kind::kObject: return collect_object(value.object(), depth);
      case Kind::kArray: return collect_array(value.array(), depth);
      default: return;
    }
  }

  void add(const Number& number, const Magnitude* around = nullptr) {
    const bool inexact = number.kind == NumberKind::kFloat || number.kind == NumberKind::kComplex;
    if (!inexact) return;
    found_.push_back(coordinate_of(static_cast<double>(number.value.real()), number, options_, around));
    if (number.kind != NumberKind::kComplex) return;
    found_.push_back(coordinate_of(static_cast<double>(number.value.imag()), number, options_, around));
  }

  void collect_all(std::span<const Value* const> items, int depth) {
    for (const Value* item : items) collect(*item, depth + 1);
  }

  void collect_unordered(std::span<const Value* const> items, int depth) {
    const std::size_t first = found_.size();
    const std::size_t steps = std::exchange(steps_, unordered_ == 0 ? 0 : steps_);
    ++unordered_;
    collect_all(items, depth);
    --unordered_;
    if (stopped_) {
      found_.resize(first);
      return;
    }
    if (unordered_ == 0) steps_ = steps + 1;
    std::sort(found_.begin() + static_cast<std::ptrdiff_t>(first), found_.end(), comes_before);
  }

  void collect_dict(const Value& value, int depth) {
    constexpr std::size_t kMostKeys = 64;
    if (value.pairs().size() > kMostKeys) return;
    std::vector<std::pair<Digest, const Value*>> values;
    Digester digests(DigestKind::kExact, order_);
    for (const pickle::Pair& pair : value.pairs()) values.emplace_back(digests(*pair.key), pair.value);
    std::stable_sort(values.begin(), values.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    for (const auto& each : values) collect(*each.second, depth + 1);
  }

  void collect_object(const pickle::Object& object, int depth) {
    for (const Value* part : {object.args, object.kwargs, object.state, object.list_items, object.dict_items}) {
      if (part != nullptr) collect(*part, depth + 1);
    }
  }

  void collect_array(const Array& array, int depth) {
    if (array.has_items) return collect_all(array.items, depth);
    const auto kind = array.dtype->kind;
    const bool inexact = kind == pickle::DtypeKind::kFloat || kind == pickle::DtypeKind::kBfloat16 ||
                         kind == pickle::DtypeKind::kComplex;
    const bool shuffled = order_ == Order::kIgnored && array.shape.size() == 1;
    if (!inexact || array.masked || (shuffled && array.size > kMostUnordered)) return;
    const std::size_t first = found_.size();
    const std::uint64_t count = shuffled ? array.size : std::min<std::uint64_t>(array.size, kMostCoordinates);
    const bool automatic = applied(*array.dtype, options_).automatic;
    const Magnitude whole = automatic ? magnitude_of(array) : Magnitude();
    for (std::uint64_t n = 0; n < count; ++n) add(element(array, n), &whole);
    if (shuffled) std::sort(found_.begin() + static_cast<std::ptrdiff_t>(first), found_.end(), comes_before);
  }

  // The n-th element in the order of indices.
  static Number element(const Array& array, std::uint64_t n) {
    std::int64_t offset = 0;
    for (std::size_t i = array.shape.size(); i-- > 0;) {
      offset += static_cast<std::int64_t>(n % array.shape[i]) * array.strides[i];
      n /= array.shape[i];
    }
    return number_at(*array.dtype, array.data.data() + offset);
  }

  const Options& options_;
  Order order_;
  std::vector<Coordinate> found_;
  std::size_t steps_ = 0;
  int unordered_ = 0;  // containers without order around here
  bool stopped_ = false;
};

}  // namespace

std::vector<Coordinate> profile_of(const Value& value, const Options& options) { return Collector(options).run(value); }

Coordinate coordinate_of(double at, const Number& number, const Options& options, const Magnitude* around) {
  const Tolerance tolerance = applied(number, options, around).tolerance;
  const auto magnitude = static_cast<double>(std::abs(number.value));
  // What is infinite is equal to itself only, both parts of a complex number included.
  if (!std::isfinite(magnitude)) return {at, 0};
  return {at, tolerance.atol + tolerance.rtol * magnitude};
}

}  // namespace snapshot_test::compare
