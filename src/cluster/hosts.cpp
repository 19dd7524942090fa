#include "cluster/hosts.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "cluster/driver.hpp"
#include "cluster/ledger.hpp"
#include "cluster/wire.hpp"
#include "runner/process_hosts.hpp"
#include "snapshot_test/store/object.hpp"
#include "store/digest.hpp"
#include "store/paths.hpp"
#include "util/try.hpp"
#include "util/visible.hpp"

namespace snapshot_test::cluster {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kTick{100};
/// Tasks that wait for a worker at most: more tell an adaptive cluster nothing new.
constexpr std::size_t kMostLeases = 500;
/// Of workers that do not fit, in one message.
constexpr std::size_t kMostNamed = 5;

/// What is known of one worker.
struct Worker {
  std::string name;
  std::string why;  ///< it does not fit; empty: it does
  unsigned threads = 1;
};

/// The client of the cluster, and what it has said of the workers.
struct Connection {
  ClusterOptions options;
  std::unique_ptr<Driver> driver;
  std::string scheduler;
  std::string identity;
  std::map<std::string, Worker> workers;
  std::set<std::string> present;
  std::set<std::string> remarked;
  std::size_t epoch = 0;

  [[nodiscard]] bool fits(const std::string& address) const {
    const auto found = workers.find(address);
    return found != workers.end() && found->second.why.empty() && present.contains(address);
  }
  [[nodiscard]] unsigned threads() const {
    unsigned all = 0;
    for (const auto& [address, worker] : workers) {
      all += fits(address) ? worker.threads : 0;
    }
    return all;
  }
  /// Why nobody can run anything: all that are there have been looked at, and none fits. Empty: not so.
  [[nodiscard]] std::string none_fits() const {
    std::vector<std::string> reasons;
    for (const std::string& address : present) {
      const auto found = workers.find(address);
      if (found == workers.end() || found->second.why.empty()) {
        return "";
      }
      if (reasons.size() < kMostNamed) {
        reasons.push_back(fmt::format("{}: {}", address, found->second.why));
      }
    }
    return fmt::format("{}", fmt::join(reasons, "; "));
  }
};

/// The file of an object, where it is here.
struct ObjectFile {
  std::string name;  ///< below an objects folder
  std::string path;
  std::uint64_t bytes = 0;
};

std::optional<ObjectFile> find_object_file(const model::Locator& where, const std::string& sha256) {
  if (!store::paths::is_object_name(sha256)) {
    return std::nullopt;
  }
  for (const std::string& place : where.places) {
    for (const auto encoding : {store::Encoding::kPlain, store::Encoding::kZstd}) {
      std::error_code missing;
      const fs::path path = store::paths::object(place, sha256, encoding);
      if (const std::uintmax_t bytes = fs::file_size(path, missing); !missing) {
        return ObjectFile{store::paths::object({}, sha256, encoding).string(), path.string(), bytes};
      }
    }
  }
  return std::nullopt;
}

Result<std::string> digest_of_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  TRY_ASSIGN(auto hash, store::Sha256::create());
  std::vector<char> piece(std::size_t{1} << 20U);
  while (file.read(piece.data(), static_cast<std::streamsize>(piece.size())) || file.gcount() > 0) {
    hash.update(std::as_bytes(std::span(piece).first(static_cast<std::size_t>(file.gcount()))));
  }
  return file.eof() ? Result<std::string>(hash.finish())
                    : fail(ErrorKind::kIo, fmt::format("cannot read '{}', which is this program", path.string()));
}

/// Is it compared by its fingerprint alone, as long as that agrees?
bool by_fingerprint(const model::SiteValue& site) {
  return !site.fingerprint.empty() && site.unstable.empty() && site.bounds.empty();
}

/// Runs the tasks of one run() on the cluster.
class ClusterRun {
 public:
  ClusterRun(Connection& connection, const HostPlan& host, std::vector<runner::CaseTask> tasks,
             const runner::CaseRunner::RulesOf& rules_of, const runner::CaseRunner::MakeRequest& make_request,
             const runner::CaseRunner::OnStarted& on_started, const runner::CaseRunner::OnFinished& on_finished)
      : connection_(connection),
        host_(host),
        tasks_(std::move(tasks)),
        shipped_(tasks_.size()),
        rules_of_(rules_of),
        make_request_(make_request),
        on_started_(on_started),
        on_finished_(on_finished),
        ledger_(ledger_cases(tasks_)) {}

  Result<void> run(const std::function<bool()>& interrupted, const std::function<void()>& tick) {
    auto waited_since = Clock::now();
    auto last_tick = Clock::now();
    while (!ledger_.done() && !stopped_) {
      if (interrupted()) {
        break;
      }
      if (const auto now = Clock::now(); now - last_tick >= kTick) {
        last_tick = now;
        tick();
      }
      TRY(ask_for_leases());
      TRY_ASSIGN(const auto news, connection_.driver->receive(kTick));
      for (const json& each : news) {
        TRY(take(each));
      }
      for (const std::size_t index : ledger_.judge()) {
        blame(index);
      }
      if (connection_.threads() > 0) {
        waited_since = Clock::now();
        continue;
      }
      TRY(check_workers(waited_since));
    }
    return ledger_.done() ? Result<void>() : cancel();
  }

 private:
  static std::vector<LedgerCase> ledger_cases(const std::vector<runner::CaseTask>& tasks) {
    std::vector<LedgerCase> cases;
    cases.reserve(tasks.size());
    for (const runner::CaseTask& task : tasks) {
      const model::Benchmark& benchmark = *task.benchmark;
      cases.push_back({fmt::format("{}\n{}\n{}", benchmark.module, benchmark.setup_cache_key.value_or(""),
                                   task.isolation == model::Isolation::kSpawn ? "spawn" : ""),
                       benchmark.setup_cache_key.has_value(), task.expected});
    }
    return cases;
  }

  Result<void> check_workers(Clock::time_point waited_since) const {
    if (const std::string why = connection_.none_fits(); !why.empty()) {
      return fail(ErrorKind::kUsage,
                  fmt::format("none of the workers of {} can run the suite: {}. Start workers in the environment of "
                              "the suite, with this program and the same files; docs/dask.md says how",
                              connection_.scheduler, why));
    }
    const std::chrono::duration<double> waited = Clock::now() - waited_since;
    if (waited.count() > connection_.options.patience) {
      return fail(ErrorKind::kUnavailable,
                  fmt::format("{} has had no worker for {:.0f} s (dask_timeout): start some, and run this again",
                              connection_.scheduler, waited.count()));
    }
    return {};
  }

  Result<void> ask_for_leases() {
    const std::size_t waiting = std::min(ledger_.waiting(connection_.threads()), kMostLeases);
    if (waiting == 0 || waiting == asked_) {
      return {};
    }
    asked_ = waiting;
    return connection_.driver->send({{"op", "leases"}, {"count", waiting}});
  }

  Result<void> take(const json& news) {
    const std::string op = news.at("op").get<std::string>();
    const auto text = [&](const char* name) { return news.at(name).get<std::string>(); };
    if (op == "ready") {
      asked_ = 0;
      return give(text("attempt"), text("worker"));
    }
    if (op == "news") {
      const auto started = news.at("started").get<std::vector<std::size_t>>();
      if (ledger_.knows(text("attempt"))) {
        for (const std::size_t index : started) {
          announce(index);
        }
      }
      ledger_.started(text("attempt"), started);
      ledger_.ended(text("attempt"), news.at("ended").get<std::vector<std::size_t>>());
      return {};
    }
    if (op == "done") {
      return done(text("attempt"), text("worker"), news.at("result"));
    }
    if (op == "lost") {
      ledger_.lose(text("attempt"), news.at("expected").get<bool>() ? Ledger::Why::kAsked : Ledger::Why::kLost);
      asked_ = 0;
      return {};
    }
    if (op == "ended") {
      asked_ = 0;
    }
    return take_news(news, connection_);
  }

 public:
  /// What is said of the cluster and not of cases.
  static Result<void> take_news(const json& news, Connection& connection) {
    const std::string op = news.at("op").get<std::string>();
    if (op == "error" || op == "gone") {
      const std::string message = util::visible(news.at("message").get<std::string>(), util::Keep::kLines);
      if (op == "gone") {
        return fail(ErrorKind::kUnavailable,
                    fmt::format("the Dask scheduler {} has gone away: {}; nothing is known of the cases that had no "
                                "result: run this again when it is there",
                                connection.scheduler, message));
      }
      const std::string kind = news.at("kind").get<std::string>();
      return fail(kind == "usage" ? ErrorKind::kUsage
                  : kind == "io"  ? ErrorKind::kIo
                                  : ErrorKind::kUnavailable,
                  message);
    }
    if (op == "opened") {
      connection.scheduler = news.at("scheduler").get<std::string>();
    } else if (op == "present") {
      const auto workers = news.at("workers").get<std::vector<std::string>>();
      connection.present = {workers.begin(), workers.end()};
    } else if (op == "worker") {
      const std::string address = news.at("worker").get<std::string>();
      connection.present.insert(address);
      connection.workers[address] = {news.at("name").get<std::string>(), news.at("why").get<std::string>(),
                                     news.at("threads").get<unsigned>()};
      remark_unfit(connection, address);
    }
    return {};
  }

 private:
  static void remark_unfit(Connection& connection, const std::string& address) {
    const Worker& worker = connection.workers[address];
    if (!worker.why.empty() && connection.options.remark && connection.remarked.insert(address).second) {
      connection.options.remark(util::visible(
          fmt::format("the worker {} ({}) gets no cases: {}", address, worker.name, worker.why), util::Keep::kLines));
    }
  }

  void announce(std::size_t index) {
    if (!std::exchange(tasks_[index].announced, true)) {
      on_started_(tasks_[index]);
    }
  }

  /// Sends the worker what it is to run next.
  Result<void> give(const std::string& attempt, const std::string& worker) {
    const auto portion = connection_.fits(worker) ? ledger_.take(attempt, worker, connection_.threads()) : std::nullopt;
    if (!portion) {
      return connection_.driver->send({{"op", "nothing"}, {"attempt", attempt}});
    }
    json work = {{"identity", connection_.identity}, {"host", host_json(host_)}, {"keep", ""}};
    json files = json::array();
    json benchmarks = json::array();
    json sent = json::array();
    std::map<const model::Benchmark*, std::size_t> numbers;
    std::set<std::string> carried;
    std::uint64_t bytes = 0;
    std::vector<std::size_t> too_many;
    for (const std::size_t index : portion->cases) {
      if (bytes >= kMostValueBytes) {
        too_many.push_back(index);
        continue;
      }
      const runner::CaseTask& task = tasks_[index];
      model::CaseRequest request = make_request_(task);
      if (request.mode == model::CaseMode::kStore) {
        work["keep"] = request.store.staging;
      } else {
        add_values(index, request, carried, bytes, files);
      }
      const auto [number, is_new] = numbers.emplace(task.benchmark, benchmarks.size());
      if (is_new) {
        benchmarks.push_back(benchmark_json(*task.benchmark, rules_of_(*task.benchmark)));
      }
      json one = task_json(task, request);
      one["task"] = index;
      one["benchmark"] = number->second;
      sent.push_back(std::move(one));
    }
    if (!too_many.empty()) {
      ledger_.give_back(attempt, too_many);
    }
    work["benchmarks"] = std::move(benchmarks);
    work["tasks"] = std::move(sent);
    return connection_.driver->send(
        {{"op", "run"}, {"attempt", attempt}, {"work", std::move(work)}, {"files", std::move(files)}});
  }

  /// The values that have to be there for the case to be compared, as far as that is known before it runs: those of
  /// which the fingerprint does not decide, and those for which it has asked.
  void add_values(std::size_t index, model::CaseRequest& request, std::set<std::string>& carried, std::uint64_t& bytes,
                  json& files) const {
    bool whole = true;
    for (const model::SiteValue& site : request.baseline) {
      if (!site.object.empty() && !site.wholly_unstable) {
        whole = whole && store::has_object(request.store, site.object, site.bytes).value_or(false);
      }
    }
    for (const model::SiteValue& site : request.baseline) {
      const bool wanted = !whole || !by_fingerprint(site) || shipped_[index].contains(site.object);
      if (site.object.empty() || site.wholly_unstable || !wanted) {
        continue;
      }
      const auto file = find_object_file(request.store, site.object);
      if (file && carried.insert(file->name).second) {
        files.push_back({file->name, file->path});
        bytes += file->bytes;
      }
    }
    // A value that is damaged here is to be found damaged there; others come when they are needed.
    request.store.kind = request.store.kind.empty() ? "" : whole ? "partial" : "folder";
  }

  Result<void> done(const std::string& attempt, const std::string& worker, const json& result) {
    asked_ = 0;
    if (!ledger_.knows(attempt)) {
      return {};
    }
    if (result.contains("running")) {
      ledger_.started(attempt, result.at("running").get<std::vector<std::size_t>>());
    }
    for (const json& each : result.value("outcomes", json::array())) {
      TRY_ASSIGN(auto outcome, outcome_from_json(each.at("result")));
      const auto index = each.at("task").get<std::size_t>();
      ledger_.ended(attempt, {index});
      announce(index);
      finish(index, std::move(outcome));
      if (stopped_) {
        return {};
      }
    }
    if (result.contains("error")) {
      // It says nothing of cases: the worker cannot run any.
      connection_.workers[worker].why = result.at("error").get<std::string>();
      remark_unfit(connection_, worker);
      ledger_.lose(attempt, Ledger::Why::kAsked);
      return connection_.driver->send({{"op", "reject"}, {"worker", worker}});
    }
    if (result.contains("died")) {
      last_words_ = result.at("died").get<std::string>();
      ledger_.lose(attempt, Ledger::Why::kProcess);
      return {};
    }
    ledger_.close(attempt);
    return {};
  }

  void finish(std::size_t index, runner::CaseOutcome outcome) {
    runner::CaseTask& task = tasks_[index];
    if (wants_values(index, outcome)) {
      ledger_.finish(index);
      ledger_.again(index);
      return;
    }
    const auto then = on_finished_(task, std::move(outcome));
    ledger_.finish(index);
    if (then == runner::CaseRunner::Then::kRunAgain || then == runner::CaseRunner::Then::kRunAfresh) {
      task.in_series = false;
      ledger_.again(index);
    }
    stopped_ = stopped_ || then == runner::CaseRunner::Then::kStop;
  }

  /// Could it not be compared for want of values that are here and not there? Then it runs again with them.
  bool wants_values(std::size_t index, const runner::CaseOutcome& outcome) {
    const bool any = std::any_of(outcome.comparisons.begin(), outcome.comparisons.end(),
                                 [](const auto& each) { return each.match == model::SiteMatch::kUnreadable; });
    if (!any) {
      return false;
    }
    const model::CaseRequest request = make_request_(tasks_[index]);
    bool fresh = false;
    for (const model::SiteComparison& comparison : outcome.comparisons) {
      const auto site = std::find_if(request.baseline.begin(), request.baseline.end(),
                                     [&](const auto& each) { return each.site == comparison.site; });
      if (comparison.match != model::SiteMatch::kUnreadable || site == request.baseline.end() ||
          !by_fingerprint(*site) || !find_object_file(request.store, site->object)) {
        continue;
      }
      fresh = shipped_[index].insert(site->object).second || fresh;
    }
    return fresh;
  }

  void blame(std::size_t index) {
    runner::CaseOutcome outcome;
    outcome.ran = true;
    outcome.observation.ending = model::Ending::kSignalled;
    outcome.observation.detail =
        ledger_.is_blank(index) ? "its worker was lost each time before it had begun, while what it needs was imported"
                                : fmt::format("its worker was lost {} times while it ran, since the second time alone",
                                              ledger_.losses_of(index));
    if (!last_words_.empty()) {
      outcome.observation.notes.push_back("what ran it there ended with " +
                                          util::visible(last_words_, util::Keep::kLines));
    }
    announce(index);
    finish(index, std::move(outcome));
  }

  /// Nothing goes on on the workers. Results that were under way are not waited for.
  Result<void> cancel() {
    TRY(connection_.driver->send({{"op", "cancel"}}));
    const auto deadline = Clock::now() + std::chrono::seconds(10);
    while (Clock::now() < deadline) {
      const auto news = connection_.driver->receive(kTick);
      if (!news) {
        return {};  // the end of the client is that of the cases, too
      }
      for (const json& each : *news) {
        if (each.at("op") == "cancelled") {
          return {};
        }
      }
    }
    return {};
  }

  Connection& connection_;
  const HostPlan& host_;
  std::vector<runner::CaseTask> tasks_;
  std::vector<std::set<std::string>> shipped_;  ///< values for which a case has asked
  const runner::CaseRunner::RulesOf& rules_of_;
  const runner::CaseRunner::MakeRequest& make_request_;
  const runner::CaseRunner::OnStarted& on_started_;
  const runner::CaseRunner::OnFinished& on_finished_;
  Ledger ledger_;
  std::size_t asked_ = 0;  ///< leases, since something has changed; 0: none
  bool stopped_ = false;
  std::string last_words_;
};

class ClusterHosts;

/// A host of this machine until the first cases run: it finds the benchmarks.
class ClusterRunner final : public runner::CaseRunner {
 public:
  ClusterRunner(ClusterHosts& hosts, HostPlan plan) : hosts_(hosts), plan_(std::move(plan)) {}

  [[nodiscard]] Result<model::DiscoverReply> discover(model::DiscoverRequest request) override;
  /// What a seal hides here is not hidden on another machine: --sealed is refused beside --dask.
  void judge_by(runner::Referee* /*referee*/) override {}
  void preload(const std::vector<std::string>& modules) override {
    plan_.preload.insert(plan_.preload.end(), modules.begin(), modules.end());
  }
  [[nodiscard]] Result<void> run(std::vector<runner::CaseTask> tasks, const RulesOf& rules_of,
                                 const MakeRequest& make_request, const OnStarted& on_started,
                                 const OnFinished& on_finished) override;

 private:
  ClusterHosts& hosts_;
  HostPlan plan_;
};

class ClusterHosts final : public runner::Hosts {
 public:
  ClusterHosts(std::unique_ptr<runner::ProcessHosts> here, std::shared_ptr<Connection> connection,
               const model::SuiteOptions& options, model::Listener& listener)
      : here_(std::move(here)), connection_(std::move(connection)), options_(options), listener_(listener) {}

  [[nodiscard]] Result<std::unique_ptr<runner::CaseRunner>> start(const std::vector<std::string>& preload,
                                                                  runner::Pass pass) override {
    return std::make_unique<ClusterRunner>(*this, HostPlan{++connection_->epoch, pass, preload});
  }
  [[nodiscard]] const runner::PythonEnvironment& python() const override { return here_->python(); }
  [[nodiscard]] bool interrupted() const override {
    here_->read_signals();
    return here_->interrupted();
  }

  [[nodiscard]] Result<model::DiscoverReply> discover(model::DiscoverRequest request) {
    TRY_ASSIGN(const auto host, here_->start({}, runner::Pass::kFirst));
    request.stay = false;
    TRY_ASSIGN(auto reply, host->discover(std::move(request)));
    plan_digest_ = store::sha256_hex(json{{"suite", reply.suite}, {"selected", reply.selected}}.dump());
    packages_.clear();
    for (const auto& [name, version] : reply.packages) {
      packages_.push_back(name);
    }
    tested_.clear();
    for (const model::TestedPackage& package : reply.tested) {
      tested_.push_back(package.name);
      if (!reply.packages.contains(package.name)) {
        packages_.push_back(package.name);
      }
    }
    return reply;
  }

  Result<void> run(ClusterRun& run) {
    return run.run([this] { return interrupted(); }, [this] { listener_.tick(); });
  }

  /// The client starts with the first cases, and each worker is looked at before it gets any.
  Result<void> connect() {
    if (connection_->driver) {
      return {};
    }
    TRY_ASSIGN(const json spec, make_spec());
    TRY_ASSIGN(auto driver, Driver::start(connection_->options.python));
    connection_->scheduler = fmt::format("the Dask scheduler '{}'", connection_->options.address);
    TRY(driver->send({{"op", "open"},
                      {"address", connection_->options.address},
                      {"processors", runner::workers_of(options_)},
                      {"spec", spec}}));
    for (bool opened = false; !opened;) {
      if (interrupted()) {
        return fail(ErrorKind::kInterrupted, "interrupted while the Dask cluster was connected to");
      }
      listener_.tick();
      TRY_ASSIGN(const auto news, driver->receive(kTick));
      for (const json& each : news) {
        TRY(ClusterRun::take_news(each, *connection_));
        opened = opened || each.at("op") == "present";
      }
    }
    connection_->driver = std::move(driver);
    return {};
  }

  [[nodiscard]] Connection& connection() { return *connection_; }

 private:
  /// All by which a worker is known to be one that may run the suite.
  Result<json> make_spec() const {
    std::error_code unknown;
    const fs::path program = fs::read_symlink("/proc/self/exe", unknown);
    TRY_ASSIGN(const std::string digest, digest_of_file("/proc/self/exe"));
    json suite = options_json(options_);
    json import_path = json::array();
    if (options_.project_dir) {
      import_path.push_back(suite.at("project_dir"));
    }
    const bool local = connection_->options.address.starts_with("local") && !fs::exists(connection_->options.address);
    const std::string& there = connection_->options.worker_python;
    json variables = json::object();
    for (const auto& [name, value] : connection_->options.variables) {
      variables[name] = value.empty() ? json(nullptr) : json(value);
    }
    json spec = {{"program", {{"path", program.string()}, {"sha256", digest}, {"version", ST_VERSION}}},
                 {"python", here_->python().executable},
                 {"worker_python", there.empty() && local ? here_->python().executable : there},
                 {"plan", plan_digest_},
                 {"packages", packages_},
                 {"tested", tested_},
                 {"import_path", std::move(import_path)},
                 {"suite", suite.at("benchmark_dir")},
                 {"variables", std::move(variables)},
                 {"options", suite}};
    connection_->identity = store::sha256_hex(spec.dump() + std::to_string(Clock::now().time_since_epoch().count()));
    spec["identity"] = connection_->identity;
    spec["run"] = "snapshot_test-" + connection_->identity.substr(0, 16);
    return spec;
  }

  std::unique_ptr<runner::ProcessHosts> here_;
  std::shared_ptr<Connection> connection_;
  const model::SuiteOptions& options_;
  model::Listener& listener_;
  std::string plan_digest_;  ///< of all that the suite has, and what of it is selected
  std::vector<std::string> packages_;
  std::vector<std::string> tested_;
};

Result<model::DiscoverReply> ClusterRunner::discover(model::DiscoverRequest request) {
  return hosts_.discover(std::move(request));
}

Result<void> ClusterRunner::run(std::vector<runner::CaseTask> tasks, const RulesOf& rules_of,
                                const MakeRequest& make_request, const OnStarted& on_started,
                                const OnFinished& on_finished) {
  if (tasks.empty()) {
    return {};
  }
  TRY(hosts_.connect());
  ClusterRun run(hosts_.connection(), plan_, std::move(tasks), rules_of, make_request, on_started, on_finished);
  try {
    return hosts_.run(run);
  } catch (const json::exception& error) {
    return fail(ErrorKind::kCorrupt, fmt::format("the Dask client says what is no message: {}", error.what()));
  }
}

}  // namespace

runner::OpenHosts open_hosts(ClusterOptions options) {
  auto connection = std::make_shared<Connection>();
  connection->options = std::move(options);
  return [connection](const model::SuiteOptions& suite,
                      model::Listener& listener) -> Result<std::unique_ptr<runner::Hosts>> {
    TRY_ASSIGN(auto here, runner::ProcessHosts::open_here(suite, listener));
    return std::make_unique<ClusterHosts>(std::move(here), connection, suite, listener);
  };
}

}  // namespace snapshot_test::cluster
