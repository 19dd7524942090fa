// list, capture and verify as calls. A session starts hosts (child processes that embed Python), gives them work, and
// judges what they send back; it never loads Python itself.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/settings.hpp"
#include "shards/choice.hpp"
#include "shards/plan.hpp"
#include "snapshot_test/model/result.hpp"
#include "snapshot_test/util/result.hpp"

namespace snapshot_test::store {
struct CaseRecord;  // snapshot_test/store/manifest.hpp
class Store;        // snapshot_test/store/store.hpp
}  // namespace snapshot_test::store

namespace snapshot_test::seal {
class Seal;  // seal/seal.hpp
}  // namespace snapshot_test::seal

namespace snapshot_test::session {

using model::ComparisonOptions;
using model::Demands;
using model::Isolation;
using model::Mode;
using model::SuiteOptions;

/// Where verify stages the values of cases that differ, are new, or whose capture had failed.
struct PendingPlace {
  std::filesystem::path folder;
  /// Is it an error where that cannot be done?
  enum class Need { kWanted, kRequired } need = Need::kWanted;
};

/// Files that decide what a run looks at, beside those of the suite: a capture keeps their digests, and verify says
/// which of them have changed.
struct SettingsFiles {
  std::vector<std::filesystem::path> configuration;
  std::vector<std::filesystem::path> expectations;
};

/// Which of the selected cases a capture runs.
enum class Update {
  kAll,
  kMissing,  ///< those without a snapshot
  kFailed,   ///< those that did not run when they were captured
};

/// Of a run that several machines share: which part is run here.
struct ShardOptions {
  shards::Choice choice;
  nlohmann::json settings;                ///< PlanBasis::settings
  std::optional<shards::Plan> plan = {};  ///< none: it is made here
  std::string plan_name = {};             ///< where it is from, for messages
};

struct CaptureOptions {
  SuiteOptions suite;
  std::optional<ShardOptions> shard = {};
  std::filesystem::path snapshot_dir;
  std::optional<model::UsedVariant> variant = {};  ///< whose baseline snapshot_dir is
  ComparisonOptions comparison;                    ///< for the stability check
  model::CaptureMethod method;
  model::CaptureRecord record;
  SettingsFiles settings_files = {};
  Update update = Update::kAll;
  /// Asked of each case that was selected: captured only where this is true. Null: of all.
  std::function<bool(const model::Benchmark& benchmark, std::size_t index)> wanted;
  /// Called with each record before it is stored. Null: nothing is to be done.
  std::function<void(const model::Benchmark& benchmark, store::CaseRecord& record)> complete_record;
  /// Whether it is stored, or only said what it would replace.
  enum class Storing { kCommit, kCheck } storing = Storing::kCommit;
  bool allow_loss = false;  ///< snapshots that can be checked may be replaced by some that cannot
  /// Asked before cases that could be checked are replaced by what differs; false leaves the baseline as it is. Gives
  /// up when the run is interrupted, which its argument tells. Null: nobody is asked.
  std::function<bool(const std::function<bool()>& interrupted)> confirm;
  Demands demands;
  /// Called with the store once the capture is its baseline, before that is reported. Null: nothing is to be done.
  std::function<void(const store::Store& store)> on_committed = {};
};

/// Brings the values of a baseline that is kept elsewhere, as they are needed.
class ValueSource {
 public:
  virtual ~ValueSource() = default;
  /// Has these objects (SHA-256) where the store looks for them; what is wrong with each that cannot be had. An error
  /// ends the run: nothing is known of any value then.
  [[nodiscard]] virtual Result<std::map<std::string, std::string>> fetch(const std::vector<std::string>& objects) = 0;
  /// Nothing more is fetched; called before the run's end is reported.
  virtual void ended() = 0;
};

/// What a verify does with the cases that failed when they were last judged.
enum class FailedCases { kAsOthers, kFirst, kAlone };

/// Of a variant that has no baseline, in a store that has others.
struct NoBaseline {
  std::string why;              ///< every case is Verdict::kNoSnapshot for it
  std::filesystem::path store;  ///< the whole
};

struct VerifyOptions {
  SuiteOptions suite;
  /// What hosts are sealed by, so that no case reaches the store: cases then say what they have seen, and what they are
  /// compared with stays here (session/sealed.hpp). Not with Missing::kCapture and `pending`. Null: they are not.
  std::shared_ptr<const seal::Seal> seal = nullptr;
  std::optional<ShardOptions> shard = {};  ///< not with FailedCases::kAlone, against_status or Missing::kCapture
  std::size_t max_failures = 0;            ///< end the run when as many cases have failed; 0: never
  bool read_data = false;                  ///< compare with the stored values themselves, not with their fingerprints
  FailedCases failed = FailedCases::kAsOthers;
  /// Where it is kept which cases failed; none: nowhere.
  std::optional<std::filesystem::path> cache_folder;
  std::filesystem::path snapshot_dir;
  std::string digest = {};  ///< of the baseline that has to be there (store/baseline_digest.hpp); empty: any
  std::optional<model::UsedVariant> variant = {};  ///< whose baseline it is
  std::optional<NoBaseline> no_baseline = {};
  /// Of a store that lacks values (store/partial_store.hpp): cases that need one run again when it has been fetched.
  ValueSource* source = nullptr;
  std::string baseline_name = {};  ///< what reports call the store; empty: snapshot_dir
  ComparisonOptions comparison;
  Demands demands;  ///< of `missing` and `obsolete`, kAuto is what a person wants
  std::optional<PendingPlace> pending;
  /// Glob patterns of parts of the environment (EnvironmentChange::part) that must be as when the baseline was
  /// captured.
  std::vector<std::string> same_environment;
  /// What is known not to pass, and the day for which it is asked: "2026-11-28", local time.
  std::vector<model::Expectation> expectations = {};
  std::string today = {};
  /// A file that record_status() wrote: what has become of each of its cases is said, and decides whether failed cases
  /// fail the run. Cases with nothing to be compared with are run, too.
  std::optional<std::filesystem::path> against_status;
  model::Transitions::Keys transition_keys = model::Transitions::Keys::kNested;
  SettingsFiles settings_files = {};
  bool fail_on_tamper = false;  ///< what reports say of tampering fails the run
  // Of what it captures, where it does.
  model::CaptureMethod method;
  model::CaptureRecord record;
};

/// A run of the suite that compares and stores nothing.
struct StatusOptions {
  SuiteOptions suite;
  std::filesystem::path file;                          ///< what is written
  nlohmann::json settings = nlohmann::json::object();  ///< what it writes down of them
};

/// A plan of who runs what, for a suite and its baseline, if there is one.
struct PlanOptions {
  SuiteOptions suite;
  std::filesystem::path snapshot_dir;
  std::size_t shards = 1;
  nlohmann::json settings;  ///< PlanBasis::settings
};

/// What is planned, and for what.
struct PlannedRun {
  shards::Plan plan;
  model::RunPlan run;
};

/// Two stores; `before` is what the other is compared with.
struct DiffOptions {
  std::filesystem::path before;
  std::filesystem::path after;
  ComparisonOptions comparison;
};

/// A suite and, for each of its benchmarks, the parameter indices that --filter and the exclusions leave.
struct Selection {
  model::Suite suite;
  std::vector<std::vector<std::size_t>> indices;  ///< parallel to suite.benchmarks
  std::size_t excluded = 0;
  std::size_t filtered_out = 0;
  std::size_t not_imported = 0;  ///< modules of the suite in which --filter can match nothing
  std::string python;            ///< RunPlan::python
};

[[nodiscard]] Result<Selection> list(const SuiteOptions& options, model::Listener& listener);

/// Runs nothing.
[[nodiscard]] Result<PlannedRun> plan(const PlanOptions& options, model::Listener& listener);

/// The summary's `status` is the program's exit status; an Error means that the run could not start or go on.
[[nodiscard]] Result<model::CaptureSummary> capture(const CaptureOptions& options, model::Listener& listener);
[[nodiscard]] Result<model::VerifySummary> verify(const VerifyOptions& options, model::Listener& listener);
/// Runs every selected case, as it is, and writes into options.file how each ended. Needs no snapshots. Nothing is
/// written where nothing is selected, and by a run that was interrupted or refused something.
[[nodiscard]] Result<model::StatusSummary> record_status(const StatusOptions& options, model::Listener& listener);
/// What verify would say of `after`, had its values been computed now. Runs nothing. A case that only one store has
/// fails the comparison.
[[nodiscard]] Result<model::VerifySummary> diff(const DiffOptions& options, model::Listener& listener);

}  // namespace snapshot_test::session
