// Are these the shards of one run? What a merge of reports and one of stores have to prove alike.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "shards/plan.hpp"
#include "snapshot_test/model/shard.hpp"
#include "snapshot_test/model/tested.hpp"
#include "snapshot_test/store/run_info.hpp"
#include "snapshot_test/util/result.hpp"

namespace snapshot_test::merge {

/// One run of a shard.
struct Attempt {
  std::string source;  ///< the file or store that tells of it, for messages
  model::Shard shard;
  store::RunInfo place;
  std::vector<model::TestedPackage> tested;
  std::vector<shards::PlannedCase> cases;  ///< all that it was to run, in any order
  /// Why its cases did not all get a result: "was interrupted with 3 of 12 cases not run"; empty: they did.
  std::string incomplete;
  std::size_t done = 0;  ///< cases that did
  std::string results;   ///< equal for two runs that came to the same; compared where there are two of a shard
};

/// "shard 3 of 8"
[[nodiscard]] std::string name_of(const model::Shard& shard);

enum class Mixed { kRefused, kAllowed };

/// Which of the attempts count, and what is not there.
struct Chosen {
  std::map<std::size_t, std::size_t> attempts;  ///< by the shard's number: the place of the one that counts
  std::vector<std::string> incomplete;          ///< "shard 3 of 8 is missing", in the shards' order
  std::vector<std::pair<std::size_t, std::size_t>> conflicts;  ///< complete attempts of one shard that differ
};

/// Of several attempts of a shard, a complete one counts, else the one that got furthest. kUsage, with the files, where
/// they are of different plans, ran in different environments or with different demands (unless that is allowed), or
/// one is not as it was written: a plan whose digest is another one, or cases that are not those of the shard.
[[nodiscard]] Result<Chosen> choose(const std::vector<Attempt>& attempts, Mixed mixed);

}  // namespace snapshot_test::merge
