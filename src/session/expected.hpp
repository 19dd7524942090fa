// What expected.toml says of cases, and what that makes of their verdicts: the rules of docs/verdicts.md.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "snapshot_test/model/benchmark.hpp"
#include "snapshot_test/model/expectation.hpp"
#include "snapshot_test/model/result.hpp"
#include "snapshot_test/util/result.hpp"

namespace snapshot_test::session {

/// The entries that are about cases of one suite.
class Expectations {
 public:
  /// `today`: "2026-11-28", local time.
  Expectations(std::vector<model::Expectation> entries, std::string today)
      : entries_(std::move(entries)), used_(entries_.size()), today_(std::move(today)) {}

  /// Looks for entries about this benchmark's cases, once for each benchmark. kConfig with both lines where two are
  /// about the same case.
  [[nodiscard]] Result<void> add(const model::Benchmark& benchmark);
  /// The same of single cases.
  [[nodiscard]] Result<void> add(const model::Benchmark& benchmark, const std::vector<std::size_t>& indices);

  /// Notes in the verdict what is expected of its case. What is met becomes kExpected; what is not, and would not fail,
  /// kUnexpected; what fails otherwise than expected says so in its reason.
  void apply(model::CaseVerdict& verdict) const;
  /// Those that no benchmark of all that were added has a case of.
  [[nodiscard]] std::vector<model::Expectation> idle() const;

 private:
  std::vector<model::Expectation> entries_;
  std::vector<bool> used_;
  std::string today_;
  std::map<std::pair<std::string, std::size_t>, std::size_t> by_case_;  ///< benchmark and index → entry
};

/// How many elements of one value differ: of the value of a deciding site that has the most. None where they are not
/// all elements of values of the same form, or it is not known.
[[nodiscard]] std::optional<std::uint64_t> differing_elements(const std::vector<model::SiteComparison>& sites);

}  // namespace snapshot_test::session
