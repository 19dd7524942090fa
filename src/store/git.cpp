#include <fmt/format.h>

#include <memory>
#include <system_error>

#include "snapshot_test/store/run_info.hpp"
#include "store/libgit2.hpp"
#include "util/try.hpp"

namespace snapshot_test::store {

namespace fs = std::filesystem;

namespace {

/// libgit2 between its reference-counted start and stop.
class Session {
 public:
  explicit Session(const LibGit2& functions) : git(functions) {
    git.git_libgit2_init();
    // We only read. A repository owned by somebody else (a container's mount) is as good as any other.
    git.git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
  }
  ~Session() { git.git_libgit2_shutdown(); }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  const LibGit2& git;
};

template <class T>
using Owned = std::unique_ptr<T, void (*)(T*)>;

Error last_error(const LibGit2& git, const fs::path& folder) {
  const ::git_error* error = git.git_error_last();
  return Error{ErrorKind::kIo, fmt::format("cannot read the git repository of '{}': {}", folder.string(),
                                           error != nullptr ? error->message : "unknown cause")};
}

/// Like `git describe --dirty`: tracked files only, and submodules are their own affair.
std::optional<std::size_t> changed_files(const LibGit2& git, git_repository* repository) {
  git_status_options options = GIT_STATUS_OPTIONS_INIT;
  options.show = GIT_STATUS_SHOW_INDEX_AND_WORKDIR;
  options.flags = GIT_STATUS_OPT_EXCLUDE_SUBMODULES;
  git_status_list* raw = nullptr;
  if (git.git_repository_is_bare(repository) != 0 || git.git_status_list_new(&raw, repository, &options) != 0) {
    return std::nullopt;
  }
  const Owned<git_status_list> list(raw, git.git_status_list_free);
  return git.git_status_list_entrycount(raw);
}

/// The branch that HEAD names, also while it has no commits; empty when detached.
std::string branch_name(const LibGit2& git, git_repository* repository) {
  git_reference* raw = nullptr;
  if (git.git_reference_lookup(&raw, repository, "HEAD") != 0) {
    return {};
  }
  const Owned<git_reference> head(raw, git.git_reference_free);
  const char* target = git.git_reference_symbolic_target(raw);
  std::string_view name = target != nullptr ? target : "";
  constexpr std::string_view kHeads = "refs/heads/";
  if (name.starts_with(kHeads)) {
    name.remove_prefix(kHeads.size());
  }
  return std::string(name);
}

std::string path_inside(const LibGit2& git, git_repository* repository, const fs::path& folder) {
  const char* work_tree = git.git_repository_workdir(repository);
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
  TRY_ASSIGN(const auto library, LibGit2::load());
  const Session session(*library);
  const LibGit2& git = session.git;
  git_repository* raw = nullptr;
  const int opened = git.git_repository_open_ext(&raw, folder.c_str(), 0, nullptr);
  const Owned<git_repository> repository(raw, git.git_repository_free);
  if (opened == GIT_ENOTFOUND) {
    return std::nullopt;
  }
  if (opened != 0) {
    return tl::unexpected(last_error(git, folder));
  }
  GitInfo info;
  git_oid commit;
  const int named = git.git_reference_name_to_id(&commit, raw, "HEAD");
  if (named == 0) {
    char text[GIT_OID_HEXSZ + 1];
    info.commit = git.git_oid_tostr(text, sizeof text, &commit);
  } else if (named != GIT_ENOTFOUND && named != GIT_EUNBORNBRANCH) {
    return tl::unexpected(last_error(git, folder));
  }
  info.branch = branch_name(git, raw);
  info.changed_files = changed_files(git, raw);
  if (info.changed_files) {
    info.dirty = *info.changed_files != 0;
  }
  info.path = path_inside(git, raw, folder);
  return info;
}

}  // namespace snapshot_test::store
