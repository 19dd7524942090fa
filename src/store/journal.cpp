#include "store/journal.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <span>
#include <utility>

#include "snapshot_test/store/format.hpp"
#include "store/files.hpp"
#include "util/json_text.hpp"
#include "util/try.hpp"

namespace snapshot_test::store {

namespace fs = std::filesystem;
using nlohmann::json;

namespace {

constexpr const char* kKind = "snapshot_test capture journal";

Result<util::Fd> open_to_append(const fs::path& path, int flags) {
  util::Fd fd(::open(path.c_str(), O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC | flags, 0666));
  if (!fd) {
    return tl::unexpected(store_error("open the journal", path));
  }
  return fd;
}

}  // namespace

std::optional<Journal::Content> Journal::read(const fs::path& path) {
  std::error_code ignored;
  if (!fs::is_regular_file(fs::symlink_status(path, ignored))) {
    return std::nullopt;
  }
  const auto text = read_if_there(path);
  if (!text || !*text) {
    return std::nullopt;
  }
  const std::string& all = **text;
  std::optional<Content> content;
  std::size_t at = 0;
  for (std::size_t end = all.find('\n'); end != std::string::npos; end = all.find('\n', at)) {
    json line = json::parse(all.begin() + static_cast<std::ptrdiff_t>(at),
                            all.begin() + static_cast<std::ptrdiff_t>(end), nullptr, false);
    if (!line.is_object()) {
      break;
    }
    if (content) {
      content->lines.push_back(std::move(line));
    } else if (line.value("kind", json()) == kKind && line.value("format", json()) == kFormatVersion &&
               line.contains("key")) {
      content = Content{line["key"], {}, 0, false};
    } else {
      return std::nullopt;
    }
    at = end + 1;
    content->whole_bytes = at;
  }
  if (content) {
    content->damaged = all.find('\n', at) != std::string::npos;
  }
  return content;
}

Result<Journal> Journal::create(const fs::path& path, const json& key) {
  TRY_ASSIGN(auto fd, open_to_append(path, O_CREAT | O_EXCL));
  Journal journal(std::move(fd), path);
  TRY(journal.append({{"kind", kKind}, {"format", kFormatVersion}, {"key", key}}));
  return journal;
}

Result<Journal> Journal::reopen(const fs::path& path, const Content& content) {
  auto fd = open_to_append(path, 0);
  if (fd && ::ftruncate(fd->get(), static_cast<off_t>(content.whole_bytes)) != 0) {
    return tl::unexpected(store_error("write", path));
  }
  return std::move(fd).map([&](util::Fd opened) { return Journal(std::move(opened), path); });
}

Result<void> Journal::append(const json& line) {
  const std::string text = util::json_text(line) + "\n";
  return write_fully(fd_, std::as_bytes(std::span(text)), path_);
}

std::string difference(const json& before, const json& now) {
  constexpr std::size_t kNamed = 3;
  std::vector<std::string> names;
  std::size_t more = 0;
  const json changes = json::diff(before, now);
  for (const json& change : changes) {
    if (names.size() < kNamed) {
      names.push_back(change.at("path").get<std::string>().substr(1));
    } else {
      ++more;
    }
  }
  return fmt::format("{}{}", fmt::join(names, ", "), more == 0 ? "" : fmt::format(" and {} more", more));
}

}  // namespace snapshot_test::store
