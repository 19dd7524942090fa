#include "snapshot_test/pickle/live.hpp"

#include <algorithm>

#include "pickle/builder.hpp"
#include "pickle/dtype.hpp"

namespace snapshot_test::pickle {
namespace {

Document document(Builder& builder, const Value& root, std::uint64_t extent) {
  const std::uint64_t nodes = builder.nodes();
  return {builder.take_arena(), root, nodes, extent, extent};
}

template <class T>
std::span<const T> copied(std::span<const T> from, Arena& arena) {
  T* to = arena.array<T>(from.size());
  std::copy(from.begin(), from.end(), to);
  return {to, from.size()};
}

Document live(const LiveArray& from, Kind kind) {
  Builder builder(0);
  Arena& arena = builder.arena();
  Dtype* dtype = arena.make<Dtype>();
  dtype->kind = from.kind;
  dtype->order = from.order;
  dtype->itemsize = from.itemsize;
  Array* array = arena.make<Array>();
  array->dtype = dtype;
  array->shape = copied(from.shape, arena);
  array->strides = copied(from.strides, arena);
  array->size = 1;
  for (const std::uint64_t length : from.shape) array->size *= length;
  const std::uint64_t bytes = array->size * from.itemsize;
  array->data = {from.data, static_cast<std::size_t>(bytes)};
  Value* root = builder.container(Kind::kList);
  Builder::become_array(*root, kind, array);
  return document(builder, *root, bytes);
}

}  // namespace

Document live_none() {
  Builder builder(0);
  return document(builder, *Builder::none(), 1);
}

Document live_bool(bool truth) {
  Builder builder(0);
  return document(builder, *Builder::boolean(truth), 1);
}

Document live_int(std::int64_t number) {
  Builder builder(0);
  return document(builder, *builder.integer(number), sizeof(number));
}

Document live_float(double number) {
  Builder builder(0);
  return document(builder, *builder.real(number), sizeof(number));
}

Document live_text(std::string_view text) {
  Builder builder(0);
  return document(builder, *builder.text(text), text.size());
}

Document live_array(const LiveArray& array) { return live(array, Kind::kArray); }

Document live_scalar(const LiveArray& scalar) { return live(scalar, Kind::kScalar); }

std::optional<LiveArray> live_numbers(std::string_view code) {
  Arena arena;
  const Dtype* dtype = parse_dtype_code(code, arena);
  if (dtype == nullptr) return std::nullopt;
  switch (dtype->kind) {
    case DtypeKind::kBool:
    case DtypeKind::kInt:
    case DtypeKind::kUInt:
    case DtypeKind::kFloat:
    case DtypeKind::kComplex: return LiveArray{dtype->kind, dtype->order, dtype->itemsize, {}, {}, nullptr};
    default: return std::nullopt;
  }
}

}  // namespace snapshot_test::pickle
