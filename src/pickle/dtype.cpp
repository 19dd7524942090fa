#include "pickle/dtype.hpp"

#include <algorithm>
#include <unordered_map>

#include "pickle/text.hpp"

namespace snapshot_test::pickle {
namespace {

constexpr std::uint32_t kDeepestDtype = 32;
constexpr std::uint64_t kLargest = (std::uint64_t{1} << 63) - 1;

struct Code {
  DtypeKind kind;
  bool known;
};

Code kind_of(char letter, std::uint64_t size) {
  const auto one_of = [size](std::initializer_list<std::uint64_t> sizes) {
    return std::find(sizes.begin(), sizes.end(), size) != sizes.end();
  };
  switch (letter) {
    case 'b': return {DtypeKind::kBool, one_of({1})};
    case 'i': return {DtypeKind::kInt, one_of({1, 2, 4, 8})};
    case 'u': return {DtypeKind::kUInt, one_of({1, 2, 4, 8})};
    case 'f': return {DtypeKind::kFloat, one_of({2, 4, 8, 16})};
    case 'c': return {DtypeKind::kComplex, one_of({8, 16, 32})};
    case 'M': return {DtypeKind::kDatetime, one_of({8})};
    case 'm': return {DtypeKind::kTimedelta, one_of({8})};
    case 'S': return {DtypeKind::kBytes, true};
    case 'U': return {DtypeKind::kUnicode, size <= kLargest / 4};
    case 'V': return {DtypeKind::kVoid, true};
    case 'O': return {DtypeKind::kObject, one_of({4, 8})};
    default: return {DtypeKind::kOther, false};
  }
}

bool has_byte_order(const Dtype& dtype) {
  switch (dtype.kind) {
    case DtypeKind::kInt:
    case DtypeKind::kUInt:
    case DtypeKind::kFloat: return dtype.itemsize > 1;
    case DtypeKind::kBfloat16:
    case DtypeKind::kComplex:
    case DtypeKind::kDatetime:
    case DtypeKind::kTimedelta:
    case DtypeKind::kUnicode: return true;
    default: return false;
  }
}

// Each genuine field has a byte of its own; a few may overlap, as unions do. A type that says more than that would make
// a short pickle expensive to compare.
bool bounded(const Dtype& dtype) {
  return dtype.depth <= kDeepestDtype && dtype.leaves <= 2 * std::min<std::uint64_t>(dtype.itemsize, 1 << 20) + 64;
}

bool apply_subarray(Dtype& dtype, const Value& subdtype, Builder& builder) {
  if (subdtype.kind() != Kind::kTuple || subdtype.items().size() != 2) return false;
  const Value& base = *subdtype.items()[0];
  const auto shape = parse_shape(*subdtype.items()[1], builder);
  if (base.kind() != Kind::kDtype || !shape) return false;
  const auto count = element_count(*shape, base.dtype().itemsize);
  if (!count || *count * base.dtype().itemsize != dtype.itemsize) return false;
  dtype.kind = DtypeKind::kSubarray;
  dtype.base = &base.dtype();
  dtype.shape = *shape;
  dtype.leaves = dtype.base->leaves;
  const auto masks = element_count(dtype.shape, dtype.base->mask_itemsize);
  dtype.mask_itemsize = masks ? *masks * dtype.base->mask_itemsize : ~std::uint64_t{0};
  dtype.depth = dtype.base->depth + 1;
  dtype.has_object = dtype.base->has_object;
  return bounded(dtype);
}

// Finds fields by name. They are in the order of names as a rule; the index is for the rest.
class FieldIndex {
 public:
  explicit FieldIndex(const Value& dict) : pairs_(dict.pairs()) {}

  const Value* find(std::string_view name, std::size_t hint) {
    if (hint < pairs_.size() && text_of(pairs_[hint].key) == name) return pairs_[hint].value;
    if (index_.empty()) {
      for (const Pair& pair : pairs_) {
        if (const auto key = text_of(pair.key)) index_[*key] = pair.value;
      }
    }
    const auto found = index_.find(name);
    return found == index_.end() ? nullptr : found->second;
  }

 private:
  std::span<const Pair> pairs_;
  std::unordered_map<std::string_view, const Value*> index_;
};

std::uint64_t saturating_sum(std::uint64_t a, std::uint64_t b) { return a + b < a ? ~std::uint64_t{0} : a + b; }

bool apply_fields(Dtype& dtype, const Value& names, const Value& fields, Builder& builder) {
  constexpr std::size_t kMostFields = 10'000;
  if (names.kind() != Kind::kTuple || fields.kind() != Kind::kDict) return false;
  const auto count = names.items().size();
  if (count > kMostFields || fields.pairs().size() > 4 * count + 4) return false;
  if (!builder.spend(count * sizeof(Field) * 4)) return false;
  Field* place = builder.arena().array<Field>(count);
  FieldIndex index(fields);
  dtype.mask_itemsize = 0;
  std::uint64_t leaves = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const auto name = text_of(names.items()[i]);
    if (!name) return false;
    const Value* entry = index.find(*name, i);
    if (entry == nullptr || entry->kind() != Kind::kTuple || entry->items().size() < 2) return false;
    const Value& type = *entry->items()[0];
    const Value& offset = *entry->items()[1];
    if (type.kind() != Kind::kDtype || offset.kind() != Kind::kInt || offset.integer() < 0) return false;
    const auto start = static_cast<std::uint64_t>(offset.integer());
    if (start > dtype.itemsize || type.dtype().itemsize > dtype.itemsize - start) return false;
    place[i] = {*name, &type.dtype(), start};
    leaves += type.dtype().leaves;
    dtype.mask_itemsize = saturating_sum(dtype.mask_itemsize, type.dtype().mask_itemsize);
    dtype.depth = std::max(dtype.depth, type.dtype().depth + 1);
    dtype.has_object = dtype.has_object || type.dtype().has_object;
  }
  if (leaves > 0xffffffff) return false;
  dtype.kind = DtypeKind::kStruct;
  dtype.fields = {place, count};
  dtype.leaves = static_cast<std::uint32_t>(std::max<std::uint64_t>(leaves, 1));
  return bounded(dtype);
}

void apply_metadata(Dtype& dtype, const Value& metadata) {
  if (dtype.kind != DtypeKind::kDatetime && dtype.kind != DtypeKind::kTimedelta) return;
  if (metadata.kind() != Kind::kTuple || metadata.items().size() != 2) return;
  const Value& unit = *metadata.items()[1];
  if (unit.kind() != Kind::kTuple || unit.items().size() < 2) return;
  const auto name = text_of(unit.items()[0]);
  if (!name || unit.items()[1]->kind() != Kind::kInt) return;
  dtype.unit = *name == "generic" ? std::string_view{} : *name;
  dtype.unit_multiple = unit.items()[1]->integer();
}

}  // namespace

std::optional<std::string_view> text_of(const Value* value) {
  if (value == nullptr) return std::nullopt;
  if (value->kind() == Kind::kStr) return value->text();
  if (value->kind() != Kind::kBytes) return std::nullopt;
  return std::string_view{reinterpret_cast<const char*>(value->bytes().data()), value->bytes().size()};
}

Dtype* parse_dtype_code(std::string_view code, Arena& arena) {
  ByteOrder order = ByteOrder::kLittle;
  if (!code.empty() && std::string_view("<>|=").find(code.front()) != std::string_view::npos) {
    if (code.front() == '>') order = ByteOrder::kBig;
    code.remove_prefix(1);
  }
  constexpr std::size_t kLongestCode = 24;
  if (code.empty() || code.size() > kLongestCode) return nullptr;
  const auto number = parse_integer(code.substr(1));
  if (!number || *number < 0) return nullptr;
  const auto size = static_cast<std::uint64_t>(*number);
  const Code parsed = kind_of(code.front(), size);
  if (!parsed.known) return nullptr;
  Dtype* dtype = arena.make<Dtype>();
  dtype->kind = parsed.kind;
  dtype->itemsize = parsed.kind == DtypeKind::kUnicode ? size * 4 : size;
  dtype->order = has_byte_order(*dtype) ? order : ByteOrder::kNone;
  dtype->has_object = parsed.kind == DtypeKind::kObject;
  return dtype;
}

Dtype* dtype_of_class(const Global& type, Builder& builder) {
  const std::size_t length = type.module.size() + 1 + type.name.size();
  if (!builder.spend(length)) return nullptr;
  Dtype* dtype = builder.arena().make<Dtype>();
  if (type.name == "bfloat16") {
    dtype->kind = DtypeKind::kBfloat16;
    dtype->itemsize = 2;
    dtype->order = ByteOrder::kLittle;
    return dtype;
  }
  dtype->kind = type.name == "record" || type.name == "void" ? DtypeKind::kVoid : DtypeKind::kOther;
  char* text = builder.arena().array<char>(length);
  char* dot = std::copy(type.module.begin(), type.module.end(), text);
  *dot = '.';
  std::copy(type.name.begin(), type.name.end(), dot + 1);
  dtype->type_name = {text, length};
  return dtype;
}

bool apply_dtype_state(Dtype& dtype, const Value& state, Builder& builder) {
  if (state.kind() != Kind::kTuple || state.items().size() < 8 || state.items().size() > 9) return false;
  const auto items = state.items();
  if (items[0]->kind() != Kind::kInt || (items[0]->integer() != 3 && items[0]->integer() != 4)) return false;
  const auto order = text_of(items[1]);
  if (!order || order->size() != 1 || items[5]->kind() != Kind::kInt) return false;

  Dtype changed = dtype;
  const bool flexible = dtype.kind == DtypeKind::kBytes || dtype.kind == DtypeKind::kUnicode ||
                        dtype.kind == DtypeKind::kVoid || dtype.kind == DtypeKind::kOther;
  if (flexible && items[5]->integer() >= 0) changed.itemsize = static_cast<std::uint64_t>(items[5]->integer());
  if (has_byte_order(changed)) changed.order = *order == ">" ? ByteOrder::kBig : ByteOrder::kLittle;
  if (items[2]->kind() != Kind::kNone) {
    if (changed.kind != DtypeKind::kVoid || !apply_subarray(changed, *items[2], builder)) return false;
  } else if (items[3]->kind() != Kind::kNone) {
    if (changed.kind != DtypeKind::kVoid || !apply_fields(changed, *items[3], *items[4], builder)) return false;
  }
  if (items.size() == 9) apply_metadata(changed, *items[8]);
  dtype = changed;
  return true;
}

std::optional<std::span<const std::uint64_t>> parse_shape(const Value& value, Builder& builder) {
  constexpr std::size_t kMostDimensions = 64;
  if (value.kind() == Kind::kInt && value.integer() >= 0) {
    std::uint64_t* place = builder.arena().array<std::uint64_t>(1);
    *place = static_cast<std::uint64_t>(value.integer());
    return std::span<const std::uint64_t>(place, 1);
  }
  if (value.kind() != Kind::kTuple || value.items().size() > kMostDimensions) return std::nullopt;
  const auto items = value.items();
  if (!builder.spend(items.size() * 4 * sizeof(std::uint64_t))) return std::nullopt;
  std::uint64_t* place = builder.arena().array<std::uint64_t>(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (items[i]->kind() != Kind::kInt || items[i]->integer() < 0) return std::nullopt;
    place[i] = static_cast<std::uint64_t>(items[i]->integer());
  }
  return std::span<const std::uint64_t>(place, items.size());
}

std::optional<std::uint64_t> element_count(std::span<const std::uint64_t> shape, std::uint64_t itemsize) {
  if (std::find(shape.begin(), shape.end(), 0) != shape.end()) return 0;
  std::uint64_t bytes = std::max<std::uint64_t>(itemsize, 1);
  std::uint64_t count = 1;
  if (bytes > kLargest) return std::nullopt;
  for (const std::uint64_t extent : shape) {
    if (extent > kLargest / bytes) return std::nullopt;
    bytes *= extent;
    count *= extent;
  }
  return count;
}

}  // namespace snapshot_test::pickle
