// A suite run on the code of commits: captured once for each, and compared with what another one computed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "commits/build.hpp"
#include "commits/repository.hpp"
#include "commits/workspace.hpp"
#include "session/adopt_snapshots.hpp"
#include "session/session.hpp"

namespace snapshot_test::commits {

/// What is asked of any command that runs commits.
struct RunsOptions {
  std::filesystem::path cache;       ///< util::cache_folder()
  std::filesystem::path repository;  ///< a folder in it
  BuildPlan plan;                    ///< without the interpreter, which `suite` names
  session::SuiteOptions suite;       ///< its benchmark_dir and project_dir as they are in the user's work tree
  session::ComparisonOptions comparison;
  session::Demands demands;
  std::vector<model::Expectation> expectations = {};  ///< of verify()
  std::string today = {};                             ///< for which they are asked
  model::CaptureMethod method;
  model::CaptureRecord record;
  std::vector<std::filesystem::path> left_out;  ///< folders in the work tree that are no part of it: stores
  std::uint64_t cache_bytes = 0;                ///< what builds and baselines may take; 0: no bound
};

/// A commit, or the work tree with what is not committed yet.
struct Point {
  Commit commit;            ///< of the work tree, what it was changed from
  std::string tree;         ///< the project's
  std::size_t changed = 0;  ///< files of the work tree that are not as in the commit
};

/// "a1b2c3d4e5 Make it faster", "the work tree: a1b2c3d4e5 Make it faster, 2 files changed"
[[nodiscard]] std::string describe(const Point& point);

/// What a run has done itself, and not taken from the cache.
struct WorkDone {
  std::size_t builds = 0;
  std::size_t captures = 0;
};

/// What a verification has shown of its cases.
struct Verified {
  session::ConfirmedCases confirmed;                     ///< values that are the baseline's
  std::set<std::pair<std::string, std::size_t>> others;  ///< benchmark and index of cases that may be captured
  std::vector<model::TestedPackage> tested;
};

class CommitRuns {
 public:
  /// Finds the repository and the interpreter, and takes the lock of its part of the cache.
  [[nodiscard]] static Result<CommitRuns> open(RunsOptions options, Say say);

  [[nodiscard]] const Repository& repository() const { return repository_; }
  [[nodiscard]] const Workspace& workspace() const { return workspace_; }
  [[nodiscard]] const RunsOptions& options() const { return options_; }
  [[nodiscard]] const WorkDone& done() const { return done_; }
  void say(const std::string& line) const { say_(line); }

  [[nodiscard]] Result<Point> at(const std::string& commit) const;
  [[nodiscard]] Point at(const Commit& commit) const { return {commit, commit.tree, 0}; }
  [[nodiscard]] Result<Point> work_tree() const;

  /// Both sides run the suite as it is there. kUsage where it is not.
  [[nodiscard]] Result<void> take_benchmarks_from(const Point& point);
  /// Where nothing is built, code that has to be compiled must be the same. kUsage names what is not.
  [[nodiscard]] Result<void> check_compiled(const Point& one, const Point& other) const;

  /// The store with what the suite computes on `point`: from the cache, or captured now. `name` is for messages.
  [[nodiscard]] Result<std::filesystem::path> baseline(const Point& point, const std::string& name,
                                                       model::Listener& listener);
  /// What a verification of `point`, a commit, has shown beside a store of baseline(): kept in a variant of that store
  /// for compare. Cases that were not `confirmed` are run once more, if they are among `others`. Does nothing where it
  /// is there already, or the two sides' environments differ.
  [[nodiscard]] Result<void> keep_verified(const Point& point, const std::string& name,
                                           const std::filesystem::path& store, const Verified& verified,
                                           model::Listener& listener);
  /// The suite on `point`, compared with a store.
  [[nodiscard]] Result<model::VerifySummary> verify(const Point& point, const std::string& name,
                                                    const std::filesystem::path& store, model::Listener& listener);
  /// Only cases that match, from now on; in place of --filter.
  void select(const std::optional<std::string>& filter) { options_.suite.filter = filter; }

  /// What was built for the two sides has the same packages beside the project? A line for each that differs.
  [[nodiscard]] std::vector<std::string> environment_differences() const;
  /// Removes what was not used for longest until the rest is within the bound; nothing of this run.
  void trim_cache() const;

 private:
  CommitRuns(RunsOptions options, Say say, Repository repository, Workspace workspace)
      : options_(std::move(options)),
        say_(std::move(say)),
        repository_(std::move(repository)),
        workspace_(std::move(workspace)) {}

  struct Side {
    session::SuiteOptions suite;
    Code code;
  };
  [[nodiscard]] Result<void> find_suite();
  [[nodiscard]] Result<void> find_interpreter();
  [[nodiscard]] Result<std::string> tree_with_suite(const Point& point) const;
  [[nodiscard]] Result<Side> prepare(const Point& point, const std::string& name);
  [[nodiscard]] std::string key_of(const Point& point, const std::string& tree) const;
  [[nodiscard]] Result<void> capture(const Point& point, const std::string& name, const std::filesystem::path& folder,
                                     model::Listener& listener, nlohmann::json entry);
  /// What is not in the store yet, of the cases that are `wanted` (null: all).
  [[nodiscard]] Result<model::CaptureSummary> capture_into(
      const std::filesystem::path& store, const Side& side, const std::string& name, model::Listener& listener,
      std::function<bool(const model::Benchmark&, std::size_t)> wanted) const;

  RunsOptions options_;
  Say say_;
  Repository repository_;
  Workspace workspace_;
  std::string suite_path_;      ///< in the repository; empty: the suite lies elsewhere
  std::string suite_tree_;      ///< the tree of the suite that both sides run
  std::string suite_digest_;    ///< of a suite that lies elsewhere
  nlohmann::json environment_;  ///< the interpreter and what is installed for it
  std::map<std::string, std::vector<std::string>> environments_;  ///< of the sides' builds, by name
  std::vector<std::string> used_;                                 ///< keys of this run
  WorkDone done_;
};

}  // namespace snapshot_test::commits
