#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "cli/dask_options.hpp"
#include "cli/known_failures.hpp"
#include "cli/options.hpp"
#include "cli/remote_use.hpp"
#include "cli/reported_run.hpp"
#include "cli/sealing.hpp"
#include "cli/settings.hpp"
#include "cli/shard_options.hpp"
#include "cli/subcommands.hpp"
#include "cli/variant.hpp"
#include "config/layers.hpp"
#include "remote/reference.hpp"
#include "session/with_hosts.hpp"
#include "snapshot_test/store/store.hpp"
#include "util/cache_folder.hpp"
#include "util/try.hpp"

namespace snapshot_test::cli {

namespace {

struct VerifyArgs {
  const Shared& shared;
  ReportFiles files{};
  ShardArgs shard{};
  std::optional<std::string> dask{};
  std::optional<std::uint64_t> max_failures{};
  bool read_data = false;
  bool fail_on_tamper = false;
  SealArgs seal{};
  session::FailedCases failed = session::FailedCases::kAsOthers;
  std::optional<std::string> against_status{};
  std::optional<std::string> baseline{};
  model::Transitions::Keys transition_keys = model::Transitions::Keys::kNested;
};

/// Values are staged for a person who looks at them; it takes two more runs of each such case.
bool wants_pending(model::Pending pending, Surroundings where, const Streams& streams) {
  return pending == model::Pending::kAlways ||
         (pending == model::Pending::kAuto && where == Surroundings::kPerson && is_terminal(streams.out_fd));
}

/// `why`: what a baseline that is only read has to do with it, and what to do instead.
Result<void> check_reads_only(const config::Config& config, std::string_view why) {
  const char* what = config.demands.missing == model::Missing::kCapture    ? "--missing capture"
                     : config.demands.obsolete == model::Obsolete::kDelete ? "--obsolete delete"
                     : config.pending == model::Pending::kAlways           ? "--pending always"
                                                                           : nullptr;
  return what == nullptr ? Result<void>() : fail(ErrorKind::kUsage, fmt::format("{} {}", what, why));
}

constexpr std::string_view kDigestPrefix = "sha256:";

/// Of a baseline that the snapshot folder has to hold.
Result<std::string> digest_of(const std::string& text) {
  remote::Reference reference;
  TRY(remote::set_name(reference, text));
  return reference.digest;
}

model::ExitStatus run(const VerifyArgs& args, const Streams& streams) {
  const Work work = [&](const config::Config& config, session::SuiteOptions suite,
                        report::Reports& listener) -> Result<model::ExitStatus> {
    session::VerifyOptions options;
    if (args.seal.sealed) {
      TRY(check_reads_only(config,
                           "writes to the store, which --sealed keeps from the cases: run it without --sealed, on "
                           "code that you trust"));
    }
    TRY_ASSIGN(options.seal,
               make_seal(args.seal, config, suite.benchmark_dir, args.files, {args.baseline, args.against_status}));
    options.suite = std::move(suite);
    std::unique_ptr<BaselineInRemote> remote;
    const bool is_pin = args.baseline && args.baseline->starts_with(kDigestPrefix);
    if (is_pin) {
      TRY_ASSIGN(options.digest, digest_of(*args.baseline));
    }
    if (args.baseline && !is_pin) {
      TRY(check_reads_only(config,
                           "changes the baseline, and that of --baseline is only read; `snapshot_test pull` "
                           "brings it here"));
      const auto ended = [&] {
        report::RunHead head = listener.record().head;
        head.remote = remote->use();
        listener.set_head(std::move(head));
        listener.remark(use_text(remote->use()));
      };
      TRY_ASSIGN(remote, open_baseline_in_remote(*args.baseline, config, streams, ended));
      report::RunHead head = listener.record().head;
      head.snapshot_dir = remote->name();
      listener.set_head(std::move(head));
    }
    TRY_ASSIGN(const auto before, sealing(options.seal));
    TRY_ASSIGN(const auto chosen, remote ? Result<std::optional<session::ChosenBaseline>>(std::nullopt)
                                         : choose_variant(config, VariantUse::kRead, before));
    options.snapshot_dir = chosen ? chosen->location : config.snapshot_dir;
    if (chosen) {
      options.variant = chosen->variant;
    }
    if (chosen && !chosen->missing.empty()) {
      options.no_baseline = session::NoBaseline{chosen->missing, config.snapshot_dir};
    }
    options.comparison = config::comparison_of(config);
    options.demands = settled(config.demands, surroundings());
    options.method = config.method;
    options.record = config::record_of(config);
    TRY_ASSIGN(options.shard, shard_options(args.shard, config));
    if (options.shard && options.demands.missing == model::Missing::kCapture) {
      return fail(ErrorKind::kUsage,
                  "--missing capture goes with no --shard: capture --update missing --shard captures what is new");
    }
    options.read_data = args.read_data;
    options.settings_files = settings_files(config);
    options.fail_on_tamper = args.fail_on_tamper;
    options.suite.watched = {store::absolute_location(config.snapshot_dir)};
    if (remote) {
      options.snapshot_dir = remote->location();
      options.suite.watched = {options.snapshot_dir};
      options.baseline_name = remote->name();
      options.source = remote.get();
    }
    if (!remote && options.seal == nullptr && wants_pending(config.pending, surroundings(), streams)) {
      using Need = session::PendingPlace::Need;
      options.pending = {pending_location(config, chosen),
                         config.pending == model::Pending::kAlways ? Need::kRequired : Need::kWanted};
    }
    options.same_environment = config.same_environment;
    TRY_ASSIGN(auto known, known_failures(config));
    options.expectations = std::move(known.entries);
    options.today = std::move(known.today);
    options.failed = args.failed;
    if (auto folder = util::cache_folder()) {  // without one it is not remembered what failed
      options.cache_folder = std::move(*folder);
    }
    options.against_status = args.against_status;
    options.transition_keys = args.transition_keys;
    options.max_failures = args.max_failures.value_or(0);
    const auto verified = args.dask ? session::verify(options, listener, dask_hosts(*args.dask, config, listener))
                                    : session::verify(options, listener);
    return verified.map([](const auto& summary) { return summary.status; });
  };
  return reported_run("verify", args.shared, args.files, streams, work);
}

Action declare_verify(CLI::App& app, Shared& shared) {
  const auto held = std::make_shared<VerifyArgs>(VerifyArgs{shared});
  VerifyArgs& args = *held;
  add_settings(app, shared,
               {Group::kSuite, Group::kSelection, Group::kStore, Group::kTolerance, Group::kDemands, Group::kPolicies,
                Group::kPending, Group::kRun, Group::kProcess});
  app.add_flag_callback(
      "-x", [&args] { args.max_failures = 1; }, "stop at the first case that fails");
  add_count(app, "--maxfail", args.max_failures, "stop when N cases have failed (default: never)");
  CLI::Option* alone = app.add_flag_callback(
      "--last-failed,--lf", [&args] { args.failed = session::FailedCases::kAlone; },
      "only the cases that failed when they were last verified; all where none is known");
  app.add_flag_callback(
         "--failed-first,--ff", [&args] { args.failed = session::FailedCases::kFirst; },
         "the cases that failed when they were last verified before the others")
      ->excludes(alone);
  add_text(app, "--baseline", args.baseline, "URL[@REF]",
           "compare with a baseline in a remote, in place of the snapshot folder: a folder or URL, and the name or "
           "sha256:DIGEST of one of its baselines (default: main); values are fetched only where they are needed. "
           "sha256:DIGEST alone: refuse any other baseline of the snapshot folder",
           Offer::Kind::kFolders);
  CLI::Option* status = add_text(
      app, "--against-status", args.against_status, "FILE",
      "say what has become of each case that `baseline` recorded there, and fail for those that passed and fail now; "
      "cases that failed before may fail",
      Offer::Kind::kFiles);
  app.add_flag_callback(
         "--flat-transitions", [&args] { args.transition_keys = model::Transitions::Keys::kFlatToo; },
         "beside --against-status: have the counts in --json and --summary as \"pass-to-fail\", too")
      ->needs(status);
  app.add_flag("--read-data", args.read_data,
               "read every stored value, and find damaged ones, also where the fingerprint of the new one is the same");
  app.add_flag("--fail-on-tamper", args.fail_on_tamper,
               "fail where benchmarks, the configuration or start-up files have changed since the capture, or code "
               "of the suite replaces functions or opens the baseline; by itself that is only said");
  add_seal_options(app, args.seal);
  add_shard_options(app, args.shard);
  app.get_option("--shard")->excludes(alone)->excludes(status);
  add_dask_option(app, args.dask);
  app.get_option("--dask")->excludes(app.get_option("--sealed"));
  add_report_options(app, shared, args.files);
  add_settings(app, shared, {Group::kGeneral});
  app.footer(
      "Examples:\n"
      "  snapshot_test verify benchmarks/\n"
      "  snapshot_test verify benchmarks/ --filter time_angle --tolerance 1e-7 0\n"
      "  snapshot_test verify benchmarks/ --baseline s3://bucket/baselines@main\n"
      "  snapshot_test verify benchmarks/ --dask tcp://scheduler:8786\n"
      "  snapshot_test verify benchmarks/ --strict --min-verified 95 --json report.json");
  return [held](const Streams& streams) { return run(*held, streams); };
}

}  // namespace

SubcommandRow verify_subcommand() {
  return {"verify", "Run the benchmarks again and compare with the snapshots", &declare_verify,
          SubcommandRow::Output::kColoured};
}

}  // namespace snapshot_test::cli
