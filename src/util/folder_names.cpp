#include "util/folder_names.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <system_error>
#include <utility>

namespace snapshot_test::util {

namespace {

/// Of a name that tempfile makes up: "tmp" and so many letters, digits and underscores.
constexpr std::size_t kRandomLetters = 8;

bool is_lower(char letter) {
  return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') || letter == '_';
}

/// May it go on a file's name?
bool is_of_name(char letter) {
  return std::isalnum(static_cast<unsigned char>(letter)) != 0 || letter == '_' || letter == '-';
}

bool ends_at(std::string_view text, std::size_t at) { return at >= text.size() || !is_of_name(text[at]); }

/// The end of "/tmpab12cd34" at `at`; 0 if there is something else.
std::size_t random_name(std::string_view text, std::size_t at) {
  constexpr std::string_view kBegin = "/tmp";
  std::size_t end = at + kBegin.size();
  if (text.substr(at, kBegin.size()) != kBegin || text.size() < end + kRandomLetters) {
    return 0;
  }
  for (const std::size_t last = end + kRandomLetters; end < last; ++end) {
    if (!is_lower(text[end])) {
      return 0;
    }
  }
  return ends_at(text, end) ? end : 0;
}

/// The end of "/case-17" at `at`; `at` if there is something else.
std::size_t numbered(std::string_view text, std::size_t at) {
  std::size_t end = at;
  if (end < text.size() && text[end] == '/') {
    ++end;
    while (end < text.size() && text[end] >= 'a' && text[end] <= 'z') {
      ++end;
    }
    const std::size_t dash = end;
    while (end < text.size() &&
           (text[end] == '-' ? end == dash : std::isdigit(static_cast<unsigned char>(text[end])) != 0)) {
      ++end;
    }
    return end > dash + 1 && ends_at(text, end) ? end : at;
  }
  return at;
}

bool starts(std::string_view text, std::size_t at, std::string_view with) {
  return text.substr(at, with.size()) == with;
}

}  // namespace

void FolderNames::add_scratch(std::string root) {
  std::error_code error;
  const std::string real = std::filesystem::weakly_canonical(root, error).string();
  for (std::string each : {std::move(root), error ? std::string() : real}) {
    if (each.size() > 1 && std::find(roots_.begin(), roots_.end(), each) == roots_.end()) {
      roots_.push_back(each);
      add(std::move(each), "");
    }
  }
}

void FolderNames::add(std::string folder, std::string name) {
  while (folder.size() > 1 && folder.back() == '/') {
    folder.pop_back();
  }
  if (folder.size() < 2 || folder.front() != '/') {
    return;
  }
  folders_.push_back({std::move(folder), std::move(name)});
  std::stable_sort(folders_.begin(), folders_.end(),
                   [](const Folder& a, const Folder& b) { return a.path.size() > b.path.size(); });
}

std::optional<FolderNames::Found> FolderNames::find_at(std::string_view text, std::size_t at, Which which) const {
  for (const Folder& folder : folders_) {
    const std::size_t end = at + folder.path.size();
    if (!starts(text, at, folder.path) || !ends_at(text, end)) {
      continue;
    }
    if (!folder.name.empty()) {
      // "x/home/me" is another folder, "file:///home/me" is not.
      const bool begins = at == 0 || !is_of_name(text[at - 1]);
      if (which == Which::kAll && begins) {
        return Found{end, folder.name};
      }
      continue;
    }
    const std::size_t numbered_end = numbered(text, end);
    if (numbered_end == end) {
      return Found{end, "<scratch>"};
    }
    constexpr std::string_view kWork = "/work";
    constexpr std::string_view kTemporary = "/tmp";
    if (starts(text, numbered_end, kWork) && ends_at(text, numbered_end + kWork.size())) {
      return Found{numbered_end + kWork.size(), "<scratch>"};
    }
    if (starts(text, numbered_end, kTemporary) && ends_at(text, numbered_end + kTemporary.size())) {
      const std::size_t inside = numbered_end + kTemporary.size();
      const std::size_t random = random_name(text, inside);
      return random != 0 ? Found{random, "<tmp>/tmp*"} : Found{inside, "<tmp>"};
    }
    return Found{numbered_end, "<scratch>/.."};
  }
  return std::nullopt;
}

std::optional<std::string> FolderNames::replaced(std::string_view text, Which which) const {
  if (folders_.empty() || text.size() < folders_.back().path.size()) {
    return std::nullopt;
  }
  std::optional<std::string> out;
  std::size_t copied = 0;
  for (std::size_t at = text.find('/'); at != std::string_view::npos; at = text.find('/', at)) {
    if (const auto found = find_at(text, at, which)) {
      out = out.value_or("");
      out->append(text.substr(copied, at - copied)).append(found->name);
      copied = at = found->end;
    } else {
      ++at;
    }
  }
  if (out) {
    out->append(text.substr(copied));
  }
  return out;
}

FolderNames& folder_names() {
  static FolderNames names;
  return names;
}

}  // namespace snapshot_test::util
