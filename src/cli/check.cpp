#include "store/check.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/offer.hpp"
#include "cli/options.hpp"
#include "cli/settings.hpp"
#include "cli/subcommands.hpp"
#include "report/format.hpp"
#include "util/json_text.hpp"
#include "util/try.hpp"

namespace snapshot_test::cli {

namespace {

using store::CheckOptions;
using store::CheckReport;
using store::Damage;

struct CheckArgs {
  const Shared& shared;
  CheckOptions::Reading reading = CheckOptions::Reading::kNames;
  CheckOptions::Damaged damaged = CheckOptions::Damaged::kLeft;
  std::optional<std::string> repair_from{};
  Format format = Format::kText;
};

/// Cases that are listed of one file; JSON has all.
constexpr std::size_t kMostCases = 5;

const char* what_text(Damage::What what) {
  switch (what) {
    case Damage::What::kManifest: return "manifest";
    case Damage::What::kRun: return "run";
    case Damage::What::kObject: return "value";
    case Damage::What::kFingerprint: return "fingerprint";
  }
  return "";
}

const char* outcome_text(Damage::Outcome outcome) {
  switch (outcome) {
    case Damage::Outcome::kLeft: return "left";
    case Damage::Outcome::kQuarantined: return "quarantined";
    case Damage::Outcome::kRepaired: return "repaired";
  }
  return "";
}

std::string damage_text(const Damage& damage) {
  std::string text = fmt::format("{}: {}\n", report::one_line(damage.file), report::one_line(damage.cause));
  for (std::size_t i = 0; i < std::min(damage.cases.size(), kMostCases); ++i) {
    text += fmt::format("  affects {}\n", report::one_line(damage.cases[i]));
  }
  if (damage.cases.size() > kMostCases) {
    text += fmt::format("  and {} more\n", report::counted(damage.cases.size() - kMostCases, "value"));
  }
  if (damage.what == Damage::What::kObject && damage.cases.empty()) {
    text += "  affects no case: no manifest names it\n";
  }
  if (damage.outcome == Damage::Outcome::kRepaired) {
    text += "  repaired";
    text += damage.quarantined.empty() ? "\n" : fmt::format("; the damaged file is {} now\n", damage.quarantined);
  } else if (!damage.quarantined.empty()) {
    text += fmt::format("  moved to {}\n", damage.quarantined);
  }
  if (!damage.not_repaired.empty()) {
    text += fmt::format("  not repaired: {}\n", report::one_line(damage.not_repaired));
  }
  return text;
}

std::string summary_text(const CheckReport& report, const CheckArgs& args, const std::string& store) {
  const bool bytes = args.reading == CheckOptions::Reading::kBytes;
  std::string text = fmt::format("checked {}, {} and {} of {}{}: ", report::counted(report.manifests, "benchmark"),
                                 report::counted(report.runs, "run"), report::counted(report.objects, "value"),
                                 report::one_line(store),
                                 bytes ? fmt::format(", every byte ({})", report::size(report.bytes))
                                       : " (the bytes of values only with --read-data)");
  if (report.damage.empty()) {
    return text + "whole\n";
  }
  const std::size_t repaired = report.damage.size() - report.left();
  text += fmt::format("{} damaged", report.damage.size());
  if (repaired > 0) {
    text += fmt::format(", {} of them repaired", repaired);
  }
  return text + "\n";
}

nlohmann::ordered_json check_json(const CheckReport& report, const CheckArgs& args, const std::string& store) {
  auto damage = nlohmann::ordered_json::array();
  for (const Damage& each : report.damage) {
    nlohmann::ordered_json entry = {{"what", what_text(each.what)},
                                    {"file", each.file},
                                    {"cause", each.cause},
                                    {"cases", each.cases},
                                    {"outcome", outcome_text(each.outcome)}};
    if (!each.quarantined.empty()) entry["quarantined"] = each.quarantined;
    if (!each.not_repaired.empty()) entry["not_repaired"] = each.not_repaired;
    damage.push_back(std::move(entry));
  }
  return {{"format", 1},
          {"store", store},
          {"read_data", args.reading == CheckOptions::Reading::kBytes},
          {"manifests", report.manifests},
          {"runs", report.runs},
          {"objects", report.objects},
          {"bytes", report.bytes},
          {"damaged", report.damage.size()},
          {"left", report.left()},
          {"damage", std::move(damage)}};
}

Result<model::ExitStatus> check(const CheckArgs& args, const Streams& streams) {
  TRY_ASSIGN(const auto config, load_config(args.shared));
  CheckOptions options{args.reading, args.damaged, nullptr};
  std::unique_ptr<store::Store> other;
  if (args.repair_from) {
    TRY_ASSIGN(other, store::Store::open(store::absolute_location(*args.repair_from)));
    options.repair_from = other.get();
  }
  const auto location = store::absolute_location(config.snapshot_dir);
  TRY_ASSIGN(const auto report, store::check_store(location, options));
  if (args.format == Format::kJson) {
    streams.out << util::json_text(check_json(report, args, config.snapshot_dir.string()), 2) << '\n';
  } else {
    for (const Damage& each : report.damage) {
      streams.out << damage_text(each);
    }
    streams.out << summary_text(report, args, config.snapshot_dir.string());
  }
  streams.out << std::flush;
  if (report.left() > 0) {
    complain({ErrorKind::kCorrupt,
              args.repair_from ? "not everything could be repaired: capture these cases again on code that is known to "
                                 "be good"
                               : "the store is damaged: 'check --repair FROM' takes whole values from another store, "
                                 "or capture these cases again on code that is known to be good"},
             streams, args.shared.color);
    return model::ExitStatus::kFailed;
  }
  return model::ExitStatus::kSuccess;
}

model::ExitStatus run(const CheckArgs& args, const Streams& streams) {
  const auto status = check(args, streams);
  return status ? *status : complain(status.error(), streams, args.shared.color);
}

Action declare_check(CLI::App& app, Shared& shared) {
  const auto held = std::make_shared<CheckArgs>(CheckArgs{shared});
  CheckArgs& args = *held;
  add_settings(app, shared, {Group::kStore});
  app.add_flag_callback(
      "--read-data", [&args] { args.reading = CheckOptions::Reading::kBytes; },
      "also read every value and check each byte (default: that its file is there and has its size)");
  add_text(
      app, "--repair", args.repair_from, "FROM",
      "another store's folder: where a value is damaged and FROM has it whole, it is taken from there; the damaged "
      "file is moved to quarantine/",
      Offer::Kind::kFiles);
  app.add_flag_callback(
      "--quarantine", [&args] { args.damaged = CheckOptions::Damaged::kQuarantined; },
      "move damaged values that cannot be repaired to quarantine/, too (default: they stay)");
  app.add_flag_callback(
      "--json", [&args] { args.format = Format::kJson; }, "print JSON");
  add_settings(app, shared, {Group::kGeneral});
  app.footer(
      "Exit status: 0 where the store is whole or was repaired, 1 where damage is left.\n"
      "Examples:\n"
      "  snapshot_test check --read-data\n"
      "  snapshot_test check --read-data --repair /backup/.snapshots");
  return [held](const Streams& streams) { return run(*held, streams); };
}

}  // namespace

SubcommandRow check_subcommand() {
  return {"check", "Check that the snapshot folder is whole, and repair it from another; starts no Python",
          &declare_check};
}

}  // namespace snapshot_test::cli
