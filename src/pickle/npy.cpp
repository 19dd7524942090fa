#include "snapshot_test/pickle/npy.hpp"

#include <fmt/format.h>

#include <array>
#include <string>
#include <vector>

#include "pickle/array.hpp"
#include "pickle/builder.hpp"
#include "pickle/dtype.hpp"
#include "pickle/literal.hpp"
#include "pickle/text.hpp"
#include "snapshot_test/pickle/describe.hpp"

namespace snapshot_test::pickle {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kLongestHeader = std::size_t{1} << 20;
constexpr int kDeepestDescription = 32;

tl::unexpected<Error> malformed(std::string_view cause) {
  return fail(ErrorKind::kCorrupt, fmt::format("not a readable .npy file: {}", cause));
}

/// "<f8", "|S3", "<M8[25s]".
Dtype* simple_dtype(std::string_view code, Builder& builder) {
  if (code == "|O") return parse_dtype_code("O8", builder.arena());  // the only code without its size
  const std::size_t bracket = code.find('[');
  Dtype* dtype = parse_dtype_code(code.substr(0, bracket), builder.arena());
  if (dtype == nullptr || bracket == std::string_view::npos) return dtype;
  std::string_view unit = code.substr(bracket + 1);
  const bool dated = dtype->kind == DtypeKind::kDatetime || dtype->kind == DtypeKind::kTimedelta;
  if (!dated || unit.size() < 2 || unit.back() != ']') return nullptr;
  unit.remove_suffix(1);
  const std::size_t name = unit.find_first_not_of("0123456789");
  if (name == std::string_view::npos) return nullptr;
  if (name > 0) {
    const auto multiple = parse_integer(unit.substr(0, name));
    if (!multiple) return nullptr;
    dtype->unit_multiple = *multiple;
  }
  dtype->unit = unit.substr(name) == "generic" ? std::string_view{} : unit.substr(name);
  return dtype;
}

Value* dtype_value(Dtype* dtype, Builder& builder) {
  if (dtype == nullptr) return nullptr;
  Value* value = builder.container(Kind::kList);
  builder.become_dtype(*value, dtype);
  return value;
}

/// A raw type of `itemsize` bytes that gets its meaning from the parts of a pickled dtype's state.
Value* with_state(std::uint64_t itemsize, Value* subdtype, Value* names, Value* fields, Builder& builder) {
  Dtype* dtype = parse_dtype_code(fmt::format("V{}", itemsize), builder.arena());
  if (dtype == nullptr) return nullptr;
  const std::array<Value*, 8> parts = {builder.integer(3),
                                       builder.text("|"),
                                       subdtype,
                                       names,
                                       fields,
                                       builder.integer(static_cast<std::int64_t>(itemsize)),
                                       builder.integer(1),
                                       builder.integer(0)};
  if (!apply_dtype_state(*dtype, *builder.items(Kind::kTuple, parts), builder)) return nullptr;
  return dtype_value(dtype, builder);
}

Value* dtype_of(const Value& description, Builder& builder, int depth);

Value* subarray(Value* base, const Value& shape, Builder& builder) {
  const auto extents = parse_shape(shape, builder);
  if (base == nullptr || !extents) return nullptr;
  if (extents->empty()) return base;
  const auto count = element_count(*extents, base->dtype().itemsize);
  if (!count) return nullptr;
  const std::array<Value*, 2> parts = {base, const_cast<Value*>(&shape)};
  return with_state(*count * base->dtype().itemsize, builder.items(Kind::kTuple, parts), builder.none(), builder.none(),
                    builder);
}

/// numpy's dtype.descr: a list of (name, description) and (name, description, shape); an empty name is padding.
Value* structure(const Value& list, Builder& builder, int depth) {
  std::vector<Value*> names;
  std::vector<Value*> fields;
  std::uint64_t offset = 0;
  for (const Value* entry : list.items()) {
    const auto parts = entry->kind() == Kind::kTuple ? entry->items() : std::span<const Value* const>();
    if (parts.size() < 2 || parts.size() > 3) return nullptr;
    // A field with a title has the two as its name: (title, name).
    const Value* name = parts[0];
    if (name->kind() == Kind::kTuple && name->items().size() == 2) name = name->items()[1];
    Value* type = dtype_of(*parts[1], builder, depth + 1);
    if (type != nullptr && parts.size() == 3) type = subarray(type, *parts[2], builder);
    if (type == nullptr || name->kind() != Kind::kStr) return nullptr;
    if (!name->text().empty()) {
      const std::array<Value*, 2> field = {type, builder.integer(static_cast<std::int64_t>(offset))};
      names.push_back(const_cast<Value*>(name));
      fields.push_back(const_cast<Value*>(name));
      fields.push_back(builder.items(Kind::kTuple, field));
    }
    const auto end = element_count(std::array<std::uint64_t, 1>{offset + type->dtype().itemsize}, 1);
    if (!end) return nullptr;
    offset = *end;
  }
  Value* dict = builder.container(Kind::kDict);
  builder.set_items(*dict, fields);
  return with_state(offset, builder.none(), builder.items(Kind::kTuple, names), dict, builder);
}

Value* dtype_of(const Value& description, Builder& builder, int depth) {
  if (depth > kDeepestDescription) return nullptr;
  if (description.kind() == Kind::kStr) return dtype_value(simple_dtype(description.text(), builder), builder);
  if (description.kind() == Kind::kList) return structure(description, builder, depth);
  if (description.kind() == Kind::kTuple && description.items().size() == 2) {
    return subarray(dtype_of(*description.items()[0], builder, depth + 1), *description.items()[1], builder);
  }
  return nullptr;
}

struct Header {
  std::string_view text;
  std::span<const std::byte> data;  ///< what follows the header
};

Result<Header> split(std::span<const std::byte> bytes) {
  constexpr std::size_t kVersionAt = 6;
  if (!is_npy(bytes) || bytes.size() < kVersionAt + 4) return malformed("its beginning is incomplete");
  const auto major = std::to_integer<int>(bytes[kVersionAt]);
  if (major < 1 || major > 3) {
    return fail(ErrorKind::kUnsupported, fmt::format(".npy format {} is newer than this program knows (3)", major));
  }
  const std::size_t width = major == 1 ? 2 : 4;
  const std::size_t begin = kVersionAt + 2 + width;
  if (bytes.size() < begin) return malformed("its beginning is incomplete");
  std::size_t length = 0;
  for (std::size_t i = width; i-- > 0;) length = length << 8 | std::to_integer<std::size_t>(bytes[kVersionAt + 2 + i]);
  if (length > bytes.size() - begin) {
    return malformed(fmt::format("a header of {} bytes is announced, {} are left", length, bytes.size() - begin));
  }
  if (length > kLongestHeader) return malformed(fmt::format("its header of {} bytes is too long", length));
  return Header{{reinterpret_cast<const char*>(bytes.data()) + begin, length}, bytes.subspan(begin + length)};
}

const Value* entry(const Value& dict, std::string_view name) {
  const Value* found = nullptr;
  for (const Pair& pair : dict.pairs()) {
    if (pair.key->kind() == Kind::kStr && pair.key->text() == name) found = pair.value;
  }
  return found;
}

}  // namespace

bool is_npy(std::span<const std::byte> bytes) noexcept {
  return std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()).starts_with(kMagic);
}

Result<Document> read_npy(std::span<const std::byte> bytes) {
  const auto header = split(bytes);
  if (!header) return tl::unexpected(header.error());
  Builder builder(bytes.size());
  const Value* dict = parse_literal(header->text, builder);
  if (dict == nullptr || dict->kind() != Kind::kDict) return malformed("its header is not a dict of literals");
  const Value* description = entry(*dict, "descr");
  const Value* fortran = entry(*dict, "fortran_order");
  const Value* shape = entry(*dict, "shape");
  if (description == nullptr || fortran == nullptr || shape == nullptr || fortran->kind() != Kind::kBool) {
    return malformed("its header lacks descr, fortran_order or shape");
  }
  const Value* dtype = dtype_of(*description, builder, 0);
  if (dtype == nullptr) return malformed(fmt::format("its dtype {} is not understood", preview(*description)));
  if (dtype->dtype().has_object) return read(header->data);  // the pickle of the whole array
  ArrayParts parts;
  parts.dtype = dtype;
  parts.shape = shape;
  parts.data = builder.text({reinterpret_cast<const char*>(header->data.data()), header->data.size()}, Kind::kBytes);
  parts.fortran = fortran->boolean();
  auto array = make_array(parts, builder);
  if (!array) return malformed(array.error().message);
  if (*array == nullptr) return malformed(fmt::format("its shape {} is not understood", preview(*shape)));
  Value* root = builder.container(Kind::kList);
  builder.become_array(*root, kind_of(**array), *array);
  const std::uint64_t nodes = builder.nodes();
  return Document(builder.take_arena(), *root, nodes, bytes.size(), bytes.size());
}

}  // namespace snapshot_test::pickle
