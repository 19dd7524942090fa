#include "commits/commit_runs.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <set>
#include <utility>

#include "commits/asv_matrix.hpp"
#include "commits/cache.hpp"
#include "commits/cache_entry.hpp"
#include "commits/project.hpp"
#include "runner/python_environment.hpp"
#include "snapshot_test/store/run_info.hpp"
#include "snapshot_test/store/store.hpp"
#include "store/digest.hpp"
#include "util/file.hpp"
#include "util/text.hpp"
#include "util/try.hpp"

namespace snapshot_test::commits {

namespace fs = std::filesystem;
using model::ExitStatus;
using nlohmann::json;

namespace {

constexpr std::size_t kShownFiles = 5;

/// What of a capture of the base is shown: that it goes on.
class CaptureProgress : public model::Listener {
 public:
  CaptureProgress(model::Listener& shown, std::string name) : shown_(shown), name_(std::move(name)) {}
  void phase(const std::string& what, std::size_t cases) override { shown_.phase(what + " " + name_, cases); }
  void started(const model::CaseId& id) override { shown_.started(id); }
  void ended(const model::CaseId& id) override { shown_.ended(id); }
  void tick() override { shown_.tick(); }
  void note(const std::string& text) override { shown_.note(text); }

 private:
  model::Listener& shown_;
  std::string name_;
};

/// Names and contents of all files of a suite, but for what Python leaves.
Result<std::string> digest_of_folder(const fs::path& folder) {
  std::set<fs::path> files;
  std::error_code error;
  for (fs::recursive_directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (it->path().filename() == "__pycache__") {
      it.disable_recursion_pending();
    } else if (std::error_code ignored; it->is_regular_file(ignored)) {
      files.insert(it->path());
    }
  }
  std::string all;
  for (const fs::path& file : files) {
    TRY_ASSIGN(const std::string text, util::read_file(file));
    all += file.lexically_relative(folder).string() + '\0' + store::sha256_hex(text) + '\0';
  }
  return store::sha256_hex(all);
}

/// Which cases a capture is of, as it is written down.
json selection_of(const session::SuiteOptions& suite) {
  return {{"filter", suite.filter.value_or("")},
          {"exclude", suite.exclude},
          {"exclude_benchmarks", suite.exclude_benchmarks}};
}

/// Has a capture that `entry` tells of all that is selected?
bool covers(const json& entry, const json& wanted) {
  const json done = entry.value("selections", json::array());
  json whole = wanted;
  whole["filter"] = "";
  whole["exclude"] = json::array();
  return std::find(done.begin(), done.end(), wanted) != done.end() ||
         std::find(done.begin(), done.end(), whole) != done.end();
}

}  // namespace

std::string describe(const Point& point) {
  if (point.tree == point.commit.tree) {
    return describe(point.commit);
  }
  return fmt::format("the work tree: {}, {} changed", describe(point.commit), util::counted(point.changed, "file"));
}

Result<CommitRuns> CommitRuns::open(RunsOptions options, Say say) {
  TRY_ASSIGN(Repository repository, Repository::find(options.repository));
  TRY(repository.commit("HEAD").map([](const Commit&) {}));
  TRY_ASSIGN(Workspace workspace, Workspace::open(repository, options.cache));
  CommitRuns runs(std::move(options), std::move(say), std::move(repository), std::move(workspace));
  // Commits are checked out at one place, one after the other and within a second: what Python finds elsewhere of the
  // file that was there before would be taken for this one's.
  ::unsetenv("PYTHONPYCACHEPREFIX");  // NOLINT(concurrency-mt-unsafe): there is no other thread
  TRY(runs.find_interpreter());
  TRY(runs.find_suite());
  return runs;
}

Result<void> CommitRuns::find_interpreter() {
  TRY_ASSIGN(const runner::PythonEnvironment python, runner::find_python(options_.suite.python));
  options_.plan.python = python.executable;
  options_.plan.python_version = python.version;
  if (options_.plan.method == Method::kAsv) {
    TRY_ASSIGN(options_.plan.environment, first_environment(options_.plan.asv, python.version));
  }
  for (const auto& [name, value] : options_.plan.environment.run_variables) {
    ::setenv(name.c_str(), value.c_str(), 1);  // NOLINT(concurrency-mt-unsafe): there is no other thread
  }
  constexpr const char* kList =
      "import importlib.metadata as m\n"
      "for d in m.distributions(): print(d.metadata['Name'], d.version, sep='==')";
  TRY_ASSIGN(const CommandEnd end, run_command({{python.executable, "-c", kList}, {}, {}, {}, 60}));
  std::vector<std::string> distributions = split(end.out, '\n');
  std::sort(distributions.begin(), distributions.end());
  const char* path = std::getenv("PYTHONPATH");  // NOLINT(concurrency-mt-unsafe): nobody changes the environment
  const store::MachineInfo machine = store::collect_machine();
  environment_ = {{"python", {python.executable, python.version}},
                  {"path", path == nullptr ? "" : path},
                  {"machine", {machine.cpu, machine.cpu_features}}};
  if (options_.plan.method != Method::kAsv) {
    environment_["packages"] = distributions;
  }
  return {};
}

Result<void> CommitRuns::find_suite() {
  if (const auto& project = options_.suite.project_dir) {
    options_.plan.import_folder = repository_.relative(*project);
    if (!options_.plan.import_folder) {
      return fail(ErrorKind::kUsage, fmt::format("the project's folder '{}' is not in the repository '{}'",
                                                 project->string(), repository_.root().string()));
    }
  }
  const fs::path& folder = options_.suite.benchmark_dir;
  const auto inside = repository_.relative(folder);
  if (!inside) {
    TRY_ASSIGN(suite_digest_, digest_of_folder(folder));
    return {};
  }
  if (inside->empty()) {
    return fail(ErrorKind::kUsage,
                fmt::format("the suite '{}' is the whole repository, so there is no project in it to compare; name the "
                            "project's repository with --repository",
                            folder.string()));
  }
  suite_path_ = *inside;
  return {};
}

Result<Point> CommitRuns::at(const std::string& commit) const {
  TRY_ASSIGN(const Commit found, repository_.commit(commit));
  return at(found);
}

Result<Point> CommitRuns::work_tree() const {
  TRY_ASSIGN(const Commit head, repository_.commit("HEAD"));
  std::vector<std::string> left_out;
  for (const fs::path& folder : options_.left_out) {
    if (const auto inside = repository_.relative(folder); inside && !inside->empty()) {
      left_out.push_back(*inside);
    }
  }
  TRY_ASSIGN(const std::string tree, workspace_.work_tree(left_out));
  TRY_ASSIGN(const auto changed, workspace_.changed_files(head.tree, tree));
  return Point{head, tree, changed.size()};
}

Result<void> CommitRuns::take_benchmarks_from(const Point& point) {
  if (suite_path_.empty()) {
    return {};
  }
  TRY_ASSIGN(const auto tree, workspace_.subtree(point.tree, suite_path_));
  if (!tree) {
    return fail(ErrorKind::kUsage, fmt::format("there is no folder '{}' in {}, from where the benchmarks are taken; "
                                               "--benchmarks-from says which side that is",
                                               suite_path_, describe(point)));
  }
  suite_tree_ = *tree;
  return {};
}

Result<void> CommitRuns::check_compiled(const Point& one, const Point& other) const {
  if (options_.plan.method != Method::kPythonPath) {
    return {};
  }
  const std::string suite = suite_path_ + "/";
  TRY_ASSIGN(std::vector<std::string> changed, workspace_.changed_files(one.tree, other.tree));
  TRY_ASSIGN(const std::vector<std::string> all, workspace_.files(other.tree));
  const auto is_projects = [&](const std::string& path) { return suite_path_.empty() || !path.starts_with(suite); };
  const bool compiled = std::any_of(
      all.begin(), all.end(), [&](const std::string& path) { return is_compiled_source(path) && is_projects(path); });
  std::erase_if(changed, [&](const std::string& path) {
    return !is_projects(path) || !(is_compiled_source(path) || (compiled && is_build_file(path)));
  });
  if (changed.empty()) {
    return {};
  }
  const std::size_t more = changed.size() > kShownFiles ? changed.size() - kShownFiles : 0;
  changed.resize(changed.size() - more);
  return fail(ErrorKind::kUsage,
              fmt::format("what has to be compiled is not the same in {} and {}, and nothing is built: {}{}. Have both "
                          "built: --build (as asv.conf.json says) or --build-command",
                          describe(one), describe(other), fmt::join(changed, ", "),
                          more > 0 ? fmt::format(" and {} more", more) : ""));
}

Result<std::string> CommitRuns::tree_with_suite(const Point& point) const {
  if (suite_path_.empty()) {
    return point.tree;
  }
  TRY_ASSIGN(const auto own, workspace_.subtree(point.tree, suite_path_));
  return own == suite_tree_ ? Result<std::string>(point.tree)
                            : workspace_.with_folder(point.tree, suite_path_, suite_tree_);
}

Result<CommitRuns::Side> CommitRuns::prepare(const Point& point, const std::string& name) {
  TRY_ASSIGN(const std::string tree, tree_with_suite(point));
  TRY_ASSIGN(const fs::path checkout, workspace_.check_out_for_run(name, point.commit, tree));
  Side side;
  TRY_ASSIGN(side.code, prepare_code(workspace_, options_.plan, name, point.commit, point.tree, checkout, say_));
  done_.builds += side.code.was_built ? 1 : 0;
  if (!side.code.build.empty()) {
    used_.push_back(side.code.build);
    environments_[name] = side.code.environment;
  }
  side.suite = options_.suite;
  side.suite.python = side.code.python;
  side.suite.project_dir = side.code.import_folder;
  if (!suite_path_.empty()) {
    side.suite.benchmark_dir = checkout / suite_path_;
  }
  const std::string suite_name = fs::path(side.suite.benchmark_dir).lexically_normal().filename().string();
  std::erase(side.code.packages, suite_name);
  side.suite.project_code = {side.code.packages, side.code.folders};
  return side;
}

std::string CommitRuns::key_of(const Point& point, const std::string& tree) const {
  json settings = options_.record.run;
  settings.update(options_.record.resumable);
  settings.erase("filter");
  const json key = {{"format", 1},
                    {"tool", ST_VERSION},
                    {"tree", tree},
                    {"suite", {suite_path_, suite_digest_}},
                    {"folder", options_.plan.import_folder.value_or("")},
                    {"subdir", options_.plan.subdir},
                    {"package", options_.plan.package.value_or("")},
                    {"environment", environment_},
                    {"variables", options_.plan.environment.run_variables},
                    {"seed", options_.suite.seed},
                    {"settings", settings},
                    {"stability_check", options_.method.stability_check},
                    {"build", build_key(options_.plan, point.tree)}};
  return cache_key(key);
}

Result<fs::path> CommitRuns::baseline(const Point& point, const std::string& name, model::Listener& listener) {
  TRY_ASSIGN(const std::string tree, tree_with_suite(point));
  const std::string key = key_of(point, tree);
  const fs::path folder = workspace_.baselines() / key;
  used_.push_back(key);
  std::optional<json> entry = read_entry(folder);
  // A build may have been cleaned away; what it computed is known all the same.
  if (entry && covers(*entry, selection_of(options_.suite))) {
    touch_entry(folder);
    if (entry->contains("environment")) {
      environments_[name] = entry->value("environment", std::vector<std::string>{});
    }
    say_(fmt::format("{} is in the cache, captured {}: nothing is {}", name, entry->value("created", ""),
                     options_.plan.method == Method::kPythonPath ? "captured" : "built or captured"));
    return folder / "store";
  }
  json made = entry.value_or(json{{"kind", "baseline"},
                                  {"commit", point.commit.id},
                                  {"subject", point.commit.subject},
                                  {"changed_files", point.changed},
                                  {"project_tree", point.tree},
                                  {"suite", suite_path_.empty() ? suite_digest_ : suite_tree_},
                                  {"tree", tree},
                                  {"selections", json::array()}});
  if (auto captured = capture(point, name, folder, listener, std::move(made)); !captured) {
    if (!entry) {
      std::error_code ignored;
      fs::remove_all(folder, ignored);
    }
    return tl::unexpected(std::move(captured.error()));
  }
  return folder / "store";
}

Result<void> CommitRuns::capture(const Point& point, const std::string& name, const fs::path& folder,
                                 model::Listener& listener, json entry) {
  TRY_ASSIGN(const Side side, prepare(point, name));
  std::error_code error;
  fs::create_directories(folder, error);
  TRY_ASSIGN(const model::CaptureSummary summary, capture_into(folder / "store", side, name, listener, nullptr));
  ++done_.captures;
  for (const model::DiscoveryFailure& failure : summary.plan.failures) {
    say_(fmt::format("at {}, {} does not import: {}", name, failure.where, failure.cause));
  }
  if (!fs::exists(folder / "store", error)) {
    return fail(ErrorKind::kNoBaseline,
                fmt::format("nothing of the suite could be run at {} ({}), so there is nothing to compare with", name,
                            describe(point)));
  }
  entry["selections"].push_back(selection_of(options_.suite));
  entry["environment"] = side.code.environment;
  entry["tested"] = summary.plan.tested;
  return write_entry(folder, std::move(entry));
}

Result<model::CaptureSummary> CommitRuns::capture_into(
    const fs::path& store, const Side& side, const std::string& name, model::Listener& listener,
    std::function<bool(const model::Benchmark&, std::size_t)> wanted) const {
  session::CaptureOptions options;
  options.suite = side.suite;
  options.snapshot_dir = store;
  options.comparison = options_.comparison;
  options.method = options_.method;
  options.method.resume = false;
  options.record = options_.record;
  options.update = session::Update::kMissing;
  options.wanted = std::move(wanted);
  CaptureProgress progress(listener, name);
  TRY_ASSIGN(model::CaptureSummary summary, session::capture(options, progress));
  if (summary.status == ExitStatus::kInterrupted) {
    return fail(ErrorKind::kInterrupted,
                fmt::format("interrupted while {} was captured; nothing of that is kept", name));
  }
  if (summary.status == ExitStatus::kInternal) {
    return fail(ErrorKind::kIo,
                summary.failure.empty() ? "the machine refused what the capture needs" : summary.failure);
  }
  return summary;
}

Result<void> CommitRuns::keep_verified(const Point& point, const std::string& name, const fs::path& store,
                                       const Verified& verified, model::Listener& listener) {
  const fs::path folder = store.parent_path();
  std::optional<json> entry = read_entry(folder);
  if (!entry || point.tree != point.commit.tree || !environment_differences().empty()) {
    return {};
  }
  json& kept = (*entry)["verified"][point.tree];
  const json selection = selection_of(options_.suite);
  if (kept.is_object() && covers(kept, selection)) {
    return {};
  }
  const fs::path place = store::variant_location(store, point.tree);
  TRY_ASSIGN(const auto from, store::Store::open(store));
  TRY(session::adopt_snapshots(*from, place, verified.confirmed, verified.tested));
  if (!verified.others.empty()) {
    TRY_ASSIGN(const Side side, prepare(point, name));
    TRY(capture_into(place, side, name, listener, [&verified](const model::Benchmark& benchmark, std::size_t index) {
          return verified.others.contains({benchmark.name, index});
        }).map([](const model::CaptureSummary&) {}));
  }
  kept["commit"] = point.commit.id;
  kept["subject"] = point.commit.subject;
  kept["selections"].push_back(selection);
  return write_entry(folder, std::move(*entry));
}

Result<model::VerifySummary> CommitRuns::verify(const Point& point, const std::string& name, const fs::path& store,
                                                model::Listener& listener) {
  TRY_ASSIGN(Side side, prepare(point, name));
  session::VerifyOptions options;
  options.suite = std::move(side.suite);
  options.snapshot_dir = store;
  options.comparison = options_.comparison;
  options.demands = options_.demands;
  // The cache is what BASE computed: HEAD never writes into it.
  if (options.demands.missing != model::Missing::kFail) {
    options.demands.missing = model::Missing::kUnverified;
  }
  if (options.demands.obsolete == model::Obsolete::kAuto || options.demands.obsolete == model::Obsolete::kDelete) {
    options.demands.obsolete = model::Obsolete::kWarn;
  }
  options.expectations = options_.expectations;
  options.today = options_.today;
  options.method = options_.method;
  options.record = options_.record;
  return session::verify(options, listener);
}

std::vector<std::string> CommitRuns::environment_differences() const {
  std::map<std::string, std::map<std::string, std::string>> versions;  // package -> side -> version
  for (const auto& [name, packages] : environments_) {
    for (const std::string& package : packages) {
      const std::size_t equals = package.find("==");
      versions[package.substr(0, equals)][name] = package.substr(std::min(equals + 2, package.size()));
    }
  }
  std::vector<std::string> differences;
  for (const auto& [package, sides] : versions) {
    std::set<std::string> distinct;
    std::vector<std::string> texts;
    for (const auto& [name, packages] : environments_) {
      const auto version = sides.find(name);
      const std::string text = version == sides.end() ? "none" : version->second;
      distinct.insert(text);
      texts.push_back(fmt::format("{} at {}", text, name));
    }
    if (distinct.size() > 1) {
      differences.push_back(fmt::format("{}: {}", package, fmt::join(texts, ", ")));
    }
  }
  return differences;
}

void CommitRuns::trim_cache() const {
  if (options_.cache_bytes == 0) {
    return;
  }
  const std::uint64_t removed = trim(workspace_.folder(), options_.cache_bytes, used_);
  if (removed > 0) {
    say_(
        fmt::format("the cache was larger than {} bytes (max_cache_bytes): what was not used for longest went, {} "
                    "bytes",
                    util::grouped(options_.cache_bytes), util::grouped(removed)));
  }
}

}  // namespace snapshot_test::commits
