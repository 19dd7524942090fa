#include "model/message.hpp"

#include <stdexcept>

namespace snapshot_test::model {

// The enum's JSON form is its name, as everywhere else.
static void to_json(nlohmann::json& out, Ending in) { out = name(in); }
static void from_json(const nlohmann::json& in, Ending& out) {
  const auto ending = ending_from_name(in.get<std::string>());
  if (!ending) {
    throw std::invalid_argument("unknown ending '" + in.get<std::string>() + "'");
  }
  out = *ending;
}

// nlohmann's macro writes the obvious pair of functions; here they get external linkage.
#define ST_FIELDS(Type, ...)                                                     \
  void to_json(nlohmann::json& nlohmann_json_j, const Type& nlohmann_json_t) {   \
    NLOHMANN_JSON_EXPAND(NLOHMANN_JSON_PASTE(NLOHMANN_JSON_TO, __VA_ARGS__))     \
  }                                                                              \
  void from_json(const nlohmann::json& nlohmann_json_j, Type& nlohmann_json_t) { \
    NLOHMANN_JSON_EXPAND(NLOHMANN_JSON_PASTE(NLOHMANN_JSON_FROM, __VA_ARGS__))   \
  }

void to_json(nlohmann::json& out, const ValueLimits& in) {
  out = {{"max_items", in.max_items}, {"max_bytes", nullptr}, {"max_depth", in.max_depth}};
  if (in.max_bytes) {
    out["max_bytes"] = *in.max_bytes;
  }
}

void from_json(const nlohmann::json& in, ValueLimits& out) {
  in.at("max_items").get_to(out.max_items);
  in.at("max_depth").get_to(out.max_depth);
  out.max_bytes = in.at("max_bytes").is_null() ? std::nullopt : std::optional(in.at("max_bytes").get<std::uint64_t>());
}

ST_FIELDS(HostStart, limits, max_memory, frozen_time, executable, benchmark_dir, project_dir, workdir, seed, preload,
          reducers)
ST_FIELDS(DiscoverRequest, filter, lost, stored, files)
ST_FIELDS(DiscoverReply, suite, selected, stored_selected, packages, common_modules, files, sources, not_imported,
          filter_error)
ST_FIELDS(ModuleRequest, module, workdir)
ST_FIELDS(CacheRequest, benchmark, directory, build)
ST_FIELDS(BenchmarkRequest, benchmark)
ST_FIELDS(BranchFailure, ending, detail, traceback)
ST_FIELDS(CaseRequest, benchmark, index, ids, workdir, temporary, scratch, mode, observe, trace_depth_limit,
          objects_dir, known_objects_dir, compress, baseline_dirs, baseline, rules)
ST_FIELDS(CaseReply, observation, comparisons)

#undef ST_FIELDS

Benchmark without_params(const Benchmark& benchmark) {
  // Not a copy with params cleared: there may be many thousand of those, and this is done for every case. A new field
  // does not compile until it is here, too.
  const auto& [name, type, pretty_name, version, unit, module, class_name, function, file, line, params, timeout,
               setup_cache_key, setup_cache_timeout, no_op] = benchmark;
  return {name,     type, pretty_name, version, unit,    module,          class_name,
          function, file, line,        {},      timeout, setup_cache_key, setup_cache_timeout,
          no_op};
}

}  // namespace snapshot_test::model
