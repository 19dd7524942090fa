// Makes and changes nodes; the only code that may.
#pragma once

#include <array>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "pickle/arena.hpp"
#include "pickle/names.hpp"
#include "snapshot_test/pickle/value.hpp"

namespace snapshot_test::pickle {

class Builder {
 public:
  /// `input` is the length of the pickle: what may be copied while reading it is bounded by it.
  explicit Builder(std::uint64_t input);

  /// Says that `bytes` will be copied. False where a pickle makes that happen so often (by referring to one long part
  /// again and again) that it can only be meant to exhaust memory.
  [[nodiscard]] bool spend(std::uint64_t bytes) noexcept;

  // Nodes that all documents share. They never change: the machine changes containers and objects only, and no empty
  // tuple.
  [[nodiscard]] static Value* none() noexcept { return const_cast<Value*>(&kNone); }
  [[nodiscard]] static Value* boolean(bool truth) noexcept { return const_cast<Value*>(truth ? &kTrue : &kFalse); }
  [[nodiscard]] static Value* empty_tuple() noexcept { return const_cast<Value*>(&kEmptyTuple); }
  [[nodiscard]] static Value* small_integer(std::uint8_t number) noexcept {
    return const_cast<Value*>(&kSmall[number]);
  }

  [[nodiscard]] Value* integer(std::int64_t number, Kind kind = Kind::kInt) {
    return node(kind, 0, {.integer = number});
  }
  [[nodiscard]] Value* real(double number) { return node(Kind::kFloat, 0, {.real = number}); }
  [[nodiscard]] Value* text(std::string_view text, Kind kind = Kind::kStr) {
    return node(kind, text.size(), {.text = text.data()});
  }
  /// Nodes for as many floats as stand at `opcodes`, each a BINFLOAT opcode and its eight bytes; pointers to them go to
  /// `places`.
  void reals(const std::byte* opcodes, std::span<Value*> places);
  /// kInt where the two's complement little-endian number fits, else kBigInt.
  [[nodiscard]] Value* big_integer(std::span<const std::byte> bytes);
  [[nodiscard]] Value* container(Kind kind) { return node(kind, 0, {.integer = 0}); }
  [[nodiscard]] Value* items(Kind kind, std::span<Value* const> items);
  [[nodiscard]] Value* global(std::string_view module, std::string_view name, Era era = Era::kPython3);
  [[nodiscard]] Value* object(const Value* callable, const Value* args, const Value* kwargs = nullptr);

  /// False for sets that were not made by EMPTY_SET.
  [[nodiscard]] static bool can_grow(const Value& value) noexcept { return (value.head_ & Value::kBorrowed) == 0; }
  void append(Value& sequence, std::span<Value* const> items);
  /// `items` alternates keys and values.
  void set_items(Value& dict, std::span<Value* const> items);
  static void mark_shared(Value& value) noexcept;

  /// What a node becomes once it is understood; its address, which others may hold, stays.
  static void become_text(Value& node, Kind kind, std::span<const std::byte> bytes) noexcept;
  void become_complex(Value& node, double real, double imaginary);
  /// Borrows the array of pointers: the node cannot grow.
  static void become_items(Value& node, Kind kind, std::span<const Value* const> items) noexcept;
  static void become_dtype(Value& node, Dtype* dtype) noexcept;
  static void become_array(Value& node, Kind kind, Array* array) noexcept;
  [[nodiscard]] static Object& object_of(Value& node) noexcept { return *node.payload_.object; }
  [[nodiscard]] static Array& array_of(Value& node) noexcept { return *node.payload_.array; }

  [[nodiscard]] Arena& arena() noexcept { return *arena_; }
  [[nodiscard]] std::unique_ptr<Arena> take_arena() noexcept { return std::move(arena_); }
  [[nodiscard]] std::uint64_t nodes() const noexcept { return nodes_; }

 private:
  static constexpr Value constant(Kind kind, std::int64_t number) { return {kind, 0, {.integer = number}}; }
  template <std::size_t... kNumbers>
  static constexpr std::array<Value, sizeof...(kNumbers)> counted(std::index_sequence<kNumbers...>);

  static const Value kNone;
  static const Value kTrue;
  static const Value kFalse;
  static const Value kEmptyTuple;
  static const std::array<Value, 256> kSmall;

  Value* node(Kind kind, std::uint64_t size, Value::Payload payload) {
    ++nodes_;
    return new (arena_->room<Value>(1)) Value(kind, size, payload);
  }
  /// Room behind the `size` elements at `old` for `more`, and the elements.
  template <class T>
  T* grown(Value& container, T* old, std::size_t more);
  static void become(Value& node, Kind kind, std::uint64_t size, Value::Payload payload) noexcept;

  std::unique_ptr<Arena> arena_;
  std::uint64_t nodes_ = 0;
  std::uint64_t allowance_;
};

}  // namespace snapshot_test::pickle
