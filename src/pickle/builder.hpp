// Makes and changes nodes; the only code that may.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "pickle/arena.hpp"
#include "snapshot_test/pickle/value.hpp"

namespace snapshot_test::pickle {

class Builder {
 public:
  /// `input` is the length of the pickle: what may be copied while reading it is bounded by it.
  explicit Builder(std::uint64_t input);

  /// Says that `bytes` will be copied. False where a pickle makes that happen so often (by referring to one long part
  /// again and again) that it can only be meant to exhaust memory.
  [[nodiscard]] bool spend(std::uint64_t bytes) noexcept;

  [[nodiscard]] Value* none() noexcept { return none_; }
  [[nodiscard]] Value* boolean(bool truth) noexcept { return truth ? true_ : false_; }
  [[nodiscard]] Value* empty_tuple() noexcept { return empty_tuple_; }
  [[nodiscard]] Value* integer(std::int64_t number, Kind kind = Kind::kInt);
  [[nodiscard]] Value* real(double number);
  [[nodiscard]] Value* text(std::string_view text, Kind kind = Kind::kStr);
  /// kInt where the two's complement little-endian number fits, else kBigInt.
  [[nodiscard]] Value* big_integer(std::span<const std::byte> bytes);
  [[nodiscard]] Value* container(Kind kind);
  [[nodiscard]] Value* items(Kind kind, std::span<Value* const> items);
  [[nodiscard]] Value* global(std::string_view module, std::string_view name);
  [[nodiscard]] Value* object(const Value* callable, const Value* args, const Value* kwargs = nullptr);

  /// False for sets that were not made by EMPTY_SET.
  [[nodiscard]] static bool can_grow(const Value& value) noexcept { return !value.borrowed_; }
  void append(Value& sequence, std::span<Value* const> items);
  /// `items` alternates keys and values.
  void set_items(Value& dict, std::span<Value* const> items);
  void mark_shared(Value& value) noexcept;

  /// What a node becomes once it is understood; its address, which others may hold, stays.
  void become_text(Value& node, Kind kind, std::span<const std::byte> bytes) noexcept;
  void become_complex(Value& node, double real, double imaginary);
  /// Borrows the array of pointers: the node cannot grow.
  void become_items(Value& node, Kind kind, std::span<const Value* const> items) noexcept;
  void become_dtype(Value& node, Dtype* dtype) noexcept;
  void become_array(Value& node, Kind kind, Array* array) noexcept;
  [[nodiscard]] static Object& object_of(Value& node) noexcept { return *node.payload_.object; }

  [[nodiscard]] Arena& arena() noexcept { return *arena_; }
  [[nodiscard]] std::unique_ptr<Arena> take_arena() noexcept { return std::move(arena_); }
  [[nodiscard]] std::uint64_t nodes() const noexcept { return nodes_; }

 private:
  Value* node(Kind kind);

  std::unique_ptr<Arena> arena_;
  std::uint64_t nodes_ = 0;
  std::uint64_t allowance_;
  Value* none_;
  Value* true_;
  Value* false_;
  Value* empty_tuple_;
};

}  // namespace snapshot_test::pickle
