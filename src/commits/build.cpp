#include "commits/build.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/wait.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <fstream>
#include <map>
#include <utility>

#include "commits/cache_entry.hpp"
#include "commits/commands_of_asv.hpp"
#include "commits/project.hpp"
#include "util/disk_space.hpp"
#include "util/file.hpp"
#include "util/process.hpp"
#include "util/refusal.hpp"
#include "util/try.hpp"

namespace snapshot_test::commits {

namespace fs = std::filesystem;
using nlohmann::json;

namespace {

constexpr std::size_t kLastLines = 15;
constexpr std::size_t kLastBytes = 16384;

/// asv's own, but that the wheel alone is made, and from the tree as it is.
const std::vector<std::string> kBuild = {"python -m pip wheel --no-deps -w {build_cache_dir} {build_dir}"};
const std::vector<std::string> kInstall = {"in-dir={env_dir} python -m pip install {wheel_file} --force-reinstall"};
const std::vector<std::string> kUninstall = {"return-code=any python -m pip uninstall -y {project}"};

std::string last_lines(const fs::path& log) {
  const std::string text = util::read_file(log).value_or("");
  std::vector<std::string> lines = split(text.substr(text.size() > kLastBytes ? text.size() - kLastBytes : 0), '\n');
  if (lines.size() > kLastLines) {
    lines.erase(lines.begin(), lines.end() - kLastLines);
  }
  return fmt::format("  {}", fmt::join(lines, "\n  "));
}

/// One build: where it is, and what its commands are given.
class Building {
 public:
  Building(const Workspace& workspace, const BuildPlan& plan, const std::string& key)
      : plan_(plan), folder_(workspace.builds() / key), workspace_(workspace) {}

  [[nodiscard]] fs::path tree() const { return folder_ / "tree"; }
  [[nodiscard]] fs::path environment() const { return folder_ / "env"; }
  [[nodiscard]] fs::path prefix() const { return folder_ / "prefix"; }
  [[nodiscard]] const fs::path& folder() const { return folder_; }

  Result<void> make(const std::string& name, const Commit& commit, const std::string& tree_id, const Say& say);
  /// Removes all but the log of a build that came to nothing through no fault of the commit.
  void discard() const;

 private:
  Result<void> run(const AsvCommand& command, const fs::path& usual, const Environment& environment,
                   const std::string& shown);
  Result<void> run_all(const std::vector<std::string>& commands, const fs::path& usual);
  Result<void> by_asv(const Commit& commit);
  Result<void> by_command();
  [[nodiscard]] std::map<std::string, std::string> variables(const Commit& commit) const;
  [[nodiscard]] fs::path source() const { return plan_.subdir.empty() ? tree() : tree() / plan_.subdir; }
  [[nodiscard]] fs::path wheels() const { return folder_ / "wheels"; }
  [[nodiscard]] fs::path log() const { return folder_ / "log.txt"; }

  const BuildPlan& plan_;
  fs::path folder_;
  const Workspace& workspace_;
  std::map<std::string, std::string> variables_;
  Environment environment_;
};

std::string path_with(const fs::path& first) {
  const char* path = std::getenv("PATH");  // NOLINT(concurrency-mt-unsafe): no other thread changes the environment
  return first.string() + ":" + (path == nullptr ? "/usr/local/bin:/usr/bin:/bin" : path);
}

Result<void> Building::run(const AsvCommand& command, const fs::path& usual, const Environment& environment,
                           const std::string& shown) {
  if (command.argv.empty()) {
    return {};
  }
  if (std::ofstream out(log(), std::ios::app); out) {
    out << "$ " << shown << '\n';
  }
  Command program;
  program.argv = command.argv;
  program.folder = command.folder.empty() ? usual : usual / command.folder;
  program.environment = environment;
  for (const auto& [name, value] : command.environment) {
    program.environment[name] = value;
  }
  program.log = log();
  program.seconds = plan_.seconds;
  TRY_ASSIGN(const CommandEnd end, run_command(program));
  const bool exited = WIFEXITED(end.status);
  if (!end.timed_out && exited && (!command.return_codes || command.return_codes->contains(WEXITSTATUS(end.status)))) {
    return {};
  }
  const std::string lines = last_lines(log());
  // On a full disk, what it said of that may be missing in the log, too.
  const bool full = lines.find("No space left on device") != std::string::npos || util::is_disk_full(folder_);
  return fail(full ? ErrorKind::kIo : ErrorKind::kUsage,
              fmt::format("the build failed{}: '{}' {}\n{}\n(the whole log: {})",
                          full ? ", No space left on device" : "", shown,
                          end.timed_out ? fmt::format("did not end within {:g} s (--build-timeout)", plan_.seconds)
                                        : fmt::format("ended with {}", util::describe_wait_status(end.status)),
                          lines, log().string()));
}

std::map<std::string, std::string> Building::variables(const Commit& commit) const {
  const std::string name =
      fmt::format("virtualenv-py{}", plan_.python_version.substr(0, plan_.python_version.rfind('.')));
  return {{"project", plan_.asv.project},
          {"conf_dir", plan_.asv.folder.string()},
          {"env_name", name},
          {"env_dir", environment().string()},
          {"env_type", "virtualenv"},
          {"commit", commit.id},
          {"build_dir", source().string()},
          {"build_cache_dir", wheels().string()}};
}

Result<void> Building::run_all(const std::vector<std::string>& commands, const fs::path& usual) {
  for (const std::string& text : commands) {
    variables_.erase("wheel_file");
    std::vector<fs::path> found;
    std::error_code error;
    for (fs::directory_iterator it(wheels(), error), end; !error && it != end; it.increment(error)) {
      if (it->path().extension() == ".whl") {
        found.push_back(it->path());
      }
    }
    if (found.size() == 1) {
      variables_["wheel_file"] = found.front().string();
    }
    TRY_ASSIGN(const AsvCommand command, parse_asv_command(text, variables_));
    TRY(run(command, usual, environment_, text));
  }
  return {};
}

Result<void> Building::by_asv(const Commit& commit) {
  variables_ = variables(commit);
  environment_ = {{"ASV", "true"},
                  {"PATH", path_with(environment() / "bin")},
                  {"VIRTUAL_ENV", environment().string()},
                  {"PYTHONNOUSERSITE", "1"},
                  {"PIP_USER", "false"},
                  {"PIP_DISABLE_PIP_VERSION_CHECK", "1"},
                  {"PIP_NO_INPUT", "1"},
                  {"PYTHONPATH", std::nullopt},
                  {"PYTHONHOME", std::nullopt}};
  for (const auto& [name, value] : variables_) {
    std::string upper = "ASV_" + name;
    std::transform(upper.begin(), upper.end(), upper.begin(), [](unsigned char c) { return std::toupper(c); });
    environment_[upper] = value;
  }
  for (const auto& [name, value] : plan_.environment.build_variables) {
    environment_[name] = value;
  }
  AsvCommand make;
  make.argv = {plan_.python, "-m", "venv", environment().string()};
  TRY(run(make, folder_, {{"PYTHONPATH", std::nullopt}}, fmt::format("{}", fmt::join(make.argv, " "))));
  if (const auto& packages = plan_.environment.packages; !packages.empty()) {
    AsvCommand install;
    install.argv = {"python", "-m", "pip", "install"};
    install.argv.insert(install.argv.end(), packages.begin(), packages.end());
    TRY(run(install, folder_, environment_, fmt::format("{}", fmt::join(install.argv, " "))));
  }
  TRY(run_all(plan_.asv.uninstall_command.value_or(kUninstall), environment()));
  TRY(run_all(plan_.asv.build_command.value_or(kBuild), source()));
  return run_all(plan_.asv.install_command.value_or(kInstall), source());
}

Result<void> Building::by_command() {
  AsvCommand command;
  command.argv = {"/bin/sh", "-c", plan_.command};
  return run(command, source(),
             {{"PREFIX", prefix().string()},
              {"BUILD_DIR", source().string()},
              {"PYTHON", plan_.python},
              {"PATH", path_with(fs::path(plan_.python).parent_path())},
              {"PIP_NO_INPUT", "1"},
              {"PIP_DISABLE_PIP_VERSION_CHECK", "1"}},
             plan_.command);
}

Result<void> Building::make(const std::string& name, const Commit& commit, const std::string& tree_id, const Say& say) {
  workspace_.remove_tree(folder_);
  std::error_code error;
  fs::create_directories(wheels(), error);
  fs::create_directories(prefix(), error);
  if (error) {
    return tl::unexpected(util::refusal(fmt::format("make the folder '{}'", prefix().string()), error.value()));
  }
  TRY(workspace_.check_out(tree(), commit, tree_id));
  say(fmt::format("building {}; its log is {}", name, log().string()));
  TRY(plan_.method == Method::kAsv ? by_asv(commit) : by_command());
  return write_entry(folder_, {{"kind", "build"},
                               {"commit", commit.id},
                               {"subject", commit.subject},
                               {"tree", tree_id},
                               {"python", plan_.python}});
}

void Building::discard() const {
  std::error_code ignored;
  for (const fs::path& part : {environment(), prefix(), wheels()}) {
    fs::remove_all(part, ignored);
  }
  workspace_.remove_tree(tree());
}

/// site-packages below a prefix, else the prefix; none where it is empty.
std::optional<fs::path> packages_folder(const fs::path& prefix) {
  std::error_code error;
  for (const char* lib : {"lib", "lib64", "local/lib"}) {
    for (fs::directory_iterator it(prefix / lib, error), end; !error && it != end; it.increment(error)) {
      for (const char* name : {"site-packages", "dist-packages"}) {
        if (std::error_code ignored; fs::is_directory(it->path() / name, ignored)) {
          return it->path() / name;
        }
      }
    }
    error.clear();
  }
  return fs::is_empty(prefix, error) || error ? std::nullopt : std::optional(prefix);
}

/// What the environment holds beside the project: "name==version".
Result<std::vector<std::string>> installed(const std::string& python, const std::vector<std::string>& packages) {
  constexpr const char* kList =
      "import importlib.metadata as m\n"
      "for d in m.distributions(): print(d.metadata['Name'], d.version, sep='==')";
  TRY_ASSIGN(const CommandEnd end, run_command({{python, "-c", kList}, {}, {{"PYTHONPATH", std::nullopt}}, {}, 60}));
  std::vector<std::string> lines = split(end.out, '\n');
  std::erase_if(lines, [&](const std::string& line) {
    std::string name = line.substr(0, line.find("=="));
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return c == '-' || c == '.' ? '_' : static_cast<char>(std::tolower(c)); });
    return std::any_of(packages.begin(), packages.end(), [&](std::string package) {
      std::transform(package.begin(), package.end(), package.begin(), [](unsigned char c) { return std::tolower(c); });
      return package == name;
    });
  });
  std::sort(lines.begin(), lines.end());
  return lines;
}

/// Packages of a tree; the folder is relative to its root.
Result<ImportFolder> import_folder(const Workspace& workspace, const BuildPlan& plan, const std::string& tree) {
  TRY_ASSIGN(const auto files, workspace.files(tree));
  if (plan.import_folder) {
    ImportFolder found{*plan.import_folder, packages_in(files, *plan.import_folder)};
    if (plan.package &&
        std::find(found.packages.begin(), found.packages.end(), *plan.package) == found.packages.end()) {
      found.packages.push_back(*plan.package);
    }
    return found;
  }
  return find_import_folder(files, plan.subdir, plan.package);
}

}  // namespace

std::string build_key(const BuildPlan& plan, const std::string& tree) {
  if (plan.method == Method::kPythonPath) {
    return "";
  }
  json key = {{"format", 1},
              {"tool", ST_VERSION},
              {"tree", tree},
              {"subdir", plan.subdir},
              {"python", {plan.python, plan.python_version}}};
  if (plan.method == Method::kCommand) {
    key["command"] = plan.command;
  } else {
    key["asv"] = {{"project", plan.asv.project},
                  {"build", plan.asv.build_command.value_or(kBuild)},
                  {"install", plan.asv.install_command.value_or(kInstall)},
                  {"uninstall", plan.asv.uninstall_command.value_or(kUninstall)},
                  {"packages", plan.environment.packages},
                  {"environment", plan.environment.build_variables}};
  }
  return cache_key(key);
}

bool has_build(const Workspace& workspace, const std::string& key) {
  return key.empty() || read_entry(workspace.builds() / key).has_value();
}

Result<Code> prepare_code(const Workspace& workspace, const BuildPlan& plan, const std::string& name,
                          const Commit& commit, const std::string& tree, const fs::path& checkout, const Say& say) {
  Code code;
  code.python = plan.python;
  TRY_ASSIGN(const ImportFolder found, import_folder(workspace, plan, tree));
  if (found.packages.empty()) {
    return fail(ErrorKind::kUsage,
                fmt::format("{} ({}) has no package in its root, src/, lib/ or python/, so nothing could show which "
                            "code runs; name the folder that holds it with --project-dir, or the package as 'project' "
                            "in asv.conf.json",
                            name, describe(commit)));
  }
  code.packages = found.packages;
  code.build = build_key(plan, tree);
  if (plan.method == Method::kPythonPath) {
    code.import_folder = checkout / found.folder;
    code.folders = {checkout.string()};
    return code;
  }
  Building building(workspace, plan, code.build);
  if (has_build(workspace, code.build)) {
    touch_entry(building.folder());
  } else {
    if (auto made = building.make(name, commit, tree, say); !made) {
      if (made.error().kind != ErrorKind::kUsage) {
        building.discard();
      }
      return tl::unexpected(std::move(made.error()));
    }
    code.was_built = true;
  }
  if (plan.method == Method::kAsv) {
    code.python = (building.environment() / "bin/python").string();
    code.folders = {building.environment().string(), building.tree().string()};
    TRY_ASSIGN(code.environment, installed(code.python, code.packages));
    return code;
  }
  code.import_folder = packages_folder(building.prefix()).value_or(building.tree() / found.folder);
  code.folders = {building.prefix().string(), building.tree().string()};
  return code;
}

}  // namespace snapshot_test::commits
