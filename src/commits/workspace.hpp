// The part of the cache folder that belongs to one repository. In it is a bare repository of our own that has the
// user's objects as its alternates: trees are made and checked out by it, so the user's repository is only ever read,
// and a run that is killed leaves nothing there.
//
//   <cache>/CACHEDIR.TAG
//   <cache>/<id>/repository.json   {"format": 1, "repository": "/home/me/project/.git"}
//               /lock              taken by whoever uses the folder; holds the pid, or nothing
//               /git/              the bare repository
//               /trees/<name>/     what a run has checked out; gone afterwards
//               /baselines/<key>/  entry.json and store/ (baselines.hpp)
//               /builds/<key>/     entry.json, tree/, env/, wheels/, log.txt (build.hpp)
//               /bisections/       <key>.json (bisect.cpp)
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "commits/repository.hpp"
#include "snapshot_test/util/result.hpp"
#include "util/fd.hpp"

namespace snapshot_test::commits {

/// The part of `cache` that belongs to the repository.
[[nodiscard]] std::filesystem::path folder_of(const Repository& repository, const std::filesystem::path& cache);

/// A folder that one process at a time uses: an flock() on its file `lock`, which the system releases with the process.
class FolderLock {
 public:
  /// kIo where another process has it; the message names it.
  [[nodiscard]] static Result<FolderLock> take(const std::filesystem::path& folder);
  FolderLock(FolderLock&&) noexcept = default;
  FolderLock& operator=(FolderLock&&) noexcept = default;
  ~FolderLock();
  [[nodiscard]] bool is_held() const { return static_cast<bool>(fd_); }  ///< not by one that was moved from

 private:
  explicit FolderLock(util::Fd fd) : fd_(std::move(fd)) {}
  util::Fd fd_;
};

class Workspace {
 public:
  /// Makes the folder, takes its lock, and removes what a killed run has left. `cache`: util::cache_folder().
  [[nodiscard]] static Result<Workspace> open(const Repository& repository, const std::filesystem::path& cache);
  Workspace(Workspace&&) noexcept = default;
  Workspace& operator=(Workspace&&) noexcept = default;
  /// Removes what was checked out.
  ~Workspace();

  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
  [[nodiscard]] std::filesystem::path baselines() const { return folder_ / "baselines"; }
  [[nodiscard]] std::filesystem::path builds() const { return folder_ / "builds"; }
  [[nodiscard]] std::filesystem::path bisections() const { return folder_ / "bisections"; }

  /// The tree of the user's work tree as it is now: what git tracks, and what it neither tracks nor ignores, but for
  /// compiled files (*.so, *.o, …) of the latter and `left_out` (paths relative to the root). kUsage where a merge is
  /// under way, kUnsupported where a submodule has changes that no commit has.
  [[nodiscard]] Result<std::string> work_tree(const std::vector<std::string>& left_out) const;
  /// `tree` with its folder `path` replaced by `subtree`.
  [[nodiscard]] Result<std::string> with_folder(const std::string& tree, const std::string& path,
                                                const std::string& subtree) const;
  /// Files that two trees do not have alike, relative to the root.
  [[nodiscard]] Result<std::vector<std::string>> changed_files(const std::string& tree, const std::string& other) const;
  /// Paths of all files of a tree.
  [[nodiscard]] Result<std::vector<std::string>> files(const std::string& tree) const;
  /// The tree of a folder in a tree; none where it is not there, or is no folder. "" is the tree itself.
  [[nodiscard]] Result<std::optional<std::string>> subtree(const std::string& tree, const std::string& path) const;

  /// Checks `tree` out into `target`, which must not be there, as a work tree whose HEAD is `commit`, with submodules
  /// and filters. kUsage where a submodule cannot be fetched, kUnsupported where git-lfs is needed and not there.
  [[nodiscard]] Result<void> check_out(const std::filesystem::path& target, const Commit& commit,
                                       const std::string& tree) const;
  /// The same into trees/NAME, for this run.
  [[nodiscard]] Result<std::filesystem::path> check_out_for_run(const std::string& name, const Commit& commit,
                                                                const std::string& tree) const;
  void remove_tree(const std::filesystem::path& target) const;

 private:
  Workspace(Repository repository, std::filesystem::path folder, FolderLock lock)
      : repository_(std::move(repository)), folder_(std::move(folder)), lock_(std::move(lock)) {}
  [[nodiscard]] Result<void> prepare() const;
  void remove_locks() const;
  [[nodiscard]] Result<void> copy_facts() const;
  [[nodiscard]] Result<std::string> git(std::vector<std::string> arguments, Environment more = {}) const;
  [[nodiscard]] Result<void> fetch_submodules(const std::filesystem::path& target) const;
  [[nodiscard]] std::filesystem::path git_folder() const { return folder_ / "git"; }

  Repository repository_;
  std::filesystem::path folder_;
  FolderLock lock_;
};

}  // namespace snapshot_test::commits
