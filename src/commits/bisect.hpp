// `bisect`: the first commit that changes a value, for many cases in one search.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "commits/commit_runs.hpp"

namespace snapshot_test::commits {

/// What one commit says of a case, beside the commit that is known to be good.
enum class Finding {
  kGood,  ///< the value is what it was
  kBad,   ///< it is another, or the case ends as it does at the bad commit
  kSkip,  ///< the case, or the whole commit, could not be run: nothing is known
};

/// The search for one case: which commit is looked at next, and which is left in the end. Plain data; knows nothing of
/// running. Commits are places in a range of which the last is known to be bad, and that what comes before is good.
class Search {
 public:
  explicit Search(const std::vector<RangeCommit>& range);  ///< `range` outlives it
  void found(std::size_t commit, Finding finding);
  /// None where the first bad commit is known, or hidden by those that are skipped.
  [[nodiscard]] std::optional<std::size_t> next() const;
  /// Those of which one is the first bad one; a single one where it is known. In the order of the range.
  [[nodiscard]] std::vector<std::size_t> candidates() const;
  /// Could it be the first bad commit?
  [[nodiscard]] bool is_open(std::size_t commit) const { return open_[commit]; }
  [[nodiscard]] std::optional<Finding> finding(std::size_t commit) const { return findings_[commit]; }
  /// A commit after the first bad one at which the value is as it was; none where none was seen.
  [[nodiscard]] std::optional<std::size_t> changed_back() const;

 private:
  [[nodiscard]] std::vector<bool> ancestors(std::size_t commit) const;  ///< with itself

  const std::vector<RangeCommit>& range_;
  std::vector<bool> open_;
  std::size_t bad_;
  std::vector<std::optional<Finding>> findings_;
};

struct BisectOptions {
  RunsOptions runs;
  std::string good;
  std::string bad;
  std::vector<std::string> cases;  ///< names or labels; empty: all that differ
  History history = History::kAll;
};

/// What was found of one case.
struct Found {
  std::string label;
  std::string benchmark;
  model::Verdict verdict{};    ///< at the bad commit, as is
  std::string reason;          ///< what differs there
  std::vector<Commit> first;   ///< the first bad commit, or those among which it is
  std::optional<Commit> back;  ///< a later one at which the value was what it had been
};

/// A commit that could not be built or run.
struct Skipped {
  Commit commit;
  std::string why;
};

struct BisectEnd {
  Commit good;
  Commit bad;
  std::size_t commits = 0;       ///< in the range
  std::size_t runs = 0;          ///< commits that were run for it, now or before an interrupt; without good and bad
  std::size_t steps = 0;         ///< those of them that were run now
  WorkDone done;                 ///< now
  std::vector<Skipped> skipped;  ///< some of `runs`, in the order of the range
  std::vector<Found> found;
  model::ExitStatus status = model::ExitStatus::kInternal;
};

/// The benchmarks of the bad commit run on all. What was found of a commit is written down at once, so an interrupted
/// search goes on where it was. kSuccess: the first commit is known for each case; kFailed: skipped ones hide it for
/// some; kNothingVerified: no case differs. kUsage where good is no ancestor of bad.
[[nodiscard]] Result<BisectEnd> bisect(const BisectOptions& options, const Say& say, model::Listener& listener);

}  // namespace snapshot_test::commits
