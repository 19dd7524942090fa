#include "session/run.hpp"
#include "util/try.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <random>
#include <string_view>
#include <thread>
#include <utility>

namespace snapshot_test::session {

namespace fs = std::filesystem;

namespace {

/// Below these nothing runs well: Python's own imports fail half-way, and what that looks like is anybody's guess.
constexpr rlim_t kLeastMemory = rlim_t{512} << 20;
constexpr rlim_t kLeastFiles = 40;
/// A worker has a case, its benchmark, its setup_cache and its module: two descriptors each.
constexpr rlim_t kFilesOfAWorker = 8;
constexpr rlim_t kFilesOfOurs = 24;

unsigned workers_of(const SuiteOptions& options) {
  return options.workers != 0 ? options.workers : std::max(1u, std::thread::hardware_concurrency());
}

Result<void> check_memory(int resource, std::string_view option) {
  rlimit limit{};
  if (::getrlimit(resource, &limit) == 0 && limit.rlim_cur < kLeastMemory) {
    return fail(ErrorKind::kIo,
                fmt::format("the limit on memory is {} MiB, and running a suite takes {}: raise it (ulimit {})",
                            limit.rlim_cur >> 20, kLeastMemory >> 20, option));
  }
  return {};
}

/// What is refused later, half-way through a suite, is better refused now.
Result<void> check_limits(unsigned workers) {
  rlimit files{};
  const rlim_t least = std::max(kLeastFiles, kFilesOfOurs + kFilesOfAWorker * workers);
  if (::getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < least) {
    const rlim_t had = std::exchange(files.rlim_cur, std::min(least, files.rlim_max));
    if (files.rlim_cur < least || ::setrlimit(RLIMIT_NOFILE, &files) != 0) {
      return fail(ErrorKind::kIo, fmt::format("the limit on open files is {}, and {} {} {}: raise it (ulimit -n){}",
                                              had, workers, workers == 1 ? "worker takes" : "workers take", least,
                                              workers == 1 ? "" : ", or use fewer --workers"));
    }
  }
  auto checked = check_memory(RLIMIT_AS, "-v");
  return checked ? check_memory(RLIMIT_DATA, "-d") : checked;
}

}  // namespace

Run::Run(const SuiteOptions& options, model::Listener& listener, PythonEnvironment python)
    : options_(options), listener_(listener), python_(std::move(python)) {}

Result<std::unique_ptr<Run>> Run::begin(const SuiteOptions& options, model::Listener& listener) {
  if (options.project_dir && !fs::is_directory(*options.project_dir)) {
    return fail(ErrorKind::kUsage,
                fmt::format("the project folder '{}' does not exist", options.project_dir->string()));
  }
  TRY(check_limits(workers_of(options)));
  TRY_ASSIGN(auto python, find_python(options.python));
  listener.note(describe(python));
  std::unique_ptr<Run> run(new Run(options, listener, std::move(python)));
  TRY(run->signals_.ready());
  TRY_ASSIGN(auto scratch, Scratch::create());
  run->scratch_.emplace(std::move(scratch));
  return run;
}

Result<std::unique_ptr<Conductor>> Run::start_host(const std::vector<std::string>& preload) {
  return start(preload, FreshMemory::kAsItComes);
}

Result<std::unique_ptr<Conductor>> Run::start_second_host(const std::vector<std::string>& preload) {
  TRY_ASSIGN(auto scratch, Scratch::create(Scratch::For::kSecondRun));
  scratch_.reset();
  scratch_.emplace(std::move(scratch));
  return start(preload, FreshMemory::kFilled);
}

Result<std::unique_ptr<Conductor>> Run::start(const std::vector<std::string>& preload, FreshMemory memory) {
  model::HostStart start;
  start.executable = python_.executable;
  start.benchmark_dir = fs::absolute(options_.benchmark_dir).lexically_normal().string();
  if (start.benchmark_dir.size() > 1 && start.benchmark_dir.back() == '/') {
    start.benchmark_dir.pop_back();
  }
  if (options_.project_dir) {
    start.project_dir = fs::absolute(*options_.project_dir).lexically_normal().string();
  }
  TRY_ASSIGN(auto workdir, scratch_->make_work_folder("base", 0));
  start.workdir = workdir.string();
  start.seed = options_.seed;
  start.preload = preload;
  start.limits = options_.limits;
  start.frozen_time = options_.freeze_time ? static_cast<std::int64_t>(*options_.freeze_time) : -1;
  for (const fs::path& file : options_.reducers) {
    start.reducers.push_back(fs::absolute(file).string());
  }
  start.max_memory = options_.max_memory.value_or(0);
  return Conductor::start({&python_, std::move(start), memory, options_.import_timeout}, *scratch_, signals_,
                          {workers(), {options_.timeout, options_.import_timeout}, [this] { listener_.tick(); }});
}

Result<Run::Found> Run::find_benchmarks(Conductor& host, model::DiscoverRequest request) {
  request.filter = options_.filter.value_or("");
  TRY_ASSIGN(auto reply, host.discover(std::move(request)));
  if (!reply.filter_error.empty()) {
    return fail(ErrorKind::kUsage, reply.filter_error);
  }
  Found found;
  found.selection.suite = std::move(reply.suite);
  const std::vector<model::Benchmark>& benchmarks = found.selection.suite.benchmarks;
  for (std::size_t i = 0; i < benchmarks.size(); ++i) {
    std::vector<std::size_t> indices = reply.selected.at(i);
    if (model::matches_any(benchmarks[i], options_.exclude)) {
      found.selection.excluded += indices.size();
      indices.clear();
    } else {
      found.selection.filtered_out += benchmarks[i].case_count() - indices.size();
    }
    found.selection.indices.push_back(std::move(indices));
  }
  found.selection.not_imported = reply.not_imported;
  found.reply = std::move(reply);
  return found;
}

unsigned Run::workers() const { return workers_of(options_); }

model::RunPlan Run::plan(const Selection& selection) const {
  model::RunPlan plan;
  for (const auto& indices : selection.indices) {
    plan.benchmarks += indices.empty() ? 0 : 1;
    plan.cases += indices.size();
  }
  plan.excluded = selection.excluded;
  plan.filtered_out = selection.filtered_out;
  plan.not_imported = selection.not_imported;
  plan.workers = workers();
  plan.failures = selection.suite.failures;
  plan.notes = selection.suite.notes;
  return plan;
}

CaseTask Run::make_task(const model::Benchmark& benchmark, std::size_t index, model::Observe observe) const {
  CaseTask task;
  task.benchmark = &benchmark;
  task.index = index;
  task.observe = observe;
  task.isolation = model::matches_any(benchmark, options_.spawn) ? Isolation::kSpawn : options_.isolation;
  return task;
}

model::CaseRequest Run::make_request(const CaseTask& task) const {
  model::CaseRequest request;
  request.benchmark = model::without_params(*task.benchmark);
  request.index = task.index;
  request.ids = task.benchmark->case_ids(task.index);
  request.observe = task.observe;
  request.trace_depth_limit = options_.trace_depth_limit;
  return request;
}

void Run::shuffle(std::vector<CaseTask>& tasks) const {
  if (options_.shuffle) {
    std::mt19937_64 random(*options_.shuffle);
    std::shuffle(tasks.begin(), tasks.end(), random);
  }
}

double Run::seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun_).count(); }

}  // namespace snapshot_test::session
