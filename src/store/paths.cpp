#include "store/paths.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "store/digest.hpp"

namespace snapshot_test::store::paths {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kJson = ".json";
constexpr std::string_view kPickle = ".pkl";
constexpr std::string_view kZstdPickle = ".pkl.zst";
constexpr std::size_t kObjectName = 64;
// '@' and '~' are escaped in names, so these cannot be mistaken for one.
constexpr std::string_view kRootModule = "@root";
constexpr std::string_view kEmpty = "@empty";
// A name that nobody gives to a folder: it tells that what lies in it shares objects.
constexpr std::string_view kVariants = "@variants";
constexpr char kCut = '~';
// File systems allow 255 bytes; ".json" and a temporary's prefix must still fit.
constexpr std::size_t kLongest = 200;
constexpr std::size_t kKept = 140;

constexpr bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
constexpr bool is_alnum(char c) { return (c >= 'a' && c <= 'z') || is_upper(c) || (c >= '0' && c <= '9'); }
constexpr bool is_lower_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

std::string escape(std::string_view text) {
  if (text.empty()) {
    return std::string(kEmpty);
  }
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    // A leading dot could be "..", a leading dash an option of a command.
    if (is_alnum(c) || c == '_' || (i != 0 && (c == '.' || c == '-'))) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += {'%', kDigits[byte >> 4U], kDigits[byte & 15U]};
    }
  }
  if (out.size() > kLongest) {
    out.resize(kKept);
    out += kCut + sha256_hex(text).substr(0, 32);
  }
  return out;
}

std::optional<std::string> unescape(std::string_view text) {
  if (text == kEmpty) {
    return std::string();
  }
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == kCut || text[i] == '@') {
      return std::nullopt;
    }
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    unsigned byte = 0;
    if (text.size() - i < 3 || std::from_chars(&text[i + 1], &text[i] + 3, byte, 16).ptr != &text[i] + 3) {
      return std::nullopt;
    }
    out += static_cast<char>(byte);
    i += 2;
  }
  return out;
}

bool looks_like_a_class(std::string_view word) {
  const std::size_t start = word.find_first_not_of('_');
  return start != std::string_view::npos && is_upper(word[start]);
}

/// "pkg.mod.Class.method" → "pkg.mod", "Class.method". The first is empty where the name has no module.
std::pair<std::string_view, std::string_view> split(std::string_view name) {
  std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || dot == 0 || dot + 1 == name.size()) {
    return {{}, name};
  }
  const std::size_t before = name.rfind('.', dot - 1);
  const std::size_t start = before == std::string_view::npos ? 0 : before + 1;
  if (looks_like_a_class(name.substr(start, dot - start))) {
    if (start <= 1) {
      return {{}, name};
    }
    dot = before;
  }
  return {name.substr(0, dot), name.substr(dot + 1)};
}

}  // namespace

fs::path format(const fs::path& root) { return root / "format.json"; }
fs::path lock(const fs::path& root) { return store_of(root) / "lock"; }
fs::path staging(const fs::path& root) { return root / "staging"; }
fs::path commit_marker(const fs::path& staged) { return staged / "COMMIT"; }
fs::path sketch_marker(const fs::path& staged) { return staged / "SKETCHES"; }
fs::path journal(const fs::path& staged) { return staged / "journal"; }
fs::path status(const fs::path& root) { return root / "status.json"; }
fs::path quarantine(const fs::path& root) { return root / "quarantine"; }
fs::path replaced(const fs::path& root) { return root / "replaced"; }
fs::path variants(const fs::path& root) { return root / kVariants; }
fs::path variant(const fs::path& root, std::string_view name) { return variants(root) / escape(name); }
std::optional<std::string> parse_variant(std::string_view folder) { return unescape(folder); }

fs::path store_of(const fs::path& root) {
  const fs::path folder = root.has_filename() ? root : root.parent_path();  // "x/" is x
  return folder.parent_path().filename() == kVariants ? folder.parent_path().parent_path() : root;
}

fs::path objects(const fs::path& root) { return store_of(root) / "objects"; }
fs::path cases(const fs::path& root) { return root / "cases"; }
fs::path runs(const fs::path& root) { return root / "runs"; }

bool is_object_name(std::string_view sha256) {
  return sha256.size() == kObjectName && std::all_of(sha256.begin(), sha256.end(), is_lower_hex);
}

bool is_fingerprint(std::string_view text) {
  return text.size() == kObjectName / 2 && std::all_of(text.begin(), text.end(), is_lower_hex);
}

fs::path object(const fs::path& objects_folder, std::string_view sha256, Encoding encoding) {
  std::string file(sha256.substr(2));
  file += encoding == Encoding::kPlain ? kPickle : kZstdPickle;
  return objects_folder / sha256.substr(0, 2) / file;
}

std::optional<ObjectFile> parse_object(std::string_view folder, std::string_view file) {
  const Encoding encoding = file.ends_with(kZstdPickle) ? Encoding::kZstd : Encoding::kPlain;
  const std::string_view ending = encoding == Encoding::kPlain ? kPickle : kZstdPickle;
  if (!file.ends_with(ending)) {
    return std::nullopt;
  }
  std::string name(folder);
  name += file.substr(0, file.size() - ending.size());
  if (folder.size() != 2 || !is_object_name(name)) {
    return std::nullopt;
  }
  return ObjectFile{std::move(name), encoding};
}

fs::path manifest(const fs::path& cases_folder, std::string_view benchmark) {
  const auto [module, rest] = split(benchmark);
  const std::string folder = module.empty() ? std::string(kRootModule) : escape(module);
  return cases_folder / folder / (escape(rest) + std::string(kJson));
}

bool is_manifest(std::string_view file) { return file.ends_with(kJson) && !file.starts_with('.'); }

std::optional<std::string> parse_manifest(std::string_view folder, std::string_view file) {
  if (!is_manifest(file)) {
    return std::nullopt;
  }
  std::optional<std::string> rest = unescape(file.substr(0, file.size() - kJson.size()));
  if (!rest || folder == kRootModule) {
    return rest;
  }
  std::optional<std::string> module = unescape(folder);
  return module ? std::optional(*module + "." + *rest) : std::nullopt;
}

bool is_run_id(std::string_view id) {
  return !id.empty() && id.size() <= 100 && id.front() != '-' &&
         std::all_of(id.begin(), id.end(), [](char c) { return is_alnum(c) || c == '-' || c == '_'; });
}

fs::path run(const fs::path& runs_folder, std::string_view id) {
  return runs_folder / (std::string(id) + std::string(kJson));
}

std::optional<std::string> parse_run(std::string_view file) {
  if (!file.ends_with(kJson) || !is_run_id(file.substr(0, file.size() - kJson.size()))) {
    return std::nullopt;
  }
  return std::string(file.substr(0, file.size() - kJson.size()));
}

}  // namespace snapshot_test::store::paths
