#include "remote/open_storage.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <filesystem>
#include <optional>

#include "remote/redaction.hpp"
#include "util/try.hpp"

namespace snapshot_test::remote {

namespace {

/// "s3" of "s3://bucket/x"; empty for a path.
std::string_view scheme_of(std::string_view url) {
  if (url.starts_with("file:")) {
    return "file";
  }
  const std::size_t end = url.find("://");
  if (end == std::string_view::npos || end < 2) {
    return {};
  }
  const std::string_view scheme = url.substr(0, end);
  const bool whole = std::all_of(scheme.begin(), scheme.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '+' || c == '.' || c == '-';
  });
  return whole ? scheme : std::string_view();
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    unsigned value = 0;
    const char* digits = text.data() + i + 1;
    if (i + 2 >= text.size() || std::from_chars(digits, digits + 2, value, 16).ptr != digits + 2 || value == 0) {
      return std::nullopt;
    }
    out += static_cast<char>(value);
    i += 2;
  }
  return out;
}

Result<std::filesystem::path> path_of_file_url(const std::string& url) {
  std::string_view rest = std::string_view(url).substr(5);
  if (rest.starts_with("//")) {
    rest.remove_prefix(2);
    const std::string_view host = rest.substr(0, rest.find('/'));
    if (!host.empty() && host != "localhost") {
      return fail(ErrorKind::kUsage, fmt::format("'{}' names the host '{}'; a file URL is file:///folder, with three "
                                                 "slashes",
                                                 url, host));
    }
    rest.remove_prefix(host.size());
  }
  const auto path = percent_decoded(rest);
  if (!path || path->empty()) {
    return fail(ErrorKind::kUsage, fmt::format("'{}' is no file URL; write file:///folder, or the path alone", url));
  }
  return *path;
}

}  // namespace

std::string redacted(std::string_view url) {
  const std::string_view scheme = scheme_of(url);
  return scheme.empty() || scheme == "file" ? std::string(url) : shown_url(url);
}

std::string with_redacted_url(std::string_view text) {
  const std::size_t end = text.find("://");
  if (end == std::string_view::npos) {
    return std::string(text);
  }
  std::size_t start = end;
  while (start > 0 && (std::isalnum(static_cast<unsigned char>(text[start - 1])) != 0 || text[start - 1] == '+' ||
                       text[start - 1] == '.' || text[start - 1] == '-')) {
    --start;
  }
  return std::string(text.substr(0, start)) + redacted(text.substr(start));
}

Result<std::unique_ptr<Storage>> open_storage(const std::string& url, Use use, const HelperOptions& helper) {
  const std::string_view scheme = scheme_of(url);
  if (scheme.empty() || scheme == "file") {
    std::filesystem::path root = url;
    if (scheme == "file") {
      TRY_ASSIGN(root, path_of_file_url(url));
    }
    if (root.empty()) {
      return fail(ErrorKind::kUsage, "the remote is empty; name a folder or a URL");
    }
    TRY_ASSIGN(auto opened, FileStorage::open(std::filesystem::absolute(root), use));
    return std::unique_ptr<Storage>(std::move(opened));
  }
  if (!is_helper_url(url)) {
    return fail(ErrorKind::kUnsupported,
                fmt::format("'{}': remotes of the kind {}:// are not known; there are folders, "
                            "file://, {}://",
                            redacted(url), scheme, fmt::join(kHelperSchemes, "://, ")));
  }
  TRY_ASSIGN(auto opened, open_helper_storage(url, helper));
  return std::unique_ptr<Storage>(std::move(opened));
}

}  // namespace snapshot_test::remote
