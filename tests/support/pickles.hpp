// Pickles written by hand: each function returns the opcodes that push one value.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

#include "snapshot_test/pickle/document.hpp"

namespace snapshot_test::testing {

using Parts = std::vector<std::string>;

inline std::string little(std::uint64_t number, int width) {
  std::string out;
  for (int i = 0; i < width; ++i) out.push_back(static_cast<char>(number >> 8 * i));
  return out;
}
inline std::string joined(const Parts& parts) {
  std::string out;
  for (const std::string& part : parts) out += part;
  return out;
}

inline std::string none() { return "N"; }
inline std::string boolean(bool truth) { return truth ? "\x88" : "\x89"; }
inline std::string integer(std::int32_t number) { return "J" + little(static_cast<std::uint32_t>(number), 4); }
inline std::string real(double number) {
  std::string raw = little(std::bit_cast<std::uint64_t>(number), 8);
  return "G" + std::string(raw.rbegin(), raw.rend());
}
inline std::string text(const std::string& body) { return "X" + little(body.size(), 4) + body; }
inline std::string bytes(const std::string& body) { return "B" + little(body.size(), 4) + body; }
inline std::string list(const Parts& items) { return "](" + joined(items) + "e"; }
inline std::string tuple(const Parts& items) { return "(" + joined(items) + "t"; }
inline std::string dict(const Parts& keys_and_values) { return "}(" + joined(keys_and_values) + "u"; }
inline std::string set(const Parts& items) { return "\x8f(" + joined(items) + "\x90"; }
inline std::string global(const std::string& module, const std::string& name) {
  return "c" + module + "\n" + name + "\n";
}
inline std::string reduce(const std::string& callable, const Parts& args) { return callable + tuple(args) + "R"; }
/// An instance of module.name with these attributes.
inline std::string instance(const std::string& module, const std::string& name, const Parts& attributes) {
  return global(module, name) + ")\x81" + dict(attributes) + "b";
}

inline std::string dtype(const std::string& code, const std::string& order = "<") {
  return reduce(global("numpy", "dtype"), {text(code), boolean(false), boolean(true)}) +
         tuple({integer(3), text(order), none(), none(), none(), integer(-1), integer(-1), integer(0)}) + "b";
}
inline std::string shape(std::initializer_list<std::int32_t> extents) {
  Parts parts;
  for (const std::int32_t extent : extents) parts.push_back(integer(extent));
  return tuple(parts);
}
/// numpy's own form of protocol 5.
inline std::string array(const std::string& type, const std::string& extents, const std::string& data,
                         const std::string& order = "C") {
  return reduce(global("numpy.core.numeric", "_frombuffer"), {bytes(data), type, extents, text(order)});
}
template <class T>
std::string raw(const std::vector<T>& numbers) {
  std::string out(numbers.size() * sizeof(T), '\0');
  if (!out.empty()) std::memcpy(out.data(), numbers.data(), out.size());
  return out;
}
inline std::string doubles(const std::vector<double>& numbers) {
  return array(dtype("f8"), shape({static_cast<std::int32_t>(numbers.size())}), raw(numbers));
}
inline std::string scalar(const std::string& type, const std::string& data) {
  return reduce(global("numpy.core.multiarray", "scalar"), {type, bytes(data)});
}

inline std::string pickle_of(const std::string& body) { return "\x80\x02" + body + "."; }
inline std::span<const std::byte> as_span(const std::string& pickle) { return std::as_bytes(std::span(pickle)); }

}  // namespace snapshot_test::testing
