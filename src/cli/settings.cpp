#include "cli/settings.hpp"

#include <fmt/format.h>

#include "config/load.hpp"
#include "util/try.hpp"

namespace snapshot_test::cli {

namespace fs = std::filesystem;

namespace {

Result<fs::path> benchmark_dir(const config::Config& config) {
  if (!config.benchmark_dir.value) {
    return fail(ErrorKind::kUsage,
                "no benchmark directory: name it after the subcommand, or set benchmark_dir in snapshot_config.json; "
                "there is no asv.conf.json and no folder benchmarks/ here either");
  }
  const fs::path& folder = *config.benchmark_dir.value;
  std::string origin;
  for (const config::Entry& entry : config::entries(config)) {
    if (entry.key == "benchmark_dir" && config.benchmark_dir.origin != config::Origin::kCommandLine) {
      origin = fmt::format(" (from {})", entry.from);
    }
  }
  const auto wrong = [&](std::string_view what) {
    return fail(ErrorKind::kUsage, fmt::format("benchmark directory '{}'{} {}", folder.string(), origin, what));
  };
  std::error_code error;
  const fs::file_status status = fs::status(folder, error);
  if (!fs::exists(status)) {
    return wrong("does not exist");
  }
  if (!fs::is_directory(status)) {
    return wrong(
        "is not a folder; name the folder that holds the benchmark files, and choose among them with --filter");
  }
  if (fs::is_empty(folder, error) || error) {
    return wrong(error ? "cannot be read: " + error.message() : std::string("is empty"));
  }
  return folder;
}

}  // namespace

Result<config::Config> load_config(const Shared& shared) {
  return config::load({shared.config_file, {}, shared.overrides});
}

Result<session::SuiteOptions> suite_options(const config::Config& config, const Shared& shared) {
  TRY_ASSIGN(auto folder, benchmark_dir(config));
  session::SuiteOptions options;
  options.benchmark_dir = std::move(folder);
  options.project_dir = config.project_dir.value;
  options.python = config.python.value;
  options.filter = shared.filter;
  options.exclude = config.exclude_benchmarks.value;
  options.timeout = config.timeout.value.value_or(config::kDefaultTimeout);
  options.import_timeout = config.import_timeout.value.value_or(config::kDefaultImportTimeout);
  options.max_memory = config.max_memory.value;
  options.isolation =
      config.isolation.value == config::Isolation::kFork ? session::Isolation::kFork : session::Isolation::kSpawn;
  options.spawn = config.spawn_benchmarks.value;
  options.shuffle = shared.shuffle;
  options.workers = static_cast<unsigned>(config.workers.value);
  options.seed = config.seed.value;
  options.trace_depth_limit = static_cast<int>(config.trace_depth_limit.value);
  options.reducers = config.reducers.value;
  options.deepest_only = config.mode.value == config::Mode::kDeepest;
  options.freeze_time = config.freeze_time.value;
  options.limits = {config.max_iterator_items.value, config.max_value_bytes.value, config.max_value_depth.value};
  return options;
}

session::Demands demands(const config::Config& config) {
  return {config.strict.value, config.min_verified.value, config.min_verified_counts.value};
}

session::ComparisonOptions comparison_options(const config::Config& config) {
  session::ComparisonOptions options;
  model::Rules& rules = options.rules;
  rules.tolerance = {config.rtol.value, config.atol.value};
  rules.by_dtype = config.by_dtype.value;
  rules.equal_nan = config.equal_nan.value;
  rules.exact_integers = config.exact_integers.value;
  rules.strict_types = config.strict_types.value;
  rules.strict_shapes = config.strict_shapes.value;
  rules.ignore_order = config.ignore_order.value;
  options.changes = config.overrides.value;
  for (const config::Entry& entry : config::entries(config)) {
    for (model::RuleChange& change : options.changes) {
      if (entry.key.starts_with("tolerance.") && entry.from == "command line") {
        change.given.erase(entry.key.substr(entry.key.find('.') + 1));
      }
    }
  }
  return options;
}

report::Verbosity verbosity(const config::Config& config) {
  if (config.quiet.value) {
    return report::Verbosity::kQuiet;
  }
  return config.verbose.value ? report::Verbosity::kVerbose : report::Verbosity::kNormal;
}

}  // namespace snapshot_test::cli
