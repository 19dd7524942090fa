// Digests of values: what finds a dict's key or a set's element in another dict or set without trying pairs.
#pragma once

#include <cstdint>
#include <functional>
#include <unordered_map>
#include <vector>

#include "snapshot_test/pickle/value.hpp"

namespace snapshot_test::compare {

/// 128 bits. Two values that mean the same have the same one: numpy scalars that of the Python number or text, dicts
/// and sets whatever their order, text whatever addresses it contains.
struct Digest {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  friend bool operator==(const Digest&, const Digest&) = default;
  friend bool operator<(const Digest& a, const Digest& b) { return a.high != b.high ? a.high < b.high : a.low < b.low; }
};

struct DigestHash {
  std::size_t operator()(const Digest& digest) const noexcept { return digest.low; }
};

/// kRough leaves every float and complex number out, so that elements that only moved a little are still alike.
enum class DigestKind { kExact, kRough };

/// Does the order of sequences matter?
enum class Order { kMatters, kIgnored };

/// Digests of the nodes of one document. Shared nodes are visited once; no recursion.
class Digester {
 public:
  Digester(DigestKind kind, Order order) noexcept : kind_(kind), order_(order) {}
  Digest operator()(const pickle::Value& value);
  /// Bytes read so far, for the caller's budget.
  [[nodiscard]] std::uint64_t spent() const noexcept { return spent_; }

 private:
  Digest leaf(const pickle::Value& value);
  Digest combine(const pickle::Value& value, const std::vector<const pickle::Value*>& children);
  Digest known(const pickle::Value* value) const;

  DigestKind kind_;
  Order order_;
  std::unordered_map<const pickle::Value*, Digest> done_;
  std::uint64_t spent_ = 0;
};

}  // namespace snapshot_test::compare
