// What the cache folder holds of all repositories, and removing it.
#pragma once

#include <cstdint>
#include <ctime>
#include <filesystem>
#include <string>
#include <vector>

#include "snapshot_test/util/result.hpp"

namespace snapshot_test::commits {

/// A baseline or a build.
struct Cached {
  std::filesystem::path folder;
  std::string repository;  ///< its .git
  std::string kind;        ///< "baseline", "build"; "unfinished" where a run was killed
  std::string commit;      ///< hex; empty of what is unfinished
  std::string subject;
  std::uint64_t changed_files = 0;  ///< it is of a work tree with so many changes
  std::uint64_t bytes = 0;          ///< on disk
  std::time_t used = 0;             ///< when it was used last
};

/// The one that was used last first. kIo.
[[nodiscard]] Result<std::vector<Cached>> list_cache(const std::filesystem::path& cache);

struct Cleaned {
  std::size_t entries = 0;
  std::uint64_t bytes = 0;
  std::vector<std::string> busy;  ///< repositories that another run works in: nothing of them was removed
};

/// Removes what was not used since `before`, and repositories of which nothing is left, or which are gone. kIo.
[[nodiscard]] Result<Cleaned> clean_cache(const std::filesystem::path& cache, std::time_t before);

/// Of one repository's folder, whose lock the caller has: removes what was not used for longest until the rest takes at
/// most `bytes`, but nothing whose folder's name is in `kept`. Returns the bytes removed.
std::uint64_t trim(const std::filesystem::path& folder, std::uint64_t bytes, const std::vector<std::string>& kept);

/// What a commit computed.
struct CachedValues {
  std::filesystem::path store;
  std::filesystem::path folder;  ///< of the baseline that it is, or with which it is kept
  std::string suite;             ///< which benchmarks
};

/// Of the commit, in one repository's folder: captured by itself, or kept with another commit's baseline, with which it
/// was compared. What was used last first.
[[nodiscard]] std::vector<CachedValues> values_of(const std::filesystem::path& folder, const std::string& commit,
                                                  const std::string& tree);

}  // namespace snapshot_test::commits
