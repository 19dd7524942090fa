// Verification of sealed cases: they say what they have seen by its digest, and are told what to send of it. What they
// are compared with never leaves this process and those that it forks to compare.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runner/case_runner.hpp"
#include "snapshot_test/model/locator.hpp"
#include "snapshot_test/model/rules.hpp"
#include "snapshot_test/store/manifest.hpp"
#include "util/fd.hpp"

namespace snapshot_test::session {

/// The folders of a store's objects, held open: whatever becomes of the names above them, these are what is read.
class HeldStore {
 public:
  explicit HeldStore(model::Locator store);

  /// Reads through the descriptors; for this process and those that it forks.
  [[nodiscard]] const model::Locator& locator() const { return held_; }
  [[nodiscard]] std::vector<int> descriptors() const;
  /// A message in which the folders have their names.
  [[nodiscard]] std::string named(std::string text) const;

 private:
  model::Locator store_;
  model::Locator held_;
  std::vector<util::Fd> folders_;  ///< parallel to the places; none where a place could not be opened
};

/// What is stored of a case, and how it is compared.
struct StoredCase {
  const store::CaseRecord* record = nullptr;
  model::Rules rules;
};

class SealedReferee final : public runner::Referee {
 public:
  /// Null where a case is not compared with anything.
  using FindCase = std::function<std::optional<StoredCase>(const runner::CaseTask&)>;
  enum class Reading { kByFingerprint, kAll };
  /// `store` outlives this.
  SealedReferee(const HeldStore& store, Reading reading, FindCase find_case);

  [[nodiscard]] std::unique_ptr<runner::Hearing> hear(const runner::CaseTask& task, const model::Offer& offer) override;
  void conclude(const runner::CaseTask& task, runner::Hearing* hearing, const model::CaseReply* reply,
                runner::CaseOutcome& outcome) override;

 private:
  const HeldStore& store_;
  Reading reading_;
  FindCase find_case_;
};

}  // namespace snapshot_test::session
