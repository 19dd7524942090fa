// A benchmark ready to be executed: its function, instance, set-ups and live parameters. Needs the GIL.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "host/discovery/attributes.hpp"
#include "host/discovery/params.hpp"
#include "host/discovery/scan.hpp"
#include "snapshot_test/model/benchmark.hpp"
#include "snapshot_test/util/result.hpp"

namespace snapshot_test::host::discovery {

/// What set-up says of a case.
enum class SetUp { kReady, kSkipped };

struct SetupCache {
  py::object function;  ///< called without parameters
  std::string key;      ///< benchmarks with one key share one execution
  /// Set-ups to run before `function` where it fails alone: module-level ones that take no arguments.
  std::vector<py::object> free_setups;
};

class LiveBenchmark {
 public:
  /// Finds a benchmark by its full name. Where the name maps to a file of the suite, only that module is imported;
  /// else the suite is walked, and of several with one name the last wins, as in discover().
  /// Errors: install_root's; kUsage where no benchmark has the name. Throws py::error_already_set with what its
  /// module, class or attributes raise.
  [[nodiscard]] static Result<LiveBenchmark> resolve(const std::filesystem::path& benchmark_dir,
                                                     const std::string& name);

  /// The same for a benchmark that discover() described: imports its own module, whatever its name is.
  [[nodiscard]] static Result<LiveBenchmark> resolve(const std::filesystem::path& benchmark_dir,
                                                     const model::Benchmark& described);

  /// The same benchmark with an instance of its own, as if it had been resolved anew; what has been read of parameters
  /// is shared. Throws what its class raises.
  [[nodiscard]] LiveBenchmark anew() const { return {candidate_, *this}; }

  [[nodiscard]] const std::string& name() const { return candidate_.name; }
  [[nodiscard]] const std::string& type() const { return candidate_.type.type; }  ///< empty for a plugin's
  [[nodiscard]] const py::object& module() const { return candidate_.module; }
  [[nodiscard]] const py::object& instance() const { return bound_.instance; }  ///< None for functions
  /// What to call: the function, or the bound method.
  [[nodiscard]] const py::object& function() const { return bound_.callable; }
  /// The plain function whose body is the benchmark's, for rewriting: behind the method, and behind the decorators of
  /// asv_runner.benchmarks.mark. None for partials and other callables. Where it is not function()'s own function, call
  /// it with the same arguments (after instance(), for methods).
  [[nodiscard]] py::object underlying_function() const;

  /// Parameters are read at the first question about them, which consumes a generator in the class: whoever only needs
  /// setup_cache() leaves it whole for the cases that are forked later. The first question throws what reading raises.
  [[nodiscard]] std::size_t case_count() const { return params().combinations(); }
  /// Reads what is said of parameters once for all processes that are forked from this one. Throws what reading raises.
  void read_ahead() const {
    if (param_ids(0)) {
      (void)is_skip_params(0);
    }
  }
  /// The live values of one combination; kUsage if there is none of that index.
  [[nodiscard]] Result<py::tuple> param_values(std::size_t index) const;
  [[nodiscard]] Result<std::vector<std::string>> param_ids(std::size_t index) const;
  /// Discovery and run must agree on what `index` means: kPython if this combination's ids are not `expected` (but for
  /// memory addresses in them).
  [[nodiscard]] Result<void> check_ids(std::size_t index, const std::vector<std::string>& expected) const;
  /// Do the benchmark's skip_params name this combination? Then neither set-up, call nor teardown run. Throws what
  /// comparing the values raises.
  [[nodiscard]] bool is_skip_params(std::size_t index) const;

  /// Set-ups in order (module, instance, function), and teardowns (function, instance, module).
  [[nodiscard]] const std::vector<py::object>& setups() const { return hooks_.setups; }
  [[nodiscard]] const std::vector<py::object>& teardowns() const { return hooks_.teardowns; }
  [[nodiscard]] const std::optional<SetupCache>& setup_cache() const { return setup_cache_; }
  [[nodiscard]] std::optional<double> timeout() const { return timeout_; }  ///< seconds; its own, where it has one

  /// Any other attribute by ASV's rules (`env` of timeraw); None where no source has it. Throws what getting it raises.
  [[nodiscard]] py::object attribute(const char* name) const { return first_attribute(bound_.sources, name); }

  /// Calls the set-ups with `args` (cache first, where there is one, then the values). kSkipped: one raised
  /// NotImplementedError; the teardowns still have to run. Any other exception is thrown as py::error_already_set, and
  /// no teardown runs then.
  [[nodiscard]] SetUp set_up(const py::tuple& args);
  /// What the skipping exception said; empty before a skip.
  [[nodiscard]] const std::string& skip_reason() const { return skip_reason_; }
  /// Calls the teardowns with `args`; the first exception ends them and is thrown.
  void tear_down(const py::tuple& args) const;

 private:
  explicit LiveBenchmark(Candidate candidate);
  LiveBenchmark(Candidate candidate, const LiveBenchmark& same);
  [[nodiscard]] const Params& params() const;
  [[nodiscard]] Result<void> check_index(std::size_t index) const;

  Candidate candidate_;
  BoundBenchmark bound_;
  mutable std::optional<Params> params_;
  mutable std::optional<model::Benchmark> axes_;  ///< its params alone: the ids of params_
  mutable std::optional<py::object> skip_params_;
  Hooks hooks_;
  std::optional<SetupCache> setup_cache_;
  std::optional<double> timeout_;
  std::string skip_reason_;
};

/// Of an exception that the benchmark's call raised: does it mean "skip"? Only asv_runner's SkipNotImplemented does,
/// not a plain NotImplementedError.
[[nodiscard]] bool is_skip_exception(const py::error_already_set& error);

}  // namespace snapshot_test::host::discovery
