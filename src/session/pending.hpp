// Values that wait to be accepted: a store of their own, in which verify stages what a baseline may take over.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "model/settings.hpp"
#include "snapshot_test/model/result.hpp"
#include "snapshot_test/store/store.hpp"

namespace snapshot_test::session {

/// One case whose value waits.
struct PendingCase {
  std::string label;
  std::string benchmark;
  std::size_t index = 0;
  model::CaptureStatus status{};  ///< what the capture of the value made of the case
  std::string status_reason;
  std::string run;   ///< in which it was staged
  std::string time;  ///< of that; empty where it is not known
  std::string verdict;
  std::string reason;
  /// Why it cannot be accepted: the baseline or the benchmark is not what it was when the value was staged. Empty: it
  /// can.
  std::string moved;
};

/// Both stores. Of one thread at a time.
class PendingValues {
 public:
  PendingValues(PendingValues&&) noexcept;
  PendingValues& operator=(PendingValues&&) noexcept;
  ~PendingValues();
  /// kUsage where nothing is pending; kNoBaseline where there is no baseline; errors of both stores.
  [[nodiscard]] static Result<PendingValues> open(const std::filesystem::path& snapshot_dir,
                                                  const std::filesystem::path& pending_dir);

  /// By benchmark and index. Cases whose pending value is the baseline's already are not among them.
  [[nodiscard]] const std::vector<PendingCase>& cases() const { return cases_; }
  /// How the value differs from the baseline's, site by site, as verify finds it; empty where the baseline has none.
  [[nodiscard]] Result<std::vector<model::SiteComparison>> compare(const PendingCase& pending,
                                                                   const model::ComparisonOptions& how) const;

  /// Puts these cases' values into the baseline, as one transaction, and lets go of them here. kUsage where one of them
  /// has moved; kCorrupt where a value is damaged. Nothing is changed then.
  [[nodiscard]] Result<void> accept(const std::vector<PendingCase>& cases, const std::string& who,
                                    const std::string& why) const;
  /// Lets go of them.
  [[nodiscard]] Result<void> reject(const std::vector<PendingCase>& cases) const;

 private:
  /// One benchmark of both stores.
  struct Loaded;
  PendingValues(std::unique_ptr<store::Store> baseline, std::unique_ptr<store::Store> pending);
  [[nodiscard]] Result<Loaded*> load(const std::string& benchmark) const;
  [[nodiscard]] Result<void> read();

  std::unique_ptr<store::Store> baseline_;
  std::unique_ptr<store::Store> pending_;
  std::vector<PendingCase> cases_;
  mutable std::unique_ptr<Loaded> last_;  ///< that compare() has looked at: the next case mostly is one of the same
};

/// Removes the values of the cases with these labels from a store of pending values, and what only they name.
[[nodiscard]] Result<void> forget_pending(const store::Store& pending, const std::set<std::string>& labels);
/// What is pending is nobody else's: git does not see the folder.
[[nodiscard]] Result<void> leave_out_of_git(const std::filesystem::path& folder);
/// SHA-256 of its text; empty where it cannot be read.
[[nodiscard]] std::string digest_of_file(const std::string& file);
/// Where what `pending_dir` says is, beside a store.
[[nodiscard]] std::filesystem::path pending_folder(const std::filesystem::path& snapshot_dir,
                                                   const std::optional<std::filesystem::path>& pending_dir);

}  // namespace snapshot_test::session
