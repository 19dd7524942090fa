#include "runner/process_hosts.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "runner/conductor.hpp"
#include "runner/host_tree.hpp"
#include "util/cgroup.hpp"
#include "util/try.hpp"

namespace snapshot_test::runner {

namespace fs = std::filesystem;

namespace {

/// Below these nothing runs well: Python's own imports fail half-way, and what that looks like is anybody's guess.
constexpr rlim_t kLeastMemory = rlim_t{512} << 20;
constexpr rlim_t kLeastFiles = 40;
/// A worker has a case, its benchmark, its setup_cache and its module: two descriptors each.
constexpr rlim_t kFilesOfAWorker = 8;
constexpr rlim_t kFilesOfOurs = 24;

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
  TRY(check_memory(RLIMIT_AS, "-v"));
  return check_memory(RLIMIT_DATA, "-d");
}

/// The others cannot be sent.
bool is_utf8(const std::string& text) {
  try {
    (void)nlohmann::json(text).dump();
    return true;
  } catch (const nlohmann::json::type_error&) {
    return false;
  }
}

/// In a capture's second run it is another day of another week, month and year, and another hour: `date.today()` is the
/// same in two runs that follow each other, and something else when the snapshot is verified. The past, since what
/// looks at the age of files should not find them stale.
constexpr std::int64_t kSecondRunClockShift = -(std::int64_t{400} * 86400 + 5 * 3600 + 20 * 60);

}  // namespace

unsigned workers_of(const SuiteOptions& options) {
  return options.workers != 0 ? static_cast<unsigned>(options.workers) : util::usable_processors();
}

Result<std::unique_ptr<Hosts>> ProcessHosts::open(const SuiteOptions& options, model::Listener& listener) {
  TRY_ASSIGN(auto hosts, open_here(options, listener));
  return hosts;
}

Result<std::unique_ptr<Hosts>> ProcessHosts::open_sealed(const SuiteOptions& options, model::Listener& listener,
                                                         std::shared_ptr<const seal::Seal> seal) {
  TRY_ASSIGN(auto hosts, open_here(options, listener, std::move(seal)));
  return hosts;
}

Result<std::unique_ptr<ProcessHosts>> ProcessHosts::open_here(const SuiteOptions& options, model::Listener& listener,
                                                              std::shared_ptr<const seal::Seal> seal) {
  if (options.project_dir && !fs::is_directory(*options.project_dir)) {
    return fail(ErrorKind::kUsage,
                fmt::format("the project folder '{}' does not exist", options.project_dir->string()));
  }
  TRY(check_limits(workers_of(options)));
  util::BeforeExec before;
  if (seal != nullptr) {
    TRY_ASSIGN(const auto prepared, seal->prepare());
    before = [prepared] { return prepared->apply(); };
  }
  TRY_ASSIGN(PythonEnvironment python, find_python(options.python, before));
  listener.note(describe(python));
  std::unique_ptr<ProcessHosts> hosts(new ProcessHosts(options, listener, std::move(python), std::move(seal)));
  TRY(hosts->signals_.ready());
  TRY(hosts->make_scratch(Scratch::For::kFirstRun));
  return hosts;
}

Result<void> ProcessHosts::make_scratch(Scratch::For run) {
  TRY_ASSIGN(Scratch scratch, Scratch::create(run));
  scratch_.reset();
  scratch_.emplace(std::move(scratch));
  if (seal_ == nullptr) {
    return {};
  }
  if (const auto user = seal_->user()) {
    TRY(scratch_->give_to(*user));
  }
  TRY_ASSIGN(prepared_, seal_->prepare());  // the scratch folder is there now
  return {};
}

Result<model::HostStart> ProcessHosts::host_start(const std::vector<std::string>& preload) const {
  model::HostStart start;
  start.executable = python_.executable;
  start.benchmark_dir = fs::absolute(options_.benchmark_dir).lexically_normal().string();
  if (start.benchmark_dir.size() > 1 && start.benchmark_dir.back() == '/') {
    start.benchmark_dir.pop_back();
  }
  if (options_.project_dir) {
    start.project_dir = fs::absolute(*options_.project_dir).lexically_normal().string();
  }
  TRY_ASSIGN(const fs::path workdir, scratch_->make_work_folder("base", 0));
  start.workdir = workdir.string();
  start.seed = options_.seed;
  start.preload = preload;
  start.limits = options_.limits;
  start.frozen_time = options_.freeze_time ? static_cast<std::int64_t>(*options_.freeze_time) : -1;
  for (const fs::path& file : options_.reducers) {
    start.reducers.push_back(fs::absolute(file).string());
  }
  // Without a limit of its own, a case that wants more than there is would have the kernel kill whatever it finds.
  start.max_memory = options_.max_memory ? *options_.max_memory : util::cgroup_limits().memory.value_or(0);
  start.project_code = options_.project_code;
  if (prepared_ == nullptr) {  // a sealed host cannot open them, and is not told where they are
    for (const fs::path& folder : options_.watched) {
      start.watched.push_back(fs::absolute(folder).lexically_normal().string());
    }
  } else {
    for (const seal::Listing& listing : prepared_->listings()) {
      std::map<std::string, std::string>& names = start.listings[listing.folder];
      for (const seal::Listing::Entry& entry : listing.entries) {
        if (is_utf8(entry.name)) {
          names.emplace(entry.name, std::string(1, entry.kind));
        }
      }
    }
  }
  return start;
}

Result<std::unique_ptr<CaseRunner>> ProcessHosts::start(const std::vector<std::string>& preload, Pass pass) {
  if (pass == Pass::kSecond) {
    TRY(make_scratch(Scratch::For::kSecondRun));
  }
  HostTree::Settings settings;
  TRY_ASSIGN(settings.start, host_start(preload));
  const FreshMemory memory = pass == Pass::kSecond ? FreshMemory::kFilled : FreshMemory::kAsItComes;
  const bool shifted = pass == Pass::kSecond && !options_.freeze_time;
  settings.start.clock_shift = shifted ? kSecondRunClockShift : 0;
  const TimeOfDay clock = shifted || options_.freeze_time ? TimeOfDay::kOurs : TimeOfDay::kTheSystems;
  settings.launch = [this, memory, clock] {
    return start_host(python_, scratch_->path(), memory, clock, prepared_.get());
  };
  settings.import_timeout = options_.import_timeout.value_or(model::kDefaultImportTimeout);
  Conductor::Options how;
  how.host = python_.executable;
  how.workers = workers_of(options_);
  how.timeouts = {options_.timeout.value_or(model::kDefaultTimeout), settings.import_timeout};
  how.on_tick = [this] { listener_.tick(); };
  how.interrupted = [this] { return signals_.interrupted(); };
  const auto make_processes = [&](Processes::Owner& owner) -> std::unique_ptr<Processes> {
    return std::make_unique<HostTree>(std::move(settings), signals_, owner);
  };
  TRY_ASSIGN(auto conductor, Conductor::start(make_processes, *scratch_, std::move(how)));
  return conductor;
}

}  // namespace snapshot_test::runner
