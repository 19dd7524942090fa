// The standard library's: what protocols have no opcode for, or had none for once.
#include <vector>

#include "pickle/array.hpp"
#include "pickle/dtype.hpp"
#include "pickle/known.hpp"
#include "pickle/text.hpp"

namespace snapshot_test::pickle {
namespace {

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

// copyreg._reconstructor(cls, base, base's value): what later protocols write as cls.__new__(cls, …), with the items of
// lists and dicts apart.
Result<void> read_reconstructor(Value& node, Arguments args, Builder& builder) {
  if (args.size() != 3 || args[1]->kind() != Kind::kGlobal || args[1]->global().module != "builtins") return {};
  const std::string_view base = args[1]->global().name;
  const Value* value = args[2];
  Object& object = Builder::object_of(node);
  if (base == "object" && value->kind() == Kind::kNone) {
    object.args = Builder::empty_tuple();
  } else if (base == "list" && value->kind() == Kind::kList) {
    object.args = Builder::empty_tuple();
    if (!value->items().empty()) object.list_items = value;
  } else if (base == "dict" && value->kind() == Kind::kDict) {
    object.args = Builder::empty_tuple();
    if (!value->pairs().empty()) object.dict_items = value;
  } else if (base == "tuple" && value->kind() == Kind::kTuple) {
    // As namedtuple does, by far the most frequent one.
    object.args = value;
  } else if (base == "int" || base == "float" || base == "str" || base == "bytes" || base == "complex") {
    const std::array<Value*, 1> whole = {const_cast<Value*>(value)};
    object.args = builder.items(Kind::kTuple, whole);
  } else {
    return {};
  }
  object.callable = args[0];
  object.by_new = true;
  return {};
}

// Fraction("3/4"), as Pythons before 3.12 write it; later ones write Fraction(3, 4).
Result<void> read_fraction(Value& node, Arguments args, Builder& builder) {
  if (args.size() != 1 || args[0]->kind() != Kind::kStr) return {};
  const std::string_view text = args[0]->text();
  const std::size_t slash = text.find('/');
  if (!builder.spend(text.size())) return {};
  const auto numerator = parse_big_integer(text.substr(0, slash), builder.arena());
  const auto denominator =
      parse_big_integer(slash == std::string_view::npos ? "1" : text.substr(slash + 1), builder.arena());
  if (!numerator || !denominator) return {};
  const std::array<Value*, 2> parts = {builder.big_integer(*numerator), builder.big_integer(*denominator)};
  Builder::object_of(node).args = builder.items(Kind::kTuple, parts);
  return {};
}

// array.array as protocols from 3 on write it: (class, type code, machine format, bytes).
Result<void> read_machine_array(Value& node, Arguments args, Builder& builder) {
  if (args.size() != 4 || args[2]->kind() != Kind::kInt || args[3]->kind() != Kind::kBytes) return {};
  Array* array = make_machine_array(args[2]->integer(), args[3]->bytes(), *args[0], builder);
  if (array != nullptr) builder.become_array(node, Kind::kArray, array);
  return {};
}

// array.array as protocols below 3 do: (type code, list of numbers or characters).
Result<void> read_listed_array(Value& node, Arguments args, Builder& builder) {
  const auto code = args.empty() ? std::nullopt : text_of(args[0]);
  if (args.size() != 2 || !code || code->size() != 1 || args[1]->kind() != Kind::kList) return {};
  Array* array = make_listed_array(code->front(), args[1]->items(), *node.object().callable, builder);
  if (array != nullptr) builder.become_array(node, Kind::kArray, array);
  return {};
}

// setattr(object, name, value): the pair of name and value; null where it is something else.
const Value* const* attribute_of(const Value& object, const Value& call) {
  if (call.kind() != Kind::kObject || !is_global(call.object().callable, "builtins", "setattr")) return nullptr;
  const Value* args = call.object().args;
  if (args->kind() != Kind::kTuple || args->items().size() != 3 || args->items()[0] != &object) return nullptr;
  return args->items().data() + 1;
}

// getitem((object, setattr(object, …), …), 0): how attributes are written that an object's __setstate__ does not take.
Result<void> read_attributes(Value& node, Arguments args, Builder& builder) {
  if (args.size() != 2 || args[0]->kind() != Kind::kTuple || args[0]->items().size() < 2 ||
      args[1]->kind() != Kind::kInt || args[1]->integer() != 0) {
    return {};
  }
  const Value& object = *args[0]->items()[0];
  std::vector<Value*> attributes;
  for (const Value* call : args[0]->items().subspan(1)) {
    const Value* const* pair = attribute_of(object, *call);
    if (pair == nullptr) return {};
    attributes.insert(attributes.end(), {const_cast<Value*>(pair[0]), const_cast<Value*>(pair[1])});
  }
  Value* state = builder.container(Kind::kDict);
  builder.set_items(*state, attributes);
  const bool array_like = object.kind() == Kind::kArray || object.kind() == Kind::kSketch;
  if (array_like && object.array().extra == nullptr) {
    Array* array = builder.arena().make<Array>(object.array());
    array->extra = state;
    builder.become_array(node, object.kind(), array);
  } else if (object.kind() == Kind::kObject && object.object().state == nullptr) {
    Object& copy = Builder::object_of(node);
    copy = object.object();
    copy.state = state;
  }
  return {};
}

constexpr std::array<Known, 11> kKnownOfPython = {{
    {"builtins", "complex", read_complex},
    {"builtins", "set", read_set},
    {"builtins", "frozenset", read_set},
    {"builtins", "bytes", read_bytes},
    {"builtins", "bytearray", read_bytes},
    {"_codecs", "encode", read_encoded},
    {"copyreg", "_reconstructor", read_reconstructor},
    {"fractions", "Fraction", read_fraction},
    {"array", "_array_reconstructor", read_machine_array},
    {"array", "array", read_listed_array},
    {"_operator", "getitem", read_attributes},
}};

}  // namespace

std::span<const Known> known_of_python() { return kKnownOfPython; }

}  // namespace snapshot_test::pickle
