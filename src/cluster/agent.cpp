#include "cluster/agent.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "cluster/wire.hpp"
#include "runner/process_hosts.hpp"
#include "store/paths.hpp"
#include "util/channel.hpp"
#include "util/try.hpp"

namespace snapshot_test::cluster {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

/// Ends the process as Ctrl-C does when the socket's other end has gone: what runs would be for nobody.
void end_with(int socket) {
  sigset_t all;
  ::sigfillset(&all);
  std::thread([socket, all] {
    ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
    for (;;) {
      pollfd wait{socket, POLLRDHUP, 0};
      if (::poll(&wait, 1, -1) < 0 && errno == EINTR) {
        continue;
      }
      ::kill(::getpid(), SIGTERM);
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
  }).detach();
}

void replace_all(std::string& text, const std::string& what, const std::string& by) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
    text.replace(at, what.size(), by);
  }
}

class Agent {
 public:
  explicit Agent(util::Channel channel) : channel_(std::move(channel)) {}

  Result<void> serve() {
    TRY_ASSIGN(auto first, channel_.receive());
    if (!first) {
      return {};
    }
    folder_ = first->body.at("folder").get<std::string>();
    identity_ = first->body.at("identity").get<std::string>();
    options_ = options_from_json(first->body.at("suite"));
    for (;;) {
      TRY_ASSIGN(auto message, channel_.receive());
      if (!message) {
        return {};
      }
      if (const auto done = run(message->body); !done) {
        if (hosts_ && hosts_->interrupted()) {
          return {};
        }
        return channel_.send({{"op", "error"}, {"message", done.error().message}});
      }
      if (hosts_->interrupted()) {
        return {};
      }
      TRY(channel_.send({{"op", "end"}}));
    }
  }

  [[nodiscard]] const fs::path& folder() const { return folder_; }

 private:
  Result<runner::CaseRunner*> host(const HostPlan& plan) {
    if (!hosts_) {
      TRY_ASSIGN(hosts_, runner::ProcessHosts::open(options_, listener_));
    }
    if (!host_ || plan.epoch != epoch_) {
      host_.reset();
      TRY_ASSIGN(host_, hosts_->start(plan.preload, plan.pass));
      epoch_ = plan.epoch;
    }
    return host_.get();
  }

  Result<void> run(const json& message) {
    if (message.at("identity").get<std::string>() != identity_) {
      return fail(ErrorKind::kCorrupt, "cases of another run were sent");
    }
    TRY_ASSIGN(runner::CaseRunner* const cases, host(host_from_json(message.at("host"))));
    std::vector<model::BenchmarkRequest> benchmarks;
    for (const json& each : message.at("benchmarks")) {
      TRY_ASSIGN(benchmarks.emplace_back(), benchmark_from_json(each));
    }
    std::map<const model::Benchmark*, const model::Rules*> rules;
    for (const model::BenchmarkRequest& each : benchmarks) {
      rules.emplace(&each.benchmark, &each.rules);
    }
    using Key = std::pair<const model::Benchmark*, std::size_t>;
    std::map<Key, std::pair<std::size_t, model::CaseRequest>> sent;
    std::vector<runner::CaseTask> tasks;
    for (const json& each : message.at("tasks")) {
      TRY_ASSIGN(SentTask task, task_from_json(each));
      task.task.benchmark = &benchmarks.at(each.at("benchmark").get<std::size_t>()).benchmark;
      sent.emplace(Key(task.task.benchmark, task.task.index),
                   std::pair(each.at("task").get<std::size_t>(), std::move(task.request)));
      tasks.push_back(task.task);
    }
    std::error_code known_later;  // by the first case that stores something
    fs::create_directories(folder_ / "staging", known_later);
    carried_.clear();
    carried_bytes_ = 0;
    const auto of = [&](const runner::CaseTask& task) -> auto& { return sent.at({task.benchmark, task.index}); };
    Result<void> told;
    TRY(cases->run(
        std::move(tasks), [&](const model::Benchmark& each) { return *rules.at(&each); },
        [&](const runner::CaseTask& task) { return here(of(task).second); },
        [&](const runner::CaseTask& task) {
          told = channel_.send({{"op", "started"}, {"task", of(task).first}});
        },
        [&](runner::CaseTask& task, runner::CaseOutcome outcome) {
          const auto& [number, request] = of(task);
          name_places(outcome, request);
          const json files = request.mode == model::CaseMode::kStore ? stored(outcome) : json::array();
          told =
              channel_.send({{"op", "outcome"}, {"task", number}, {"result", outcome_json(outcome)}, {"files", files}});
          const bool enough = !told || carried_bytes_ >= kMostValueBytes;
          return enough ? runner::CaseRunner::Then::kStop : runner::CaseRunner::Then::kDone;
        }));
    return told;
  }

  /// The request with the places that its values have on this machine.
  [[nodiscard]] model::CaseRequest here(model::CaseRequest request) const {
    if (request.mode == model::CaseMode::kStore) {
      const std::string staging = (folder_ / "staging").string();
      request.store = {"folder", {staging}, staging};
    } else if (!request.store.kind.empty()) {
      request.store.places = {(folder_ / "objects").string()};
    }
    return request;
  }

  /// What is said of values names the places where the baseline is.
  void name_places(runner::CaseOutcome& outcome, const model::CaseRequest& request) const {
    if (request.store.places.empty()) {
      return;
    }
    for (model::SiteComparison& comparison : outcome.comparisons) {
      replace_all(comparison.explanation, (folder_ / "objects").string(), request.store.places.front());
    }
  }

  /// The files of the values that the case has stored.
  json stored(const runner::CaseOutcome& outcome) {
    json files = json::array();
    for (const model::SiteValue& site : outcome.observation.sites) {
      for (const auto encoding : {store::Encoding::kPlain, store::Encoding::kZstd}) {
        std::error_code missing;
        if (!store::paths::is_object_name(site.object)) {
          continue;
        }
        const fs::path path = store::paths::object({}, site.object, encoding);
        const std::uintmax_t bytes = fs::file_size(folder_ / "staging" / path, missing);
        if (!missing) {
          files.push_back(path.string());
          carried_bytes_ += carried_.insert(path).second ? bytes : 0;
        }
      }
    }
    return files;
  }

  util::Channel channel_;
  fs::path folder_;
  std::string identity_;
  model::SuiteOptions options_;
  model::Listener listener_;
  std::unique_ptr<runner::Hosts> hosts_;
  std::unique_ptr<runner::CaseRunner> host_;
  std::size_t epoch_ = 0;
  std::set<fs::path> carried_;  ///< values of the portion that is under way
  std::uint64_t carried_bytes_ = 0;
};

}  // namespace

int run_agent() {
  std::signal(SIGXFSZ, SIG_IGN);
  util::Fd socket(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 10));
  util::Fd nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (!socket || !nothing || ::dup2(nothing.get(), STDIN_FILENO) < 0) {
    return 3;
  }
  end_with(socket.get());
  std::string message;
  fs::path folder;
  {
    Agent agent{util::Channel(std::move(socket))};
    try {
      const auto served = agent.serve();
      message = served ? "" : served.error().message;
    } catch (const std::exception& error) {
      message = error.what();
    }
    folder = agent.folder();
  }
  if (std::error_code ignored; !folder.empty()) {  // where the worker has been killed, nobody else would
    fs::remove_all(folder, ignored);
  }
  std::fputs(message.c_str(), stderr);
  return message.empty() ? 0 : 3;
}

}  // namespace snapshot_test::cluster
