#include "commits/compare.hpp"

#include <fmt/format.h>

#include <optional>
#include <utility>
#include <vector>

#include "commits/cache.hpp"
#include "util/try.hpp"

namespace snapshot_test::commits {

namespace fs = std::filesystem;

Result<CachedPair> find_cached_pair(const Repository& repository, const fs::path& cache, const std::string& before,
                                    const std::string& after) {
  const fs::path folder = folder_of(repository, cache);
  std::vector<std::vector<CachedValues>> found;
  for (const std::string& name : {before, after}) {
    TRY_ASSIGN(const Commit commit, repository.commit(name));
    found.push_back(values_of(folder, commit.id, commit.tree));
    if (found.back().empty()) {
      return fail(ErrorKind::kNoBaseline, fmt::format("nothing is cached of {}: `continuous` keeps what its commits "
                                                      "compute, and `bisect` what GOOD does",
                                                      describe(commit)));
    }
  }
  // What is kept together was computed in one environment, with the same settings.
  const auto find = [&found](auto alike) -> std::optional<CachedPair> {
    for (const CachedValues& one : found[0]) {
      for (const CachedValues& other : found[1]) {
        if (alike(one, other)) {
          return CachedPair{one.store, other.store, ""};
        }
      }
    }
    return std::nullopt;
  };
  if (auto pair = find([](const auto& one, const auto& other) { return one.folder == other.folder; })) {
    return std::move(*pair);
  }
  if (auto pair = find([](const auto& one, const auto& other) { return one.suite == other.suite; })) {
    return std::move(*pair);
  }
  return CachedPair{found[0].front().store, found[1].front().store,
                    "the two were captured with benchmarks that are not the same"};
}

}  // namespace snapshot_test::commits
