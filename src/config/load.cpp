#include "config/load.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <vector>

#include "config/asv_conf.hpp"
#include "config/expected.hpp"
#include "config/json_text.hpp"
#include "config/layers.hpp"
#include "util/file.hpp"
#include "util/try.hpp"

namespace snapshot_test::config {

namespace fs = std::filesystem;

namespace {

/// The first of the folders from `start` upwards for which `wanted` holds, as git looks for its own: up to the one that
/// is a repository, or to the user's home folder. `start` itself as it was given, those above it absolute.
template <class Wanted>
OptionalPath find_upwards(const fs::path& start, Wanted wanted) {
  if (wanted(start)) {
    return start;
  }
  std::error_code ignored;
  const char* home = std::getenv("HOME");
  fs::path folder = fs::weakly_canonical(start.empty() ? fs::path(".") : start, ignored);
  while (!folder.empty() && folder != folder.parent_path() && !fs::exists(folder / ".git", ignored) &&
         (home == nullptr || folder != home)) {
    folder = folder.parent_path();
    if (wanted(folder)) {
      return folder;
    }
  }
  return std::nullopt;
}

auto holds(const char* name) {
  return [name](const fs::path& folder) {
    std::error_code ignored;
    return fs::exists(folder / name, ignored);
  };
}

bool holds_asv_conf(const fs::path& folder) { return holds(kAsvConfName)(folder) || holds(kAsvConfOtherName)(folder); }

/// The folders from which files are looked for: the suite that the command line names, then the current one.
std::vector<fs::path> starts(const LoadOptions& options) {
  std::vector<fs::path> folders;
  const auto given = options.command_line.find("benchmark_dir");
  if (given != options.command_line.end() && given->is_string()) {
    const fs::path folder = options.folder / given->get<std::string>();
    if (std::error_code ignored; fs::is_directory(folder, ignored)) {
      folders.push_back(folder);
    }
  }
  folders.push_back(options.folder);
  return folders;
}

template <class Wanted>
OptionalPath find_from(const std::vector<fs::path>& starts, Wanted wanted) {
  for (const fs::path& start : starts) {
    if (auto found = find_upwards(start, wanted)) {
      return found;
    }
  }
  return std::nullopt;
}

/// A suite's project may be named in place of the suite: the folder with the asv.conf.json that says where that is.
Result<void> enter_suite(Config& config) {
  if (!config.benchmark_dir || !holds_asv_conf(*config.benchmark_dir)) {
    return {};
  }
  TRY_ASSIGN(const auto conf, read_asv_conf(*config.benchmark_dir));
  if (std::error_code ignored; conf && fs::is_directory(conf->benchmark_dir, ignored) &&
                               !fs::equivalent(conf->benchmark_dir, *config.benchmark_dir, ignored)) {
    config.benchmark_dir = conf->benchmark_dir;
    config.asv_file = conf->file;
    config.suite.project = conf->project;
  }
  return {};
}

Result<void> apply_asv_conf(Config& config, const std::vector<fs::path>& starts) {
  const OptionalPath folder = find_from(starts, holds_asv_conf);
  if (!folder) {
    return {};
  }
  auto conf = read_asv_conf(*folder);
  if (!conf) {
    conf.error().message += "\n(to go on without it, name the benchmark directory and --timeout on the command line)";
    return tl::unexpected(std::move(conf.error()));
  }
  config.asv_file = (*conf)->file;
  config.suite.project = (*conf)->project;
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

/// Where the store is unless somebody says so: beside the configuration, else where there is one above.
void choose_store(Config& config, const LoadOptions& options, const std::vector<fs::path>& from) {
  if (config.origin("snapshot_dir") != Origin::kDefault || options.file) {
    return;
  }
  const fs::path usual = config.snapshot_dir;
  const auto has_store = [&](const fs::path& each) {
    std::error_code ignored;
    return fs::is_directory(each / usual, ignored);
  };
  const OptionalPath folder = config.file                 ? OptionalPath(config.file->parent_path())
                              : has_store(options.folder) ? OptionalPath(options.folder)
                                                          : find_from(from, has_store);
  if (folder && *folder != options.folder) {
    config.snapshot_dir = *folder / usual;
  }
}

/// What is known not to pass stands beside the configuration, unless somebody says otherwise.
void choose_expected(Config& config, const fs::path& folder) {
  const fs::path usual = (config.file ? config.file->parent_path() : folder) / kExpectedFileName;
  if (std::error_code ignored; !config.expected && fs::exists(usual, ignored)) {
    config.expected = usual;
  }
}

}  // namespace

Result<Config> load(const LoadOptions& options) {
  Config config;
  const std::vector<fs::path> from = starts(options);
  OptionalPath file = options.file;
  if (const auto folder = file ? std::nullopt : find_from(from, holds(kConfigFileName))) {
    file = *folder / kConfigFileName;
  }
  if (file) {
    TRY_ASSIGN(const auto json, read_json(*file, Dialect::kJson5));
    TRY(apply_file(config, json, *file));
  }
  TRY(apply_command_line(config, options.command_line));
  TRY(enter_suite(config));
  if (!config.benchmark_dir || !config.suite.timeout) {
    TRY(apply_asv_conf(config, from));
  }
  std::error_code ignored;
  if (const fs::path usual = options.folder / "benchmarks"; !config.benchmark_dir && fs::is_directory(usual, ignored)) {
    config.benchmark_dir = usual / "";
    config.origins.erase("benchmark_dir");
    TRY(enter_suite(config));
  }
  if (!config.suite.timeout) {
    config.suite.timeout = model::kDefaultTimeout;
    config.origins.erase("timeout");
  }
  choose_store(config, options, from);
  choose_expected(config, options.folder);
  return config;
}

Result<std::optional<model::AsvProject>> load_asv_project(const Config& config) {
  OptionalPath folder = config.asv_file ? OptionalPath(config.asv_file->parent_path()) : std::nullopt;
  if (!folder) {
    std::vector<fs::path> from;
    if (config.benchmark_dir) {
      from.push_back(*config.benchmark_dir);
    }
    from.emplace_back("");
    folder = find_from(from, holds_asv_conf);
  }
  for (const char* name : {kAsvConfName, kAsvConfOtherName}) {
    std::error_code ignored;
    if (folder && fs::exists(*folder / name, ignored)) {
      const auto text = util::read_file(*folder / name);
      if (!text) {
        return fail(ErrorKind::kConfig, text.error().message);
      }
      TRY_ASSIGN(auto project, parse_asv_project(*text, *folder / name));
      return std::optional(std::move(project));
    }
  }
  return std::optional<model::AsvProject>();
}

}  // namespace snapshot_test::config
