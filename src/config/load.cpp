#include "config/load.hpp"

#include <fmt/format.h>

#include "config/asv_conf.hpp"
#include "config/json_text.hpp"
#include "config/layers.hpp"
#include "util/try.hpp"

namespace snapshot_test::config {

namespace fs = std::filesystem;

namespace {

Result<void> apply_asv_conf(Config& config, const fs::path& folder) {
  auto conf = read_asv_conf(folder);
  if (!conf) {
    conf.error().message += "\n(to go on without it, name the benchmark directory and --timeout on the command line)";
    return tl::unexpected(std::move(conf.error()));
  }
  if (!*conf) {
    return {};
  }
  config.asv_file = (*conf)->file;
  if (!config.benchmark_dir) {
    config.benchmark_dir = (*conf)->benchmark_dir;
    config.origins["benchmark_dir"] = Origin::kAsvConf;
  }
  if (!config.suite.timeout && (*conf)->timeout) {
    config.suite.timeout = (*conf)->timeout;
    config.origins["timeout"] = Origin::kAsvConf;
  }
  return {};
}

}  // namespace

Result<Config> load(const LoadOptions& options) {
  Config config;
  OptionalPath file = options.file;
  std::error_code ignored;
  if (const fs::path usual = options.folder / kConfigFileName; !file && fs::exists(usual, ignored)) {
    file = usual;
  }
  if (file) {
    TRY_ASSIGN(const auto json, read_json(*file, Dialect::kJson));
    TRY(apply_file(config, json, *file));
  }
  TRY(apply_command_line(config, options.command_line));
  if (!config.benchmark_dir || !config.suite.timeout) {
    TRY(apply_asv_conf(config, options.folder));
  }
  if (const fs::path usual = options.folder / "benchmarks"; !config.benchmark_dir && fs::is_directory(usual, ignored)) {
    config.benchmark_dir = usual / "";
    config.origins.erase("benchmark_dir");
  }
  if (!config.suite.timeout) {
    config.suite.timeout = model::kDefaultTimeout;
    config.origins.erase("timeout");
  }
  return config;
}

}  // namespace snapshot_test::config
