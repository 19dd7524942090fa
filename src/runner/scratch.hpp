// A folder for everything a run writes outside the store: working directories, setup_cache results, temporary values.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>

#include "snapshot_test/util/result.hpp"
#include "util/fd.hpp"

namespace snapshot_test::runner {

/// Created under $TMPDIR (else /tmp), removed with all it holds when destroyed. A run that was killed leaves its folder
/// behind; the next run removes it: a folder whose lock nobody holds belongs to nobody.
class Scratch {
 public:
  /// Which run of the same cases it is for: the path of the second has another length, and another depth, so that a
  /// value which depends on it is not the same twice.
  enum class For { kFirstRun, kSecondRun };
  [[nodiscard]] static Result<Scratch> create(For run = For::kFirstRun);
  Scratch(Scratch&&) noexcept = default;
  Scratch& operator=(Scratch&&) = delete;
  ~Scratch();

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  /// Has the folder, and all that make_folder() makes, belong to this user.
  [[nodiscard]] Result<void> give_to(uid_t user);
  /// A new, empty folder below path().
  [[nodiscard]] Result<std::filesystem::path> make_folder(const std::string& name) const;

  /// "KIND-NUMBER" below path(), which is not made. Its paths are equally long, and end in "work", the current folder
  /// of some process, or "tmp", its $TMPDIR: no value depends on the number (util::FolderNames).
  [[nodiscard]] std::filesystem::path numbered_folder(const std::string& kind, std::size_t number) const;
  /// The "work" in that folder, new and empty, beside an empty "tmp".
  [[nodiscard]] Result<std::filesystem::path> make_work_folder(const std::string& kind, std::size_t number) const;

 private:
  Scratch(std::filesystem::path root, std::filesystem::path path, util::Fd lock)
      : root_(std::move(root)), path_(std::move(path)), lock_(std::move(lock)) {}

  std::filesystem::path root_;  ///< what is removed in the end
  std::filesystem::path path_;
  util::Fd lock_;
  std::optional<uid_t> user_;
};

/// Removes a folder and all below it, also where a benchmark took its own permissions away. Never follows links.
void remove_folder(const std::filesystem::path& folder);

}  // namespace snapshot_test::runner
