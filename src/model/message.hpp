// The protocol: all that the supervisor and the processes of a host say to each other.
//
// A host is a tree of processes (ARCHITECTURE.md, "Processes"); the supervisor has a link (model/link.hpp) to each of
// them. Commands go down, reports come up. A message is a JSON object: "op" is its name, and each field of its struct
// is a member under the field's name. Frames, and the descriptors that come with them, are util::Channel's. What is no
// message of its direction, lacks a field, or has one of another type, is kCorrupt: nothing is guessed.
//
//   Command  goes to                            and is followed by
//   start    a base, first of all               ready | failed
//   preload  a base that is ready               nothing: a module that wants what does not import will say so
//   fork     a process that is ready; with the  forked | fork-failed, and exited in the end; from the new process,
//            new one's channel and output pipe  what its request is answered with
//   become   a process that is ready, and that  what the request is answered with
//            has an interpreter of its own
//   run      a series that has answered all     what a case is answered with
//            that it was told before
//
//   Request    is answered with
//   module     ready | failed; once it is ready, the process can be forked, as after the next two
//   cache      ready | failed
//   benchmark  ready | failed
//   discover   importing, before each module; then discovered | failed
//   case       looking and running, in alternation, and of a sealed one an offer, after which the supervisor says what
//   is
//              wanted of it; then result
//   series     nothing: it waits to be told to run cases
//
// The fork in which a setup_cache is built tells its parent ready | failed, too.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "model/project_code.hpp"
#include "snapshot_test/model/benchmark.hpp"
#include "snapshot_test/model/limits.hpp"
#include "snapshot_test/model/locator.hpp"
#include "snapshot_test/model/observation.hpp"
#include "snapshot_test/model/result.hpp"
#include "snapshot_test/model/rules.hpp"
#include "snapshot_test/model/tamper.hpp"
#include "snapshot_test/util/result.hpp"

namespace snapshot_test::model {

/// The exit status of a process that cannot say what it has to: its channel is no longer there.
inline constexpr int kChannelLost = 97;
/// And one that has no memory left to say it.
inline constexpr int kNoMemoryToAnswer = 98;

// What a process is to be, or to do. Each level of the tree adds only what its children need.

/// Import the whole suite, answer, end or stay.
struct DiscoverRequest {
  static constexpr std::string_view kOp = "discover";
  std::string filter;                       ///< Python regular expression; empty for none
  std::vector<std::string> exclude;         ///< the same, of what is left out
  std::map<std::string, std::string> lost;  ///< modules (full names) that must not be imported, and why
  std::vector<Benchmark> stored;            ///< benchmarks of the store, to be filtered by the same rule
  bool files = false;                       ///< say of which files all that was imported is made
  std::vector<std::string> projects;        ///< packages that the suite may be meant to test
  bool stay = false;                        ///< the process is to stay, where it can be that of the only module
  std::string other_filter;                 ///< what another run had as `filter`
  std::vector<std::string> other_exclude;   ///< and as `exclude`
};

/// Import one benchmark module.
struct ModuleRequest {
  static constexpr std::string_view kOp = "module";
  std::string module;   ///< without the root package; empty for the root itself
  std::string workdir;  ///< the current directory of the import
};

enum class CacheBuild {
  kForked,  ///< in a child; then loaded
  kHere,    ///< in the process itself, which cases without a fork need
  kDone,    ///< another process has built it: only loaded
};

/// Run a setup_cache, load its result.
struct CacheRequest {
  static constexpr std::string_view kOp = "cache";
  Benchmark benchmark;    ///< any user of the setup_cache; as in all requests, without its params
  std::string directory;  ///< exists; the current directory of setup_cache and of all its users
  CacheBuild build = CacheBuild::kForked;
};

/// Resolve and instrument one benchmark.
struct BenchmarkRequest {
  static constexpr std::string_view kOp = "benchmark";
  Benchmark benchmark;
  Rules rules;  ///< kCompare: by which the values of all its cases are compared
};

/// What to do with the observed values.
enum class CaseMode {
  kStore,    ///< write them as objects into `store`
  kCompare,  ///< compare them with `baseline`
};

/// What to look at while a case runs.
enum class Observe {
  kValues,   ///< return, body[i], deepest and path
  kDeepest,  ///< deepest alone
  kUnheld,   ///< return, and what the call changed; nothing is held during the call
  kAll,      ///< the values, and what the call changed
  kNothing,  ///< only how it ends
};

/// Set-up, call, observe, compare or store, teardown, end.
struct CaseRequest {
  static constexpr std::string_view kOp = "case";
  /// For a process that is not forked from its benchmark's: it becomes that before it runs the case. A series
  /// keeps it: there it comes with the first case of each benchmark.
  std::optional<BenchmarkRequest> alone;
  std::size_t index = 0;
  std::vector<std::string> ids;  ///< parameter ids as discovered; a mismatch is reported, not ignored
  std::string workdir;           ///< to be created and entered; empty: stay in the cache directory
  std::string temporary;         ///< to be created: $TMPDIR of the case
  std::string scratch;           ///< folder for temporary files of any size; exists
  CaseMode mode = CaseMode::kStore;
  Observe observe = Observe::kValues;
  int trace_depth_limit = 100;
  Locator store;                    ///< where objects are written, or those of the baseline are
  bool compress = true;             ///< kStore
  std::vector<SiteValue> baseline;  ///< kCompare
  int repeat = 0;                   ///< so many calls more, each set up anew
  bool perturb = false;             ///< and some with inputs changed in place
  std::uint64_t seed = 0;           ///< of what is changed
  /// kCompare: `store` is empty, `baseline` holds what sealed_site() leaves, and values are offered, not compared.
  bool sealed = false;
};

/// Run cases one after the other, each as it is told to.
struct SeriesRequest {
  static constexpr std::string_view kOp = "series";
};

using Request =
    std::variant<DiscoverRequest, ModuleRequest, CacheRequest, BenchmarkRequest, CaseRequest, SeriesRequest>;

// Commands.

struct HostStart {
  static constexpr std::string_view kOp = "start";
  std::string executable;     ///< the Python to start as
  std::string benchmark_dir;  ///< absolute
  std::string project_dir;    ///< absolute; empty for none
  std::string workdir;        ///< the current directory outside a module of its own
  std::uint64_t seed = 42;
  std::vector<std::string> preload;   ///< modules to import once for all; failures are ignored
  std::vector<std::string> reducers;  ///< files of the project's own reducers, absolute
  ValueLimits limits;
  std::uint64_t max_memory = 0;      ///< bytes of private memory that a case may have; 0: no limit
  std::int64_t frozen_time = -1;     ///< what the system's clock says, in seconds since 1970-01-01 UTC; -1: it runs
  std::int64_t clock_shift = 0;      ///< seconds that it is away from the system's, where it runs
  std::vector<std::string> watched;  ///< folders of the baseline: what opens a file in them is noted; absolute
  ProjectCode project_code;          ///< a case that imports the project's modules from elsewhere has raised
  /// Of a sealed host: folders that it is refused to list, with the names in them and what each is ('d' folder, 'f'
  /// regular file, 'l' link, '?').
  std::map<std::string, std::map<std::string, std::string>> listings;
};

/// Import these before forking on.
struct Preload {
  static constexpr std::string_view kOp = "preload";
  std::vector<std::string> modules;
};

/// Have a child that does this.
struct Fork {
  static constexpr std::string_view kOp = "fork";
  int node = 0;  ///< what the child is called from now on
  Request request;
};

/// Do this yourself.
struct Become {
  static constexpr std::string_view kOp = "become";
  Request request;
};

/// Run this case, and wait for the next.
struct RunCase {
  static constexpr std::string_view kOp = "run";
  std::string benchmark;  ///< its full name
  CaseRequest request;
};

/// Of a sealed case: write these values, in this order, as sealed_stream.hpp says, to the socket that comes with this,
/// and then wait until it is closed. Nothing comes with it where none is wanted.
struct Wanted {
  static constexpr std::string_view kOp = "wanted";
  std::vector<std::size_t> offers;  ///< places in Offer::values
};

using Command = std::variant<HostStart, Preload, Fork, Become, RunCase, Wanted>;

// Reports.

struct Ready {
  static constexpr std::string_view kOp = "ready";
  std::vector<std::string> opened = {};  ///< of a fork that has built a setup_cache: as Observation::opened
};

/// It could not get ready: the outcome of every case below it.
struct BranchFailure {
  static constexpr std::string_view kOp = "failed";
  Ending ending = Ending::kImportFailed;
  std::string detail;
  std::string traceback;
};

struct Forked {
  static constexpr std::string_view kOp = "forked";
  int node = 0;
  int pid = 0;
};

/// The machine refused the child.
struct ForkFailed {
  static constexpr std::string_view kOp = "fork-failed";
  int node = 0;
  std::string cause;
};

struct Exited {
  static constexpr std::string_view kOp = "exited";
  int node = 0;
  int status = 0;  ///< as waitpid() has it
};

struct Importing {
  static constexpr std::string_view kOp = "importing";
  std::string module;
};

/// The case's values are looked at: its own time stands still.
struct Looking {
  static constexpr std::string_view kOp = "looking";
};

/// Its own time goes on.
struct Running {
  static constexpr std::string_view kOp = "running";
};

struct DiscoverReply {
  static constexpr std::string_view kOp = "discovered";
  Suite suite;
  std::vector<std::vector<std::size_t>> selected;         ///< parallel to suite.benchmarks
  std::vector<std::vector<std::size_t>> stored_selected;  ///< parallel to DiscoverRequest::stored
  std::map<std::string, std::string> packages;            ///< version of each imported top-level package
  std::vector<TestedPackage> tested;                      ///< without what only the supervisor can tell
  std::vector<std::string> common_modules;                ///< what a base does well to preload
  std::map<std::string, std::string> files;    ///< top-level package → digest of its files' names, sizes and times
  std::map<std::string, std::string> sources;  ///< the suite's module → digest of the suite's files that it uses
  std::size_t not_imported = 0;  ///< modules, or packages with all that is below, in which the filter can match nothing
  std::string filter_error;      ///< the filter, or what is left out, is not a regular expression: why
  std::vector<std::size_t> excluded;  ///< cases that `exclude` takes from what the filter selects; as suite.benchmarks
  std::vector<std::string> excluded_failures;  ///< suite.failures[].where that `exclude` leaves out
  std::vector<std::string> idle_exclusions;    ///< those that leave nothing out
  bool stays = false;  ///< all benchmarks are of one module, nothing else was imported: the process can become it
  /// Of suite.benchmarks, what other_filter and other_exclude leave; empty where there are none of them.
  std::vector<std::vector<std::size_t>> other_selected;
  std::vector<StrayModule> strays;  ///< of HostStart::project_code
  ImportedSuite imported;           ///< of what reports say about tampering
  bool has_project = false;         ///< one of its packages is loaded from where it has to be, or found there
};

/// A value that a sealed case has seen at a site of its snapshot, by what its pickle is.
struct OfferedValue {
  std::size_t site = 0;     ///< place in CaseRequest::baseline
  std::uint64_t bytes = 0;  ///< of the pickle
  std::string fingerprint;  ///< XXH3-128 (hex)
  std::string type;         ///< Python type; for notes
  std::string partly;       ///< as SiteValue::partly
  std::uint64_t count = 1;  ///< how often the statement ran
  bool rounds = false;
};

/// What a sealed case has to say of one site that its snapshot has.
struct OfferedSite {
  bool missing = false;     ///< nothing was seen there
  std::string opaque;       ///< why what was seen cannot be pickled; empty if it can
  std::size_t same_as = 0;  ///< the first site at which the same object was seen; itself, where there is none before
  bool by_chance = false;   ///< being the same object says nothing
};

/// What a sealed case has seen. Said once: a value that is sent later has to be the one that was offered.
struct Offer {
  static constexpr std::string_view kOp = "offer";
  std::vector<OfferedSite> sites;    ///< parallel to CaseRequest::baseline
  std::vector<OfferedValue> values;  ///< for some sites none, for SiteKind::kResult up to two
};

struct CaseReply {
  static constexpr std::string_view kOp = "result";
  Observation observation;
  std::vector<SiteComparison> comparisons;  ///< kCompare: one for each baseline site; of a sealed case none
  std::string spoiled;  ///< of a series: what the case has left behind, so that none may follow it; empty: nothing
  /// Of a sealed case: an inner site whose value was wanted or is opaque, and one that is no inner site, with objects
  /// of which one is or holds the other.
  std::vector<std::pair<std::size_t, std::size_t>> shared = {};
};

using Report = std::variant<Ready, BranchFailure, Forked, ForkFailed, Exited, Importing, Looking, Running,
                            DiscoverReply, Offer, CaseReply>;

[[nodiscard]] nlohmann::json encode(const Command& message);
[[nodiscard]] nlohmann::json encode(const Report& message);

/// kCorrupt where `body` is no message of this direction; the error names the message and what is wrong with it.
/// `Message`: Command or Report.
template <class Message>
[[nodiscard]] Result<Message> decode(const nlohmann::json& body);

/// SiteValue::partly of the value of an inner call that is large and decides nothing.
inline constexpr const char* kDigestAlone = "larger than 1 MiB: its digest alone is kept";
/// SiteValue::object of a sealed site that has one.
inline constexpr const char* kSealedObject = "sealed";

/// As much of a snapshot's site as a sealed case is told: where it is, what it has to look at there, and whether there
/// is anything to compare with; nothing of the value, its digests or its size.
[[nodiscard]] SiteValue sealed_site(const SiteValue& site);

/// What identifies a benchmark to a host: all but its params, which may be long and which the host reads itself.
[[nodiscard]] Benchmark without_params(const Benchmark& benchmark);

}  // namespace snapshot_test::model
