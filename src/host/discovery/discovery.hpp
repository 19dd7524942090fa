// Discovery: a suite's benchmarks as ASV finds them (docs/asv.md has the rules and every deliberate difference).
// All calls need the GIL and a running interpreter. A Python exception of a suite, whichever, becomes a failure in
// the result: Ctrl-C does not reach a host, so a KeyboardInterrupt here is the suite's own.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "host/discovery/params.hpp"
#include "host/discovery/scan.hpp"
#include "snapshot_test/model/benchmark.hpp"
#include "snapshot_test/util/result.hpp"

namespace snapshot_test::host::discovery {

/// More combinations than this are taken for a mistake: the benchmark becomes a failure.
inline constexpr std::size_t kMostCombinations = 1'000'000;

/// Checks the directory and makes its root package importable (root.hpp has the errors). discover() and
/// LiveBenchmark::resolve() do this themselves; doing it twice is harmless.
[[nodiscard]] Result<void> install_root(const std::filesystem::path& benchmark_dir);

/// Called with each benchmark once it is described, and what it was described from.
using OnDescribed =
    std::function<void(const model::Benchmark& benchmark, const BoundBenchmark& bound, const Params& params)>;

/// Imports the whole suite and describes every benchmark, in the order of discovery, each name once (of several with
/// one name the last wins). `on_import` and `on_described` may be empty. Errors are install_root's.
/// `lost`: modules that are not imported but listed as failures. `skip`: full names of modules that are left out,
/// unless others import them. `also`: folders without __init__.py that are walked, too, as dotted names in the suite.
[[nodiscard]] Result<model::Suite> discover(const std::filesystem::path& benchmark_dir, const OnImport& on_import = {},
                                            const LostModules& lost = {}, const OnDescribed& on_described = {},
                                            const std::set<std::string>& skip = {},
                                            const std::vector<std::string>& also = {});

/// Which cases are wanted, as Python regular expressions. Each is searched in a benchmark's full name and in
/// "module.method" (a match takes all its cases), and in "name(id1, id2)" of each case.
struct Wanted {
  std::string filter;                ///< empty: everything
  std::vector<std::string> exclude;  ///< taken from that; also searched in the names of modules that do not import
};

struct Selected {
  std::vector<std::vector<std::size_t>> indices;  ///< parallel to suite.benchmarks
  std::vector<std::size_t> excluded;              ///< how many cases `exclude` took; parallel to suite.benchmarks
  std::vector<std::string> failures;              ///< of suite.failures: those that `exclude` takes
  std::vector<std::string> idle;                  ///< of `exclude`: what took nothing
};

/// kUsage for an invalid expression, with position and reason. Needs the GIL.
[[nodiscard]] Result<Selected> select(const model::Suite& suite, const Wanted& wanted);

}  // namespace snapshot_test::host::discovery
