#include "compare/matching.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <unordered_map>

#include "compare/numbers.hpp"
#include "compare/pairing.hpp"

namespace snapshot_test::compare {
namespace {

using pickle::Kind;
using pickle::Pair;
using pickle::Value;
using Values = std::span<const Value* const>;

bool same_simple_key(const Value& a, const Value& b) {
  if (a.kind() != b.kind()) return false;
  if (a.kind() == Kind::kStr) return a.text() == b.text();
  return a.kind() == Kind::kInt && a.integer() == b.integer();
}

// Most dicts have the same keys in the same order.
bool same_order(std::span<const Pair> actual, std::span<const Pair> expected) {
  return std::equal(actual.begin(), actual.end(), expected.begin(), expected.end(),
                    [](const Pair& x, const Pair& y) { return same_simple_key(*x.key, *y.key); });
}

// Elements of one side that are not simply there on the other side, too.
struct Candidates {
  std::vector<const Value*> values;
  std::vector<Point> points;
  std::vector<Digest> alike;           // digests without the numbers
  std::vector<std::size_t> by_digest;  // indices, sorted by digest

  void add(const Value* value, Point point) {
    values.push_back(value);
    points.push_back(std::move(point));
  }

  void sort(Order order) {
    Digester rough(DigestKind::kRough, order);
    for (const Value* value : values) alike.push_back(rough(*value));
    by_digest.resize(values.size());
    std::iota(by_digest.begin(), by_digest.end(), 0);
    std::stable_sort(by_digest.begin(), by_digest.end(),
                     [this](std::size_t x, std::size_t y) { return alike[x] < alike[y]; });
  }

  // Where those begin, from `first` on, that have another digest.
  [[nodiscard]] std::size_t end_of(std::size_t first) const {
    std::size_t end = first;
    while (end < by_digest.size() && alike[by_digest[end]] == alike[by_digest[first]]) ++end;
    return end;
  }
};

using Indices = std::span<const std::size_t>;
using Pairs = std::vector<std::pair<std::size_t, std::size_t>>;

void pair_group(const Candidates& actual, Indices a, const Candidates& expected, Indices b, Pairs& pairs) {
  const auto points_of = [](const Candidates& side, Indices indices) {
    std::vector<Point> points;
    points.reserve(indices.size());
    for (const std::size_t index : indices) points.push_back(side.points[index]);
    return points;
  };
  for (const auto& [x, y] : pair_points(points_of(actual, a), points_of(expected, b))) {
    pairs.emplace_back(a[x], b[y]);
  }
}

// Numbers that mean the same have the same digest, whatever their types: this separates those.
Digest typed(Digest digest, const Value& value) {
  digest.high ^= static_cast<std::uint64_t>(value.kind()) << 56;
  if (value.kind() == Kind::kScalar) {
    const pickle::Dtype& dtype = *value.array().dtype;
    digest.high ^= static_cast<std::uint64_t>(dtype.kind) << 48 ^ dtype.itemsize;
  }
  return digest;
}

// Where each element is there on the other side as it is, those belong together, however near others are. False, and
// nothing paired, where one is not.
bool pair_twins(const Candidates& actual, const Candidates& expected, Digester& actual_digests,
                Digester& expected_digests, Matching& matching) {
  struct Waiting {
    std::vector<const Value*> values;
    std::size_t next = 0;
  };
  if (actual.values.size() != expected.values.size()) return false;
  std::unordered_map<Digest, Waiting, DigestHash> waiting;
  waiting.reserve(actual.values.size());
  for (const Value* value : actual.values) {
    waiting[typed(actual_digests(*value), *value)].values.push_back(value);
  }
  std::vector<MatchedPair> pairs;
  pairs.reserve(expected.values.size());
  for (const Value* value : expected.values) {
    const auto twins = waiting.find(typed(expected_digests(*value), *value));
    if (twins == waiting.end() || twins->second.next == twins->second.values.size()) return false;
    pairs.push_back({nullptr, twins->second.values[twins->second.next++], value});
  }
  matching.pairs = std::move(pairs);
  return true;
}

void pair_candidates(Candidates& actual, Candidates& expected, const Options& options, Matching& matching) {
  const Order order = options.ignore_order ? Order::kIgnored : Order::kMatters;
  actual.sort(order);
  expected.sort(order);
  Pairs pairs;
  const Indices a = actual.by_digest;
  const Indices b = expected.by_digest;
  for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    const Digest& x = actual.alike[a[i]];
    const Digest& y = expected.alike[b[j]];
    if (x < y) {
      i = actual.end_of(i);
    } else if (y < x) {
      j = expected.end_of(j);
    } else {
      const std::size_t i_end = actual.end_of(i);
      const std::size_t j_end = expected.end_of(j);
      pair_group(actual, a.subspan(i, i_end - i), expected, b.subspan(j, j_end - j), pairs);
      i = i_end;
      j = j_end;
    }
  }
  std::sort(pairs.begin(), pairs.end(), [](const auto& x, const auto& y) { return x.second < y.second; });
  std::vector<bool> actual_used(a.size());
  std::vector<bool> expected_used(b.size());
  for (const auto& [x, y] : pairs) {
    matching.pairs.push_back({nullptr, actual.values[x], expected.values[y]});
    actual_used[x] = expected_used[y] = true;
  }
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!actual_used[i]) matching.unexpected.push_back(actual.values[i]);
  }
  for (std::size_t i = 0; i < b.size(); ++i) {
    if (!expected_used[i]) matching.missing.push_back(expected.values[i]);
  }
}

// Is it unequal to itself, so that a dict can hold several that look the same?
bool is_nan_key(const Value& key, int depth = 0) {
  constexpr int kDeepest = 16;
  if (const auto number = number_of(key)) return std::isnan(number->value.real()) || std::isnan(number->value.imag());
  if (key.kind() != Kind::kTuple || depth == kDeepest) return false;
  return std::any_of(key.items().begin(), key.items().end(),
                     [depth](const Value* item) { return is_nan_key(*item, depth + 1); });
}

// Digests of keys, the second NaN's another than the first one's.
class KeyDigests {
 public:
  explicit KeyDigests(Digester& digests) : digests_(digests) {}
  Digest operator()(const Value& key) {
    Digest digest = digests_(key);
    if (is_nan_key(key)) digest.high += nans_[digest]++;
    return digest;
  }

 private:
  Digester& digests_;
  std::unordered_map<Digest, std::uint64_t, DigestHash> nans_;
};

std::vector<Digest> digests_of(std::span<const Pair> pairs, Digester& digests) {
  KeyDigests digest_of(digests);
  std::vector<Digest> out;
  out.reserve(pairs.size());
  for (const Pair& pair : pairs) out.push_back(digest_of(*pair.key));
  return out;
}

}  // namespace

Matching match_keys(std::span<const Pair> actual, std::span<const Pair> expected, Digester& actual_digests,
                    Digester& expected_digests) {
  Matching matching;
  matching.pairs.reserve(expected.size());
  if (same_order(actual, expected)) {
    for (std::size_t i = 0; i < expected.size(); ++i) {
      matching.pairs.push_back({expected[i].key, actual[i].value, expected[i].value});
    }
    return matching;
  }
  const std::vector<Digest> actual_keys = digests_of(actual, actual_digests);
  const std::vector<Digest> expected_keys = digests_of(expected, expected_digests);
  std::unordered_map<Digest, const Pair*, DigestHash> index;
  index.reserve(actual.size());
  for (std::size_t i = 0; i < actual.size(); ++i) index[actual_keys[i]] = &actual[i];
  // A key that repeats counts once, with its last value; `used` holds that value's pair.
  std::unordered_map<Digest, const Pair*, DigestHash> used;
  used.reserve(expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) used[expected_keys[i]] = &expected[i];
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (used[expected_keys[i]] != &expected[i]) continue;
    const auto found = index.find(expected_keys[i]);
    if (found == index.end()) {
      matching.missing.push_back(expected[i].key);
    } else {
      matching.pairs.push_back({expected[i].key, found->second->value, expected[i].value});
    }
  }
  for (std::size_t i = 0; i < actual.size(); ++i) {
    if (index[actual_keys[i]] == &actual[i] && !used.contains(actual_keys[i])) {
      matching.unexpected.push_back(actual[i].key);
    }
  }
  return matching;
}

Matching match_elements(Values actual, Values expected, Digester& actual_digests, Digester& expected_digests,
                        const Options& options) {
  Matching matching;
  struct Count {
    std::uint64_t there = 0;  // on the actual side, not claimed yet
    std::uint64_t same = 0;   // on both sides
  };
  std::unordered_map<Digest, Count, DigestHash> counts;
  Candidates left_actual;
  Candidates left_expected;
  std::vector<Point> points;
  points.reserve(actual.size());
  for (const Value* value : actual) {
    points.push_back(profile_of(*value, options));
    if (points.back().empty()) ++counts[actual_digests(*value)].there;
  }
  for (const Value* value : expected) {
    Point point = profile_of(*value, options);
    if (point.empty()) {
      Count& count = counts[expected_digests(*value)];
      if (count.there > 0) {
        --count.there;
        ++count.same;
        ++matching.same;
        continue;
      }
    }
    left_expected.add(value, std::move(point));
  }
  for (std::size_t i = 0; i < actual.size(); ++i) {
    if (points[i].empty()) {
      Count& count = counts[actual_digests(*actual[i])];
      if (count.same > 0) {
        --count.same;
        continue;
      }
    }
    left_actual.add(actual[i], std::move(points[i]));
  }
  if (pair_twins(left_actual, left_expected, actual_digests, expected_digests, matching)) return matching;
  pair_candidates(left_actual, left_expected, options, matching);
  return matching;
}

}  // namespace snapshot_test::compare
