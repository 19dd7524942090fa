#include "compare/keys.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <string_view>

#include "compare/elements.hpp"
#include "compare/lazy.hpp"
#include "compare/numbers.hpp"
#include "snapshot_test/pickle/describe.hpp"
#include "util/addresses.hpp"

namespace snapshot_test::compare {
namespace {

using pickle::Kind;
using pickle::Value;

std::uint64_t mix(std::uint64_t x) {
  // The finaliser of splitmix64 (Steele, Lea, Flood 2014).
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9U;
  x = (x ^ x >> 27) * 0x94d049bb133111ebU;
  return x ^ x >> 31;
}

Digest add(Digest digest, std::uint64_t word) {
  digest.low = mix((digest.low + 0x9e3779b97f4a7c15U) ^ word);
  digest.high = mix(std::rotl(digest.high, 23) + 0xd1b54a32d192ed03U + (word ^ digest.low));
  return digest;
}

Digest add(Digest digest, const Digest& other) { return add(add(digest, other.low), other.high); }

Digest add(Digest digest, std::span<const std::byte> bytes) {
  digest = add(digest, bytes.size());
  for (std::size_t i = 0; i < bytes.size(); i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + i, std::min<std::size_t>(8, bytes.size() - i));
    digest = add(digest, word);
  }
  return digest;
}

Digest add(Digest digest, std::string_view text) {
  return add(digest, std::as_bytes(std::span(text.data(), text.size())));
}

std::string_view text_in(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

enum Tag : std::uint64_t { kNumber = 100, kText, kFloatLeftOut, kCycle, kNull };

Digest tagged(std::uint64_t tag) { return add(Digest{}, tag); }

Digest of_real(Digest digest, long double number) {
  if (number == 0) number = 0;  // not -0
  const auto rounded = static_cast<double>(number);
  digest = add(digest, rounded != rounded ? 0x7ff8000000000000U : std::bit_cast<std::uint64_t>(rounded));
  const auto rest = static_cast<double>(number - static_cast<long double>(rounded));
  return add(digest, rest != rest ? 0 : std::bit_cast<std::uint64_t>(rest));
}

Digest of_number(const Number& number, DigestKind kind) {
  const bool inexact = number.kind == NumberKind::kFloat || number.kind == NumberKind::kComplex;
  if (inexact && kind == DigestKind::kRough) return tagged(kFloatLeftOut);
  Digest digest = add(tagged(kNumber), static_cast<std::uint64_t>(number.kind));
  if (!number.big.empty()) return add(digest, number.big);
  return of_real(of_real(digest, number.value.real()), number.value.imag());
}

std::vector<const Value*> children_of(const Value& value) {
  std::vector<const Value*> out;
  const auto add_all = [&out](std::span<const Value* const> items) {
    out.insert(out.end(), items.begin(), items.end());
  };
  switch (value.kind()) {
    case Kind::kList:
    case Kind::kTuple:
    case Kind::kSet:
    case Kind::kFrozenSet:
    case Kind::kPersistentId: add_all(value.items()); break;
    case Kind::kDict:
      for (const pickle::Pair& pair : lasting(value.pairs())) {
        out.push_back(pair.key);
        out.push_back(pair.value);
      }
      break;
    case Kind::kObject: {
      const pickle::Object& object = value.object();
      out = {object.callable, object.args, object.kwargs, object.state, object.list_items, object.dict_items};
      break;
    }
    case Kind::kArray:
    case Kind::kSketch:
    case Kind::kScalar:
      add_all(value.array().items);
      out.push_back(value.array().type);
      out.push_back(value.array().extra);
      break;
    default: break;
  }
  return out;
}

bool is_branch(const Value& value) {
  switch (value.kind()) {
    case Kind::kList:
    case Kind::kTuple:
    case Kind::kSet:
    case Kind::kFrozenSet:
    case Kind::kPersistentId:
    case Kind::kDict:
    case Kind::kObject:
    case Kind::kArray:
    case Kind::kSketch: return true;
    case Kind::kScalar: return value.array().has_items;
    default: return false;
  }
}

// Worth remembering: it may be met again and again.
bool is_long(const Value& value) {
  constexpr std::size_t kLong = 512;
  switch (value.kind()) {
    case Kind::kStr:
    case Kind::kBytes:
    case Kind::kByteArray: return value.bytes().size() >= kLong;
    default: return false;
  }
}

}  // namespace

Digest Digester::leaf(const Value& value) {
  ++spent_;
  if (const auto number = number_of(value)) return of_number(*number, kind_);
  switch (value.kind()) {
    case Kind::kStr: spent_ += value.text().size(); return add(tagged(kText), util::without_addresses(value.text()));
    case Kind::kBytes:
    case Kind::kByteArray:
      spent_ += value.bytes().size();
      return add(tagged(static_cast<std::uint64_t>(value.kind())), util::without_addresses(text_in(value.bytes())));
    case Kind::kGlobal:
      return add(add(tagged(static_cast<std::uint64_t>(Kind::kGlobal)), value.global().module), value.global().name);
    case Kind::kDtype: return add(tagged(static_cast<std::uint64_t>(Kind::kDtype)), pickle::dtype_name(value.dtype()));
    case Kind::kExtension: return add(tagged(200), static_cast<std::uint64_t>(value.integer()));
    case Kind::kScalar: {
      const pickle::Array& array = value.array();
      if (array.dtype->kind == pickle::DtypeKind::kUnicode) {
        return add(tagged(kText), util::without_addresses(unicode_text(*array.dtype, array.data.data())));
      }
      const Kind kind = array.dtype->kind == pickle::DtypeKind::kBytes ? Kind::kBytes : Kind::kScalar;
      if (kind == Kind::kBytes)
        return add(tagged(static_cast<std::uint64_t>(kind)), util::without_addresses(text_in(array.data)));
      return add(tagged(static_cast<std::uint64_t>(kind)), array.data);
    }
    default: return tagged(static_cast<std::uint64_t>(value.kind()));
  }
}

Digest Digester::known(const Value* value) const {
  if (value == nullptr) return tagged(kNull);
  const auto found = done_.find(value);
  return found == done_.end() ? tagged(kCycle) : found->second;
}

Digest Digester::combine(const Value& value, const std::vector<const Value*>& children) {
  Digest digest = tagged(static_cast<std::uint64_t>(value.kind()));
  std::vector<Digest> parts;
  parts.reserve(children.size());
  spent_ += children.size() + 1;
  for (const Value* child : children) parts.push_back(known(child));
  if (value.kind() == Kind::kDict) {
    for (std::size_t i = 0; i + 1 < parts.size(); i += 2) parts[i / 2] = add(parts[i], parts[i + 1]);
    parts.resize(parts.size() / 2);
  }
  const bool sequence = value.kind() == Kind::kList || value.kind() == Kind::kTuple;
  const bool unordered = value.kind() == Kind::kDict || value.kind() == Kind::kSet ||
                         value.kind() == Kind::kFrozenSet || (sequence && order_ == Order::kIgnored);
  if (unordered) std::sort(parts.begin(), parts.end());
  for (const Digest& part : parts) digest = add(digest, part);
  if (value.kind() == Kind::kArray || value.kind() == Kind::kSketch) {
    const pickle::Array& array = value.array();
    digest = add(digest, pickle::dtype_name(*array.dtype));
    for (const std::uint64_t extent : array.shape) digest = add(digest, extent);
    const bool inexact = is_numeric(*array.dtype) && kind_ == DigestKind::kRough;
    spent_ += array.data.size();
    if (!inexact) digest = add(add(digest, array.data), array.sketch);
  }
  return digest;
}

Digest Digester::operator()(const Value& root) {
  struct Visit {
    const Value* value;
    std::vector<const Value*> children;
    std::size_t next = 0;
  };
  if (const auto found = done_.find(&root); found != done_.end()) return found->second;
  if (!is_branch(root)) return is_long(root) ? done_[&root] = leaf(root) : leaf(root);
  std::vector<Visit> stack;
  std::unordered_map<const Value*, bool> entered;
  const auto enter = [&](const Value& value) {
    if (!is_branch(value)) {
      done_[&value] = leaf(value);
    } else if (!entered[&value]) {
      entered[&value] = true;
      stack.push_back({&value, children_of(value)});
    }
  };
  enter(root);
  while (!stack.empty()) {
    Visit& top = stack.back();
    if (top.next == top.children.size()) {
      done_[top.value] = combine(*top.value, top.children);
      stack.pop_back();
      continue;
    }
    const Value* child = top.children[top.next++];
    if (child != nullptr && !done_.contains(child)) enter(*child);
  }
  return done_[&root];
}

}  // namespace snapshot_test::compare
