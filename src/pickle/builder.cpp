#include "pickle/builder.hpp"

#include <algorithm>
#include <bit>

namespace snapshot_test::pickle {
namespace {

constexpr std::uint64_t kFreeCopies = 1 << 20;

// Growing arrays hold a power of two, so that their capacity follows from their size and needs no room in the node.
template <class T>
T* grown(Arena& arena, T* old, std::size_t size, std::size_t more) {
  const std::size_t capacity = size == 0 ? 0 : std::bit_ceil(size);
  if (size + more <= capacity) return old;
  T* fresh = arena.array<T>(std::bit_ceil(size + more));
  std::copy_n(old, size, fresh);
  return fresh;
}

std::string_view current_module(Arena& arena, std::string_view module, std::string_view name) {
  if (module == "__builtin__") return "builtins";
  if (module == "copy_reg") return "copyreg";
  if (module == "numpy.rec" && (name == "recarray" || name == "record")) return "numpy";
  constexpr std::string_view kOld = "numpy.core";
  constexpr std::size_t kLongestModule = 100;
  if (module.size() > kLongestModule || module.substr(0, kOld.size()) != kOld) return module;
  const std::string_view rest = module.substr(kOld.size());
  if (!rest.empty() && rest.front() != '.') return module;
  constexpr std::string_view kNew = "numpy._core";
  char* text = arena.array<char>(kNew.size() + rest.size());
  std::copy(rest.begin(), rest.end(), std::copy(kNew.begin(), kNew.end(), text));
  return {text, kNew.size() + rest.size()};
}

}  // namespace

Builder::Builder(std::uint64_t input) : arena_(std::make_unique<Arena>()), allowance_(kFreeCopies + 32 * input) {
  none_ = node(Kind::kNone);
  true_ = integer(1, Kind::kBool);
  false_ = integer(0, Kind::kBool);
  empty_tuple_ = node(Kind::kTuple);
}

bool Builder::spend(std::uint64_t bytes) noexcept {
  if (bytes > allowance_) return false;
  allowance_ -= bytes;
  return true;
}

Value* Builder::node(Kind kind) {
  ++nodes_;
  Value* value = arena_->make<Value>();
  value->kind_ = kind;
  return value;
}

Value* Builder::integer(std::int64_t number, Kind kind) {
  Value* value = node(kind);
  value->payload_.integer = number;
  return value;
}

Value* Builder::real(double number) {
  Value* value = node(Kind::kFloat);
  value->payload_.real = number;
  return value;
}

Value* Builder::text(std::string_view text, Kind kind) {
  Value* value = node(kind);
  value->payload_.text = text.data();
  value->size_ = text.size();
  return value;
}

Value* Builder::big_integer(std::span<const std::byte> bytes) {
  const auto negative = [&](std::size_t index) { return (bytes[index] & std::byte{0x80}) != std::byte{0}; };
  std::size_t size = bytes.size();
  // A last byte that only repeats the sign of the one before it says nothing.
  while (size > 1 && bytes[size - 1] == (negative(size - 2) ? std::byte{0xff} : std::byte{0})) --size;
  if (size > 8) {
    return text({reinterpret_cast<const char*>(bytes.data()), size}, Kind::kBigInt);
  }
  std::uint64_t number = size > 0 && negative(size - 1) ? ~std::uint64_t{0} : 0;
  for (std::size_t i = size; i-- > 0;) number = number << 8 | std::to_integer<std::uint64_t>(bytes[i]);
  return integer(static_cast<std::int64_t>(number));
}

Value* Builder::container(Kind kind) { return node(kind); }

Value* Builder::items(Kind kind, std::span<Value* const> items) {
  Value* value = node(kind);
  append(*value, items);
  return value;
}

Value* Builder::global(std::string_view module, std::string_view name) {
  Value* value = node(Kind::kGlobal);
  const bool python2_range = module == "__builtin__" && name == "xrange";
  value->payload_.global =
      arena_->make<Global>(current_module(*arena_, module, name), python2_range ? std::string_view("range") : name);
  return value;
}

Value* Builder::object(const Value* callable, const Value* args, const Value* kwargs) {
  Value* value = node(Kind::kObject);
  value->payload_.object = arena_->make<Object>(callable, args, kwargs);
  return value;
}

void Builder::append(Value& sequence, std::span<Value* const> items) {
  if (items.empty()) return;
  const Value** place = grown(*arena_, sequence.payload_.items, sequence.size_, items.size());
  std::copy(items.begin(), items.end(), place + sequence.size_);
  sequence.payload_.items = place;
  sequence.size_ += items.size();
}

void Builder::set_items(Value& dict, std::span<Value* const> items) {
  const std::size_t count = items.size() / 2;
  if (count == 0) return;
  Pair* place = grown(*arena_, dict.payload_.pairs, dict.size_, count);
  for (std::size_t i = 0; i < count; ++i) place[dict.size_ + i] = {items[2 * i], items[2 * i + 1]};
  dict.payload_.pairs = place;
  dict.size_ += count;
}

void Builder::mark_shared(Value& value) noexcept {
  switch (value.kind_) {
    case Kind::kList:
    case Kind::kTuple:
    case Kind::kDict:
    case Kind::kSet:
    case Kind::kFrozenSet:
    case Kind::kObject:
    case Kind::kArray:
    case Kind::kScalar:
    case Kind::kPersistentId: value.shared_ = true; break;
    default: break;
  }
}

void Builder::become_text(Value& node, Kind kind, std::span<const std::byte> bytes) noexcept {
  node.kind_ = kind;
  node.payload_.text = reinterpret_cast<const char*>(bytes.data());
  node.size_ = bytes.size();
}

void Builder::become_complex(Value& node, double real, double imaginary) {
  double* parts = arena_->array<double>(2);
  parts[0] = real;
  parts[1] = imaginary;
  node.kind_ = Kind::kComplex;
  node.payload_.parts = parts;
}

void Builder::become_items(Value& node, Kind kind, std::span<const Value* const> items) noexcept {
  // The list that they come from only ever writes behind them.
  node.kind_ = kind;
  node.borrowed_ = true;
  node.payload_.items = const_cast<const Value**>(items.data());
  node.size_ = items.size();
}

void Builder::become_dtype(Value& node, Dtype* dtype) noexcept {
  node.kind_ = Kind::kDtype;
  node.payload_.dtype = dtype;
}

void Builder::become_array(Value& node, Kind kind, Array* array) noexcept {
  node.kind_ = kind;
  node.payload_.array = array;
}

}  // namespace snapshot_test::pickle
