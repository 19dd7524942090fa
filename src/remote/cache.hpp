// What the cache folder holds of remotes, and removing it.
#pragma once

#include <cstdint>
#include <ctime>
#include <filesystem>
#include <string>
#include <vector>

#include "snapshot_test/util/result.hpp"

namespace snapshot_test::remote {

/// A baseline whose manifests are here; its values are among those of all.
struct CachedBaseline {
  std::filesystem::path folder;
  std::string digest;
  std::uint64_t bytes = 0;  ///< of its manifests, on disk
  std::time_t used = 0;     ///< when it was used last
};

struct CachedRemotes {
  std::vector<CachedBaseline> baselines;  ///< the one that was used last first
  std::size_t objects = 0;                ///< values, of all baselines together
  std::uint64_t object_bytes = 0;
};

/// Of the cache folder as a whole (RemoteBaseline's `cache_folder`). Nothing where there is nothing. kIo.
[[nodiscard]] Result<CachedRemotes> list_cached(const std::filesystem::path& cache_folder);

struct CleanedRemotes {
  std::size_t baselines = 0;
  std::size_t objects = 0;
  std::uint64_t bytes = 0;
};

/// Removes baselines that were not used since `before`, the values that none of the others lists, and what runs that
/// were killed have left for a day. A run that is under way fetches again what it misses. kIo.
[[nodiscard]] Result<CleanedRemotes> clean_cached(const std::filesystem::path& cache_folder, std::time_t before);

}  // namespace snapshot_test::remote
