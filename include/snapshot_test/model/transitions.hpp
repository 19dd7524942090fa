// How each case stood before a change and how it stands after it: pass, fail or skip.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "snapshot_test/model/observation.hpp"
#include "snapshot_test/model/verdict.hpp"

namespace snapshot_test::model {

enum class CaseStatus {
  kPass,  ///< it ran, and nothing that was compared differs
  kFail,
  kSkip,  ///< it skips itself, or its body does nothing
};
[[nodiscard]] std::string_view name(CaseStatus status);
[[nodiscard]] std::optional<CaseStatus> case_status_from_name(std::string_view text);

/// Of a case that was run and not compared. One that did not run, since the machine refused it, counts as kSkip.
[[nodiscard]] CaseStatus status_of(Ending ending);
/// Of a case that was verified: what passed and failed is kPass and kFail; where nothing was compared (also since it
/// did nothing when it was captured), how it ended decides.
[[nodiscard]] CaseStatus status_of(Verdict verdict, Ending ending);

struct Transition {
  std::string label;
  std::optional<CaseStatus> before;  ///< none: it was not there
  std::optional<CaseStatus> now;     ///< none: it is not there any more
};

/// The cases of a run beside those of a status file, each once.
struct Transitions {
  /// Do reports have the counts as "pass-to-fail", too, as an earlier tool wrote them?
  enum class Keys { kNested, kFlatToo } keys = Keys::kNested;
  std::string file;      ///< the status file, as it was named
  std::string recorded;  ///< when it was written: UTC, "2026-11-23T07:15:00Z"
  std::vector<Transition> cases;

  [[nodiscard]] std::vector<std::string> labels(std::optional<CaseStatus> before, std::optional<CaseStatus> now) const;
  [[nodiscard]] std::size_t count(std::optional<CaseStatus> before, std::optional<CaseStatus> now) const;
  /// Cases that passed and fail now.
  [[nodiscard]] std::size_t regressions() const { return count(CaseStatus::kPass, CaseStatus::kFail); }
  /// Cases that were there before and are now: the 3 x 3 cells.
  [[nodiscard]] std::size_t compared() const;
  /// Adds those of another part of the suite. A case that both have counts as it is worse now.
  void add(const Transitions& more);
};

/// The three, in the order in which reports show them.
inline constexpr CaseStatus kCaseStatuses[] = {CaseStatus::kPass, CaseStatus::kFail, CaseStatus::kSkip};

}  // namespace snapshot_test::model
