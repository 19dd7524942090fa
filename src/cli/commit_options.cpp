#include "cli/commit_options.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <utility>

#include "cli/options.hpp"
#include "config/layers.hpp"
#include "config/load.hpp"
#include "util/cache_folder.hpp"
#include "util/try.hpp"

namespace snapshot_test::cli {

namespace {

constexpr double kBuildSeconds = 1800;

/// Those parts of asv's that a run of commits would have to take, and does not.
Result<void> check_supported(const model::AsvProject& asv, commits::Method method) {
  if (asv.dvcs == "hg") {
    return fail(ErrorKind::kUnsupported, "asv.conf.json: dvcs is 'hg'; only git is supported");
  }
  for (const char* other : {"conda", "mamba", "rattler"}) {
    if (method == commits::Method::kAsv && asv.environment_type.starts_with(other)) {
      return fail(ErrorKind::kUnsupported,
                  fmt::format("asv.conf.json: environment_type is '{}'; --build makes virtual environments. Make both "
                              "sides by --build-command",
                              asv.environment_type));
    }
  }
  return {};
}

}  // namespace

CLI::Option* add_repository(CLI::App& app, std::optional<std::string>& repository) {
  return add_text(app, "--repository", repository, "DIR",
                  "a folder in the project's git repository (default: that of asv.conf.json's repo, else the suite's)",
                  Offer::Kind::kFolders);
}

void add_benchmark_dir(CLI::App& app, Shared& shared) {
  CLI::Option* suite = app.add_option_function<std::string>(
      "--benchmark-dir", [&shared](const std::string& path) { shared.settings["benchmark_dir"] = path; },
      "the folder with the ASV benchmarks (default: that of asv.conf.json, else benchmarks/)");
  offering(suite, {Offer::Kind::kFolders, {}})->type_name("DIR")->group("Suite and project");
}

Result<std::filesystem::path> project_folder(const std::optional<std::string>& named, const config::Config& config,
                                             const session::SuiteOptions& suite) {
  if (named) {
    return *named;
  }
  TRY_ASSIGN(const auto asv, config::load_asv_project(config));
  return commits::find_project_folder(asv ? asv->repo : "", asv ? asv->folder : "",
                                      std::filesystem::absolute(suite.benchmark_dir));
}

void add_commit_options(CLI::App& app, Shared& shared, CommitArgs& args) {
  add_settings(app, shared, {Group::kSuite});
  app.remove_option(app.get_option("benchmark_dir"));
  add_benchmark_dir(app, shared);
  const auto titled = [](CLI::Option* option, const char* title) { option->group(title); };
  titled(add_repository(app, args.repository), "Suite and project");
  constexpr const char* kTitle = "How a commit's code is imported";
  CLI::Option* path = app.add_flag_callback(
      "--python-path", [&args] { args.method = commits::Method::kPythonPath; },
      "as it is, its folder first on the import path: for pure Python (the default)");
  CLI::Option* build = app.add_flag_callback(
      "--build", [&args] { args.method = commits::Method::kAsv; },
      "built and installed as asv.conf.json says, in a virtual environment of its own");
  CLI::Option* command = app.add_option_function<std::string>(
      "--build-command",
      [&args](const std::string& text) {
        args.method = commits::Method::kCommand;
        args.build_command = text;
      },
      "by this shell command, run in the project's folder: it installs into $PREFIX, or builds in place");
  command->type_name("COMMAND");
  path->excludes(build)->excludes(command);
  build->excludes(command);
  for (CLI::Option* each : {path, build, command}) {
    titled(each, kTitle);
  }
  add_count(app, "--build-timeout", args.build_timeout,
            "seconds that one command of a build may take (default: install_timeout of asv.conf.json, else 1800)");
  titled(app.get_option("--build-timeout"), kTitle);
}

Result<commits::RunsOptions> runs_options(const CommitArgs& args, const config::Config& config,
                                          session::SuiteOptions suite) {
  TRY_ASSIGN(const auto asv, config::load_asv_project(config));
  commits::RunsOptions options;
  TRY_ASSIGN(options.cache, util::cache_folder());
  if (asv) {
    TRY(check_supported(*asv, args.method));
    options.plan.asv = *asv;
    for (const std::string& folder : asv->own_folders) {
      options.left_out.push_back(asv->folder / folder);
    }
  } else if (args.method == commits::Method::kAsv) {
    return fail(ErrorKind::kUsage,
                "--build does what an asv.conf.json says, and there is none; --build-command names a command instead");
  }
  const std::filesystem::path folder = std::filesystem::absolute(suite.benchmark_dir);
  TRY_ASSIGN(options.repository, project_folder(args.repository, config, suite));
  options.plan.method = args.method;
  options.plan.command = args.build_command;
  options.plan.subdir = options.plan.asv.repo_subdir;
  options.plan.package = suite.project;
  options.plan.seconds = args.build_timeout ? static_cast<double>(*args.build_timeout)
                                            : options.plan.asv.install_timeout.value_or(kBuildSeconds);
  options.left_out.push_back(std::filesystem::absolute(config.snapshot_dir));
  options.suite = std::move(suite);
  options.suite.benchmark_dir = folder;
  options.comparison = config::comparison_of(config);
  options.demands = config.demands;
  options.method = config.method;
  options.cache_bytes = config.max_cache_bytes;
  options.record = config::record_of(config);
  return options;
}

}  // namespace snapshot_test::cli
