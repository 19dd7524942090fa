// Which cases of a run wait, which are under way on which worker, and what a lost worker costs: a pure data structure,
// which hosts.cpp works off.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace snapshot_test::cluster {

/// A case as the ledger sees it.
struct LedgerCase {
  std::string group;       ///< what has to be imported and set up for it: cases with the same are best kept together
  bool undivided = false;  ///< the group shares a setup_cache: its cases stay together
  double seconds = 0;      ///< that it took last time; 0 where that is not known
};

/// Cases for one worker, one after the other; by their places in the list that the ledger was made from.
struct Portion {
  std::vector<std::size_t> cases;
  double seconds = 0;
  bool undivided = false;
  unsigned blanks = 0;  ///< how often its worker was lost before any of its cases had begun
};

/// What is tried again, and when a case is blamed:
///
/// - A worker is lost: the cases that ran there run again, each with nothing beside it. What had not begun, or had
///   ended there without the result having come here, runs again as if nothing had happened.
/// - A case whose worker is lost for the second time waits until all others have ended. Where no worker was lost for
///   another reason, it is blamed for the two. Where some were, workers are lost here without a case's doing, and it is
///   tried again until it has lost kMostLosses.
/// - Workers lost before any case had begun, twice for the same cases: each of these by itself; kMostBlanks of a group:
///   all of it is blamed, since what is common to it is what goes wrong.
///
/// A worker that was asked to go (an adaptive cluster) costs no case anything.
class Ledger {
 public:
  static constexpr unsigned kMostLosses = 5;
  static constexpr unsigned kMostBlanks = 3;

  explicit Ledger(std::vector<LedgerCase> cases);

  /// The portion that is expected to take longest, for a worker of a cluster that has so many threads; none: nothing
  /// waits. `attempt` is what it is called from now on, and `worker` where it runs.
  [[nodiscard]] std::optional<Portion> take(const std::string& attempt, const std::string& worker, unsigned threads);
  /// So many portions wait for a worker, about.
  [[nodiscard]] std::size_t waiting(unsigned threads);
  [[nodiscard]] bool knows(const std::string& attempt) const { return under_way_.contains(attempt); }
  [[nodiscard]] std::size_t under_way() const { return under_way_.size(); }
  /// All cases have ended, or are to be blamed.
  [[nodiscard]] bool done() const { return open_ == 0; }

  void started(const std::string& attempt, const std::vector<std::size_t>& cases);
  void ended(const std::string& attempt, const std::vector<std::size_t>& cases);
  /// A case has its result, or one that it is to be run again for: then again() follows.
  void finish(std::size_t index);
  /// One more run of a case that had finished.
  void again(std::size_t index);
  /// The attempt has come to its end: what of it has no result waits again.
  void close(const std::string& attempt);
  /// Some of what was taken did not fit into one message.
  void give_back(const std::string& attempt, const std::vector<std::size_t>& cases);
  enum class Why {
    kLost,     ///< the worker has ended
    kProcess,  ///< the process there that ran the cases has
    kAsked,    ///< the worker was asked to go, or never got the cases
  };
  void lose(const std::string& attempt, Why why);
  /// The cases that are blamed now, where nothing else waits or is under way; those that are not wait again.
  [[nodiscard]] std::vector<std::size_t> judge();
  [[nodiscard]] unsigned losses_of(std::size_t index) const { return states_[index].losses; }
  [[nodiscard]] bool is_blank(std::size_t index) const { return states_[index].blank; }
  /// Workers that were lost, and losses that no blamed case explains.
  [[nodiscard]] std::size_t lost_workers() const { return losses_.size(); }

 private:
  struct State {
    enum class Where { kWaiting, kUnderWay, kParked, kDone } where = Where::kWaiting;
    unsigned losses = 0;
    bool blank = false;  ///< its losses came before it had begun
  };
  struct Attempt {
    Portion portion;
    std::string worker;
    std::set<std::size_t> left;     ///< without a result
    std::set<std::size_t> running;  ///< begun and not ended there
    bool begun = false;
  };

  void divide(unsigned threads);
  void add(Portion portion);
  void park_group(const std::string& group, const std::set<std::size_t>& lost, const std::string& loss);
  void suspect(std::size_t index, const std::string& loss);
  [[nodiscard]] double seconds_of(std::size_t index) const;

  std::vector<LedgerCase> cases_;
  std::vector<State> states_;
  double typical_ = 0;                      ///< of a case of which nothing is known
  std::vector<std::size_t> undivided_;      ///< cases that are in no portion yet
  std::multimap<double, Portion> waiting_;  ///< by seconds
  std::map<std::string, Attempt> under_way_;
  std::map<std::string, std::set<std::size_t>> losses_;  ///< by worker, or attempt: what ran there
  std::map<std::string, unsigned> blanks_;               ///< of a group
  std::size_t open_ = 0;
};

}  // namespace snapshot_test::cluster
