// What capture and verify say of cases and of whole runs. Produced by session/, shown by report/.
#pragma once

#include <cstddef>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "snapshot_test/model/benchmark.hpp"
#include "snapshot_test/model/environment.hpp"
#include "snapshot_test/model/expectation.hpp"
#include "snapshot_test/model/observation.hpp"
#include "snapshot_test/model/shard.hpp"
#include "snapshot_test/model/tamper.hpp"
#include "snapshot_test/model/tested.hpp"
#include "snapshot_test/model/transitions.hpp"
#include "snapshot_test/model/verdict.hpp"

namespace snapshot_test::model {

/// One case in words: the benchmark, the parameter index, and the label people see.
struct CaseId {
  std::string benchmark;
  std::size_t index = 0;
  std::string label;     ///< "name" or "name(id1, id2)"
  std::string module{};  ///< the benchmark's, as Benchmark::module
  std::string file{};    ///< its source file, absolute; empty where it is not known
  int line = 0;          ///< its first source line; 0 where it is not known
};

/// How one observed site relates to its snapshot.
enum class SiteMatch {
  kIdentical,   ///< equal bytes
  kClose,       ///< equal by value, within tolerance
  kDifferent,   ///< not
  kMissing,     ///< in the snapshot, not observed now
  kOpaque,      ///< one side could not be pickled
  kUnreadable,  ///< the stored object is missing or damaged
  kUnstable,    ///< nothing of it is stable: not compared
};
[[nodiscard]] std::string_view name(SiteMatch match);
[[nodiscard]] std::optional<SiteMatch> site_match_from_name(std::string_view text);

struct SiteComparison {
  Site site;
  std::string source = {};  ///< the statement or call, as the snapshot has it; set where the case is judged
  SiteMatch match = SiteMatch::kIdentical;
  bool meaningful = false;  ///< as recorded in the snapshot: may this site decide?
  std::string explanation;  ///< several lines for people; empty where there is nothing to say
  nlohmann::json details;   ///< the same facts for programs; null where there is nothing to say
  /// Paths inside the value that differed; used by the stability check. Bounded.
  std::vector<std::string> differing_paths;
  /// The relative tolerance that would have passed, for those of them that are numbers.
  std::map<std::string, double> passing_rtol;
  bool wholly_different = false;  ///< the difference is not confined to the listed paths
  bool nothing_agrees = false;    ///< every leaf that was compared differs
  /// Of an inner site: a site that decides and agrees, whose value is this one's, holds it or is held by it. What
  /// differs here then is no finding of its own: looking at one of the two may have changed the other.
  std::optional<Site> shares_with;
};
void to_json(nlohmann::json& out, const SiteComparison& in);
void from_json(const nlohmann::json& in, SiteComparison& out);

/// What a case is checked by, from the most to the least that it says.
enum class CheckedBy {
  kResult,  ///< all that return and body hold
  kPart,    ///< return or body, but something in them is opaque, unstable, cut or described
  kState,   ///< nothing of them, but what the call changed
  kInner,   ///< only what calls inside return
};
[[nodiscard]] std::string_view name(CheckedBy sort);

/// Which sorts of checked cases --min-verified counts.
enum class Counted { kResult, kPart, kAny };
[[nodiscard]] std::string_view name(Counted counted);
[[nodiscard]] bool counts(Counted counted, CheckedBy sort);

/// How many cases are checked by what.
using CheckedCounts = std::map<CheckedBy, std::size_t>;
[[nodiscard]] std::size_t checked_cases(const CheckedCounts& checked, Counted counted);

/// What capture made of a case, from the best to the worst. Of a case that returned, coverage_of() tests kOuter and
/// kPart, then kState, then whether return or body hold what cannot be checked (kUnstable, kOpaque), then kInner.
enum class CaptureStatus {
  kOuter,    ///< return or body hold something to check, and all that they hold can be
  kPart,     ///< they do, but something in them cannot be checked
  kState,    ///< they do not, but state does
  kInner,    ///< they hold nothing, nor does state, but calls inside (deepest, path, threads) return something to check
  kVacuous,  ///< no site holds anything
  kUnstable,  ///< what return and body hold, or else the calls inside, is not the same in two runs
  kOpaque,    ///< what they hold cannot be pickled
  kFailed,    ///< it did not return
  kSkipped,   ///< the benchmark itself says skip
  kNoOp,      ///< its body does nothing
};
[[nodiscard]] std::string_view name(CaptureStatus status);
[[nodiscard]] std::optional<CaptureStatus> capture_status_from_name(std::string_view text);
/// Will verify be able to check it, and by what?
[[nodiscard]] std::optional<CheckedBy> checked_by(CaptureStatus status);
[[nodiscard]] bool verifiable(CaptureStatus status);

/// What became of the case's earlier snapshot, where that can be checked and what was captured now cannot.
enum class Loss { kNone, kKept, kReplaced };
[[nodiscard]] std::string_view name(Loss loss);

struct CaseCapture {
  CaseId id;
  CaptureStatus status = CaptureStatus::kFailed;
  std::string reason;                ///< one line, for all but kOuter
  std::vector<std::string> missing;  ///< what of its values cannot be compared, and why: a line each
  Loss loss = Loss::kNone;
  Observation observation;
};

struct CaseVerdict {
  CaseId id;
  Verdict verdict = Verdict::kNoSnapshot;
  std::string reason;  ///< one line: why this verdict
  /// What the verdict rests on; none where nothing was compared, or could not be for its snapshot or its time.
  std::optional<CheckedBy> checked_by;
  std::vector<std::string> missing;  ///< what of its values was not compared, and why: a line each
  /// The benchmark's own source is not what it was when captured: what it computes may differ for that reason alone.
  bool source_changed = false;
  /// What else is not what it was when it was captured; of cases that fail.
  std::vector<EnvironmentChange> environment = {};
  /// What expected.toml says of it, where it says something.
  std::optional<Expectation> expectation = {};
  /// What it would be without, where that made it kExpected or kUnexpected.
  std::optional<Verdict> seen = {};
  std::vector<SiteComparison> sites;
  Observation observation;
};

/// What was selected to run, before anything runs.
struct RunPlan {
  std::size_t benchmarks = 0;
  std::size_t cases = 0;
  std::size_t excluded = 0;      ///< cases left out by exclude_benchmarks
  std::size_t filtered_out = 0;  ///< cases that --filter did not match
  std::size_t not_imported = 0;  ///< modules in which it can match nothing
  unsigned workers = 1;
  std::vector<DiscoveryFailure> failures;
  std::vector<std::string> notes;
  std::string python = {};  ///< "Python 3.11.7 at /usr/bin/python3": what imported the suite
  std::vector<TestedPackage> tested = {};
  std::optional<BaselineOrigin> baseline = {};      ///< of verify
  std::vector<EnvironmentChange> environment = {};  ///< of verify: since the baseline was captured
  std::optional<UsedVariant> variant = {};          ///< none where the store's variants are not used
  std::optional<Shard> shard = {};                  ///< none where the run is the whole of it
  std::optional<TamperReport> tamper = {};          ///< of verify
  /// Another copy of a tested package than the one in the suite's own repository.
  [[nodiscard]] bool tests_another_copy() const;
};

/// What a capture makes of the baseline that is there, before it is stored. Cases of earlier captures that stay as they
/// are, are not in it.
struct Replacement {
  BaselineOrigin before;
  /// The verdict that verify would give what was captured now: kNoSnapshot for new cases, and for those that could not
  /// be checked before; kObsolete for cases that the benchmarks no longer have.
  std::map<Verdict, std::size_t> counts;
  std::vector<std::pair<CaseId, std::string>> different;  ///< cases that fail, with the reason: the first of them

  [[nodiscard]] std::size_t changed() const;  ///< cases that could be checked, and would fail
};

/// What a run came to, in a word that cannot be taken for another: true where the exit status is 0, false where
/// something is not as it should be, none where that is not known, since less was verified than was demanded.
[[nodiscard]] std::optional<bool> grade(ExitStatus status, bool too_little);

/// Of the cases that a capture stored and that can be checked: how many would let wrong values pass.
struct Sensitivity {
  std::size_t cases = 0;
  std::size_t zeros_pass = 0;   ///< zeros would pass in place of what they came to
  std::size_t insensitive = 0;  ///< so would every other wrong value that audit tries
};

struct CaptureSummary {
  RunPlan plan;
  Sensitivity sensitivity = {};
  /// Of the values stored: "label: site", bytes; at most 3.
  std::vector<std::pair<std::string, std::uint64_t>> largest = {};
  std::optional<Replacement> replaces = {};  ///< none where there was no baseline, or nothing was to be stored
  std::map<CaptureStatus, std::size_t> counts;
  std::size_t kept = 0;           ///< earlier snapshots that stay: what was captured now cannot be checked
  std::size_t replaced = 0;       ///< the same, but --allow-loss let them go
  std::size_t resumed = 0;        ///< cases that an interrupted capture had run
  std::size_t not_imported = 0;   ///< snapshots that can be checked, of modules that cannot be imported now: they stay
  double seconds = 0;             ///< wall time
  std::uint64_t store_bytes = 0;  ///< size of the store's objects on disk after the run
  std::string run_id;             ///< empty where nothing was committed
  std::string failure;            ///< why the status is not kSuccess, one line; empty if it is or goes without saying
  std::string snapshot_dir;
  bool strict = false;  ///< was --strict demanded?
  bool too_little =
      false;  ///< it failed for nothing but that less can be verified than was demanded; a shard: nothing can
  ExitStatus status = ExitStatus::kInternal;

  [[nodiscard]] std::optional<bool> ok() const { return grade(status, too_little); }
  [[nodiscard]] CheckedCounts checked() const;         ///< by what verify will be able to check them
  [[nodiscard]] std::size_t verifiable_cases() const;  ///< that verify will be able to check
  [[nodiscard]] std::size_t countable_cases() const;   ///< all but those that skip themselves or do nothing
};

struct VerifySummary {
  RunPlan plan;
  std::map<Verdict, std::size_t> counts;
  CheckedCounts checked;  ///< the passed and failed cases that have a CaseVerdict::checked_by
  double seconds = 0;
  std::string snapshot_dir;
  std::string failure;           ///< why the status is not kSuccess, one line; empty if it is
  std::size_t pending = 0;       ///< cases whose present value was staged, to be accepted
  std::string not_pending = {};  ///< why none were, where that was wanted but not possible
  /// Cases that were to run and did not, since the run was stopped before.
  std::vector<CaseId> not_run = {};
  /// What cases did that a benchmark has no reason to do, by label; no verdict depends on it.
  struct Suspicion {
    std::string label;
    std::vector<std::string> replaced;  ///< as Observation has them
    std::vector<std::string> opened;
  };
  std::vector<Suspicion> suspicions = {};
  std::vector<std::string> changed_benchmarks = {};  ///< whose own source is not what it was when captured
  /// Entries of expected.toml that are about no case of the suite, where all of it is known.
  std::vector<Expectation> idle_expectations = {};
  /// Of a shard: verdicts on what is no shard's, such as snapshots whose case is gone. They count where all are merged.
  std::vector<CaseVerdict> beside = {};
  bool strict = false;          ///< was --strict demanded?
  bool missing_fails = false;   ///< does a case without a snapshot fail the run?
  bool obsolete_fails = false;  ///< does a snapshot without a case?
  bool too_little =
      false;  ///< it failed for nothing but that less was verified than was demanded; a shard: nothing was
  /// Beside a status file, where one was named: then what failed before may fail.
  std::optional<Transitions> transitions = {};
  ExitStatus status = ExitStatus::kInternal;

  [[nodiscard]] std::optional<bool> ok() const { return grade(status, too_little); }
  /// Does one such case make the run fail?
  [[nodiscard]] bool fails(Verdict verdict) const;
  [[nodiscard]] std::size_t count(Standing standing) const;
  [[nodiscard]] std::size_t countable_cases() const;  ///< all but those that skip themselves or do nothing
  /// The checked cases that count, as a share of the countable ones; in [0, 1], 0 where there are none.
  [[nodiscard]] double verified_share(Counted counted) const;
};

/// What a case took when it last ran.
struct CaseDuration {
  std::string benchmark;
  std::size_t index = 0;
  double seconds = 0;  ///< wall time of its process; 0 where that is not known
};

/// A run that only records how each case stands.
struct StatusSummary {
  RunPlan plan;
  std::map<CaseStatus, std::size_t> counts;
  std::vector<std::pair<CaseId, std::string>> failed;  ///< cases that fail, with the reason, in the suite's order
  double seconds = 0;
  std::string file;     ///< what was written; empty where nothing was
  std::string failure;  ///< why the status is not kSuccess; empty where it is, or goes without saying
  ExitStatus status = ExitStatus::kInternal;
};

/// Hears of a run as it happens. Called from one thread. Implementations must not throw.
class Listener {
 public:
  virtual ~Listener() = default;
  virtual void planned(const RunPlan& /*plan*/) {}
  /// Of the pass that begins next: every case of it.
  virtual void durations(const std::vector<CaseDuration>& /*cases*/) {}
  /// A pass over `cases` cases begins ("capturing", "running again"); each is started() and ended() once.
  virtual void phase(const std::string& /*what*/, std::size_t /*cases*/) {}
  virtual void ended(const CaseId& /*id*/) {}
  virtual void tick() {}  ///< called a few times a second while a phase goes on, also when nothing happens
  virtual void note(const std::string& /*text*/) {}  ///< shown with --verbose
  virtual void started(const CaseId& /*id*/) {}
  virtual void captured(const CaseCapture& /*result*/) {}
  virtual void verified(const CaseVerdict& /*result*/) {}
  /// A capture is about to replace a baseline.
  virtual void replacing(const Replacement& /*replacement*/) {}
  virtual void finished(const CaptureSummary& /*summary*/) {}
  virtual void finished(const VerifySummary& /*summary*/) {}
  virtual void recorded(const StatusSummary& /*summary*/) {}
};

}  // namespace snapshot_test::model
