// How a case differs, in a few words and numbers: what tables sort by and what alike cases share.
#pragma once

#include <optional>
#include <string>

#include "snapshot_test/model/result.hpp"

namespace snapshot_test::report {

struct CaseDifference {
  /// "rounding", "loss of precision", "beyond rounding", "structural", "number", or what differs first where numbers
  /// are not all ("shape", "type", "missing", "value", ...); the verdict of a case that has no result, and empty
  /// where nothing differs.
  std::string kind;
  std::string text;  ///< one line: how, and where; visible (util/visible.hpp)
  // The largest of the sites that decide; none where no number differs.
  std::optional<double> ulps;
  std::optional<double> tolerances;  ///< |difference| / tolerance: more than 1 fails
  /// The least rtol that would let the case pass, with the atol of the run and with none; infinite where none would;
  /// absent where nothing differs or nothing was compared.
  std::optional<double> rtol;
  std::optional<double> rtol_without_atol;
  /// The same for all cases that differ alike: same place, same kind, same factor, same error. Empty where that says
  /// nothing: of what passed, or was not run for want of a reason.
  std::string likeness;
};

/// Reads the sites' details, never a value.
[[nodiscard]] CaseDifference case_difference(const model::CaseVerdict& verdict);

}  // namespace snapshot_test::report
