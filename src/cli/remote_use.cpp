#include "cli/remote_use.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <csignal>
#include <utility>

#include "remote/baseline.hpp"
#include "report/format.hpp"
#include "util/cache_folder.hpp"
#include "util/try.hpp"

namespace snapshot_test::cli {

namespace {

class RemoteSource final : public BaselineInRemote {
 public:
  RemoteSource(std::unique_ptr<remote::Storage> storage, std::unique_ptr<remote::RemoteBaseline> baseline,
               std::unique_ptr<report::TransferProgress> line, std::function<void()> on_end)
      : storage_(std::move(storage)),
        baseline_(std::move(baseline)),
        line_(std::move(line)),
        on_end_(std::move(on_end)) {}

  [[nodiscard]] Result<std::map<std::string, std::string>> fetch(const std::vector<std::string>& objects) override {
    auto damage = baseline_->fetch(objects, shown_in(*line_));
    line_->end();
    return damage;
  }
  void ended() override { on_end_(); }
  [[nodiscard]] std::filesystem::path location() const override { return baseline_->location(); }
  [[nodiscard]] std::string name() const override { return remote::text_of(baseline_->reference()); }
  [[nodiscard]] report::RemoteUse use() const override {
    const remote::Traffic traffic = baseline_->traffic();
    const remote::Reference& reference = baseline_->reference();
    return {remote::redacted(reference.url),
            reference.ref,
            baseline_->digest(),
            traffic.requests,
            traffic.received,
            traffic.fetched,
            traffic.hits,
            traffic.retries};
  }

 private:
  std::unique_ptr<remote::Storage> storage_;
  std::unique_ptr<remote::RemoteBaseline> baseline_;
  std::unique_ptr<report::TransferProgress> line_;
  std::function<void()> on_end_;
};

}  // namespace

Result<std::string> remote_url(const config::Config& config, const std::optional<std::string>& named) {
  if (named && named->empty()) {
    return fail(ErrorKind::kUsage, "the remote is empty; name a folder or a URL");
  }
  if (!named && !config.remote) {
    return fail(ErrorKind::kUsage,
                "no remote: name a folder or a URL after the subcommand, or set remote in snapshot_config.json");
  }
  return named ? *named : *config.remote;
}

std::unique_ptr<report::TransferProgress> transfer_line(const std::string& what, const config::Config& config,
                                                        const Streams& streams) {
  const bool shown = is_terminal(streams.err_fd) && !config.quiet;
  return std::make_unique<report::TransferProgress>(streams.err, what,
                                                    shown ? std::function<double()>(report::steady_seconds) : nullptr);
}

remote::OnProgress shown_in(report::TransferProgress& line) {
  return [&line](const remote::Progress& progress) { line.update(progress.done, progress.all); };
}

std::string traffic_text(const remote::Traffic& traffic) {
  std::string text = fmt::format("{}, {} sent, {} received", report::counted(traffic.requests, "request"),
                                 report::size(traffic.sent), report::size(traffic.received));
  return traffic.retries == 0 ? text : text + fmt::format(", {} tried again", report::grouped(traffic.retries));
}

report::Json traffic_json(const remote::Traffic& traffic) {
  return {{"requests", traffic.requests}, {"bytes_sent", traffic.sent}, {"bytes_received", traffic.received},
          {"fetched", traffic.fetched},   {"hits", traffic.hits},       {"retries", traffic.retries}};
}

remote::HelperOptions helper_options(const config::Config& config) {
  remote::HelperOptions options;
  options.python = config.remote_python.value_or("");
  if (config.remote_helper) {
    options.command = {*config.remote_helper};
  }
  // Where a run has blocked them to look at them itself, they wait; anywhere else they have ended this process.
  options.interrupted = [] {
    sigset_t waiting;
    ::sigemptyset(&waiting);
    return ::sigpending(&waiting) == 0 &&
           (::sigismember(&waiting, SIGINT) == 1 || ::sigismember(&waiting, SIGTERM) == 1 ||
            ::sigismember(&waiting, SIGHUP) == 1);
  };
  options.timeout = std::chrono::milliseconds(std::llround(config.remote_timeout * 1000));
  return options;
}

Result<std::unique_ptr<BaselineInRemote>> open_baseline_in_remote(const std::string& text, const config::Config& config,
                                                                  const Streams& streams, std::function<void()> ended) {
  TRY_ASSIGN(const auto reference, remote::parse_reference(text));
  TRY_ASSIGN(const auto cache, util::cache_folder());
  TRY_ASSIGN(auto storage, remote::open_storage(reference.url, remote::Use::kRead, helper_options(config)));
  TRY_ASSIGN(auto baseline, remote::RemoteBaseline::open(*storage, reference, cache));
  return std::make_unique<RemoteSource>(std::move(storage), std::move(baseline),
                                        transfer_line("fetching", config, streams), std::move(ended));
}

std::string use_text(const report::RemoteUse& use) {
  const std::string again = use.retries == 0 ? "" : fmt::format(", {} tried again", report::grouped(use.retries));
  return fmt::format("remote: {} received in {}{}; {} fetched, {} from the cache; baseline sha256:{}",
                     report::size(use.bytes), report::counted(use.requests, "request"), again,
                     report::counted(use.fetched, "value"), report::grouped(use.hits), use.digest);
}

}  // namespace snapshot_test::cli
