#include "compare/loose_numbers.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace snapshot_test::compare {
namespace {

std::uint64_t whole(long double distance) {
  constexpr long double kMost = 18446744073709551615.0L;
  return distance < kMost ? static_cast<std::uint64_t>(distance) : ~std::uint64_t{0};  // infinite, or NaN
}

}  // namespace

LooseNumbers::LooseNumbers(const char* sort, const Applied& how)
    : sketch_(std::make_unique<Sketch>()), builder_(*sketch_, how) {
  sketch_->dtype = sort;
  sketch_->digits = how.exact ? 0 : 53;
}

bool LooseNumbers::add(const Number& actual, const Number& expected) {
  SketchChunk chunk;
  const std::complex<long double> change = actual.value - expected.value;
  const bool integer = expected.kind == NumberKind::kInt || expected.kind == NumberKind::kBool;
  const auto ulps = [&](long double x, long double y) {
    return integer ? whole(std::abs(x - y)) : ulps_between(x, y, expected.dtype);
  };
  const auto magnitude = [](const std::complex<long double>& value) {
    return static_cast<double>(value.imag() == 0 ? value.real() : std::abs(value));
  };
  chunk.actual[0] = magnitude(actual.value);
  chunk.expected[0] = magnitude(expected.value);
  chunk.change[0] = static_cast<double>(change.real() + change.imag());
  chunk.distance[0] = actual.value == expected.value ? 0 : static_cast<double>(std::abs(change));
  if (!std::isfinite(chunk.actual[0]) || !std::isfinite(chunk.expected[0])) {
    chunk.change[0] = chunk.distance[0] = std::numeric_limits<double>::quiet_NaN();
  }
  chunk.ulps[0] =
      std::max(ulps(actual.value.real(), expected.value.real()), ulps(actual.value.imag(), expected.value.imag()));
  const bool differs = !(actual.value == expected.value);
  const bool worst = differs && builder_.is_among_worst(chunk.distance[0], chunk.expected[0]);
  builder_.add(chunk, 1, count_++);
  return worst;
}

void LooseNumbers::name(std::string path, std::string actual, std::string expected) {
  WorstElement element;
  element.path = std::move(path);
  element.actual = std::move(actual);
  element.expected = std::move(expected);
  named_[count_ - 1] = std::move(element);
  if (named_.size() < 8 * kWorstElements) return;
  std::map<std::uint64_t, WorstElement> still;
  for (const SketchBuilder::Worst& each : builder_.worst_elements()) {
    if (auto found = named_.find(each.name); found != named_.end()) still[each.name] = std::move(found->second);
  }
  named_ = std::move(still);
}

Sketch LooseNumbers::finish() {
  builder_.finish();
  for (const SketchBuilder::Worst& each : builder_.worst_elements()) {
    WorstElement element = std::move(named_[each.name]);
    element.difference = each.difference;
    element.ulps = each.ulps;
    sketch_->worst.push_back(std::move(element));
  }
  return std::move(*sketch_);
}

}  // namespace snapshot_test::compare
