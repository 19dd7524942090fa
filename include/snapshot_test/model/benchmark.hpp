// What discovery finds, as plain values. Names and rules are ASV's (see docs/asv.md).
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

namespace snapshot_test::model {

/// One axis of a parameterised benchmark: its name and, per value, the id that ASV shows (its repr).
struct ParamAxis {
  std::string name;
  std::vector<std::string> ids;
  friend bool operator==(const ParamAxis&, const ParamAxis&) = default;
};

/// One benchmark: a function or method with a type, a full name and parameter axes.
struct Benchmark {
  std::string name;         ///< ASV's full name: "bench_core.Core.time_array"; unique in a suite
  std::string type;         ///< "time", "timeraw", "mem", "peakmem", "track", or a plugin's
  std::string pretty_name;  ///< display only; empty where the benchmark sets none
  std::string version;      ///< ASV's version: SHA-256 of the source, or the benchmark's own
  std::string unit;         ///< "seconds", "bytes", or what a track benchmark says
  std::string module;       ///< dotted, without the root package; empty for the root itself
  std::string class_name;   ///< empty for functions
  std::string function;     ///< function or attribute name
  std::string file;         ///< source file, absolute; empty where Python does not know
  int line = 0;             ///< first source line; 0 where Python does not know
  std::vector<ParamAxis> params;
  std::optional<double> timeout;               ///< seconds; its own, where it has one
  std::optional<std::string> setup_cache_key;  ///< shared by the benchmarks that share one setup_cache
  std::optional<double> setup_cache_timeout;   ///< seconds
  bool no_op = false;                          ///< its body does nothing (pass, a docstring)

  /// The number of parameter combinations; 1 without axes, 0 if an axis is empty.
  [[nodiscard]] std::size_t case_count() const;
  /// The parameter ids of one combination; the last axis runs fastest, as in itertools.product.
  [[nodiscard]] std::vector<std::string> case_ids(std::size_t index) const;
  /// "module.function": what a benchmark of a class is also selected by.
  [[nodiscard]] std::string name_without_class() const;
  /// "name" or "name(id1, id2)": what --filter is searched in and what reports show.
  [[nodiscard]] std::string case_label(std::size_t index) const;
};

/// "name" without ids, else "name(id1, id2)".
[[nodiscard]] std::string make_case_label(const std::string& benchmark, const std::vector<std::string>& ids);

/// A module, class or benchmark that could not be imported or read.
struct DiscoveryFailure {
  std::string where;      ///< dotted module name, or module.Class
  std::string cause;      ///< one line: "ModuleNotFoundError: No module named 'x'"
  std::string traceback;  ///< Python's own, for --verbose
};

/// All of a suite.
struct Suite {
  std::string root;  ///< absolute path of benchmark_dir
  std::vector<Benchmark> benchmarks;
  std::vector<DiscoveryFailure> failures;
  std::vector<std::string> notes;  ///< things a user should know but that fail nothing
};

void to_json(nlohmann::json& out, const Benchmark& in);
void from_json(const nlohmann::json& in, Benchmark& out);
void to_json(nlohmann::json& out, const Suite& in);
void from_json(const nlohmann::json& in, Suite& out);

}  // namespace snapshot_test::model
