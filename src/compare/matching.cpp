#include "compare/matching.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "compare/numbers.hpp"

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

bool is_float(const Value& value) {
  const auto number = number_of(value);
  return number && (number->kind == NumberKind::kFloat || number->kind == NumberKind::kComplex);
}

// What elements are sorted by before they are paired.
struct Candidate {
  Digest rough;
  std::vector<double> floats;
  const Value* value;
};

bool less(const Candidate& a, const Candidate& b) {
  if (a.rough != b.rough) return a.rough < b.rough;
  const auto smaller = [](double x, double y) {
    if (std::isnan(x) || std::isnan(y)) return !std::isnan(x) && std::isnan(y);
    return x < y;
  };
  return std::lexicographical_compare(a.floats.begin(), a.floats.end(), b.floats.begin(), b.floats.end(), smaller);
}

std::vector<Candidate> candidates(const std::vector<const Value*>& values) {
  Digester rough(DigestKind::kRough);
  std::vector<Candidate> out;
  out.reserve(values.size());
  for (const Value* value : values) out.push_back({rough(*value), leading_floats(*value), value});
  std::stable_sort(out.begin(), out.end(), less);
  return out;
}

void pair_in_order(const std::vector<const Value*>& actual, const std::vector<const Value*>& expected,
                   Matching& matching) {
  const auto a = candidates(actual);
  const auto b = candidates(expected);
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < a.size() && j < b.size()) {
    if (a[i].rough == b[j].rough) {
      matching.pairs.push_back({nullptr, a[i++].value, b[j++].value});
    } else if (a[i].rough < b[j].rough) {
      matching.unexpected.push_back(a[i++].value);
    } else {
      matching.missing.push_back(b[j++].value);
    }
  }
  for (; i < a.size(); ++i) matching.unexpected.push_back(a[i].value);
  for (; j < b.size(); ++j) matching.missing.push_back(b[j].value);
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
  std::unordered_map<Digest, const Pair*, DigestHash> index;
  index.reserve(actual.size());
  for (const Pair& pair : actual) index[actual_digests(*pair.key)] = &pair;
  // A key that repeats counts once, with its last value; `used` holds that value's pair.
  std::unordered_map<Digest, const Pair*, DigestHash> used;
  used.reserve(expected.size());
  for (const Pair& pair : expected) used[expected_digests(*pair.key)] = &pair;
  for (const Pair& pair : expected) {
    const Digest digest = expected_digests(*pair.key);
    if (used[digest] != &pair) continue;
    const auto found = index.find(digest);
    if (found == index.end()) {
      matching.missing.push_back(pair.key);
    } else {
      matching.pairs.push_back({pair.key, found->second->value, pair.value});
    }
  }
  for (const Pair& pair : actual) {
    const Digest digest = actual_digests(*pair.key);
    if (index[digest] == &pair && !used.contains(digest)) matching.unexpected.push_back(pair.key);
  }
  return matching;
}

Matching match_elements(Values actual, Values expected, Digester& actual_digests, Digester& expected_digests) {
  Matching matching;
  std::vector<const Value*> left_actual;
  std::vector<const Value*> left_expected;
  std::unordered_map<Digest, bool, DigestHash> there;  // true once it was found
  for (const Value* value : actual) {
    if (is_float(*value)) {
      left_actual.push_back(value);
    } else {
      there.try_emplace(actual_digests(*value), false);
    }
  }
  std::unordered_map<Digest, bool, DigestHash> seen;
  for (const Value* value : expected) {
    if (is_float(*value)) {
      left_expected.push_back(value);
      continue;
    }
    const Digest digest = expected_digests(*value);
    if (!seen.try_emplace(digest, true).second) continue;
    if (const auto found = there.find(digest); found != there.end()) {
      found->second = true;
    } else {
      left_expected.push_back(value);
    }
  }
  for (const Value* value : actual) {
    if (is_float(*value)) continue;
    bool& found = there[actual_digests(*value)];
    if (!found) left_actual.push_back(value);
    found = true;
  }
  pair_in_order(left_actual, left_expected, matching);
  return matching;
}

}  // namespace snapshot_test::compare
