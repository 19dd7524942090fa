// What verification says of one case, and what that counts as.
#pragma once

#include <optional>
#include <string_view>

namespace snapshot_test::model {

enum class Verdict {
  kIdentical,      ///< every deciding site's bytes are equal
  kClose,          ///< within tolerance
  kInnerChanged,   ///< return/body agree; deepest or path differ or no longer exist
  kDifferent,      ///< a deciding site differs
  kRaised,         ///< ran when captured, raises (or skips itself) now
  kCrashed,        ///< ran when captured; now a signal or an exit ends its process
  kTimedOut,       ///< ran when captured, does not end now
  kUnreadable,     ///< its snapshot is damaged
  kUnexpected,     ///< it is not what expected.toml says of it, and no failure by itself
  kExpected,       ///< it does not pass, as expected.toml says
  kSkipped,        ///< the benchmark itself says skip
  kNoOp,           ///< its body does nothing
  kNoSnapshot,     ///< never captured
  kVacuous,        ///< every site was None or missing when captured
  kInsensitive,    ///< it would pass, and so would every wrong value that audit tries
  kUnstable,       ///< nothing it computes is the same from run to run
  kOpaque,         ///< what it computes cannot be pickled
  kCaptureFailed,  ///< it did not run when captured
  kRefused,        ///< the machine refused what it takes to run it: nothing is known of it
  kObsolete,       ///< a snapshot whose case is gone
};

/// What a verdict counts as in the summary and for the exit status.
enum class Standing { kPass, kFail, kNeither, kUnverified, kObsolete, kExpected };

[[nodiscard]] std::string_view name(Verdict verdict);
[[nodiscard]] std::optional<Verdict> verdict_from_name(std::string_view text);
[[nodiscard]] Standing standing(Verdict verdict);
[[nodiscard]] std::string_view name(Standing standing);
/// May expected.toml say it of a case? Of what fails or cannot be checked, and has its cause in the case.
[[nodiscard]] bool may_be_expected(Verdict verdict);
/// With --strict, does this verdict fail the run?
[[nodiscard]] bool fails_when_strict(Verdict verdict);

/// Exit statuses of the program; documented in --help and README.md.
enum class ExitStatus {
  kSuccess = 0,
  kFailed = 1,           ///< a case failed
  kUsage = 2,            ///< wrong usage or configuration
  kInternal = 3,         ///< a defect of this program, or of the machine it runs on
  kNoBaseline = 4,       ///< there is no baseline to read
  kNothingVerified = 5,  ///< no case matched, or none could be checked
  kInterrupted = 130,    ///< Ctrl-C or SIGTERM
};

}  // namespace snapshot_test::model
