// What can start now, and what goes first.
#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "runner/work_tree.hpp"

namespace snapshot_test::runner {

/// A case, with the branch whose process it is forked from.
struct RunnableCase {
  Branch* branch = nullptr;
  CaseTask* task = nullptr;
};

/// A branch to open, a case to run, or a series of them.
using Work = std::variant<Branch*, RunnableCase, Series*>;

/// Hands out work depth first, so that open branches end before others open, but for two things:
/// - What takes long goes before all else, the longest first: a case that begins last and takes half a minute is half a
///   minute during which the other workers have nothing to do. "Long" is what takes more than a sixteenth of what each
///   worker has to do in all; there are never many of those, so few branches are open at a time.
/// - A case that is suspected of taking processes down runs alone, when all that has begun before has ended.
class Schedule {
 public:
  /// Decides from what the tasks took last time; nothing is long where that is not known.
  Schedule(const WorkTree& work, unsigned workers);

  void add(Branch& branch);
  void add(const RunnableCase& runnable);
  void add(Series& series);
  /// All that waits below `branch`.
  void drop_below(const Branch& branch);
  /// What is to start next, now that `running` branches and cases run; nothing if it is to wait.
  [[nodiscard]] std::optional<Work> take(unsigned running);

 private:
  void add(Work work, double seconds);

  double long_ = 0;          ///< seconds
  std::vector<Work> ready_;  ///< the last goes first
  std::vector<std::pair<double, Work>> long_ready_;
  std::vector<RunnableCase> suspects_;
};

}  // namespace snapshot_test::runner
