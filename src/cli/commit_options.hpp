// The options of the subcommands that run commits.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "cli/command.hpp"
#include "commits/commit_runs.hpp"
#include "config/config.hpp"

namespace CLI {  // NOLINT(readability-identifier-naming): not ours to name
class App;
class Option;
}  // namespace CLI

namespace snapshot_test::cli {

struct CommitArgs {
  commits::Method method = commits::Method::kPythonPath;
  std::string build_command{};
  std::optional<std::uint64_t> build_timeout{};
  std::optional<std::string> repository{};
};

/// --python-path, --build, --build-command, --build-timeout and --repository, and the settings of the suite, with
/// --benchmark-dir in place of the positional argument: commits are positional there.
void add_commit_options(CLI::App& app, Shared& shared, CommitArgs& args);

/// --repository; what the option is.
CLI::Option* add_repository(CLI::App& app, std::optional<std::string>& repository);

/// --benchmark-dir.
void add_benchmark_dir(CLI::App& app, Shared& shared);

/// A folder in the project's repository: `named`, else what the asv.conf.json says, else the suite's.
[[nodiscard]] Result<std::filesystem::path> project_folder(const std::optional<std::string>& named,
                                                           const config::Config& config,
                                                           const session::SuiteOptions& suite);

/// From these, the settings and the asv.conf.json to what commits are run with. kConfig, kUsage; kUnsupported for what
/// of asv is not.
[[nodiscard]] Result<commits::RunsOptions> runs_options(const CommitArgs& args, const config::Config& config,
                                                        session::SuiteOptions suite);

}  // namespace snapshot_test::cli
