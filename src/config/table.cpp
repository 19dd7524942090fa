#include "config/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <type_traits>

namespace snapshot_test::config {

namespace {

namespace fs = std::filesystem;

template <class T>
constexpr Type kTypeOf = std::is_enum_v<T>                                   ? Type::kWord
                         : std::is_same_v<T, bool>                           ? Type::kSwitch
                         : std::is_same_v<T, double>                         ? Type::kNumber
                         : std::is_same_v<T, std::uint64_t>                  ? Type::kWhole
                         : std::is_same_v<T, fs::path>                       ? Type::kPath
                         : std::is_same_v<T, std::vector<std::string>>       ? Type::kPatterns
                         : std::is_same_v<T, std::vector<fs::path>>          ? Type::kPaths
                         : std::is_same_v<T, model::DtypeTolerances>         ? Type::kDtypes
                         : std::is_same_v<T, std::vector<model::RuleChange>> ? Type::kChanges
                                                                             : Type::kText;

template <class T>
struct Given {
  using Value = T;
  static constexpr auto kNull = Place::Null::kRefused;
};
template <class T>
struct Given<std::optional<T>> {
  using Value = T;
  static constexpr auto kNull = Place::Null::kTaken;
};

/// `at`, a lambda without captures, gives the field of a Config.
template <class At>
Place place(At) {
  using Field = Given<std::remove_cvref_t<decltype(At()(std::declval<Config&>()))>>;
  using Value = typename Field::Value;
  Place made{kTypeOf<Value>, Field::kNull, {}, nullptr, nullptr};
  if constexpr (std::is_enum_v<Value>) {
    made.words = words(Value{});
  }
  made.set = [](Config& config, const Json& value, const Range& range) { return read(value, range, At()(config)); };
  made.get = [](const Config& config) { return write(At()(config)); };
  return made;
}

/// Of an absolute tolerance, which may be a word instead of a number.
template <class At>
Place atol_place(At at) {
  Place made = place(at);
  made.set = [](Config& config, const Json& value, const Range& /*range*/) { return read_atol(value, At()(config)); };
  made.get = [](const Config& config) { return write_atol(At()(config)); };
  return made;
}

#define AT(field) place([](auto& config) -> auto& { return config.field; })

}  // namespace

// clang-format off
const std::vector<Row>& rows() {
  static const std::vector<Row> kRows = {
      {.key = "benchmark_dir", .place = AT(benchmark_dir), .group = Group::kSuite,
       .option = "benchmark_dir", .names = Names::kFolder,
       .help = "the folder with the ASV benchmarks",
       .default_means = "that of `asv.conf.json`, else `benchmarks/` if there is such a folder"},
      {.key = "snapshot_dir", .place = AT(snapshot_dir), .group = Group::kStore,
       .option = "--snapshot-dir", .names = Names::kFolder,
       .help = "the folder that holds the snapshots"},
      {.key = "variant", .place = AT(variant), .group = Group::kStore,
       .option = "--variant", .value = "NAME",
       .help = "which of several baselines in the store is used: a name, in which `{platform}`, `{machine}`, `{python}` "
               "and the name of an installed package in braces stand for what the environment has",
       .detail = "see [review.md](review.md#several-baselines-in-one-store)",
       .default_means = "the one baseline of the store"},
      {.key = "variant_fallback", .place = AT(variant_fallback), .group = Group::kFile, .value = "NAME",
       .help = "variants whose baseline is used where `variant` has none, in this order; `@base` is the baseline of the "
               "store that is no variant"},
      {.key = "project_dir", .place = AT(suite.project_dir), .group = Group::kSuite,
       .option = "--project-dir", .names = Names::kFolder,
       .help = "a folder to put first on the import path, for a project that is not installed",
       .default_means = "none"},
      {.key = "python", .place = AT(suite.python), .group = Group::kSuite,
       .option = "--python", .value = "PATH", .names = Names::kPython,
       .help = "the Python whose environment runs the benchmarks: a path, or a name to look up on `PATH`",
       .default_means = "that of `$VIRTUAL_ENV`, else `python3` on `PATH`"},

      {.key = "tolerance.rtol", .place = AT(comparison.rules.tolerance.rtol), .group = Group::kTolerance,
       .option = "--tolerance", .value = "RTOL",
       .help = "numbers agree if |now - snapshot| <= ATOL + RTOL * |snapshot|"},
      {.key = "tolerance.atol",
       .place = atol_place([](auto& config) -> auto& { return config.comparison.rules.tolerance.atol; }),
       .group = Group::kTolerance,
       .option = "--tolerance", .value = "ATOL",
       .help = "the absolute tolerance beside the relative one; `auto` derives it from each snapshot",
       .detail = "see [tolerances.md](tolerances.md#3-let-atol-follow-from-the-value)"},
      {.key = "tolerance.equal_nan", .place = AT(comparison.rules.equal_nan), .group = Group::kTolerance,
       .option = "--equal-nan",
       .help = "a NaN that stays where it was is no difference, whatever its bits",
       .off = "a NaN is a difference even where it stays where it was, in values that are not identical anyway"},
      {.key = "tolerance.by_dtype", .place = AT(comparison.rules.by_dtype),
       .help = "tolerances of single dtypes, by numpy's name",
       .detail = "added to the default entries, and `null` takes one out"},
      {.key = "tolerance.exact_integers", .place = AT(comparison.rules.exact_integers), .group = Group::kTolerance,
       .option = "--exact-integers",
       .help = "integers without an entry in `by_dtype` are exact",
       .off = "integers may differ within the tolerance, too"},
      {.key = "tolerance.strict_types", .place = AT(comparison.rules.strict_types), .group = Group::kTolerance,
       .option = "--strict-types",
       .help = "dtypes and container types must agree",
       .off = "dtypes and container types may differ if the values agree"},
      {.key = "tolerance.strict_shapes", .place = AT(comparison.rules.strict_shapes), .group = Group::kTolerance,
       .option = "--strict-shapes",
       .help = "shapes must agree",
       .off = "axes of length 1 may differ"},
      {.key = "tolerance.ignore_order", .place = AT(comparison.rules.ignore_order), .group = Group::kTolerance,
       .option = "--ignore-order",
       .help = "sequences and one-dimensional arrays agree in any order"},
      {.key = "overrides", .place = AT(comparison.changes),
       .help = "other tolerances for single benchmarks",
       .detail = "see below"},

      {.key = "reducers", .place = AT(suite.reducers), .names = Names::kFile,
       .help = "Python files that say how to store types of the project's own",
       .detail = "see [reducers.md](reducers.md)"},
      {.key = "exclude_benchmarks", .place = AT(suite.exclude_benchmarks),
       .help = "benchmarks to leave out: glob patterns on the method, `Class.method` or the full name",
       .record = Record::kRun, .recorded_as = "exclude"},
      {.key = "timeout", .place = AT(suite.timeout), .group = Group::kRun,
       .option = "--timeout", .range = {0, Bound::kExcluded}, .unit = "seconds",
       .help = "wall time that one case may take; a benchmark's own timeout wins",
       .detail = "it counts from set-up to teardown, without looking at the values, which may take ten minutes, and "
                 "without the time in which other processes had the processors",
       .default_means = fmt::format("`default_benchmark_timeout` of `asv.conf.json`, else {} seconds", model::kDefaultTimeout),
       .record = Record::kRun},
      {.key = "import_timeout", .place = AT(suite.import_timeout), .group = Group::kProcess,
       .option = "--import-timeout", .range = {0, Bound::kExcluded}, .unit = "seconds",
       .help = "wall time that the import of one module may take",
       .default_means = fmt::format("{} seconds", model::kDefaultImportTimeout)},
      {.key = "max_memory", .place = AT(suite.max_memory), .group = Group::kProcess,
       .option = "--max-memory", .range = {1 << 20, Bound::kIncluded}, .unit = "bytes",
       .help = "private memory that one case may have, what its imports hold included",
       .detail = "what asks for more gets a `MemoryError` (`RLIMIT_DATA`); `--max-memory` takes `500M` and `2G`, too",
       .default_means = "the limit of a container, if there is one", .record = Record::kResumable},
      {.key = "isolation", .place = AT(suite.isolation), .group = Group::kProcess,
       .option = "--isolation",
       .help = "`case` runs each case in a fork of a process that has imported its module; `auto` has short cases share "
               "such forks that a capture has shown to depend on nothing before them; `spawn` runs each in an "
               "interpreter of its own, which takes longer, for libraries that cannot be forked",
       .detail = "a case that a signal kills within two seconds of its fork is tried once more as `spawn` by itself; "
                 "`fork` is another word for `case`",
       .record = Record::kResumable},
      {.key = "spawn_benchmarks", .place = AT(suite.spawn),
       .help = "benchmarks that get `spawn` while the others are forked: glob patterns on the method, `Class.method` or "
               "the full name",
       .record = Record::kResumable, .recorded_as = "spawn"},
      {.key = "workers", .place = AT(suite.workers), .group = Group::kRun,
       .option = "-j,--workers", .range = {0, Bound::kIncluded, 4096},
       .help = "cases to run at once",
       .detail = "`--parallel` is the same as `--workers 0`",
       .default_means = "as many as there are processors for it"},
      {.key = "seed", .place = AT(suite.seed), .group = Group::kRun,
       .option = "--seed",
       .help = "where every source of randomness starts from"},
      {.key = "freeze_time", .place = AT(suite.freeze_time), .group = Group::kRun,
       // up to the year 9999
       .option = "--freeze-time", .range = {0, Bound::kIncluded, 253402300799}, .unit = "seconds",
       .help = "the time of day that benchmarks see, since 1970-01-01 UTC; clocks that measure go on",
       .detail = "for results that hold it: `time.time()`, `datetime.now()`, C code's as well; `timeraw` code and other "
                 "subprocesses see the real one",
       .default_means = "the clock runs", .record = Record::kRun},
      {.key = "mode", .place = AT(suite.mode), .group = Group::kRun,
       .option = "--mode",
       .help = "`full` looks at what the benchmark returns and computes, `deepest` only at what the deepest call returns",
       .detail = "see [verdicts.md](verdicts.md)", .record = Record::kRun},
      {.key = "repeat", .place = AT(suite.repeat), .group = Group::kRun,
       .option = "--repeat", .range = {0, Bound::kIncluded, 100},
       .help = "call each case so many times more in one process, each time set up anew",
       .detail = "see [verdicts.md](verdicts.md#calls-that-are-made-again)", .record = Record::kRun},
      {.key = "perturb", .place = AT(suite.perturb), .group = Group::kRun,
       .option = "--perturb",
       .help = "call each case again with arrays on its instance that were changed in place",
       .detail = "see [verdicts.md](verdicts.md#calls-that-are-made-again)", .record = Record::kRun},
      {.key = "trace_depth_limit", .place = AT(suite.trace_depth_limit), .range = {1, Bound::kIncluded, 1'000'000},
       .help = "how deep in the benchmark's calls values are observed", .record = Record::kRun},
      {.key = "max_iterator_items", .place = AT(suite.limits.max_items), .range = {1, Bound::kIncluded},
       .help = "how many items of an iterator are kept and compared one by one",
       .detail = "up to a hundred times as many (1 GiB of them, 5 s) count by a digest; what is beyond that makes the "
                 "value a part, and a note says so",
       .record = Record::kRun, .recorded_as = "limits/max_items"},
      {.key = "max_value_bytes", .place = AT(suite.limits.max_bytes), .range = {1, Bound::kIncluded}, .unit = "bytes",
       .help = "a value whose pickle is larger cannot be checked",
       .default_means = "no limit", .record = Record::kRun, .recorded_as = "limits/max_bytes"},
      {.key = "max_value_depth", .place = AT(suite.limits.max_depth), .range = {1, Bound::kIncluded, 1'000'000},
       .help = "a value that is nested deeper cannot be checked",
       .record = Record::kRun, .recorded_as = "limits/max_depth"},

      {.key = "stability_check", .place = AT(method.stability_check), .group = Group::kCapture,
       .option = "--stability-check",
       .help = "a capture runs every case twice, to find what differs from run to run",
       .off = "run every case once; by default it runs twice, and what differs between the two runs is not compared "
              "later",
       .record = Record::kRun},
      {.key = "resume", .place = AT(method.resume), .group = Group::kCapture,
       .option = "--resume",
       .help = "go on where an interrupted capture of the same code with the same settings was stopped, and if this one "
               "is stopped, keep what it has run for the next `--resume`",
       .detail = "see [store.md](store.md)"},
      {.key = "compression", .place = AT(method.compression), .group = Group::kCapture,
       .option = "--compression",
       .help = "`auto` stores large values that compress well as zstd frames, `none` stores plain pickles only",
       .record = Record::kRun},
      {.key = "store_max_value_bytes", .place = AT(suite.limits.max_stored_bytes), .group = Group::kCapture,
       .option = "--store-max-value-bytes", .range = {0, Bound::kIncluded}, .unit = "bytes",
       .help = "of a value whose pickle is larger only a digest and a sketch are stored",
       .detail = "see [sketches.md](sketches.md)",
       .default_means = "every value is stored whole", .record = Record::kRun,
       .recorded_as = "limits/max_stored_bytes"},
      {.key = "strict", .place = AT(demands.strict), .group = Group::kDemands,
       .option = "--strict",
       .help = "also fail for cases that could not be checked, whose inner values changed, or whose benchmark is gone, "
               "and in a capture for those that `verify` will not be able to check"},
      {.key = "min_verified", .place = AT(demands.min_verified), .group = Group::kDemands,
       .option = "--min-verified", .range = {0, Bound::kIncluded, 100}, .unit = "percent",
       .help = "fail if less than this share of the cases was checked, and in a capture if `verify` will be able to check "
               "less; skipped cases do not count"},
      {.key = "min_verified_counts", .place = AT(demands.min_verified_counts), .group = Group::kDemands,
       .option = "--min-verified-counts",
       .help = "what `--min-verified` counts: `result` takes the cases that are checked by all of their result, `part` "
               "also those of whose result something cannot be compared, `any` also those that are checked by inner calls "
               "or state only",
       .detail = "see [verdicts.md](verdicts.md#what-a-case-is-checked-by)"},
      {.key = "min_cases", .place = AT(demands.min_cases), .group = Group::kDemands,
       .option = "--min-cases",
       .help = "fail if fewer cases than this were checked, and in a capture if `verify` will be able to check fewer",
       .detail = "which cases count, `min_verified_counts` says"},
      {.key = "missing", .place = AT(demands.missing), .group = Group::kPolicies,
       .option = "--missing",
       .help = "what becomes of a case without a snapshot: `unverified` counts it, `fail` fails the run, `capture` runs "
               "it after the others and stores it",
       .detail = "see [review.md](review.md#policies)",
       .default_means = "`fail` where the environment has `CI`, else `unverified`"},
      {.key = "obsolete", .place = AT(demands.obsolete), .group = Group::kPolicies,
       .option = "--obsolete",
       .help = "what becomes of a snapshot whose case is gone: `ignore` does not speak of it, `warn` lists it, `fail` "
               "fails the run, `delete` removes it; the last two only where the whole suite was run",
       .detail = "see [review.md](review.md#policies)",
       .default_means = "`fail` where the environment has `CI`, else `warn`"},
      {.key = "expected", .place = AT(expected), .group = Group::kPolicies,
       .option = "--expected", .names = Names::kFile,
       .help = "a TOML file of cases that are known not to pass: each with its verdict and the reason",
       .detail = "see [review.md](review.md#known-failures)",
       .default_means = "`expected.toml` beside the configuration file, else in the current folder, where there is one"},
      {.key = "same_environment", .place = AT(same_environment), .group = Group::kPolicies,
       .option = "--same-environment", .value = "PART",
       .help = "parts of the environment that must be as when the baseline was captured: `python`, `cpu`, names of "
               "packages or variables, glob patterns of them",
       .detail = "`verify` refuses to run where one is not; see [review.md](review.md#another-environment)"},
      {.key = "portable", .place = AT(portable), .group = Group::kProcess,
       .option = "--portable",
       .help = "numerical libraries use kernels that every processor has, so that results depend less on it: sets "
               "`NPY_DISABLE_CPU_FEATURES`, `OPENBLAS_CORETYPE` and `MKL_CBWR`",
       .detail = "to be given to `capture` and `verify` alike; see [review.md](review.md#another-environment)",
       .record = Record::kRun},
      {.key = "pending", .place = AT(pending), .group = Group::kPolicies,
       .option = "--pending",
       .help = "`always` runs cases that differ, are new or could not be captured once more after the others, and stages "
               "their values for `snapshot_test review`; `never` does not",
       .detail = "see [review.md](review.md)",
       .default_means = "`always` where standard output is a terminal and the environment has no `CI`, else `never`"},
      {.key = "pending_dir", .place = AT(pending_dir), .group = Group::kPending,
       .option = "--pending-dir", .names = Names::kFolder,
       .help = "the folder of values that wait to be accepted",
       .default_means = "`pending` in the snapshot folder"},
      {.key = "max_cache_bytes", .place = AT(max_cache_bytes), .unit = "bytes",
       .help = "what `continuous` and `bisect` keep of one repository's commits; what was not used for longest goes "
               "first; 0: no bound",
       .detail = "see [continuous.md](continuous.md#the-cache)"},
      {.key = "remote", .place = AT(remote), .value = "URL",
       .help = "where `push`, `pull` and `remote` keep baselines, unless they are told: a folder or a URL",
       .detail = "see [remotes.md](remotes.md)",
       .default_means = "none"},
      {.key = "remote_python", .place = AT(remote_python), .names = Names::kPython,
       .help = "the Python that runs the helper for remotes that are no folders: a path, or a name to look up on `PATH`",
       .detail = "see [remote-helper.md](remote-helper.md)",
       .default_means = "that of the wheel that the program came with, else `python3` on `PATH`"},
      {.key = "remote_helper", .place = AT(remote_helper), .names = Names::kPython,
       .help = "another program that reaches remotes in the helper's place: a path, or a name to look up on `PATH`",
       .detail = "see [remote-helper.md](remote-helper.md#another-helper)",
       .default_means = "the helper that comes with this program"},
      {.key = "remote_timeout", .place = AT(remote_timeout), .range = {1, Bound::kIncluded, 86400}, .unit = "seconds",
       .help = "how long nothing may move between the helper and a remote before a request is given up",
       .detail = "see [remote-helper.md](remote-helper.md#failures)"},
      {.key = "dask_python", .place = AT(dask_python), .names = Names::kPython,
       .help = "the Python with dask.distributed that is the client of the cluster of `--dask`: a path, or a name to look "
               "up on `PATH`",
       .detail = "see [dask.md](dask.md)",
       .default_means = "that of the wheel that the program came with, else `python3` on `PATH`"},
      {.key = "dask_worker_python", .place = AT(dask_worker_python), .value = "PATH",
       .help = "the Python that imports the suite on the workers of `--dask`: its path there",
       .detail = "see [dask.md](dask.md#workers)",
       .default_means = "the Python that each worker runs in; with `--dask local`, the suite's here"},
      {.key = "dask_timeout", .place = AT(dask_timeout), .range = {1, Bound::kIncluded, 86400}, .unit = "seconds",
       .help = "how long a run with `--dask` waits for a worker, where the cluster has none",
       .detail = "see [dask.md](dask.md#workers)"},
      {.key = "verbose", .place = AT(verbose), .group = Group::kGeneral,
       .option = "-v,--verbose",
       .help = "show every case, notes and complete lists"},
      {.key = "quiet", .place = AT(quiet), .group = Group::kGeneral,
       .option = "-q,--quiet",
       .help = "show failures and one closing line only"},
  };
  return kRows;
}
// clang-format on

#undef AT

const Row* find_row(std::string_view key) {
  const auto found = std::find_if(rows().begin(), rows().end(), [key](const Row& row) { return row.key == key; });
  return found == rows().end() ? nullptr : &*found;
}

}  // namespace snapshot_test::config
