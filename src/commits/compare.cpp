#include "commits/compare.hpp"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "commits/cache.hpp"
#include "commits/cache_entry.hpp"
#include "util/try.hpp"

namespace snapshot_test::commits {

namespace fs = std::filesystem;

namespace {

std::string suite_of(const fs::path& baseline) {
  const auto entry = read_entry(baseline);
  return entry ? entry->value("suite", "") : "";
}

}  // namespace

Result<CachedPair> find_cached_pair(const Repository& repository, const fs::path& cache, const std::string& before,
                                    const std::string& after) {
  const fs::path folder = folder_of(repository, cache);
  std::vector<std::vector<fs::path>> found;
  for (const std::string& name : {before, after}) {
    TRY_ASSIGN(const Commit commit, repository.commit(name));
    found.push_back(baselines_of(folder, commit.id, commit.tree));
    if (found.back().empty()) {
      return fail(ErrorKind::kNoBaseline,
                  fmt::format("nothing is cached of {}: continuous and bisect capture what they are given as BASE or "
                              "GOOD",
                              describe(commit)));
    }
  }
  for (const fs::path& one : found[0]) {
    for (const fs::path& other : found[1]) {
      if (suite_of(one) == suite_of(other)) {
        return CachedPair{one / "store", other / "store", ""};
      }
    }
  }
  return CachedPair{found[0].front() / "store", found[1].front() / "store",
                    "the two were captured with benchmarks that are not the same"};
}

}  // namespace snapshot_test::commits
