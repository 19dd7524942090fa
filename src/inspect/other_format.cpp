#include "inspect/other_format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "snapshot_test/pickle/describe.hpp"
#include "util/text.hpp"

namespace snapshot_test::inspect {

namespace {

using namespace std::string_view_literals;

struct Compressed {
  std::string_view magic;
  std::string_view name;
  std::string_view program;
};
constexpr std::array<Compressed, 4> kCompressed = {{{"\x1f\x8b"sv, "gzip", "gzip -dc"},
                                                    {"BZh"sv, "bzip2", "bzip2 -dc"},
                                                    {"\xfd\x37zXZ\x00"sv, "xz", "xz -dc"},
                                                    {"\x04\x22\x4d\x18"sv, "lz4", "lz4 -dc"}}};

struct Other {
  std::string_view magic;
  std::string_view name;
};
constexpr std::array<Other, 6> kOthers = {{{"\x89HDF\r\n\x1a\n"sv, "an HDF5 file"},
                                           {"MATLAB 5.0 MAT-file"sv, "a MATLAB file"},
                                           {"PAR1"sv, "a Parquet file"},
                                           {"ARROW1"sv, "an Arrow file"},
                                           {"SQLite format 3"sv, "an SQLite database"},
                                           {"CDF\x01"sv, "a NetCDF file"}}};
constexpr std::string_view kLoadAndDump = "load it in Python and write the value with pickle.dump or numpy.save";

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::size_t number(std::string_view bytes, std::size_t at, std::size_t width) {
  std::size_t out = 0;
  for (std::size_t i = width; i-- > 0;) out = out << 8 | static_cast<unsigned char>(bytes[at + i]);
  return out;
}

/// The names in a zip archive's directory, as far as it can be read.
/// https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, 4.3.12 and 4.3.16
std::vector<std::string_view> names_in_zip(std::string_view file) {
  constexpr std::size_t kEndSize = 22;
  constexpr std::size_t kEntrySize = 46;
  constexpr std::size_t kMostNames = 1000;
  std::vector<std::string_view> names;
  const std::size_t end = file.rfind("PK\x05\x06"sv);
  if (end == std::string_view::npos || file.size() - end < kEndSize) return names;
  std::size_t at = number(file, end + 16, 4);
  while (at < end && end - at >= kEntrySize && file.substr(at, 4) == "PK\x01\x02"sv && names.size() < kMostNames) {
    const std::size_t length = number(file, at + 28, 2);
    if (length > end - at - kEntrySize) break;
    names.push_back(file.substr(at + kEntrySize, length));
    at += kEntrySize + length + number(file, at + 30, 2) + number(file, at + 32, 2);
  }
  return names;
}

std::string zip_text(std::string_view bytes, const std::string& file) {
  const std::vector<std::string_view> names = names_in_zip(bytes);
  const auto is_array = [](std::string_view name) { return name.ends_with(".npy"); };
  const std::string unpack = fmt::format("unpack it with 'python3 -m zipfile -e {} FOLDER'", file);
  if (names.empty() || !std::all_of(names.begin(), names.end(), is_array)) {
    const auto is_torch = [](std::string_view name) { return name.ends_with("/data.pkl"); };
    if (std::any_of(names.begin(), names.end(), is_torch)) return fmt::format("a PyTorch archive: {}", kLoadAndDump);
    return fmt::format("a zip archive: {}, and name a file in it", unpack);
  }
  constexpr std::size_t kShown = 5;
  std::string shown;
  for (std::size_t i = 0; i < std::min(kShown, names.size()); ++i) {
    const std::string name = pickle::quoted(names[i], 60);
    shown += (i > 0 ? ", " : "") + name.substr(1, name.size() - 2);
  }
  return fmt::format("a .npz archive of {} {} ({}{}): {}, and name one of its .npy files", names.size(),
                     util::plural(names.size(), "array"), shown, names.size() > kShown ? ", …" : "", unpack);
}

/// RFC 1950, 2.2: the two first bytes are a multiple of 31; 0x78 says deflate with a window of 32 KiB.
bool is_zlib(std::string_view bytes) {
  return bytes.size() > 2 && bytes[0] == '\x78' && (0x7800 + number(bytes, 1, 1)) % 31 == 0;
}

}  // namespace

std::optional<std::string> other_format(std::span<const std::byte> content, const std::string& file) {
  const std::string_view bytes = text_of(content);
  if (bytes.starts_with("PK\x03\x04"sv) || bytes.starts_with("PK\x05\x06"sv)) return zip_text(bytes, file);
  for (const Compressed& each : kCompressed) {
    if (bytes.starts_with(each.magic)) {
      return fmt::format("compressed with {}: unpack it with '{} {} > FILE'", each.name, each.program, file);
    }
  }
  if (is_zlib(bytes)) {
    return fmt::format("compressed with zlib, as joblib.dump(compress=…) does: {}", kLoadAndDump);
  }
  for (const Other& each : kOthers) {
    if (bytes.starts_with(each.magic)) return fmt::format("{}: {}", each.name, kLoadAndDump);
  }
  constexpr std::size_t kTarMagic = 257;
  if (bytes.size() > kTarMagic + 5 && bytes.substr(kTarMagic, 5) == "ustar") {
    return fmt::format("a tar archive: unpack it with 'tar -xf {}', and name a file in it", file);
  }
  return std::nullopt;
}

std::optional<std::string> joblib_format(std::span<const std::byte> content) {
  constexpr std::size_t kSearched = std::size_t{1} << 20;
  const std::string_view bytes = text_of(content.first(std::min(content.size(), kSearched)));
  if (bytes.find("joblib.numpy_pickle") == std::string_view::npos) return std::nullopt;
  return "a joblib file, which holds the bytes of arrays between those of a pickle: load it with joblib.load and write "
         "the value with pickle.dump or numpy.save";
}

}  // namespace snapshot_test::inspect
