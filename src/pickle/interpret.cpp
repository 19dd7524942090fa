#include "pickle/interpret.hpp"

#include <array>

#include "pickle/array.hpp"
#include "pickle/dtype.hpp"
#include "pickle/text.hpp"

namespace snapshot_test::pickle {
namespace {

using Arguments = std::span<const Value* const>;
using Handler = Result<void> (*)(Value& node, Arguments args, Builder& builder);

bool is_global(const Value* value, std::string_view module, std::string_view name) {
  return value != nullptr && value->kind() == Kind::kGlobal && value->global().module == module &&
         value->global().name == name;
}

std::optional<double> number_of(const Value& value) {
  if (value.kind() == Kind::kFloat) return value.real();
  if (value.kind() == Kind::kInt) return static_cast<double>(value.integer());
  return std::nullopt;
}

Result<void> read_complex(Value& node, Arguments args, Builder& builder) {
  if (args.size() != 2) return {};
  const auto real = number_of(*args[0]);
  const auto imaginary = number_of(*args[1]);
  if (real && imaginary) builder.become_complex(node, *real, *imaginary);
  return {};
}

Result<void> read_set(Value& node, Arguments args, Builder& builder) {
  const Kind kind = node.object().callable->global().name == "set" ? Kind::kSet : Kind::kFrozenSet;
  if (args.empty()) {
    builder.become_items(node, kind, {});
  } else if (args.size() == 1 && args[0]->kind() == Kind::kList) {
    builder.become_items(node, kind, args[0]->items());
  }
  return {};
}

// bytes() and bytearray(…) of the protocols that have no opcode for them.
Result<void> read_bytes(Value& node, Arguments args, Builder& builder) {
  const Kind kind = node.object().callable->global().name == "bytes" ? Kind::kBytes : Kind::kByteArray;
  if (args.empty()) {
    builder.become_text(node, kind, {});
  } else if (args.size() == 1 && args[0]->kind() == Kind::kBytes) {
    builder.become_text(node, kind, args[0]->bytes());
  } else if (args.size() == 2 && args[0]->kind() == Kind::kStr && text_of(args[1]) == "latin-1" &&
             builder.spend(args[0]->text().size())) {
    if (const auto bytes = latin1_bytes(args[0]->text(), builder.arena())) builder.become_text(node, kind, *bytes);
  }
  return {};
}

// _codecs.encode(text, "latin1"): how protocols below 3 write bytes.
Result<void> read_encoded(Value& node, Arguments args, Builder& builder) {
  if (args.size() != 2 || args[0]->kind() != Kind::kStr || text_of(args[1]) != "latin1") return {};
  if (!builder.spend(args[0]->text().size())) return {};
  if (const auto bytes = latin1_bytes(args[0]->text(), builder.arena())) {
    builder.become_text(node, Kind::kBytes, *bytes);
  }
  return {};
}

// copyreg._reconstructor(cls, object, None): what later protocols write as cls.__new__(cls).
Result<void> read_reconstructor(Value& node, Arguments args, Builder& builder) {
  if (args.size() != 3 || !is_global(args[1], "builtins", "object") || args[2]->kind() != Kind::kNone) return {};
  Builder::object_of(node).callable = args[0];
  Builder::object_of(node).args = builder.empty_tuple();
  return {};
}

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
  if (*array != nullptr) builder.become_array(node, Kind::kArray, *array);
  return {};
}

Result<void> read_machine_array(Value& node, Arguments args, Builder& builder) {
  if (args.size() != 4 || args[2]->kind() != Kind::kInt || args[3]->kind() != Kind::kBytes) return {};
  Array* array = make_machine_array(args[2]->integer(), args[3]->bytes(), *args[0], builder);
  if (array != nullptr) builder.become_array(node, Kind::kArray, array);
  return {};
}

struct Known {
  std::string_view module;
  std::string_view name;
  Handler handler;
};
constexpr std::array<Known, 12> kKnown = {{
    {"builtins", "complex", read_complex},
    {"builtins", "set", read_set},
    {"builtins", "frozenset", read_set},
    {"builtins", "bytes", read_bytes},
    {"builtins", "bytearray", read_bytes},
    {"_codecs", "encode", read_encoded},
    {"copyreg", "_reconstructor", read_reconstructor},
    {"numpy", "dtype", read_dtype},
    {"numpy._core.multiarray", "scalar", read_scalar},
    {"numpy._core.numeric", "_frombuffer", read_from_buffer},
    {"array", "_array_reconstructor", read_machine_array},
    {"numpy._core._multiarray_umath", "_frombuffer", read_from_buffer},
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
  builder.become_array(node, Kind::kArray, *array);
  return true;
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
  builder.become_array(node, Kind::kArray, *array);
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

Result<void> interpret_call(Value& node, Builder& builder) {
  const Object& object = node.object();
  if (object.callable->kind() != Kind::kGlobal || object.kwargs != nullptr) return {};
  const Global& callable = object.callable->global();
  for (const Known& known : kKnown) {
    if (known.name == callable.name && known.module == callable.module) {
      return known.handler(node, object.args->items(), builder);
    }
  }
  return {};
}

Result<bool> interpret_state(Value& node, const Value& state, Builder& builder) {
  if (node.kind() == Kind::kDtype) {
    // Arrays that were checked against the dtype as it was keep it.
    Dtype* changed = builder.arena().make<Dtype>(node.dtype());
    if (!apply_dtype_state(*changed, state, builder)) return false;
    builder.become_dtype(node, changed);
    return true;
  }
  if (node.kind() != Kind::kObject) return false;
  Object& object = Builder::object_of(node);
  if (is_reconstruct(object) || is_masked_reconstruct(object)) {
    auto built = build_numpy(node, state, builder);
    if (!built || *built) return built;
  }
  if (object.state == nullptr) {
    object.state = &state;
    return true;
  }
  // More than one BUILD: all of them count.
  std::array<Value*, 2> both = {const_cast<Value*>(object.state), const_cast<Value*>(&state)};
  object.state = builder.items(Kind::kTuple, both);
  return true;
}

}  // namespace snapshot_test::pickle
