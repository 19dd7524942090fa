// `push` and `pull`.
#include "remote/push.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <string>

#include "cli/options.hpp"
#include "cli/remote_use.hpp"
#include "cli/settings.hpp"
#include "cli/subcommands.hpp"
#include "cli/variant.hpp"
#include "remote/layout.hpp"
#include "remote/pull.hpp"
#include "report/format.hpp"
#include "session/baseline.hpp"
#include "util/cache_folder.hpp"
#include "util/try.hpp"

namespace snapshot_test::cli {

namespace {

struct RemoteArgs {
  const Shared& shared;
  std::optional<std::string> remote{};
  std::optional<std::string> ref{};
  Format format = Format::kText;
};

/// The ref that is meant where none is named: that of the variant, so that variants do not replace each other.
std::string default_ref(const std::optional<session::ChosenBaseline>& chosen) {
  return chosen && remote::is_ref_name(chosen->variant.name) ? chosen->variant.name : "main";
}

report::Json push_json(const remote::PushReport& report, const std::string& url, const std::string& ref) {
  using End = remote::PushReport::End;
  return {{"format", report::kJsonFormat},
          {"remote", remote::redacted(url)},
          {"ref", ref},
          {"end", report.end == End::kDone       ? "pushed"
                  : report.end == End::kUpToDate ? "up-to-date"
                                                 : "moved"},
          {"digest", report.digest},
          {"before", report.before ? report::Json(*report.before) : report::Json()},
          {"benchmarks", report.manifests},
          {"values", report.objects},
          {"values_sent", report.objects_sent},
          {"bytes", report.bytes},
          {"traffic", traffic_json(report.traffic)},
          {"notes", report.notes}};
}

std::string push_text(const remote::PushReport& report, const std::string& url, const std::string& ref) {
  using End = remote::PushReport::End;
  const std::string place = report::one_line(fmt::format("{}@{}", remote::redacted(url), ref));
  std::string text;
  if (report.end == End::kUpToDate) {
    text = fmt::format("{} is up to date\n", place);
  } else if (report.end == End::kDone) {
    text = fmt::format("pushed to {}: {} of {}, {} of {} sent\n", place, report::counted(report.manifests, "benchmark"),
                       report::size(report.bytes), report::grouped(report.objects_sent),
                       report::counted(report.objects, "value"));
  }
  text += fmt::format("  {}\n", traffic_text(report.traffic));
  for (const std::string& note : report.notes) {
    text += fmt::format("  note: {}\n", report::one_line(note));
  }
  return text + fmt::format("baseline sha256:{}\n", report.digest);
}

Result<model::ExitStatus> push(const RemoteArgs& args, const Streams& streams) {
  TRY_ASSIGN(const auto config, load_config(args.shared));
  TRY_ASSIGN(const std::string url, remote_url(config, args.remote));
  TRY_ASSIGN(const auto chosen, choose_variant(config, VariantUse::kWrite));
  TRY_ASSIGN(const auto store, session::open_baseline(chosen ? chosen->location : config.snapshot_dir));
  TRY_ASSIGN(const auto storage, remote::open_storage(url, remote::Use::kWrite, helper_options(config)));
  remote::PushOptions options;
  options.ref = args.ref.value_or(default_ref(chosen));
  const auto line = transfer_line("pushing", config, streams);
  options.on_progress = shown_in(*line);
  TRY_ASSIGN(const auto report, remote::push(*store, *storage, options));
  line->end();
  if (args.format == Format::kJson) {
    streams.out << report::dump(push_json(report, url, options.ref), 2) << '\n' << std::flush;
  } else {
    streams.out << push_text(report, url, options.ref) << std::flush;
  }
  if (report.end != remote::PushReport::End::kMoved) {
    return model::ExitStatus::kSuccess;
  }
  streams.err << fmt::format(
                     "another push has set the ref '{}' meanwhile, to {}: it is as that left it, and the baseline "
                     "sha256:{} is not named by it. Push again to replace it\n",
                     options.ref, report.before ? "sha256:" + *report.before : "nothing", report.digest)
              << std::flush;
  return model::ExitStatus::kFailed;
}

report::Json pull_json(const remote::PullReport& report, const remote::Reference& reference) {
  return {{"format", report::kJsonFormat},
          {"remote", remote::redacted(reference.url)},
          {"ref", reference.digest.empty() ? report::Json(reference.ref) : report::Json()},
          {"end", report.up_to_date ? "up-to-date" : "pulled"},
          {"digest", report.digest},
          {"benchmarks", report.manifests},
          {"values", report.objects},
          {"traffic", traffic_json(report.traffic)}};
}

Result<model::ExitStatus> pull(const RemoteArgs& args, const Streams& streams) {
  TRY_ASSIGN(const auto config, load_config(args.shared));
  TRY_ASSIGN(const std::string url, remote_url(config, args.remote));
  TRY_ASSIGN(const auto chosen, choose_variant(config, VariantUse::kWrite));
  const std::filesystem::path location = chosen ? chosen->location : config.snapshot_dir;
  remote::PullOptions options;
  options.reference.url = url;
  TRY(remote::set_name(options.reference, args.ref.value_or(default_ref(chosen))));
  TRY_ASSIGN(options.cache_folder, util::cache_folder());
  TRY_ASSIGN(const auto storage, remote::open_storage(url, remote::Use::kRead, helper_options(config)));
  const auto line = transfer_line("pulling", config, streams);
  options.on_progress = shown_in(*line);
  TRY_ASSIGN(const auto report, remote::pull(*storage, location, options));
  line->end();
  if (args.format == Format::kJson) {
    streams.out << report::dump(pull_json(report, options.reference), 2) << '\n' << std::flush;
    return model::ExitStatus::kSuccess;
  }
  const std::string place = report::one_line(remote::text_of(options.reference));
  const std::string folder = report::one_line(location.string());
  streams.out << (report.up_to_date
                      ? fmt::format("{} is up to date with {}\n", folder, place)
                      : fmt::format("pulled {} into {}: {}, {} of {} fetched\n", place, folder,
                                    report::counted(report.manifests, "benchmark"),
                                    report::grouped(report.traffic.fetched), report::counted(report.objects, "value")))
              << fmt::format("  {}\nbaseline sha256:{}\n", traffic_text(report.traffic), report.digest) << std::flush;
  return model::ExitStatus::kSuccess;
}

using RemoteWork = Result<model::ExitStatus> (*)(const RemoteArgs& args, const Streams& streams);

model::ExitStatus run(const RemoteArgs& args, const Streams& streams, RemoteWork work) {
  const auto status = work(args, streams);
  return status ? *status : complain(status.error(), streams, args.shared.color);
}

Action declare(CLI::App& app, Shared& shared, RemoteWork work, const char* remote_help, const char* ref_help) {
  const auto held = std::make_shared<RemoteArgs>(RemoteArgs{shared});
  RemoteArgs& args = *held;
  add_text(app, "remote", args.remote, "REMOTE", remote_help, Offer::Kind::kFolders);
  add_text(app, "--ref", args.ref, "NAME", ref_help);
  add_settings(app, shared, {Group::kStore});
  add_choice(
      app, "--format", {"text", "json"}, [&args](std::size_t place) { args.format = static_cast<Format>(place); },
      "text|json", "how it is said what was done (default: text)");
  add_settings(app, shared, {Group::kGeneral});
  return [held, work](const Streams& streams) { return run(*held, streams, work); };
}

Action declare_push(CLI::App& app, Shared& shared) {
  app.footer(
      "Examples:\n"
      "  snapshot_test push /mnt/baselines\n"
      "  snapshot_test push s3://bucket/baselines --ref pull/123");
  return declare(app, shared, &push, "the folder or URL that baselines are kept in (default: the setting `remote`)",
                 "the name that the baseline gets (default: main, or the variant's name)");
}

Action declare_pull(CLI::App& app, Shared& shared) {
  app.footer(
      "Examples:\n"
      "  snapshot_test pull /mnt/baselines\n"
      "  snapshot_test pull s3://bucket/baselines --ref sha256:9f0c...");
  return declare(app, shared, &pull, "the folder or URL that baselines are kept in (default: the setting `remote`)",
                 "the name or the sha256:DIGEST of the baseline (default: main, or the variant's name)");
}

}  // namespace

SubcommandRow push_subcommand() {
  return {"push", "Send the baseline to a remote", &declare_push, SubcommandRow::Output::kColoured};
}

SubcommandRow pull_subcommand() {
  return {"pull", "Bring a baseline from a remote into the snapshot folder", &declare_pull,
          SubcommandRow::Output::kColoured};
}

}  // namespace snapshot_test::cli
