// What of a case can be checked, as its sites say. Derived anew wherever it is needed, so that a store whose statuses
// were written by an older program is judged by the rules of this one.
#pragma once

#include <string>
#include <vector>

#include "snapshot_test/model/observation.hpp"
#include "snapshot_test/model/result.hpp"

namespace snapshot_test::model {

/// Can verification compare this site?
[[nodiscard]] bool usable(const SiteValue& site);
/// Of what the benchmark itself returned or computed: return, body[i], result.
[[nodiscard]] bool is_outer(SiteKind kind);
/// Of the calls inside: deepest, path[d], threads.
[[nodiscard]] bool is_inner(SiteKind kind);

/// Of calls that were made once more: repeated[i], perturbed[i]. They decide where they are asked for.
[[nodiscard]] bool is_again(SiteKind kind);

struct Coverage {
  /// kOuter, kPart, kState, kInner; or kUnstable, kOpaque, kVacuous.
  CaptureStatus status = CaptureStatus::kVacuous;
  /// What cannot be compared of the values that decide, or would if they could be: a line each, with the reason.
  std::vector<std::string> missing;
};

/// Inner calls say nothing of a result that cannot be looked at: where return or body hold something, but nothing that
/// can be compared, and the call changed nothing that can be, the case cannot be checked, whatever its inner calls
/// return.
[[nodiscard]] Coverage coverage_of(const std::vector<SiteValue>& sites);

}  // namespace snapshot_test::model
