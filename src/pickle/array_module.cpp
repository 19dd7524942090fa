// array.array, in its two pickled forms.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>

#include "pickle/array.hpp"
#include "pickle/dtype.hpp"
#include "pickle/text.hpp"

namespace snapshot_test::pickle {
namespace {

Array* one_dimension(const Dtype& dtype, std::span<const std::byte> data, const Value& type, Builder& builder) {
  std::uint64_t* shape = builder.arena().array<std::uint64_t>(1);
  std::int64_t* stride = builder.arena().array<std::int64_t>(1);
  *shape = data.size() / dtype.itemsize;
  *stride = static_cast<std::int64_t>(dtype.itemsize);
  Array* array = builder.arena().make<Array>();
  array->dtype = &dtype;
  array->shape = {shape, 1};
  array->strides = {stride, 1};
  array->size = *shape;
  array->data = data;
  array->type = &type;
  return array;
}

// UTF-16 as code points, native order; nothing where there is half a character.
std::optional<std::span<const std::byte>> code_points(std::span<const std::byte> utf16, bool big, Builder& builder) {
  if (utf16.size() % 2 != 0 || !builder.spend(utf16.size() * 2)) return std::nullopt;
  const auto unit = [&](std::size_t i) -> std::uint32_t {
    const auto first = std::to_integer<std::uint32_t>(utf16[2 * i]);
    const auto second = std::to_integer<std::uint32_t>(utf16[2 * i + 1]);
    return big ? first << 8 | second : second << 8 | first;
  };
  const std::size_t units = utf16.size() / 2;
  std::uint32_t* place = builder.arena().array<std::uint32_t>(units);
  std::size_t count = 0;
  for (std::size_t i = 0; i < units; ++i) {
    std::uint32_t code = unit(i);
    if ((code & 0xfc00) == 0xd800 && i + 1 < units && (unit(i + 1) & 0xfc00) == 0xdc00) {
      code = 0x10000 + ((code & 0x3ff) << 10 | (unit(++i) & 0x3ff));
    }
    place[count++] = code;
  }
  return std::as_bytes(std::span(place, count));
}

template <class T>
bool store_integer(const Value& item, std::byte* place) {
  T number = 0;
  if (item.kind() == Kind::kInt) {
    if (!std::in_range<T>(item.integer())) return false;
    number = static_cast<T>(item.integer());
  } else if (item.kind() == Kind::kBigInt && std::is_same_v<T, std::uint64_t>) {
    // 2^63 and up: eight bytes, and one that says that the number is positive.
    if (item.bytes().size() != 9 || item.bytes()[8] != std::byte{0}) return false;
    std::memcpy(&number, item.bytes().data(), sizeof(number));
  } else {
    return false;
  }
  std::memcpy(place, &number, sizeof(number));
  return true;
}

template <class T>
bool store_real(const Value& item, std::byte* place) {
  if (item.kind() != Kind::kFloat) return false;
  const double real = item.real();
  if (std::isfinite(real) && std::abs(real) > static_cast<double>(std::numeric_limits<T>::max())) return false;
  const T number = static_cast<T>(real);
  std::memcpy(place, &number, sizeof(number));
  return true;
}

bool store_character(const Value& item, std::byte* place) {
  if (item.kind() != Kind::kStr) return false;
  const auto code = only_code_point(item.text());
  if (!code) return false;
  std::memcpy(place, &*code, sizeof(*code));
  return true;
}

struct Listed {
  char code;
  const char* dtype;
  bool (*store)(const Value& item, std::byte* place);
};
constexpr std::array<Listed, 14> kListed = {{
    {'b', "i1", store_integer<std::int8_t>},
    {'B', "u1", store_integer<std::uint8_t>},
    {'h', "i2", store_integer<std::int16_t>},
    {'H', "u2", store_integer<std::uint16_t>},
    {'i', "i4", store_integer<std::int32_t>},
    {'I', "u4", store_integer<std::uint32_t>},
    {'l', "i8", store_integer<std::int64_t>},
    {'L', "u8", store_integer<std::uint64_t>},
    {'q', "i8", store_integer<std::int64_t>},
    {'Q', "u8", store_integer<std::uint64_t>},
    {'f', "f4", store_real<float>},
    {'d', "f8", store_real<double>},
    {'u', "U1", store_character},
    {'w', "U1", store_character},
}};

}  // namespace

Array* make_machine_array(std::int64_t format, std::span<const std::byte> data, const Value& type, Builder& builder) {
  // Modules/arraymodule.c, enum machine_format_code: UTF-16 is 18 and 19, UTF-32 is 20 and 21.
  constexpr std::array<const char*, 22> kFormats = {"|u1", "|i1", "<u2", ">u2", "<i2", ">i2", "<u4", ">u4",
                                                    "<i4", ">i4", "<u8", ">u8", "<i8", ">i8", "<f4", ">f4",
                                                    "<f8", ">f8", "<U1", "<U1", "<U1", ">U1"};
  constexpr std::int64_t kUtf16 = 18;
  if (format < 0 || format >= static_cast<std::int64_t>(kFormats.size())) return nullptr;
  const Dtype* dtype = parse_dtype_code(kFormats[static_cast<std::size_t>(format)], builder.arena());
  if (format == kUtf16 || format == kUtf16 + 1) {
    const auto converted = code_points(data, format != kUtf16, builder);
    if (!converted) return nullptr;
    data = *converted;
  }
  if (dtype == nullptr || data.size() % dtype->itemsize != 0) return nullptr;
  return one_dimension(*dtype, data, type, builder);
}

Array* make_listed_array(char code, std::span<const Value* const> items, const Value& type, Builder& builder) {
  const auto* const listed =
      std::find_if(kListed.begin(), kListed.end(), [code](const Listed& entry) { return entry.code == code; });
  if (listed == kListed.end()) return nullptr;
  const Dtype* dtype = parse_dtype_code(listed->dtype, builder.arena());
  if (dtype == nullptr || !builder.spend(items.size() * dtype->itemsize)) return nullptr;
  std::byte* place = builder.arena().array<std::byte>(items.size() * dtype->itemsize);
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (!listed->store(*items[i], place + i * dtype->itemsize)) return nullptr;
  }
  return one_dimension(*dtype, {place, items.size() * dtype->itemsize}, type, builder);
}

}  // namespace snapshot_test::pickle
