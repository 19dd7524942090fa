// An absolute tolerance that is no number yet.
#pragma once

namespace snapshot_test::model {

/// As Tolerance::atol: one that follows from the value that is compared with (docs/tolerances.md). "auto" in files and
/// on the command line. No tolerance that is a number is negative.
inline constexpr double kAutoAtol = -1;

}  // namespace snapshot_test::model
