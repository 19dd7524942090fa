#include "cli/settings.hpp"

#include <fmt/format.h>

#include "config/load.hpp"

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
  auto folder = benchmark_dir(config);
  if (!folder) {
    return tl::unexpected(std::move(folder.error()));
  }
  session::SuiteOptions options;
  options.benchmark_dir = std::move(*folder);
  options.project_dir = config.project_dir.value;
  options.python = config.python.value;
  options.filter = shared.filter;
  options.exclude = config.exclude_benchmarks.value;
  options.timeout = config.timeout.value.value_or(config::kDefaultTimeout);
  options.workers = static_cast<unsigned>(config.workers.value);
  options.seed = config.seed.value;
  options.trace_depth_limit = static_cast<int>(config.trace_depth_limit.value);
  return options;
}

session::ToleranceOptions tolerance_options(const config::Config& config) {
  return {config.rtol.value, config.atol.value, config.equal_nan.value};
}

report::Verbosity verbosity(const config::Config& config) {
  if (config.quiet.value) {
    return report::Verbosity::kQuiet;
  }
  return config.verbose.value ? report::Verbosity::kVerbose : report::Verbosity::kNormal;
}

}  // namespace snapshot_test::cli
