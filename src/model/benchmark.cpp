#include "snapshot_test/model/benchmark.hpp"

#include <nlohmann/json.hpp>

#include "model/json.hpp"

namespace snapshot_test::model {

std::size_t Benchmark::case_count() const {
  std::size_t count = 1;
  for (const ParamAxis& axis : params) {
    count *= axis.ids.size();
  }
  return count;
}

std::vector<std::string> Benchmark::case_ids(std::size_t index) const {
  std::vector<std::string> ids(params.size());
  for (std::size_t axis = params.size(); axis-- > 0;) {
    const std::vector<std::string>& values = params[axis].ids;
    ids[axis] = values[index % values.size()];
    index /= values.size();
  }
  return ids;
}

std::string Benchmark::name_without_class() const { return module.empty() ? function : module + "." + function; }

std::string Benchmark::case_label(std::size_t index) const { return make_case_label(name, case_ids(index)); }

std::string make_case_label(const std::string& benchmark, const std::vector<std::string>& ids) {
  if (ids.empty()) {
    return benchmark;
  }
  std::string label = benchmark + "(";
  for (std::size_t i = 0; i < ids.size(); ++i) {
    label += (i == 0 ? "" : ", ") + ids[i];
  }
  return label + ")";
}

void to_json(nlohmann::json& out, const Benchmark& in) {
  out = {{"name", in.name},     {"type", in.type},        {"version", in.version},   {"unit", in.unit},
         {"module", in.module}, {"class", in.class_name}, {"function", in.function}, {"file", in.file},
         {"line", in.line},     {"no_op", in.no_op}};
  if (!in.pretty_name.empty()) {
    out["pretty_name"] = in.pretty_name;
  }
  out["params"] = nlohmann::json::array();
  out["param_names"] = nlohmann::json::array();
  for (const ParamAxis& axis : in.params) {
    out["params"].push_back(axis.ids);
    out["param_names"].push_back(axis.name);
  }
  out["timeout"] = optional_to_json(in.timeout);
  out["setup_cache_key"] = optional_to_json(in.setup_cache_key);
  out["setup_cache_timeout"] = optional_to_json(in.setup_cache_timeout);
}

void from_json(const nlohmann::json& in, Benchmark& out) {
  in.at("name").get_to(out.name);
  in.at("type").get_to(out.type);
  in.at("version").get_to(out.version);
  in.at("unit").get_to(out.unit);
  in.at("module").get_to(out.module);
  in.at("class").get_to(out.class_name);
  in.at("function").get_to(out.function);
  in.at("file").get_to(out.file);
  in.at("line").get_to(out.line);
  in.at("no_op").get_to(out.no_op);
  out.pretty_name = in.value("pretty_name", "");
  const nlohmann::json& ids = in.at("params");
  const nlohmann::json& names = in.at("param_names");
  out.params.clear();
  for (std::size_t axis = 0; axis < ids.size(); ++axis) {
    out.params.push_back({names.at(axis).get<std::string>(), ids[axis].get<std::vector<std::string>>()});
  }
  out.timeout = optional_from_json<double>(in, "timeout");
  out.setup_cache_key = optional_from_json<std::string>(in, "setup_cache_key");
  out.setup_cache_timeout = optional_from_json<double>(in, "setup_cache_timeout");
}

void to_json(nlohmann::json& out, const Suite& in) {
  out = {{"root", in.root}, {"benchmarks", in.benchmarks}, {"notes", in.notes}};
  out["failures"] = nlohmann::json::array();
  for (const DiscoveryFailure& failure : in.failures) {
    out["failures"].push_back({{"where", failure.where}, {"cause", failure.cause}, {"traceback", failure.traceback}});
  }
}

void from_json(const nlohmann::json& in, Suite& out) {
  in.at("root").get_to(out.root);
  in.at("benchmarks").get_to(out.benchmarks);
  in.at("notes").get_to(out.notes);
  out.failures.clear();
  for (const nlohmann::json& failure : in.at("failures")) {
    out.failures.push_back({failure.at("where").get<std::string>(), failure.at("cause").get<std::string>(),
                            failure.at("traceback").get<std::string>()});
  }
}

}  // namespace snapshot_test::model
