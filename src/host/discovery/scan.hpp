// The walk over a suite's modules and what in them is a benchmark. Needs the GIL.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "host/discovery/attributes.hpp"
#include "host/discovery/benchmark_type.hpp"
#include "snapshot_test/model/benchmark.hpp"

namespace snapshot_test::host::discovery {

/// Called with a module's full dotted name, root package included, just before it is imported.
using OnImport = std::function<void(const std::string& module)>;

/// Modules that took an earlier process down when they were imported, by full dotted name, and how: they are not
/// imported again but recorded as failures.
using LostModules = std::map<std::string, std::string>;

/// A function or method that is a benchmark by its name. Nothing has been instantiated.
struct Candidate {
  std::string name;  ///< the benchmark's full name
  TypeMatch type;
  py::object module;
  py::object klass;       ///< None for functions
  std::string attribute;  ///< its name in the module or class
  py::object function;    ///< as found there
};

/// A candidate with its instance made: what ASV reads attributes from.
struct BoundBenchmark {
  py::object instance;  ///< a fresh one; None for functions
  py::object callable;  ///< the function or the bound method
  Sources sources;
};

/// importlib.import_module. Throws py::error_already_set with whatever the module raises.
[[nodiscard]] py::object import_module(const std::string& name);

/// The module's name without the root package: "bench_core"; empty for the root itself.
[[nodiscard]] std::string name_in_suite(const py::object& module);

/// Is `function`, found as `attribute` in `klass` (None: in `module`), a benchmark? Throws py::error_already_set.
[[nodiscard]] std::optional<Candidate> classify(const BenchmarkTypes& types, const py::object& module,
                                                const py::object& klass, const std::string& attribute,
                                                const py::object& function);

/// Calls the class and gets the method from the instance. Throws what those raise.
[[nodiscard]] BoundBenchmark bind(const Candidate& candidate);

/// Imports and scans a package and all below it, in ASV's order: a module is scanned before its children are imported.
/// What raises is added to `failures` and the walk goes on.
class Walk {
 public:
  using Visit = std::function<void(const Candidate& candidate)>;

  /// Modules in `skip` are left out, unless they are loaded by then. All references have to outlive the walk.
  Walk(const BenchmarkTypes& types, OnImport on_import, std::vector<model::DiscoveryFailure>& failures,
       const LostModules& lost, const std::set<std::string>& skip);

  void run(const std::string& package, const Visit& visit);
  /// One imported module alone, without its children.
  void scan_module(const py::object& module, const Visit& visit);

 private:
  void walk_module(const std::string& name, const Visit& visit);
  void scan_class(const py::object& module, const py::object& klass, const Visit& visit);
  void offer(const py::object& module, const py::object& klass, const std::string& attribute,
             const py::object& function, const Visit& visit);

  const BenchmarkTypes& types_;
  OnImport on_import_;
  std::vector<model::DiscoveryFailure>& failures_;
  const LostModules& lost_;
  const std::set<std::string>& skip_;
};

/// Notes `error` as the failure of `where`.
void record_failure(std::vector<model::DiscoveryFailure>& failures, const std::string& where,
                    const py::error_already_set& error);

}  // namespace snapshot_test::host::discovery
