// Looks at everything that a value tree offers: under the sanitizers, each wrong length or pointer is a finding.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <unordered_set>
#include <vector>

#include "snapshot_test/pickle/describe.hpp"
#include "snapshot_test/pickle/document.hpp"

namespace snapshot_test::fuzz {

/// An invariant does not hold: libFuzzer keeps the input.
inline void require(bool holds) {
  if (!holds) std::abort();
}

/// Reads the ends of `bytes`.
inline void touch(std::span<const std::byte> bytes) {
  if (bytes.empty()) return;
  [[maybe_unused]] volatile std::byte end = bytes.front();
  end = bytes.back();
}

class Walk {
 public:
  /// Visits each node once, at most `most` of them; returns how many.
  std::uint64_t over(const pickle::Value& root, std::uint64_t most = 20'000) {
    later(&root);
    std::uint64_t visited = 0;
    while (!pending_.empty() && visited < most) {
      const pickle::Value& value = *pending_.back();
      pending_.pop_back();
      visit(value);
      // A description is bounded, but not by the node alone.
      if (visited++ < 200) describe(value);
    }
    return visited;
  }

 private:
  static void describe(const pickle::Value& value) {
    require(pickle::preview(value).size() < 10'000);
    require(pickle::type_name(value).size() < 10'000);
  }

  void later(const pickle::Value* value) {
    if (value != nullptr && seen_.insert(value).second) pending_.push_back(value);
  }

  void visit(const pickle::Value& value) {
    using pickle::Kind;
    switch (value.kind()) {
      case Kind::kStr:
      case Kind::kBytes:
      case Kind::kByteArray: touch(value.bytes()); break;
      case Kind::kBigInt:
        require(value.bytes().size() > 8);
        touch(value.bytes());
        break;
      case Kind::kList:
      case Kind::kTuple:
      case Kind::kSet:
      case Kind::kFrozenSet:
      case Kind::kPersistentId:
        for (const pickle::Value* item : value.items()) later(item);
        break;
      case Kind::kDict:
        for (const pickle::Pair& pair : value.pairs()) {
          later(pair.key);
          later(pair.value);
        }
        break;
      case Kind::kObject: visit_object(value.object()); break;
      case Kind::kDtype: require(pickle::dtype_name(value.dtype()).size() < 10'000); break;
      case Kind::kArray:
      case Kind::kScalar: visit_array(value.array()); break;
      case Kind::kSketch:
        require(value.array().data.empty() && !value.array().has_items);
        touch(value.array().sketch);
        later(value.array().type);
        later(value.array().extra);
        later(value.array().fill_value);
        break;
      default: break;
    }
  }

  void visit_object(const pickle::Object& object) {
    require(object.callable != nullptr && object.args != nullptr);
    for (const pickle::Value* part :
         {object.callable, object.args, object.kwargs, object.state, object.list_items, object.dict_items}) {
      later(part);
    }
  }

  void visit_array(const pickle::Array& array) {
    later(array.type);
    later(array.extra);
    later(array.fill_value);
    for (const pickle::Value* item : array.items) later(item);
    touch(array.data);
    touch(array.mask);
    std::uint64_t last = 0;
    for (std::size_t i = 0; i < array.shape.size(); ++i) {
      if (array.shape[i] == 0) return;
      last += (array.shape[i] - 1) * static_cast<std::uint64_t>(array.strides[i]);
    }
    if (array.has_items) {
      require(last < array.items.size());
    } else {
      require(last + array.dtype->itemsize <= array.data.size());
      require(array.data.size() == array.size * array.dtype->itemsize);
    }
  }

  std::vector<const pickle::Value*> pending_;
  std::unordered_set<const pickle::Value*> seen_;
};

}  // namespace snapshot_test::fuzz
