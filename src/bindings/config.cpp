// Settings: checked, read and written by the room config, so that Python and the command line agree on every key.
#include "config/config.hpp"
#include "config/layers.hpp"

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <cctype>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "bindings/errors.hpp"
#include "bindings/parts.hpp"
#include "config/asv_conf.hpp"
#include "config/json_text.hpp"
#include "snapshot_test/model/rules.hpp"
#include "util/file.hpp"
#include "util/json_text.hpp"
#include "util/try.hpp"

namespace snapshot_test::bindings {

namespace py = pybind11;
namespace fs = std::filesystem;

namespace {

using Json = nlohmann::ordered_json;

/// All settings: those that are given, and the defaults of the command line for the others.
Result<Json> settle(const Json& given, const std::string& source) {
  config::Config config;
  TRY(config::apply_settings(config, given, source));
  if (!config.benchmark_dir) {
    TRY_ASSIGN(const auto asv, config::read_asv_conf(""));
    config.benchmark_dir = asv ? asv->benchmark_dir : fs::path("benchmarks/");
  }
  return config::settings_of(config);
}

std::string settle_text(const std::string& given, const std::string& source) {
  const Json parsed = or_config_error(config::parse_json(given, source, config::Dialect::kJson));
  return util::json_text(or_config_error(settle(parsed, source)), -1);
}

/// All settings, and the keys that the file itself has.
std::pair<std::string, std::vector<std::string>> read(const std::string& path) {
  const Json parsed = or_config_error(config::read_json(path, config::Dialect::kJson));
  const Json settled = or_config_error(settle(parsed, path));
  std::vector<std::string> keys;
  for (const auto& [key, value] : parsed.items()) {
    keys.push_back(key);
  }
  return {util::json_text(settled, -1), std::move(keys)};
}

void write(const std::string& path, const std::string& settings) {
  const Json parsed = or_config_error(config::parse_json(settings, path, config::Dialect::kJson));
  or_config_error(util::write_file_atomically(path, util::json_text(parsed, 2) + "\n"));
}

void write_defaults(const std::string& path) {
  or_config_error(util::write_file_atomically(path, config::default_file_text()));
}

std::vector<std::string> keys() {
  std::vector<std::string> all;
  for (const config::Entry& entry : config::entries({})) {
    all.push_back(entry.key);
  }
  return all;
}

/// A benchmark by its name alone: what starts with a capital letter is a class, as ASV suites have it.
model::Benchmark benchmark_named(const std::string& name) {
  model::Benchmark benchmark;
  benchmark.name = name.substr(0, name.find('('));  // a case's label is its benchmark's name and its parameters
  const std::size_t dot = benchmark.name.rfind('.');
  benchmark.function = benchmark.name.substr(dot == std::string::npos ? 0 : dot + 1);
  if (dot != std::string::npos) {
    const std::string before = benchmark.name.substr(0, dot);
    const std::string last = before.substr(before.rfind('.') + 1);
    if (!last.empty() && std::isupper(static_cast<unsigned char>(last.front())) != 0) {
      benchmark.class_name = last;
    }
  }
  return benchmark;
}

bool matches(const std::string& name, const std::vector<std::string>& patterns) {
  return model::matches_any(benchmark_named(name), patterns);
}

}  // namespace

void add_config(py::module_& module) {
  module.def("config_settle", &settle_text, py::arg("settings"), py::arg("source"),
             "Every setting as JSON: those given as JSON, and the defaults. ConfigError names `source`.");
  module.def("config_read", &read, py::arg("path"),
             "Every setting as JSON: those of a file, and the defaults; and which keys the file has.");
  module.def("config_write", &write, py::arg("path"), py::arg("settings"), "Writes settings to a file, at once.");
  module.def("config_write_defaults", &write_defaults, py::arg("path"), "Writes every setting with its default.");
  module.def("config_keys", &keys, "The names of all settings: \"seed\", \"tolerance.rtol\".");
  module.def("matches_any", &matches, py::arg("benchmark"), py::arg("patterns"),
             "Does a glob pattern match the benchmark's method, Class.method or full name?");
}

}  // namespace snapshot_test::bindings
