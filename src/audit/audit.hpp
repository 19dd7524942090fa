// Can the cases of a store be fooled? Tries wrong values in place of each snapshot, by the rules of verify; runs
// nothing. What is tried and what is made of it is in docs/audit.md.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "audit/trial.hpp"
#include "model/settings.hpp"
#include "snapshot_test/store/store.hpp"

namespace snapshot_test::audit {

struct CaseAudit {
  std::string benchmark;
  std::size_t index = 0;
  std::string label;
  std::vector<Trial> trials;  ///< one a mutation, in the order of kMutations; none where it is not audited
  std::string unread;         ///< why its values could not be read; empty where they could
  bool sketched = false;      ///< of a value only a sketch is stored, of which no wrong one can be made

  [[nodiscard]] std::size_t caught() const;  ///< mutants that count and would be noticed
  [[nodiscard]] std::size_t passed() const;  ///< that count and would not
  /// A mutant that is made of nothing but the case's own values would be noticed.
  [[nodiscard]] bool caught_by_itself() const;
  [[nodiscard]] bool passes(Mutation mutation) const;
  /// A share of both, in [0, 1]; 1 where there are none.
  [[nodiscard]] double sensitivity() const;
  /// Every wrong value that was tried would pass. Not where none could be made: an exact value is exact.
  [[nodiscard]] bool insensitive() const { return passed() > 0 && caught() == 0; }
};

struct Audit {
  std::vector<CaseAudit> cases;    ///< the least sensitive first
  std::size_t not_verifiable = 0;  ///< cases that verify could not check anyway

  [[nodiscard]] std::size_t caught() const;
  [[nodiscard]] std::size_t passed() const;
  [[nodiscard]] double sensitivity() const;  ///< of all mutants of all cases
  [[nodiscard]] std::size_t insensitive() const;
  [[nodiscard]] std::size_t unread() const;
  [[nodiscard]] std::size_t sketched() const;
  /// Cases that some wrong value was tried in, and at least one of them caught.
  [[nodiscard]] std::size_t sensitive() const;
};

/// The sites that decide on a case, as verify judges it; empty where nothing of it can be checked.
[[nodiscard]] std::vector<const model::SiteValue*> deciding_sites(const store::CaseRecord& record);

/// The case whose values the mutation kPrevious takes: the one before it in the manifest that can be checked, of the
/// first one the last; null where there is no other. `record` is one of manifest.cases, or made from
/// one.
[[nodiscard]] const store::CaseRecord* previous_of(const store::Manifest& manifest, const store::CaseRecord& record);

/// `previous` may be null.
[[nodiscard]] CaseAudit audit_case(const model::Locator& store, const store::Manifest& manifest,
                                   const store::CaseRecord& record, const store::CaseRecord* previous,
                                   const model::Rules& rules);

/// CaseRecord::magnitude. Nothing is read of a case whose deciding sites have more than `most_bytes` together, or
/// where one cannot be read.
[[nodiscard]] std::optional<double> case_magnitude(const model::Locator& store, const store::CaseRecord& record,
                                                   std::uint64_t most_bytes);
/// CaseRecord::sensitive_under: 16 hex digits of a SHA-256 of rules, and of how mutants are made.
[[nodiscard]] std::string text_of(const model::Rules& rules);
/// Can zeros pass in place of a case with that magnitude? Where not, no value is read to know that it is sensitive.
[[nodiscard]] bool zeros_may_pass(const std::optional<double>& magnitude, const model::Rules& rules);
/// As CaseAudit::insensitive(), but stops at the first wrong value that would be caught. False where the case has no
/// magnitude that lets zeros pass, and where a value cannot be read.
[[nodiscard]] bool is_insensitive(const model::Locator& store, const store::CaseRecord& record,
                                  const store::CaseRecord* previous, const model::Rules& rules);

/// Of the cases that `wanted` selects; null: of all. Errors as Store's; a value that cannot be read is one of its case.
[[nodiscard]] Result<Audit> audit_store(
    const store::Store& store, const model::ComparisonOptions& comparison,
    const std::function<bool(const model::Benchmark& benchmark, const std::string& label)>& wanted);

}  // namespace snapshot_test::audit
