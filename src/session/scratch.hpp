// A folder for everything a run writes outside the store: working directories, setup_cache results, temporary values.
#pragma once

#include <filesystem>

#include "snapshot_test/util/result.hpp"
#include "util/fd.hpp"

namespace snapshot_test::session {

/// Created under $TMPDIR (else /tmp), removed with all it holds when destroyed. A run that was killed leaves its folder
/// behind; the next run removes it: a folder whose lock nobody holds belongs to nobody.
class Scratch {
 public:
  [[nodiscard]] static Result<Scratch> create();
  Scratch(Scratch&&) noexcept = default;
  Scratch& operator=(Scratch&&) = delete;
  ~Scratch();

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  /// A new, empty folder below path().
  [[nodiscard]] Result<std::filesystem::path> make_folder(const std::string& name) const;

 private:
  Scratch(std::filesystem::path path, util::Fd lock) : path_(std::move(path)), lock_(std::move(lock)) {}

  std::filesystem::path path_;
  util::Fd lock_;
};

/// Removes a folder and all below it, also where a benchmark took its own permissions away. Never follows links.
void remove_folder(const std::filesystem::path& folder);

}  // namespace snapshot_test::session
