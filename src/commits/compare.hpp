// `compare`: what two captures in the cache say of two commits, without running anything.
#pragma once

#include <filesystem>
#include <string>

#include "commits/repository.hpp"
#include "commits/workspace.hpp"
#include "snapshot_test/util/result.hpp"

namespace snapshot_test::commits {

struct CachedPair {
  std::filesystem::path before;  ///< stores
  std::filesystem::path after;
  std::string note;  ///< why the two may not be compared like with like; empty: they may
};

/// The newest baselines of the two commits that are of the same suite; else the newest of each, and a note. kNoBaseline
/// names the commit of which nothing is cached.
[[nodiscard]] Result<CachedPair> find_cached_pair(const Repository& repository, const std::filesystem::path& cache,
                                                  const std::string& before, const std::string& after);

}  // namespace snapshot_test::commits
