// One wrong value of one case: would it pass, and what would have caught it?
#pragma once

#include <optional>
#include <vector>

#include "audit/mutation.hpp"
#include "inspect/stored_value.hpp"
#include "snapshot_test/model/observation.hpp"
#include "snapshot_test/model/rules.hpp"

namespace snapshot_test::audit {

enum class Outcome {
  kNoMutant,  ///< nothing in the case would be changed by it
  kCaught,
  kPassed,
};

/// What lets a wrong value pass.
enum class Cause {
  kAtol,      ///< a smaller atol would have caught it
  kRtol,      ///< no smaller atol would, but a smaller rtol
  kBoth,      ///< only both together
  kUnstable,  ///< what differs is left out, or has a tolerance of its own, since it differed between two runs
  kRules,     ///< another rule: ignore_order, strict_types, strict_shapes, exact_integers, by_dtype, equal_nan
};

struct Trial {
  Mutation mutation = Mutation::kZeros;
  Outcome outcome = Outcome::kNoMutant;
  // Of what passed:
  Cause cause = Cause::kAtol;
  /// Below this tolerance it would have been caught: atol, with rtol as it is (kAtol); rtol, with atol as it is
  /// (kRtol), or with an atol of 0 (kBoth). 0 for other causes.
  double bound = 0;
  double applied = 0;         ///< what the tolerance was instead
  bool auto_catches = false;  ///< an atol of model::kAutoAtol would have caught it (kAtol and kBoth)
};

/// A site that decides on a case, and its value.
struct AuditedSite {
  const model::SiteValue* site = nullptr;
  const inspect::StoredValue* value = nullptr;
  const inspect::StoredValue* previous = nullptr;  ///< of the benchmark's case before; null where it has none
};

/// All deciding sites have the mutant together. Passes where each agrees with its snapshot as verify would compare
/// them, and at least one is not equal to it.
[[nodiscard]] Trial try_mutation(Mutation mutation, const std::vector<AuditedSite>& sites, const model::Rules& rules);

}  // namespace snapshot_test::audit
