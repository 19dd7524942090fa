#include "snapshot_test/model/verdict.hpp"

#include <array>

namespace snapshot_test::model {

namespace {

struct Row {
  Verdict verdict;
  std::string_view name;
  Standing standing;
};

constexpr std::array<Row, 20> kRows{{
    {Verdict::kIdentical, "identical", Standing::kPass},
    {Verdict::kClose, "close", Standing::kPass},
    {Verdict::kInnerChanged, "inner-changed", Standing::kPass},
    {Verdict::kDifferent, "different", Standing::kFail},
    {Verdict::kRaised, "raised", Standing::kFail},
    {Verdict::kCrashed, "crashed", Standing::kFail},
    {Verdict::kTimedOut, "timed-out", Standing::kFail},
    {Verdict::kUnreadable, "unreadable", Standing::kFail},
    {Verdict::kUnexpected, "unexpected", Standing::kFail},
    {Verdict::kExpected, "expected", Standing::kExpected},
    {Verdict::kSkipped, "skipped", Standing::kNeither},
    {Verdict::kNoOp, "no-op", Standing::kNeither},
    {Verdict::kNoSnapshot, "no-snapshot", Standing::kUnverified},
    {Verdict::kVacuous, "vacuous", Standing::kUnverified},
    {Verdict::kInsensitive, "insensitive", Standing::kUnverified},
    {Verdict::kUnstable, "unstable", Standing::kUnverified},
    {Verdict::kOpaque, "opaque", Standing::kUnverified},
    {Verdict::kCaptureFailed, "capture-failed", Standing::kUnverified},
    {Verdict::kRefused, "refused", Standing::kUnverified},
    {Verdict::kObsolete, "obsolete", Standing::kObsolete},
}};

const Row& row(Verdict verdict) { return kRows[static_cast<std::size_t>(verdict)]; }

}  // namespace

std::string_view name(Verdict verdict) { return row(verdict).name; }

std::optional<Verdict> verdict_from_name(std::string_view text) {
  for (const Row& each : kRows) {
    if (each.name == text) {
      return each.verdict;
    }
  }
  return std::nullopt;
}

Standing standing(Verdict verdict) { return row(verdict).standing; }

std::string_view name(Standing standing) {
  switch (standing) {
    case Standing::kPass: return "passed";
    case Standing::kFail: return "failed";
    case Standing::kNeither: return "skipped";
    case Standing::kUnverified: return "unverified";
    case Standing::kObsolete: return "obsolete";
    case Standing::kExpected: return "expected";
  }
  return "";
}

bool may_be_expected(Verdict verdict) {
  const Standing counts_as = standing(verdict);
  return (counts_as == Standing::kFail && verdict != Verdict::kUnexpected) ||
         (counts_as == Standing::kUnverified && verdict != Verdict::kRefused);
}

bool fails_when_strict(Verdict verdict) {
  return verdict == Verdict::kInnerChanged || standing(verdict) == Standing::kUnverified ||
         standing(verdict) == Standing::kObsolete || standing(verdict) == Standing::kFail;
}

}  // namespace snapshot_test::model
