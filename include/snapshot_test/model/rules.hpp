// When two values count as equal: the rules that a comparison follows, and how single benchmarks change them. Their
// meaning, with formulas and sources, is in docs/comparison.md.
#pragma once

#include <functional>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "snapshot_test/model/benchmark.hpp"

namespace snapshot_test::model {

/// |actual - expected| <= atol + rtol * |expected|
struct Tolerance {
  double rtol = 1e-5;
  double atol = 1e-8;
  friend bool operator==(const Tolerance&, const Tolerance&) = default;
};

/// By numpy's name of a dtype.
using DtypeTolerances = std::map<std::string, Tolerance, std::less<>>;

struct Rules {
  Tolerance tolerance;
  /// Python's float and complex count as float64 and complex128. An entry for an integer, bool or datetime type makes
  /// that type subject to tolerance; Python's int is "int".
  DtypeTolerances by_dtype = {{"float16", {1e-3, 1e-5}}, {"bfloat16", {1.6e-2, 1e-5}}};
  bool equal_nan = true;       ///< a NaN that stays where it was is no difference
  bool exact_integers = true;  ///< integers without an entry in by_dtype allow no tolerance
  bool strict_types = true;    ///< dtype and container type must agree
  /// Off: arrays are compared, too, whose shapes are the same but for axes of length 1, or one of which numpy would
  /// broadcast to the other's.
  bool strict_shapes = true;
  /// Lists, tuples, deques and one-dimensional arrays are compared as collections without order.
  bool ignore_order = false;
};

/// Calls visit(name, rule...) for every rule, with that rule of each of `rules`. The one list of rules: their JSON, the
/// configuration, changes for single benchmarks and the Python package follow from it.
template <class Visit, class... AnyRules>
void for_each_rule(Visit&& visit, AnyRules&... rules) {
  visit("rtol", rules.tolerance.rtol...);
  visit("atol", rules.tolerance.atol...);
  visit("equal_nan", rules.equal_nan...);
  visit("by_dtype", rules.by_dtype...);
  visit("exact_integers", rules.exact_integers...);
  visit("strict_types", rules.strict_types...);
  visit("strict_shapes", rules.strict_shapes...);
  visit("ignore_order", rules.ignore_order...);
}

/// What some benchmarks do differently.
struct RuleChange {
  std::vector<std::string> benchmarks;       ///< glob patterns, as matches_any() takes them
  std::set<std::string, std::less<>> given;  ///< the names of the rules that change, ...
  Rules rules{Tolerance(), {}};              ///< ... to what they are here; entries of by_dtype are added
};

/// Does one of the glob patterns (fnmatch(3)) match the benchmark's method, Class.method or full name?
[[nodiscard]] bool matches_any(const Benchmark& benchmark, std::span<const std::string> patterns);
/// Is a case meant by a glob pattern? One that matches its benchmark, one that matches its label in one of these three
/// forms ("time_f(1, *)", "Class.time_f(*)"), or its label itself, whose brackets then are brackets.
[[nodiscard]] bool matches_case(const Benchmark& benchmark, std::size_t index, const std::string& pattern);

/// The rules for one benchmark: every change whose patterns match it, one after the other.
[[nodiscard]] Rules rules_for(const Benchmark& benchmark, const Rules& rules, std::span<const RuleChange> changes);

void to_json(nlohmann::json& out, const Rules& in);
void from_json(const nlohmann::json& in, Rules& out);

}  // namespace snapshot_test::model
