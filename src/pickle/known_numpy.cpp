// The numpy library's: dtypes, scalars, arrays in each of the forms they were ever written in, random generators.
#include "pickle/array.hpp"
#include "pickle/dtype.hpp"
#include "pickle/known.hpp"

namespace snapshot_test::pickle {
namespace {

Result<void> read_dtype(Value& node, Arguments args, Builder& builder) {
  if (args.empty()) return {};
  Dtype* dtype = nullptr;
  if (args[0]->kind() == Kind::kGlobal) {
    dtype = dtype_of_class(args[0]->global(), builder);
  } else if (const auto code = text_of(args[0])) {
    dtype = parse_dtype_code(*code, builder.arena());
  }
  if (dtype != nullptr) builder.become_dtype(node, dtype);
  return {};
}

Result<void> read_scalar(Value& node, Arguments args, Builder& builder) {
  if (args.size() != 2) return {};
  if (Array* array = make_scalar(*args[0], *args[1], builder)) builder.become_array(node, Kind::kScalar, array);
  return {};
}

Result<void> read_from_buffer(Value& node, Arguments args, Builder& builder) {
  if (args.size() != 4 && args.size() != 5) return {};
  const auto order = text_of(args[3]);
  if (!order) return {};
  ArrayParts parts{args[1], args[2], args[0], *order == "F", nullptr};
  if (args.size() == 5 && *order == "K" && args[4]->kind() == Kind::kTuple) parts.axis_order = args[4];
  auto array = make_array(parts, builder);
  if (!array) return tl::unexpected(array.error());
  if (*array != nullptr) builder.become_array(node, kind_of(**array), *array);
  return {};
}

bool is_bit_generator(const Value& value) {
  return value.kind() == Kind::kObject &&
         is_global(value.object().callable, "numpy.random._pickle", "__bit_generator_ctor");
}

void name_bit_generator(Value& node, std::string_view name, Builder& builder) {
  const std::array<Value*, 1> args = {builder.text(name)};
  Builder::object_of(node).args = builder.items(Kind::kTuple, args);
}

// numpy 2 names a bit generator by its class, older ones by the class's name.
Result<void> read_bit_generator(Value& node, Arguments args, Builder& builder) {
  if (args.size() == 1 && args[0]->kind() == Kind::kGlobal) name_bit_generator(node, args[0]->global().name, builder);
  return {};
}

// Generator and RandomState: numpy 2 writes (bit generator), older ones (name, constructor) and the bit generator's
// state as their own.
Result<void> read_random(Value& node, Arguments args, Builder& builder) {
  if (args.empty() || args.size() > 2) return {};
  if (args.size() == 1 && is_bit_generator(*args[0])) {
    Object& object = Builder::object_of(node);
    object.args = args[0]->object().args;
    object.state = args[0]->object().state;
  } else if (const auto name = text_of(args[0])) {
    name_bit_generator(node, *name, builder);
  }
  return {};
}

constexpr std::array<Known, 7> kKnownOfNumpy = {{
    {"numpy", "dtype", read_dtype},
    {"numpy._core.multiarray", "scalar", read_scalar},
    {"numpy._core.numeric", "_frombuffer", read_from_buffer},
    {"numpy._core._multiarray_umath", "_frombuffer", read_from_buffer},
    {"numpy.random._pickle", "__bit_generator_ctor", read_bit_generator},
    {"numpy.random._pickle", "__generator_ctor", read_random},
    {"numpy.random._pickle", "__randomstate_ctor", read_random},
}};

bool is_reconstruct(const Object& object) {
  return is_global(object.callable, "numpy._core.multiarray", "_reconstruct") && object.args->items().size() == 3;
}

bool is_masked_reconstruct(const Object& object) {
  return is_global(object.callable, "numpy.ma.core", "_mareconstruct") && object.args->items().size() == 4;
}

// (version, shape, dtype, is_fortran, data, …): the leading part of ndarray's and MaskedArray's state.
Result<Array*> array_from_state(Arguments state, Builder& builder) {
  if (state[0]->kind() != Kind::kInt) return nullptr;
  const bool fortran = (state[3]->kind() == Kind::kBool && state[3]->boolean()) ||
                       (state[3]->kind() == Kind::kInt && state[3]->integer() != 0);
  return make_array({state[2], state[1], state[4], fortran, nullptr}, builder);
}

Result<bool> build_array(Value& node, Arguments state, const Value* extra, Builder& builder) {
  auto array = array_from_state(state, builder);
  if (!array) return tl::unexpected(array.error());
  if (*array == nullptr) return false;
  const Value* type = node.object().args->items()[0];
  (*array)->type = is_global(type, "numpy", "ndarray") ? nullptr : type;
  (*array)->extra = extra;
  builder.become_array(node, kind_of(**array), *array);
  return true;
}

// What lies under a mask is not a value: None stands there. (Numbers under a mask are passed over when compared.)
void hide_items(Array& array, Builder& builder) {
  if (!array.has_items || array.mask.size() != array.items.size() || !builder.spend(array.items.size())) return;
  auto* const shown = builder.arena().array<const Value*>(array.items.size());
  for (std::size_t i = 0; i < array.items.size(); ++i) {
    shown[i] = array.mask[i] == std::byte{0} ? array.items[i] : Builder::none();
  }
  array.items = {shown, array.items.size()};
}

Result<bool> build_masked_array(Value& node, Arguments state, Builder& builder) {
  auto array = array_from_state(state, builder);
  if (!array) return tl::unexpected(array.error());
  if (*array == nullptr || state[5]->kind() != Kind::kBytes) return false;
  const std::uint64_t item = (*array)->dtype->mask_itemsize;
  const auto needed = element_count((*array)->shape, item);
  if (!needed || *needed * item != state[5]->bytes().size()) {
    return fail(ErrorKind::kCorrupt, "a masked array's mask is not as large as its data");
  }
  (*array)->type = node.object().args->items()[0];
  (*array)->masked = true;
  (*array)->mask = state[5]->bytes();
  (*array)->fill_value = state[6];
  hide_items(**array, builder);
  builder.become_array(node, kind_of(**array), *array);
  return true;
}

// An ndarray's state as it is, or first in a tuple with what a subclass adds: (…, dtype, …, data), extra or
// ((…, data), extra). astropy.units.Quantity writes (version, shape, dtype, …) with (data-state, __dict__) as third.
Result<bool> build_numpy(Value& node, const Value& state, Builder& builder) {
  if (state.kind() != Kind::kTuple) return false;
  const auto items = state.items();
  const Object& object = node.object();
  if (is_masked_reconstruct(object)) {
    if (items.size() == 7) return build_masked_array(node, items, builder);
    return false;
  }
  if (items.size() == 5) {
    auto built = build_array(node, items, nullptr, builder);
    if (!built || *built) return built;
  }
  if (items.size() == 2 && items[0]->kind() == Kind::kTuple && items[0]->items().size() == 5) {
    return build_array(node, items[0]->items(), items[1], builder);
  }
  if (items.size() > 5 && items[1]->kind() == Kind::kTuple && items[2]->kind() == Kind::kDtype) {
    Value* rest = builder.container(Kind::kTuple);
    builder.become_items(*rest, Kind::kTuple, items.subspan(5));
    return build_array(node, items.first(5), rest, builder);
  }
  return false;
}

}  // namespace

std::span<const Known> known_of_numpy() { return kKnownOfNumpy; }

Result<bool> set_numpy_state(Value& node, const Value& state, Builder& builder) {
  if (node.kind() != Kind::kObject) return false;
  const Object& object = node.object();
  if (is_reconstruct(object) || is_masked_reconstruct(object)) return build_numpy(node, state, builder);
  // numpy 2 adds the seed sequence, which says where a generator started, not where it is.
  if (is_bit_generator(node) && object.state == nullptr && state.kind() == Kind::kTuple && state.items().size() == 2 &&
      state.items()[0]->kind() == Kind::kDict) {
    Builder::object_of(node).state = state.items()[0];
    return true;
  }
  return false;
}

}  // namespace snapshot_test::pickle
