// What the supervisor and its hosts say to each other. Frames are util::Channel's; these are the bodies.
//
// A host is a tree of processes (ARCHITECTURE.md, "Processes"). The supervisor holds one channel to every process of
// it:
//
//   supervisor → node   {"op": "start", …HostStart}         to the base, once
//                       {"op": "preload", "modules": […]}   to the base: import these before forking on
//                       {"op": "fork", "node": id, "role": …, "request": {…}}  + the new process's channel and output
//                       pipe
//                       {"op": "become", "role": …, "request": {…}}             do it yourself, without a fork
//   node → supervisor   {"op": "ready"} | {"op": "failed", …BranchFailure}      after a node's own preparation
//                       {"op": "forked", "node": id, "pid": n}                  on the parent's channel
//                       {"op": "exited", "node": id, "status": wait status}     on the parent's channel
//                       {"op": "importing", "module": name}                     from discovery, before each module
//                       {"op": "looking"} | {"op": "running"}   from a case: its own time stands still, or goes on
//                       {"op": "discovered", …DiscoverReply} | {"op": "result", …CaseReply}
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "snapshot_test/model/benchmark.hpp"
#include "snapshot_test/model/limits.hpp"
#include "snapshot_test/model/observation.hpp"
#include "snapshot_test/model/result.hpp"
#include "snapshot_test/model/rules.hpp"

namespace snapshot_test::model {

/// What a process of a host is for. Each level of the tree adds only what its children need.
enum class Role {
  kBase,       ///< interpreter started, import finder installed, common libraries imported
  kDiscover,   ///< imports the whole suite, answers, ends
  kModule,     ///< one benchmark module imported
  kCache,      ///< setup_cache run, its result loaded
  kBenchmark,  ///< one benchmark resolved and instrumented
  kCase,       ///< set-up, call, observe, compare, teardown; ends
};
NLOHMANN_JSON_SERIALIZE_ENUM(Role, {{Role::kBase, "base"},
                                    {Role::kDiscover, "discover"},
                                    {Role::kModule, "module"},
                                    {Role::kCache, "cache"},
                                    {Role::kBenchmark, "benchmark"},
                                    {Role::kCase, "case"}})

/// The exit status of a process that cannot say what it has to: its channel is no longer there.
inline constexpr int kChannelLost = 97;
/// And one that has no memory left to say it.
inline constexpr int kNoMemoryToAnswer = 98;

/// First message to a base.
struct HostStart {
  std::string executable;     ///< the Python to start as
  std::string benchmark_dir;  ///< absolute
  std::string project_dir;    ///< absolute; empty for none
  std::string workdir;        ///< the current directory outside a module of its own
  std::uint64_t seed = 42;
  std::vector<std::string> preload;   ///< modules to import once for all; failures are ignored
  std::vector<std::string> reducers;  ///< files of the project's own reducers, absolute
  ValueLimits limits;
  std::uint64_t max_memory = 0;   ///< bytes of private memory that a case may have; 0: no limit
  std::int64_t frozen_time = -1;  ///< what the system's clock says, in seconds since 1970-01-01 UTC; -1: it runs
};

struct DiscoverRequest {
  std::string filter;                       ///< Python regular expression; empty for none
  std::map<std::string, std::string> lost;  ///< modules (full names) that must not be imported, and why
  std::vector<Benchmark> stored;            ///< benchmarks of the store, to be filtered by the same rule
  bool files = false;                       ///< say of which files all that was imported is made
};

struct DiscoverReply {
  Suite suite;
  std::vector<std::vector<std::size_t>> selected;         ///< parallel to suite.benchmarks
  std::vector<std::vector<std::size_t>> stored_selected;  ///< parallel to DiscoverRequest::stored
  std::map<std::string, std::string> packages;            ///< version of each imported top-level package
  std::vector<std::string> common_modules;                ///< what a base does well to preload
  std::map<std::string, std::string> files;    ///< top-level package → digest of its files' names, sizes and times
  std::map<std::string, std::string> sources;  ///< the suite's module → digest of the suite's files that it uses
  std::size_t not_imported = 0;  ///< modules, or packages with all that is below, in which the filter can match nothing
  std::string filter_error;      ///< the filter is not a regular expression: why
};

struct ModuleRequest {
  std::string module;   ///< without the root package; empty for the root itself
  std::string workdir;  ///< the current directory of the import
};

enum class CacheBuild {
  kForked,  ///< in a child; then loaded
  kHere,    ///< in the process itself, which cases without a fork need
  kDone,    ///< another process has built it: only loaded
};
NLOHMANN_JSON_SERIALIZE_ENUM(CacheBuild, {{CacheBuild::kForked, "forked"},
                                          {CacheBuild::kHere, "here"},
                                          {CacheBuild::kDone, "done"}})

struct CacheRequest {
  Benchmark benchmark;    ///< any user of the setup_cache; as in all requests, without its params
  std::string directory;  ///< exists; the current directory of setup_cache and of all its users
  CacheBuild build = CacheBuild::kForked;
};

struct BenchmarkRequest {
  Benchmark benchmark;
};

/// A node could not get ready: the outcome of every case below it.
struct BranchFailure {
  Ending ending = Ending::kImportFailed;
  std::string detail;
  std::string traceback;
};

/// What identifies a benchmark to a host: all but its params, which may be long and which the host reads itself.
[[nodiscard]] Benchmark without_params(const Benchmark& benchmark);

/// What to do with the observed values.
enum class CaseMode {
  kStore,    ///< write them as objects into `objects_dir`
  kCompare,  ///< compare them with `baseline`
};
NLOHMANN_JSON_SERIALIZE_ENUM(CaseMode, {{CaseMode::kStore, "store"}, {CaseMode::kCompare, "compare"}})

/// What to look at while a case runs.
enum class Observe {
  kValues,   ///< return, body[i], deepest and path
  kDeepest,  ///< deepest alone
  kUnheld,   ///< return, and what the call changed; nothing is held during the call
  kAll,      ///< the values, and what the call changed
};
NLOHMANN_JSON_SERIALIZE_ENUM(Observe, {{Observe::kValues, "values"},
                                       {Observe::kDeepest, "deepest"},
                                       {Observe::kUnheld, "unheld"},
                                       {Observe::kAll, "all"}})

struct CaseRequest {
  Benchmark benchmark;
  std::size_t index = 0;
  std::vector<std::string> ids;  ///< parameter ids as discovered; a mismatch is reported, not ignored
  std::string workdir;           ///< to be created and entered; empty: stay in the cache directory
  std::string temporary;         ///< to be created: $TMPDIR of the case
  std::string scratch;           ///< folder for temporary files of any size; exists
  CaseMode mode = CaseMode::kStore;
  Observe observe = Observe::kValues;
  int trace_depth_limit = 100;
  std::string objects_dir;                 ///< kStore: where objects are written
  std::string known_objects_dir;           ///< kStore: objects that are there already
  bool compress = true;                    ///< kStore
  std::vector<std::string> baseline_dirs;  ///< kCompare: object folders, searched in order
  std::vector<SiteValue> baseline;         ///< kCompare
  Rules rules;                             ///< kCompare
};

struct CaseReply {
  Observation observation;
  std::vector<SiteComparison> comparisons;  ///< kCompare: one for each baseline site
};

#define ST_MESSAGE(Type)                             \
  void to_json(nlohmann::json& out, const Type& in); \
  void from_json(const nlohmann::json& in, Type& out);
ST_MESSAGE(HostStart)
ST_MESSAGE(DiscoverRequest)
ST_MESSAGE(DiscoverReply)
ST_MESSAGE(ModuleRequest)
ST_MESSAGE(CacheRequest)
ST_MESSAGE(BenchmarkRequest)
ST_MESSAGE(BranchFailure)
ST_MESSAGE(CaseRequest)
ST_MESSAGE(CaseReply)
#undef ST_MESSAGE

}  // namespace snapshot_test::model
