#include "session/run.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fnmatch.h>

#include <algorithm>
#include <filesystem>
#include <random>
#include <utility>

#include "runner/process_hosts.hpp"
#include "util/try.hpp"

namespace snapshot_test::session {

namespace {

/// Is a module that cannot be imported left out by a pattern of the configuration: "bench_x", "bench_x.*", "bench_*"?
bool is_excluded(const model::DiscoveryFailure& failure, const std::vector<std::string>& patterns) {
  return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
    return ::fnmatch(pattern.c_str(), failure.where.c_str(), 0) == 0 ||
           ::fnmatch(pattern.c_str(), (failure.where + ".").c_str(), 0) == 0;
  });
}

/// Seconds that a case's process took: of one that takes longer, a process of its own is a small part.
constexpr double kLongestInSeries = 0.25;

std::string idle_text(std::string_view where, const std::string& pattern, std::string_view kind) {
  return fmt::format("{} '{}' leaves nothing out: it takes {}", where, pattern, kind);
}

std::vector<std::string> projects(const Checkout& checkout, const std::optional<std::string>& named) {
  std::vector<std::string> names;
  for (const auto& [name, folder] : checkout.packages) {
    names.push_back(name);
  }
  if (named && !checkout.packages.contains(*named)) {
    names.push_back(*named);
  }
  return names;
}

/// Is what the suite imported the code that is to be tested?
Result<void> check_project_code(const SuiteOptions& options, const model::DiscoverReply& reply) {
  const model::ProjectCode& code = options.project_code;
  if (code.packages.empty()) {
    return {};
  }
  if (!reply.strays.empty()) {
    constexpr std::size_t kMostStrays = 5;
    std::string text;
    for (std::size_t i = 0; i < std::min(reply.strays.size(), kMostStrays); ++i) {
      text += fmt::format("{}{} from {}", i == 0 ? "" : ", ", reply.strays[i].name, reply.strays[i].path);
    }
    if (reply.strays.size() > kMostStrays) {
      text += fmt::format(" and {} more modules", reply.strays.size() - kMostStrays);
    }
    return fail(ErrorKind::kUsage,
                fmt::format("what the suite imports is not the code that is to be tested, which is in {}: {}. Remove "
                            "that copy from the environment, or name another environment with --python",
                            fmt::join(code.folders, ", "), text));
  }
  // Where the suite does not import at all, that is what has to be said.
  if (!reply.has_project && !reply.suite.benchmarks.empty()) {
    return fail(ErrorKind::kUsage,
                fmt::format("nothing shows which code the suite tests: it imported none of the project's packages ({}) "
                            "from {}, nor would an import find one there",
                            fmt::join(code.packages, ", "), fmt::join(code.folders, ", ")));
  }
  return {};
}

}  // namespace

const model::DiscoveryFailure* failure_of(std::span<const model::DiscoveryFailure> failures,
                                          const std::string& module) {
  const auto concerns = [&](const model::DiscoveryFailure& failure) {
    const bool inside = failure.where.empty() || module == failure.where || module.starts_with(failure.where + ".");
    return inside || failure.where.starts_with(module + ".");
  };
  const auto found = std::find_if(failures.begin(), failures.end(), concerns);
  return found == failures.end() ? nullptr : &*found;
}

const model::DiscoveryFailure* failure_of(const model::Suite& suite, const std::string& module) {
  // It goes by the folder's name, as a module in it may, too; but then there is nothing else.
  const bool nothing_known = suite.benchmarks.empty() && suite.failures.size() == 1 &&
                             suite.failures.front().where == std::filesystem::path(suite.root).filename();
  return nothing_known ? &suite.failures.front() : failure_of(suite.failures, module);
}

runner::CaseRunner::RulesOf rules_by(const ComparisonOptions& options) {
  return [&options](const model::Benchmark& each) { return model::rules_for(each, options.rules, options.changes); };
}

Result<Run> Run::begin(const SuiteOptions& options, model::Listener& listener, const runner::OpenHosts& open,
                       model::DiscoverRequest request) {
  const auto begun = std::chrono::steady_clock::now();
  TRY_ASSIGN(auto hosts, open(options, listener));
  Run run(options, std::move(hosts));
  run.begun_ = begun;
  TRY_ASSIGN(run.host_, run.hosts_->start({}, runner::Pass::kFirst));
  request.filter = options.filter.value_or("");
  request.exclude = options.exclude;
  run.checkout_ = find_checkout(options.benchmark_dir);
  request.projects = projects(run.checkout_, options.project);
  listener.phase("finding benchmarks", 0);
  TRY_ASSIGN(auto reply, run.host_->discover(std::move(request)));
  if (!reply.filter_error.empty()) {
    return fail(ErrorKind::kUsage, reply.filter_error);
  }
  TRY(check_project_code(options, reply));
  run.select(std::move(reply));
  run.selection_.python = fmt::format("Python {} at {}", run.python().version, run.python().executable);
  return run;
}

void Run::select(model::DiscoverReply reply) {
  selection_.suite = std::move(reply.suite);
  failed_modules_ = selection_.suite.failures.size();
  std::erase_if(selection_.suite.failures, [&](const auto& failure) {
    return is_excluded(failure, options_.exclude_benchmarks) ||
           std::count(reply.excluded_failures.begin(), reply.excluded_failures.end(), failure.where) > 0;
  });
  const std::vector<model::Benchmark>& benchmarks = selection_.suite.benchmarks;
  for (std::size_t i = 0; i < benchmarks.size(); ++i) {
    std::vector<std::size_t> indices = reply.selected.at(i);
    selection_.filtered_out += benchmarks[i].case_count() - indices.size() - reply.excluded.at(i);
    selection_.excluded += reply.excluded[i];
    if (model::matches_any(benchmarks[i], options_.exclude_benchmarks)) {
      selection_.excluded += indices.size();
      indices.clear();
    }
    selection_.indices.push_back(std::move(indices));
  }
  if (reply.not_imported == 0) {
    note_idle_exclusions(reply.idle_exclusions);
  }
  selection_.not_imported = reply.not_imported;
  found_ = std::move(reply);
}

void Run::narrow(const std::function<bool(const model::Benchmark& benchmark, std::size_t index)>& wanted) {
  for (std::size_t i = 0; i < selection_.indices.size(); ++i) {
    selection_.filtered_out += std::erase_if(
        selection_.indices[i], [&](std::size_t index) { return !wanted(selection_.suite.benchmarks[i], index); });
  }
  narrowed_ = true;
}

void Run::leave_to_others(const std::function<bool(const model::Benchmark& benchmark, std::size_t index)>& others) {
  for (std::size_t i = 0; i < selection_.indices.size(); ++i) {
    std::erase_if(selection_.indices[i],
                  [&](std::size_t index) { return others(selection_.suite.benchmarks[i], index); });
  }
}

void Run::note_idle_exclusions(const std::vector<std::string>& idle) {
  std::vector<std::string>& notes = selection_.suite.notes;
  for (const std::string& pattern : idle) {
    notes.push_back(idle_text("--exclude", pattern, "regular expressions, as --filter does"));
  }
  for (const std::string& pattern : options_.exclude_benchmarks) {
    const bool used =
        std::any_of(selection_.suite.benchmarks.begin(), selection_.suite.benchmarks.end(),
                    [&](const model::Benchmark& each) { return model::matches_any(each, std::vector{pattern}); });
    if (!used && failed_modules_ == selection_.suite.failures.size()) {
      notes.push_back(idle_text("exclude_benchmarks:", pattern, "glob patterns of whole names, such as '*Kron*'"));
    }
  }
}

model::RunPlan Run::plan() const {
  model::RunPlan plan;
  for (const auto& indices : selection_.indices) {
    plan.benchmarks += indices.empty() ? 0 : 1;
    plan.cases += indices.size();
  }
  plan.excluded = selection_.excluded;
  plan.filtered_out = selection_.filtered_out;
  plan.not_imported = selection_.not_imported;
  plan.workers = runner::workers_of(options_);
  plan.failures = selection_.suite.failures;
  plan.notes = selection_.suite.notes;
  plan.tested = found_.tested;
  for (model::TestedPackage& package : plan.tested) {
    compare_with(checkout_, package);
    if (!options_.project_code.packages.empty()) {
      package.other_copy.clear();  // where it comes from has been checked; a build may change a file
      package.differing_files = 0;
    }
  }
  plan.python = selection_.python;
  return plan;
}

runner::CaseTask Run::make_task(const model::Benchmark& benchmark, std::size_t index, model::Observe observe) const {
  runner::CaseTask task;
  task.benchmark = &benchmark;
  task.index = index;
  task.observe = observe;
  task.isolation = model::matches_any(benchmark, options_.spawn) || options_.isolation == Isolation::kSpawn
                       ? Isolation::kSpawn
                       : Isolation::kFork;
  return task;
}

model::CaseRequest Run::make_request(const runner::CaseTask& task) const {
  model::CaseRequest request;
  request.index = task.index;
  request.ids = task.benchmark->case_ids(task.index);
  request.observe = task.observe;
  request.trace_depth_limit = static_cast<int>(options_.trace_depth_limit);
  request.repeat = static_cast<int>(options_.repeat);
  request.perturb = options_.perturb;
  request.seed = options_.seed;
  return request;
}

bool Run::fits_a_series(const runner::CaseTask& task) const {
  // What is called again and again may leave behind what one call does not.
  return options_.repeat == 0 && !options_.perturb && options_.isolation == Isolation::kAuto &&
         task.isolation == Isolation::kFork && task.expected < kLongestInSeries && task.benchmark->type != "timeraw";
}

void Run::shuffle(std::vector<runner::CaseTask>& tasks) const {
  if (options_.shuffle) {
    std::mt19937_64 random(*options_.shuffle);
    std::shuffle(tasks.begin(), tasks.end(), random);
  }
}

runner::CaseRunner& Run::warm_host() {
  if (!found_.stays) {
    host_->preload(found_.common_modules);
  }
  return *host_;
}

Result<runner::CaseRunner*> Run::another_host() {
  host_.reset();
  TRY_ASSIGN(host_, hosts_->start(found_.common_modules, runner::Pass::kFirst));
  return host_.get();
}

Result<runner::CaseRunner*> Run::second_host() {
  host_.reset();
  TRY_ASSIGN(host_, hosts_->start(found_.common_modules, runner::Pass::kSecond));
  return host_.get();
}

double Run::seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun_).count(); }

}  // namespace snapshot_test::session
