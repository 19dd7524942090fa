// What is known of cases that do not pass: one entry of expected.toml.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "snapshot_test/model/verdict.hpp"

namespace snapshot_test::model {

/// "Cases like this get this verdict, for this reason."
struct Expectation {
  std::string cases;                      ///< glob pattern, as matches_case() takes it
  Verdict verdict = Verdict::kDifferent;  ///< one that may_be_expected()
  std::string reason;                     ///< not empty
  std::string issue = {};                 ///< where more is said of it; empty: nowhere
  std::string until = {};                 ///< the last day on which it holds, "2026-12-31"; empty: it always does
  std::optional<std::uint64_t> max_elements = std::nullopt;  ///< of kDifferent: how many elements of a value may differ
  std::string file = {};                                     ///< where it stands, as people are told
  int line = 0;

  /// "expected.toml:12"
  [[nodiscard]] std::string place() const { return file + ":" + std::to_string(line); }
};

}  // namespace snapshot_test::model
