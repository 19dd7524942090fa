#include "pickle/builder.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <utility>

namespace snapshot_test::pickle {
namespace {

constexpr std::uint64_t kFreeCopies = 1 << 20;

constexpr std::size_t kManyElements = std::size_t{1} << 16;

// Capacities follow from sizes, and need no room in the node: powers of two, and of four where there is much to copy.
std::size_t capacity_for(std::size_t size) {
  const std::size_t power = std::bit_ceil(size);
  const bool between = power > kManyElements && std::countr_zero(power) % 2 != 0;
  return between ? power * 2 : power;
}

}  // namespace

template <std::size_t... kNumbers>
constexpr std::array<Value, sizeof...(kNumbers)> Builder::counted(std::index_sequence<kNumbers...>) {
  return {constant(Kind::kInt, kNumbers)...};
}

constinit const Value Builder::kNone = constant(Kind::kNone, 0);
constinit const Value Builder::kTrue = constant(Kind::kBool, 1);
constinit const Value Builder::kFalse = constant(Kind::kBool, 0);
constinit const Value Builder::kEmptyTuple = constant(Kind::kTuple, 0);
constinit const std::array<Value, 256> Builder::kSmall = counted(std::make_index_sequence<256>());

Builder::Builder(std::uint64_t input) : arena_(std::make_unique<Arena>()), allowance_(kFreeCopies + 32 * input) {}

bool Builder::spend(std::uint64_t bytes) noexcept {
  if (bytes > allowance_) return false;
  allowance_ -= bytes;
  return true;
}

void Builder::reals(const std::byte* opcodes, std::span<Value*> places) {
  Value* nodes = arena_->room<Value>(places.size());
  nodes_ += places.size();
  for (std::size_t i = 0; i < places.size(); ++i, opcodes += 9) {
    std::uint64_t raw = 0;
    std::memcpy(&raw, opcodes + 1, sizeof(raw));
    if constexpr (std::endian::native == std::endian::little) raw = __builtin_bswap64(raw);
    places[i] = new (nodes + i) Value(Kind::kFloat, 0, {.real = std::bit_cast<double>(raw)});
  }
}

Value* Builder::big_integer(std::span<const std::byte> bytes) {
  const auto negative = [&](std::size_t index) { return (bytes[index] & std::byte{0x80}) != std::byte{0}; };
  std::size_t size = bytes.size();
  // A last byte that only repeats the sign of the one before it is redundant.
  while (size > 1 && bytes[size - 1] == (negative(size - 2) ? std::byte{0xff} : std::byte{0})) --size;
  if (size > 8) {
    return text({reinterpret_cast<const char*>(bytes.data()), size}, Kind::kBigInt);
  }
  std::uint64_t number = size > 0 && negative(size - 1) ? ~std::uint64_t{0} : 0;
  for (std::size_t i = size; i-- > 0;) number = number << 8 | std::to_integer<std::uint64_t>(bytes[i]);
  return integer(static_cast<std::int64_t>(number));
}

Value* Builder::items(Kind kind, std::span<Value* const> items) {
  Value* value = container(kind);
  append(*value, items);
  return value;
}

Value* Builder::global(std::string_view module, std::string_view name, Era era) {
  const Global* global = arena_->make<Global>(todays_name({module, name}, era, *arena_));
  return node(Kind::kGlobal, 0, {.global = global});
}

Value* Builder::object(const Value* callable, const Value* args, const Value* kwargs) {
  return node(Kind::kObject, 0, {.object = arena_->make<Object>(callable, args, kwargs)});
}

template <class T>
T* Builder::grown(Value& container, T* old, std::size_t more) {
  const std::size_t size = container.size();
  if (size == 0) {
    // Most containers are filled once.
    container.head_ |= Value::kFull;
    return arena_->room<T>(more);
  }
  const std::size_t capacity = (container.head_ & Value::kFull) != 0 ? size : capacity_for(size);
  if (size + more <= capacity) return old;
  container.head_ &= ~Value::kFull;
  T* fresh = arena_->room<T>(capacity_for(size + more));
  std::uninitialized_copy_n(old, size, fresh);
  return fresh;
}

void Builder::append(Value& sequence, std::span<Value* const> items) {
  if (items.empty()) return;
  const Value** place = grown(sequence, sequence.payload_.items, items.size());
  std::uninitialized_copy(items.begin(), items.end(), place + sequence.size());
  sequence.payload_.items = place;
  sequence.head_ += items.size() << Value::kSizeShift;
}

void Builder::set_items(Value& dict, std::span<Value* const> items) {
  const std::size_t count = items.size() / 2;
  if (count == 0) return;
  Pair* place = grown(dict, dict.payload_.pairs, count);
  Pair* next = place + dict.size();
  for (std::size_t i = 0; i < count; ++i) new (next + i) Pair{items[2 * i], items[2 * i + 1]};
  dict.payload_.pairs = place;
  dict.head_ += count << Value::kSizeShift;
}

void Builder::mark_shared(Value& value) noexcept {
  switch (value.kind()) {
    case Kind::kTuple:
      if (value.size() == 0) break;
      [[fallthrough]];
    case Kind::kList:
    case Kind::kDict:
    case Kind::kSet:
    case Kind::kFrozenSet:
    case Kind::kObject:
    case Kind::kArray:
    case Kind::kScalar:
    case Kind::kSketch:
    case Kind::kPersistentId: value.head_ |= Value::kShared; break;
    default: break;
  }
}

void Builder::become(Value& node, Kind kind, std::uint64_t size, Value::Payload payload) noexcept {
  const std::uint64_t shared = node.head_ & Value::kShared;
  node = Value(kind, size, payload);
  node.head_ |= shared;
}

void Builder::become_text(Value& node, Kind kind, std::span<const std::byte> bytes) noexcept {
  become(node, kind, bytes.size(), {.text = reinterpret_cast<const char*>(bytes.data())});
}

void Builder::become_complex(Value& node, double real, double imaginary) {
  double* parts = arena_->array<double>(2);
  parts[0] = real;
  parts[1] = imaginary;
  become(node, Kind::kComplex, 0, {.parts = parts});
}

void Builder::become_items(Value& node, Kind kind, std::span<const Value* const> items) noexcept {
  // The list that they come from only ever writes behind them.
  become(node, kind, items.size(), {.items = const_cast<const Value**>(items.data())});
  node.head_ |= Value::kBorrowed;
}

void Builder::become_dtype(Value& node, Dtype* dtype) noexcept { become(node, Kind::kDtype, 0, {.dtype = dtype}); }

void Builder::become_array(Value& node, Kind kind, Array* array) noexcept { become(node, kind, 0, {.array = array}); }

}  // namespace snapshot_test::pickle
