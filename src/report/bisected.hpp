// What a search among commits has found, as reports take it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "report/run_record.hpp"

namespace snapshot_test::report {

struct BisectedCommit {
  std::string id;
  std::string subject;
  std::string author;  ///< "Name <address>"
  std::string date;    ///< ISO 8601
};

struct Bisected {
  struct Case {
    std::string label;
    std::string benchmark;
    model::Verdict verdict{};           ///< at the bad commit
    std::string reason;                 ///< what differs there
    std::vector<BisectedCommit> first;  ///< the first commit, or those among which it is
    /// Where the value is what it was before; none: nowhere that was looked at.
    std::optional<BisectedCommit> back;
  };
  struct Skipped {
    BisectedCommit commit;
    std::string why;
  };
  BisectedCommit good;
  BisectedCommit bad;
  std::size_t commits = 0;   ///< after `good`, with `bad`
  std::size_t runs = 0;      ///< commits between the two that were run, now or by an earlier search that went on
  std::size_t steps = 0;     ///< those that were run now
  std::size_t builds = 0;    ///< made now
  std::size_t captures = 0;  ///< made now
  std::vector<Skipped> skipped;
  std::vector<Case> cases;
  model::ExitStatus status = model::ExitStatus::kInternal;
};

}  // namespace snapshot_test::report
