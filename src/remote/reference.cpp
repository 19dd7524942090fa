#include "remote/reference.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "remote/layout.hpp"
#include "remote/open_storage.hpp"
#include "util/try.hpp"

namespace snapshot_test::remote {

namespace {

constexpr std::string_view kSha256 = "sha256:";
constexpr std::size_t kMostNames = 10;

}  // namespace

Result<void> set_name(Reference& reference, std::string_view name) {
  if (name.starts_with(kSha256)) {
    name.remove_prefix(kSha256.size());
    if (!store::paths::is_object_name(name)) {
      return fail(ErrorKind::kUsage,
                  fmt::format("'sha256:{}' is no digest of a baseline: it has 64 lower-case hex digits", name));
    }
    reference.digest = name;
    reference.ref.clear();
    return {};
  }
  if (!is_ref_name(name)) {
    return fail(ErrorKind::kUsage,
                fmt::format("'{}' is no name of a ref: it has letters, digits, '.', '_', '-', and '/' "
                            "between its parts",
                            name));
  }
  reference.ref = name;
  reference.digest.clear();
  return {};
}

Result<Reference> parse_reference(std::string_view text) {
  Reference reference;
  std::size_t path = 0;
  if (const std::size_t scheme = text.find("://"); scheme != std::string_view::npos) {
    path = std::min(text.find('/', scheme + 3), text.size());
  }
  const std::size_t at = text.rfind('@');
  if (at == std::string_view::npos || at < path) {
    reference.url = text;
    return reference;
  }
  reference.url = text.substr(0, at);
  TRY(set_name(reference, text.substr(at + 1)));
  return reference;
}

std::string text_of(const Reference& reference) {
  return redacted(reference.url) + "@" + (reference.digest.empty() ? reference.ref : "sha256:" + reference.digest);
}

Result<std::optional<SnapshotList>> find_list(Storage& storage, const std::string& digest) {
  TRY_ASSIGN(auto list, load_list(storage, keys::list(digest), digest));
  if (list) {
    return list;
  }
  TRY_ASSIGN(const auto entries, storage.list(keys::list(digest)));
  const auto newest = std::max_element(entries.begin(), entries.end(),
                                       [](const Entry& a, const Entry& b) { return a.changed < b.changed; });
  return newest == entries.end() ? std::nullopt : load_list(storage, newest->key, digest);
}

Result<SnapshotList> find_list(Storage& storage, const Reference& reference) {
  TRY_ASSIGN(const bool is_remote, check_format(storage));
  if (!is_remote) {
    return fail(
        ErrorKind::kNoBaseline,
        fmt::format("'{}' is no remote: it has no format.json; `snapshot_test push` makes one", storage.name()));
  }
  if (!reference.digest.empty()) {
    TRY_ASSIGN(auto list, find_list(storage, reference.digest));
    if (!list) {
      return fail(ErrorKind::kNoBaseline,
                  fmt::format("the remote '{}' has no baseline sha256:{}; a baseline that no ref "
                              "names is removed in time",
                              storage.name(), reference.digest));
    }
    return std::move(*list);
  }
  TRY_ASSIGN(const auto found, find_ref(storage, reference.ref));
  if (!found) {
    TRY_ASSIGN(auto names, ref_names(storage));
    const std::size_t all = names.size();
    names.resize(std::min(all, kMostNames));
    return fail(ErrorKind::kNoBaseline,
                fmt::format("the remote '{}' has no ref '{}'; {}{}", storage.name(), reference.ref,
                            all == 0 ? "it has none" : fmt::format("it has {}", fmt::join(names, ", ")),
                            all > kMostNames ? fmt::format(" and {} more", all - kMostNames) : ""));
  }
  TRY_ASSIGN(auto list, load_list(storage, found->ref.list, found->ref.digest));
  if (!list) {
    return fail(
        ErrorKind::kCorrupt,
        fmt::format("the ref '{}' of the remote '{}' names sha256:{}, whose list '{}' is missing; push again, or "
                    "see `snapshot_test remote check`",
                    reference.ref, storage.name(), found->ref.digest, found->ref.list));
  }
  return std::move(*list);
}

}  // namespace snapshot_test::remote
