// `pending`, `accept` and `reject`.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <limits>
#include <memory>

#include "cli/options.hpp"
#include "cli/pending_choice.hpp"
#include "cli/subcommands.hpp"
#include "report/case_json.hpp"
#include "report/format.hpp"
#include "util/try.hpp"

namespace snapshot_test::cli {

namespace {

using session::PendingCase;

struct PendingArgs {
  const Shared& shared;
  PendingChoice choice{};
  std::optional<std::string> reason{};
  Format format = Format::kText;
};

report::Json pending_json(const config::Config& config, const std::vector<PendingCase>& cases) {
  report::Json out = {{"format", report::kJsonFormat},
                      {"snapshot_dir", config.snapshot_dir.string()},
                      {"pending_dir", session::pending_folder(config.snapshot_dir, config.pending_dir).string()},
                      {"cases", report::Json::array()}};
  for (const PendingCase& each : cases) {
    out["cases"].push_back({{"label", each.label},
                            {"benchmark", each.benchmark},
                            {"index", each.index},
                            {"verdict", each.verdict},
                            {"reason", each.reason},
                            {"status", model::name(each.status)},
                            {"verifiable", model::verifiable(each.status)},
                            {"run", each.run},
                            {"time", each.time},
                            {"acceptable", each.moved.empty()},
                            {"moved", each.moved}});
  }
  return out;
}

Result<std::string> list(const PendingArgs& args, const Streams& streams) {
  TRY_ASSIGN(const auto config, pending_config(args.shared, streams));
  const auto values = open_pending(config);
  if (!values && values.error().kind != ErrorKind::kUsage) {
    return tl::unexpected(values.error());
  }
  const std::vector<PendingCase> cases = values ? values->cases() : std::vector<PendingCase>();
  if (args.format == Format::kJson) {
    return report::dump(pending_json(config, cases), 2) + "\n";
  }
  if (cases.empty()) {
    return std::string("nothing is pending\n");
  }
  return fmt::format("{} pending in {}:\n", report::counted(cases.size(), "value"),
                     report::one_line(session::pending_folder(config.snapshot_dir, config.pending_dir).string())) +
         pending_text(cases, std::numeric_limits<std::size_t>::max()) +
         fmt::format("look at them: {}\n", pending_command("review", args.shared));
}

Result<std::string> accept(const PendingArgs& args, const Streams& streams) {
  TRY_ASSIGN(const auto pending, open_pending(args.shared, streams));
  TRY_ASSIGN(const auto chosen, choose(pending.values, args.choice));
  TRY(pending.values.accept(chosen, user_name(), args.reason.value_or("")));
  return fmt::format("accepted {}; the baseline in {} has {} now, and capture --undo brings back what {} replaced\n",
                     report::counted(chosen.size(), "value"), report::one_line(pending.config.snapshot_dir.string()),
                     chosen.size() == 1 ? "it" : "them", chosen.size() == 1 ? "it" : "they");
}

Result<std::string> reject(const PendingArgs& args, const Streams& streams) {
  TRY_ASSIGN(const auto pending, open_pending(args.shared, streams));
  TRY_ASSIGN(const auto chosen, choose(pending.values, args.choice));
  TRY(pending.values.reject(chosen));
  return fmt::format("rejected {}; the baseline is as it was\n", report::counted(chosen.size(), "value"));
}

template <class Work>
Action action_of(const std::shared_ptr<PendingArgs>& held, Work work) {
  return [held, work](const Streams& streams) {
    const auto text = work(*held, streams);
    if (!text) {
      return complain(text.error(), streams, held->shared.color);
    }
    streams.out << *text;
    return model::ExitStatus::kSuccess;
  };
}

Action declare_pending(CLI::App& app, Shared& shared) {
  const auto held = std::make_shared<PendingArgs>(PendingArgs{shared});
  app.add_flag_callback(
      "--json", [args = held.get()] { args->format = Format::kJson; }, "print JSON");
  add_settings(app, shared, {Group::kStore, Group::kPending, Group::kGeneral});
  return action_of(held, list);
}

Action declare_accept(CLI::App& app, Shared& shared) {
  const auto held = std::make_shared<PendingArgs>(PendingArgs{shared});
  add_choice(app, held->choice);
  add_text(app, "-m,--reason", held->reason, "TEXT",
           "why; kept in the snapshots' history, which show --history prints");
  add_settings(app, shared, {Group::kStore, Group::kPending, Group::kGeneral});
  app.footer(
      "Examples:\n"
      "  snapshot_test accept 'bench.time_angle(10, 2)' --reason 'the new solver'\n"
      "  snapshot_test accept --filter time_angle\n"
      "  snapshot_test accept --all");
  return action_of(held, accept);
}

Action declare_reject(CLI::App& app, Shared& shared) {
  const auto held = std::make_shared<PendingArgs>(PendingArgs{shared});
  add_choice(app, held->choice);
  add_settings(app, shared, {Group::kStore, Group::kPending, Group::kGeneral});
  return action_of(held, reject);
}

}  // namespace

SubcommandRow pending_subcommand() {
  return {"pending", "List the values that verify has staged and nobody has accepted", &declare_pending};
}

SubcommandRow accept_subcommand() {
  return {"accept", "Put pending values into the baseline, as one transaction", &declare_accept};
}

SubcommandRow reject_subcommand() { return {"reject", "Let go of pending values", &declare_reject}; }

}  // namespace snapshot_test::cli
