#include "cli/settings.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <string_view>

#include "config/layers.hpp"
#include "config/load.hpp"
#include "util/try.hpp"

namespace snapshot_test::cli {

namespace fs = std::filesystem;

namespace {

Result<fs::path> benchmark_dir(const config::Config& config) {
  if (!config.benchmark_dir) {
    return fail(ErrorKind::kUsage,
                "no benchmark directory: name it after the subcommand, or set benchmark_dir in snapshot_config.json; "
                "there is no asv.conf.json and no folder benchmarks/ here either");
  }
  const fs::path& folder = *config.benchmark_dir;
  std::string origin;
  for (const config::Entry& entry : config::entries(config)) {
    if (entry.key == "benchmark_dir" && config.origin(entry.key) != config::Origin::kCommandLine) {
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

/// Numerical libraries look at these when they are loaded, which only processes that are started later do.
void use_portable_kernels() {
#if defined(__x86_64__)
  // What numpy's older and newer releases may dispatch to beyond what every x86-64 has.
  ::setenv("NPY_DISABLE_CPU_FEATURES",  // NOLINT(concurrency-mt-unsafe): there is no other thread yet
           "AVX F16C FMA3 AVX2 AVX512F AVX512CD AVX512_KNL AVX512_KNM AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL "
           "AVX512_SPR X86_V3 X86_V4",
           1);
  ::setenv("OPENBLAS_CORETYPE", "Nehalem", 1);  // NOLINT(concurrency-mt-unsafe): as above
#elif defined(__aarch64__)
  ::setenv("NPY_DISABLE_CPU_FEATURES", "ASIMDHP ASIMDDP ASIMDFHM SVE", 1);  // NOLINT(concurrency-mt-unsafe): as above
  ::setenv("OPENBLAS_CORETYPE", "ARMV8", 1);                                // NOLINT(concurrency-mt-unsafe): as above
#endif
  ::setenv("MKL_CBWR", "COMPATIBLE", 1);  // NOLINT(concurrency-mt-unsafe): as above
}

}  // namespace

Result<config::Config> load_config(const Shared& shared) {
  return config::load({shared.config_file, {}, shared.settings});
}

Result<session::SuiteOptions> suite_options(const config::Config& config, const Shared& shared) {
  TRY_ASSIGN(auto folder, benchmark_dir(config));
  if (config.portable) {
    use_portable_kernels();
  }
  session::SuiteOptions options = config.suite;
  options.benchmark_dir = std::move(folder);
  options.filter = shared.filter;
  options.exclude = shared.exclude;
  options.shuffle = shared.shuffle;
  return options;
}

std::string what_is_left(const Shared& shared) {
  return shared.filter ? fmt::format("the filter '{}' matches none", *shared.filter) : "nothing is left";
}

/// As other tools read it: set, and neither empty nor a word for no.
Surroundings surroundings() {
  const char* ci = std::getenv("CI");  // NOLINT(concurrency-mt-unsafe): no other thread changes the environment
  const std::string_view value = ci == nullptr ? "" : ci;
  const bool no = value.empty() || value == "0" || value == "false" || value == "False";
  return no ? Surroundings::kPerson : Surroundings::kService;
}

model::Demands settled(model::Demands demands, Surroundings where) {
  const bool service = where == Surroundings::kService;
  if (demands.missing == model::Missing::kAuto) {
    demands.missing = service ? model::Missing::kFail : model::Missing::kUnverified;
  }
  if (demands.obsolete == model::Obsolete::kAuto) {
    demands.obsolete = service ? model::Obsolete::kFail : model::Obsolete::kWarn;
  }
  return demands;
}

session::SettingsFiles settings_files(const config::Config& config) {
  session::SettingsFiles files;
  for (const auto& file : {config.file, config.asv_file}) {
    if (file) {
      files.configuration.push_back(*file);
    }
  }
  files.configuration.insert(files.configuration.end(), config.suite.reducers.begin(), config.suite.reducers.end());
  if (config.expected) {
    files.expectations.push_back(*config.expected);
  }
  return files;
}

report::Verbosity verbosity(const config::Config& config) {
  if (config.quiet) {
    return report::Verbosity::kQuiet;
  }
  return config.verbose ? report::Verbosity::kVerbose : report::Verbosity::kNormal;
}

}  // namespace snapshot_test::cli
