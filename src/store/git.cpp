#include <fmt/format.h>
#include <git2.h>

#include <memory>
#include <system_error>

#include "snapshot_test/store/run_info.hpp"

namespace snapshot_test::store {

namespace fs = std::filesystem;

namespace {

/// libgit2's reference-counted start and stop.
class Library {
 public:
  Library() {
    git_libgit2_init();
    // We only read. A repository owned by somebody else (a container's mount) is as good as any other.
    git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
  }
  ~Library() { git_libgit2_shutdown(); }
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;
};

template <auto Free>
struct Release {
  template <class T>
  void operator()(T* handle) const noexcept {
    Free(handle);
  }
};
using Repository = std::unique_ptr<git_repository, Release<git_repository_free>>;
using Reference = std::unique_ptr<git_reference, Release<git_reference_free>>;
using StatusList = std::unique_ptr<git_status_list, Release<git_status_list_free>>;

Error last_error(const fs::path& folder) {
  const ::git_error* error = git_error_last();
  return Error{ErrorKind::kIo, fmt::format("cannot read the git repository of '{}': {}", folder.string(),
                                           error != nullptr ? error->message : "unknown cause")};
}

/// Like `git describe --dirty`: tracked files only, and submodules are their own affair.
std::optional<bool> is_dirty(git_repository* repository) {
  git_status_options options = GIT_STATUS_OPTIONS_INIT;
  options.show = GIT_STATUS_SHOW_INDEX_AND_WORKDIR;
  options.flags = GIT_STATUS_OPT_EXCLUDE_SUBMODULES;
  git_status_list* raw = nullptr;
  if (git_repository_is_bare(repository) != 0 || git_status_list_new(&raw, repository, &options) != 0) {
    return std::nullopt;
  }
  const StatusList list(raw);
  return git_status_list_entrycount(raw) != 0;
}

/// The branch that HEAD names, also while it has no commits; empty when detached.
std::string branch_name(git_repository* repository) {
  git_reference* raw = nullptr;
  if (git_reference_lookup(&raw, repository, "HEAD") != 0) {
    return {};
  }
  const Reference head(raw);
  const char* target = git_reference_symbolic_target(raw);
  std::string_view name = target != nullptr ? target : "";
  constexpr std::string_view kHeads = "refs/heads/";
  if (name.starts_with(kHeads)) {
    name.remove_prefix(kHeads.size());
  }
  return std::string(name);
}

std::string path_inside(git_repository* repository, const fs::path& folder) {
  const char* work_tree = git_repository_workdir(repository);
  std::error_code code;
  const fs::path real = fs::canonical(folder, code);
  if (work_tree == nullptr || code) {
    return {};
  }
  const fs::path root = fs::canonical(work_tree, code);
  const std::string relative = code ? std::string() : real.lexically_relative(root).generic_string();
  return relative == "." || relative.starts_with("..") ? std::string() : relative;
}

}  // namespace

Result<std::optional<GitInfo>> collect_git(const fs::path& folder) {
  const Library library;
  git_repository* raw = nullptr;
  const int opened = git_repository_open_ext(&raw, folder.c_str(), 0, nullptr);
  const Repository repository(raw);
  if (opened == GIT_ENOTFOUND) {
    return std::nullopt;
  }
  if (opened != 0) {
    return tl::unexpected(last_error(folder));
  }
  GitInfo info;
  git_oid commit;
  const int named = git_reference_name_to_id(&commit, raw, "HEAD");
  if (named == 0) {
    char text[GIT_OID_HEXSZ + 1];
    info.commit = git_oid_tostr(text, sizeof text, &commit);
  } else if (named != GIT_ENOTFOUND && named != GIT_EUNBORNBRANCH) {
    return tl::unexpected(last_error(folder));
  }
  info.branch = branch_name(raw);
  info.dirty = is_dirty(raw);
  info.path = path_inside(raw, folder);
  return info;
}

}  // namespace snapshot_test::store
