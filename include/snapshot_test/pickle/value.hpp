// The inert form of a pickled value. Nothing here can call anything: classes and callables are names.
//
// Nodes belong to their Document's arena and refer to the bytes it was read from. Nodes may be shared, and through the
// pickle memo a container may contain itself: walk with an explicit stack and a set of the nodes that were visited.
#pragma once

#include <complex>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace snapshot_test::pickle {

class Value;

enum class Kind : std::uint8_t {
  kNone,
  kBool,
  kInt,     ///< fits std::int64_t
  kBigInt,  ///< does not: two's complement, little endian, as short as possible
  kFloat,
  kComplex,
  kStr,  ///< UTF-8; lone surrogates in their three-byte form; not validated
  kBytes,
  kByteArray,
  kList,
  kTuple,
  kDict,
  kSet,
  kFrozenSet,
  kGlobal,  ///< a class or function, by name
  kObject,  ///< "call this with that, then set this state": never done
  kDtype,
  kArray,         ///< numpy.ndarray and subclasses, array.array
  kScalar,        ///< a numpy scalar: an array without dimensions
  kSketch,        ///< an array of which only a sketch was kept: it has no elements
  kPersistentId,  ///< item: the id
  kExtension,     ///< a code of copyreg's extension registry
};

/// Names as they are today: numpy.core and numpy.bool_ of numpy 1 are read as numpy 2's, and the names of Python 2
/// (__builtin__, copy_reg), which all protocols below 3 use, as Python 3's.
struct Global {
  std::string_view module;
  std::string_view name;
};

/// The parts of what __reduce__ returned. Unused ones are null.
struct Object {
  const Value* callable = nullptr;    ///< a class or function: kGlobal as a rule, but any value is possible
  const Value* args = nullptr;        ///< kTuple
  const Value* kwargs = nullptr;      ///< of __newobj_ex__
  const Value* state = nullptr;       ///< what __setstate__ or __dict__ would get
  const Value* list_items = nullptr;  ///< kList: what would be appended
  const Value* dict_items = nullptr;  ///< kDict: what would be set
  bool by_new = false;  ///< made by callable.__new__(callable, *args), as subclasses of built-in types are
};

enum class DtypeKind : std::uint8_t {
  kBool,
  kInt,
  kUInt,
  kFloat,  ///< itemsize 2, 4, 8, or 16 (the platform's long double)
  kBfloat16,
  kComplex,  ///< itemsize 8, 16, or 32
  kDatetime,
  kTimedelta,
  kBytes,    ///< S: padded with zero bytes
  kUnicode,  ///< U: UCS-4, padded with zeros
  kVoid,     ///< V: raw bytes
  kObject,
  kStruct,
  kSubarray,
  kOther,  ///< a user-defined type: raw bytes, type_name says which
};
enum class ByteOrder : std::uint8_t { kNone, kLittle, kBig };

struct Dtype;
struct Field {
  std::string_view name;
  const Dtype* dtype = nullptr;
  std::uint64_t offset = 0;
};

/// Checked when read: fields and sub-arrays lie inside itemsize.
struct Dtype {
  DtypeKind kind = DtypeKind::kVoid;
  ByteOrder order = ByteOrder::kNone;
  std::uint64_t itemsize = 0;
  std::string_view unit;                 ///< of datetimes: "ns"; empty for the generic unit
  std::int64_t unit_multiple = 1;        ///< the 25 of "25s"
  std::span<const Field> fields;         ///< kStruct
  const Dtype* base = nullptr;           ///< kSubarray
  std::span<const std::uint64_t> shape;  ///< kSubarray
  std::string_view type_name;            ///< the scalar's class where it is not numpy's own: "numpy.record"
  std::uint32_t leaves = 1;              ///< simple types inside, expanded; bounded in terms of itemsize
  std::uint64_t mask_itemsize = 1;       ///< bytes of a masked array's mask for one element; all ones: too many
  std::uint32_t depth = 1;
  bool has_object = false;
};

/// Checked when read: the product of shape fits, and data or items hold exactly that many elements.
struct Array {
  const Dtype* dtype = nullptr;
  std::span<const std::uint64_t> shape;
  /// Bytes (in elements of `items` if there are items). Never negative in what was read; live arrays have any.
  std::span<const std::int64_t> strides;
  std::uint64_t size = 0;  ///< elements
  /// In place; unaligned; empty where there are items. Of live arrays only its size and beginning count: elements are
  /// where the strides say.
  std::span<const std::byte> data;
  std::span<const Value* const> items;  ///< elements of dtypes with objects in them, in memory order
  const Value* type = nullptr;          ///< the subclass (kGlobal); null for numpy.ndarray itself
  const Value* extra = nullptr;         ///< what a subclass adds to ndarray's state
  bool has_items = false;
  bool masked = false;
  std::span<const std::byte> mask;    ///< one byte a leaf element (packed), in data's memory order
  const Value* fill_value = nullptr;  ///< of masked arrays
  /// Of kSketch, in place of `data`: docs/sketches.md. Only its first bytes have been looked at.
  std::span<const std::byte> sketch;
};

/// One key and its value. Keys may repeat: the last one counts, as it would in Python.
struct Pair {
  const Value* key;
  const Value* value;
};

/// One node; 16 bytes. Accessors may only be called for the kinds they name.
class Value {
 public:
  [[nodiscard]] Kind kind() const noexcept { return static_cast<Kind>(head_ & 0xff); }
  /// Can it be reached in more than one way? (containers, objects and arrays only, and never the empty tuple)
  [[nodiscard]] bool shared() const noexcept { return (head_ & kShared) != 0; }

  [[nodiscard]] bool boolean() const noexcept { return payload_.integer != 0; }
  [[nodiscard]] std::int64_t integer() const noexcept { return payload_.integer; }  ///< kInt; kExtension: the code
  [[nodiscard]] double real() const noexcept { return payload_.real; }              ///< kFloat
  [[nodiscard]] std::complex<double> complex() const noexcept { return {payload_.parts[0], payload_.parts[1]}; }
  [[nodiscard]] std::string_view text() const noexcept { return {payload_.text, size()}; }  ///< kStr
  /// kBytes, kByteArray, kBigInt, kStr
  [[nodiscard]] std::span<const std::byte> bytes() const noexcept {
    return {reinterpret_cast<const std::byte*>(payload_.text), size()};
  }
  /// kList, kTuple, kSet, kFrozenSet; kPersistentId: one
  [[nodiscard]] std::span<const Value* const> items() const noexcept { return {payload_.items, size()}; }
  [[nodiscard]] std::span<const Pair> pairs() const noexcept { return {payload_.pairs, size()}; }  ///< kDict
  [[nodiscard]] const Global& global() const noexcept { return *payload_.global; }
  [[nodiscard]] const Object& object() const noexcept { return *payload_.object; }
  [[nodiscard]] const Dtype& dtype() const noexcept { return *payload_.dtype; }
  [[nodiscard]] const Array& array() const noexcept { return *payload_.array; }  ///< kArray, kScalar, kSketch

 private:
  friend class Builder;
  union Payload {
    std::int64_t integer;
    double real;
    const double* parts;
    const char* text;
    const Value** items;
    Pair* pairs;
    const Global* global;
    Object* object;
    Dtype* dtype;
    Array* array;
  };
  // head_: the kind in 8 bits, flags in 8, the number of bytes, items or pairs in 48.
  static constexpr std::uint64_t kShared = 1 << 8;
  static constexpr std::uint64_t kBorrowed = 1 << 9;  ///< the items belong to another node
  static constexpr std::uint64_t kFull = 1 << 10;     ///< there is room for these items and no more
  static constexpr int kSizeShift = 16;

  constexpr Value(Kind kind, std::uint64_t size, Payload payload) noexcept
      : head_(static_cast<std::uint64_t>(kind) | size << kSizeShift), payload_(payload) {}
  [[nodiscard]] std::uint64_t size() const noexcept { return head_ >> kSizeShift; }

  std::uint64_t head_;
  Payload payload_;
};
static_assert(sizeof(Value) == 16);

}  // namespace snapshot_test::pickle
