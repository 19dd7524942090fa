#include "snapshot_test/pickle/describe.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "pickle/date_text.hpp"

namespace snapshot_test::pickle {
namespace {

constexpr int kDeepest = 4;

// Length of the valid UTF-8 sequence at the start of `text`; 0 if there is none.
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(0);
  const std::size_t length = lead < 0x80                   ? 1
                             : lead >= 0xc2 && lead < 0xe0 ? 2
                             : (lead & 0xf0) == 0xe0       ? 3
                             : lead >= 0xf0 && lead < 0xf5 ? 4
                                                           : 0;
  if (length == 0 || length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  if (length == 3 && ((lead == 0xe0 && byte(1) < 0xa0) || (lead == 0xed && byte(1) > 0x9f))) return 0;
  if (length == 4 && ((lead == 0xf0 && byte(1) < 0x90) || (lead == 0xf4 && byte(1) > 0x8f))) return 0;
  return length;
}

std::string big_integer_text(std::span<const std::byte> bytes) {
  constexpr std::size_t kLongest = 64;
  if (bytes.size() > kLongest) return fmt::format("<int of {} bits>", bytes.size() * 8);
  const bool negative = (bytes.back() & std::byte{0x80}) != std::byte{0};
  std::vector<unsigned> limbs;  // base 256, most significant first, absolute value
  unsigned carry = 1;
  for (const std::byte byte : bytes) {
    unsigned limb = std::to_integer<unsigned>(byte);
    if (negative) {
      limb = (~limb & 0xffU) + carry;
      carry = limb >> 8;
    }
    limbs.push_back(limb & 0xffU);
  }
  if (negative && carry != 0) limbs.push_back(carry);
  std::reverse(limbs.begin(), limbs.end());
  std::string digits;
  while (std::any_of(limbs.begin(), limbs.end(), [](unsigned limb) { return limb != 0; })) {
    unsigned rest = 0;
    for (unsigned& limb : limbs) {
      const unsigned value = rest << 8 | limb;
      limb = value / 10;
      rest = value % 10;
    }
    digits.push_back(static_cast<char>('0' + rest));
  }
  if (negative) digits.push_back('-');
  std::reverse(digits.begin(), digits.end());
  return digits;
}

std::string float_text(double number) {
  if (std::isnan(number)) return "nan";
  if (std::isinf(number)) return number > 0 ? "inf" : "-inf";
  std::string text = fmt::format("{}", number);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

std::string joined(std::span<const Value* const> items, std::size_t limit, int depth);

std::string bytes_text(std::span<const std::byte> bytes, std::size_t limit) {
  std::string out = "b'";
  for (const std::byte byte : bytes) {
    if (out.size() > limit) return fmt::format("{}'… ({} bytes)", out, bytes.size());
    const auto c = std::to_integer<unsigned>(byte);
    if (c >= 0x20 && c < 0x7f && c != '\'' && c != '\\') {
      out.push_back(static_cast<char>(c));
    } else {
      out += fmt::format("\\x{:02x}", c);
    }
  }
  return out + "'";
}

std::string preview_at(const Value& value, std::size_t limit, int depth);

std::string shown(std::string_view text) {
  const std::string all = quoted(text, 200);
  return all.substr(1, all.size() - 2);
}

std::uint64_t items_beyond(const Form& form) {
  const Value* rest = field(form, "rest");
  const auto inner = rest == nullptr ? std::nullopt : form_of(*rest);
  const Value* count = inner ? field(*inner, "count") : nullptr;
  return count != nullptr && count->kind() == Kind::kInt ? static_cast<std::uint64_t>(count->integer()) : 0;
}

std::string object_text(const Object& object, std::size_t limit, int depth) {
  return fmt::format("{}({})", preview_at(*object.callable, limit, depth + 1),
                     joined(object.args->items(), limit, depth + 1));
}

std::string dict_text(std::span<const Pair> pairs, std::size_t limit, int depth) {
  std::string out = "{";
  for (const Pair& pair : pairs) {
    if (is_lazy_mark(*pair.value)) continue;
    if (out.size() > limit || depth >= kDeepest) return out + "…}";
    if (out.size() > 1) out += ", ";
    out += fmt::format("{}: {}", preview_at(*pair.key, limit, depth + 1), preview_at(*pair.value, limit, depth + 1));
  }
  return out + "}";
}

std::string joined(std::span<const Value* const> items, std::size_t limit, int depth) {
  std::string out;
  for (const Value* item : items) {
    if (out.size() > limit || depth >= kDeepest) return out + "…";
    if (!out.empty()) out += ", ";
    out += preview_at(*item, limit - std::min(limit, out.size()), depth + 1);
  }
  return out;
}

std::string array_text(const Value& value) {
  const Array& array = value.array();
  if (value.kind() == Kind::kScalar) return fmt::format("<{}>", type_name(value));
  return fmt::format("<{} {} {}>", type_name(value), dtype_name(*array.dtype), shape_text(array.shape));
}

std::string preview_at(const Value& value, std::size_t limit, int depth) {
  if (depth > kDeepest) return "…";
  switch (value.kind()) {
    case Kind::kNone: return "None";
    case Kind::kBool: return value.boolean() ? "True" : "False";
    case Kind::kInt: return fmt::format("{}", value.integer());
    case Kind::kBigInt: return big_integer_text(value.bytes());
    case Kind::kFloat: return float_text(value.real());
    case Kind::kComplex: return fmt::format("({}{:+}j)", value.complex().real(), value.complex().imag());
    case Kind::kStr: return quoted(value.text(), limit);
    case Kind::kBytes: return bytes_text(value.bytes(), limit);
    case Kind::kByteArray: return fmt::format("bytearray({})", bytes_text(value.bytes(), limit));
    case Kind::kList: return fmt::format("[{}]", joined(value.items(), limit, depth));
    case Kind::kTuple:
      return fmt::format("({}{})", joined(value.items(), limit, depth), value.items().size() == 1 ? "," : "");
    case Kind::kSet:
      return value.items().empty() ? "set()" : fmt::format("{{{}}}", joined(value.items(), limit, depth));
    case Kind::kFrozenSet: return fmt::format("frozenset({{{}}})", joined(value.items(), limit, depth));
    case Kind::kDict:
      if (const auto form = form_of(value)) return form_text(*form);
      return dict_text(value.pairs(), limit, depth);
    case Kind::kGlobal: return qualified_name(value.global());
    case Kind::kObject:
      if (const auto date = date_text(value)) {
        const auto args = value.object().args->items();
        return args.size() == 1 ? *date : fmt::format("{} {}", *date, preview_at(*args[1], limit, depth + 1));
      }
      return object_text(value.object(), limit, depth);
    case Kind::kDtype: return fmt::format("dtype('{}')", dtype_name(value.dtype()));
    case Kind::kArray:
    case Kind::kScalar: return array_text(value);
    case Kind::kSketch:
      return fmt::format("<sketch of {} {} {}>", type_name(value), dtype_name(*value.array().dtype),
                         shape_text(value.array().shape));
    case Kind::kPersistentId: return fmt::format("<persistent id {}>", joined(value.items(), limit, depth));
    case Kind::kExtension: return fmt::format("<extension {}>", value.integer());
  }
  return "?";
}

std::string simple_name(const Dtype& dtype) {
  const std::uint64_t bits = dtype.itemsize * 8;
  const auto datetime = [&dtype](std::string_view name) {
    if (dtype.unit.empty()) return std::string(name);
    if (dtype.unit_multiple == 1)
      return fmt::format("{}[{}]", name, quoted(dtype.unit, 8).substr(1, dtype.unit.size()));
    return fmt::format("{}[{}{}]", name, dtype.unit_multiple, quoted(dtype.unit, 8).substr(1, dtype.unit.size()));
  };
  switch (dtype.kind) {
    case DtypeKind::kBool: return "bool";
    case DtypeKind::kInt: return fmt::format("int{}", bits);
    case DtypeKind::kUInt: return fmt::format("uint{}", bits);
    case DtypeKind::kFloat: return fmt::format("float{}", bits);
    case DtypeKind::kBfloat16: return "bfloat16";
    case DtypeKind::kComplex: return fmt::format("complex{}", bits);
    case DtypeKind::kDatetime: return datetime("datetime64");
    case DtypeKind::kTimedelta: return datetime("timedelta64");
    case DtypeKind::kBytes: return fmt::format("S{}", dtype.itemsize);
    case DtypeKind::kUnicode: return fmt::format("U{}", dtype.itemsize / 4);
    case DtypeKind::kObject: return "object";
    case DtypeKind::kOther: return quoted(dtype.type_name);
    default: return fmt::format("V{}", dtype.itemsize);
  }
}

std::string scalar_type_name(const Dtype& dtype) {
  switch (dtype.kind) {
    case DtypeKind::kBool: return "numpy.bool_";
    case DtypeKind::kDatetime: return "numpy.datetime64";
    case DtypeKind::kTimedelta: return "numpy.timedelta64";
    case DtypeKind::kBytes: return "numpy.bytes_";
    case DtypeKind::kUnicode: return "numpy.str_";
    case DtypeKind::kObject: return "object";
    case DtypeKind::kVoid:
    case DtypeKind::kStruct:
    case DtypeKind::kSubarray: return dtype.type_name.empty() ? "numpy.void" : std::string(dtype.type_name);
    case DtypeKind::kOther: return quoted(dtype.type_name);
    default: return fmt::format("numpy.{}", simple_name(dtype));
  }
}

std::string clean(std::string_view text) {
  std::string out = quoted(text, 200);
  return out.substr(1, out.size() - 2);
}

}  // namespace

std::string form_text(const Form& form) {
  const std::string_view name = text_field(form, "name");
  const std::string head = shown(form_name(form));
  const Value* items = field(form, "items");
  if (items != nullptr && (items->kind() == Kind::kList || items->kind() == Kind::kTuple)) {
    const bool more = field(form, "more") != nullptr;
    const std::uint64_t count = items->items().size() + items_beyond(form);
    return fmt::format("{} of {}{} {}", head, more ? "more than " : "", count, count == 1 ? "item" : "items");
  }
  return name.empty() ? head : fmt::format("{} {}", head, shown(name));
}

std::string quoted(std::string_view text, std::size_t limit) {
  const char quote = text.find('\'') != std::string_view::npos && text.find('"') == std::string_view::npos ? '"' : '\'';
  std::string out(1, quote);
  for (std::size_t i = 0; i < text.size();) {
    if (out.size() > limit) return fmt::format("{}…{}", out, quote);
    const auto c = static_cast<unsigned char>(text[i]);
    const std::size_t length = sequence_length(text.substr(i, 4));
    if (c == '\n' || c == '\t' || c == '\r') {
      out += c == '\n' ? "\\n" : c == '\t' ? "\\t" : "\\r";
    } else if (c == '\\' || c == static_cast<unsigned char>(quote)) {
      out += {'\\', text[i]};
    } else if (c < 0x20 || c == 0x7f || length == 0) {
      out += fmt::format("\\x{:02x}", c);
    } else {
      out += text.substr(i, length);
    }
    i += std::max<std::size_t>(length, 1);
  }
  return out + quote;
}

std::string qualified_name(const Global& global) {
  if (global.module == "builtins") return clean(global.name);
  return fmt::format("{}.{}", clean(global.module), clean(global.name));
}

std::string dtype_name(const Dtype& dtype) {
  constexpr std::size_t kLongest = 400;
  if (dtype.kind == DtypeKind::kSubarray)
    return fmt::format("({}, {})", dtype_name(*dtype.base), shape_text(dtype.shape));
  if (dtype.kind != DtypeKind::kStruct) return simple_name(dtype);
  std::string out = "{";
  for (const Field& field : dtype.fields) {
    if (out.size() > kLongest) return out + ", …}";
    if (out.size() > 1) out += ", ";
    out += clean(field.name) + ": ";
    // One more level is enough to recognise a type by; the whole could be far longer than the pickle.
    out += field.dtype->depth > 2 ? fmt::format("V{}", field.dtype->itemsize) : dtype_name(*field.dtype);
  }
  return out + "}";
}

std::string shape_text(std::span<const std::uint64_t> shape) {
  if (shape.size() == 1) return fmt::format("({},)", shape[0]);
  return fmt::format("({})", fmt::join(shape, ", "));
}

std::string type_name(const Value& value) {
  switch (value.kind()) {
    case Kind::kNone: return "NoneType";
    case Kind::kBool: return "bool";
    case Kind::kInt:
    case Kind::kBigInt: return "int";
    case Kind::kFloat: return "float";
    case Kind::kComplex: return "complex";
    case Kind::kStr: return "str";
    case Kind::kBytes: return "bytes";
    case Kind::kByteArray: return "bytearray";
    case Kind::kList: return "list";
    case Kind::kTuple: return "tuple";
    case Kind::kDict:
      if (const auto form = form_of(value)) return clean(form_name(*form));
      return "dict";
    case Kind::kSet: return "set";
    case Kind::kFrozenSet: return "frozenset";
    case Kind::kGlobal: return "class or function";
    case Kind::kObject: {
      const Value& callable = *value.object().callable;
      return callable.kind() == Kind::kGlobal ? qualified_name(callable.global()) : "object";
    }
    case Kind::kDtype: return "numpy.dtype";
    case Kind::kArray:
    case Kind::kSketch: {
      const Value* type = value.array().type;
      return type != nullptr && type->kind() == Kind::kGlobal ? qualified_name(type->global()) : "numpy.ndarray";
    }
    case Kind::kScalar: return scalar_type_name(*value.array().dtype);
    case Kind::kPersistentId: return "persistent id";
    case Kind::kExtension: return "extension";
  }
  return "?";
}

std::string preview(const Value& value, std::size_t limit) {
  std::string out = preview_at(value, limit, 0);
  if (out.size() <= 2 * limit + 16) return out;
  std::size_t cut = limit;
  while (cut > 0 && (static_cast<unsigned char>(out[cut]) & 0xc0) == 0x80) --cut;
  return out.substr(0, cut) + "…";
}

}  // namespace snapshot_test::pickle
