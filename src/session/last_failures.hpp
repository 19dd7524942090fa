// Which cases failed in the last verify, so that the next can run those alone or first.
#pragma once

#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "session/run.hpp"
#include "snapshot_test/model/result.hpp"
#include "snapshot_test/util/result.hpp"

namespace snapshot_test::session {

/// The failed cases of one suite and one store: all that failed when they were last judged. It is kept in a file of the
/// user's own, so that stores which may only be read have it, too. Not thread-safe.
class LastFailures {
 public:
  /// `cache_folder` need not exist; without one nothing is remembered. A file that cannot be read counts as none, and
  /// problem() says why.
  [[nodiscard]] static LastFailures load(const std::optional<std::filesystem::path>& cache_folder,
                                         const std::string& store, const std::filesystem::path& suite);

  [[nodiscard]] bool empty() const { return labels_.empty(); }
  [[nodiscard]] bool contains(const std::string& label) const { return labels_.contains(label); }
  [[nodiscard]] const std::string& problem() const { return problem_; }

  /// Of a case that was judged now.
  void note(const model::CaseVerdict& verdict);
  /// Writes what has changed; nothing where nothing has. kIo.
  [[nodiscard]] Result<void> save() const;

 private:
  std::optional<std::filesystem::path> file_;
  std::set<std::string> labels_;
  bool changed_ = false;
  std::string problem_;
};

/// Of each benchmark, the indices of some of its cases.
using Indices = std::vector<std::vector<std::size_t>>;

/// Has the run judge what failed last, and nothing else; everything, with a note, where nothing of that is in it. What
/// is left of `selected`, cases of the `stored` benchmarks: also those whose module does not import now.
[[nodiscard]] Indices narrow_to_failed(Run& run, const std::vector<model::Benchmark>& stored, Indices selected,
                                       const LastFailures& last);

}  // namespace snapshot_test::session
