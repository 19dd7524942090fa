#include "snapshot_test/model/rules.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace snapshot_test::model {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Tolerance, rtol, atol)

bool matches_any(const Benchmark& benchmark, std::span<const std::string> patterns) {
  const std::string method =
      benchmark.class_name.empty() ? benchmark.function : benchmark.class_name + "." + benchmark.function;
  return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
    return ::fnmatch(pattern.c_str(), benchmark.function.c_str(), 0) == 0 ||
           ::fnmatch(pattern.c_str(), method.c_str(), 0) == 0 ||
           ::fnmatch(pattern.c_str(), benchmark.name.c_str(), 0) == 0;
  });
}

Rules rules_for(const Benchmark& benchmark, const Rules& rules, std::span<const RuleChange> changes) {
  Rules out = rules;
  for (const RuleChange& change : changes) {
    if (!matches_any(benchmark, change.benchmarks)) {
      continue;
    }
    out.tolerance.rtol = change.rtol.value_or(out.tolerance.rtol);
    out.tolerance.atol = change.atol.value_or(out.tolerance.atol);
    out.equal_nan = change.equal_nan.value_or(out.equal_nan);
    out.exact_integers = change.exact_integers.value_or(out.exact_integers);
    out.strict_types = change.strict_types.value_or(out.strict_types);
    out.strict_shapes = change.strict_shapes.value_or(out.strict_shapes);
    out.ignore_order = change.ignore_order.value_or(out.ignore_order);
    for (const auto& [dtype, tolerance] : change.by_dtype) {
      out.by_dtype.insert_or_assign(dtype, tolerance);
    }
  }
  return out;
}

void to_json(nlohmann::json& out, const Rules& in) {
  out = {{"rtol", in.tolerance.rtol},
         {"atol", in.tolerance.atol},
         {"by_dtype", nlohmann::json::object()},
         {"equal_nan", in.equal_nan},
         {"exact_integers", in.exact_integers},
         {"strict_types", in.strict_types},
         {"strict_shapes", in.strict_shapes},
         {"ignore_order", in.ignore_order}};
  for (const auto& [dtype, tolerance] : in.by_dtype) {
    out["by_dtype"][dtype] = tolerance;
  }
}

void from_json(const nlohmann::json& in, Rules& out) {
  in.at("rtol").get_to(out.tolerance.rtol);
  in.at("atol").get_to(out.tolerance.atol);
  out.by_dtype.clear();
  for (const auto& [dtype, tolerance] : in.at("by_dtype").items()) {
    out.by_dtype[dtype] = tolerance.get<Tolerance>();
  }
  in.at("equal_nan").get_to(out.equal_nan);
  in.at("exact_integers").get_to(out.exact_integers);
  in.at("strict_types").get_to(out.strict_types);
  in.at("strict_shapes").get_to(out.strict_shapes);
  in.at("ignore_order").get_to(out.ignore_order);
}

}  // namespace snapshot_test::model
