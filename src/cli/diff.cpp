#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "cli/offer.hpp"
#include "cli/options.hpp"
#include "cli/reported_run.hpp"
#include "cli/settings.hpp"
#include "cli/subcommands.hpp"
#include "cli/variant.hpp"
#include "config/layers.hpp"
#include "inspect/compare_values.hpp"
#include "render/value_diff.hpp"
#include "report/html.hpp"
#include "report/json_report.hpp"
#include "report/terminal.hpp"
#include "util/json_text.hpp"
#include "util/try.hpp"

namespace snapshot_test::cli {

namespace {

using inspect::Operand;
using inspect::OperandKind;

struct DiffArgs {
  const Shared& shared;
  std::string before{};
  std::string after{};
  std::optional<std::string> site{};
  Format format = Format::kText;
  std::optional<std::string> page{};  ///< where --html writes
};

Result<void> add_page(report::Reports& reports, const DiffArgs& args, const Streams& streams) {
  if (!args.page) {
    return {};
  }
  if (*args.page == "-") {
    return fail(ErrorKind::kUsage, "--html of diff needs a file: standard output has the differences");
  }
  TRY_ASSIGN(auto file, report::OutputFile::open(*args.page, streams.out));
  reports.add(std::make_unique<report::Html>(std::move(file)), report::Cases::kRead);
  return {};
}

report::RunHead diff_head(const Operand& before) {
  report::RunHead head = run_head("diff");
  head.snapshot_dir = before.path.string();
  return head;
}

/// Two whole stores: reported as verify reports.
Result<model::ExitStatus> diff_stores(const Operand& before, const Operand& after, const DiffArgs& args,
                                      const config::Config& config, const Streams& streams) {
  if (args.site) {
    return fail(ErrorKind::kUsage, "--site needs two snapshots, not two stores");
  }
  report::Reports reports;
  reports.set_head(diff_head(before));
  TRY(add_page(reports, args, streams));
  if (args.format == Format::kText) {
    report::TerminalOptions options;
    options.verbosity = verbosity(config);
    options.color = color_for(args.shared.color, streams.out_fd);
    reports.add(std::make_unique<report::Terminal>(streams.out, options), report::Cases::kNotRead);
  } else {
    TRY_ASSIGN(auto file, report::OutputFile::open("-", streams.out));
    reports.add(std::make_unique<report::JsonReport>(std::move(file), report::Detail::kCases), report::Cases::kRead);
  }
  TRY_ASSIGN(const auto summary, session::diff({before.path, after.path, config::comparison_of(config)}, reports));
  if (!reports.unwritten().empty()) {
    return tl::unexpected(reports.unwritten().front());
  }
  return summary.status;
}

/// Two values, as the one case of a run.
Result<void> write_page(const inspect::ValueDiff& diff, model::ExitStatus status, const Operand& before,
                        const DiffArgs& args, const Streams& streams) {
  report::Reports reports;
  reports.set_head(diff_head(before));
  TRY(add_page(reports, args, streams));
  model::CaseVerdict verdict;
  verdict.id.benchmark = verdict.id.label = fmt::format("{} → {}", args.before, args.after);
  verdict.sites = diff.sites;
  verdict.observation.ending = model::Ending::kReturned;
  const auto any = [&diff](model::SiteMatch match) {
    return std::any_of(diff.sites.begin(), diff.sites.end(), [match](const auto& site) { return site.match == match; });
  };
  verdict.verdict = status == model::ExitStatus::kFailed            ? model::Verdict::kDifferent
                    : status == model::ExitStatus::kNothingVerified ? model::Verdict::kOpaque
                    : any(model::SiteMatch::kClose)                 ? model::Verdict::kClose
                                                                    : model::Verdict::kIdentical;
  if (status != model::ExitStatus::kNothingVerified) {
    verdict.checked_by = model::CheckedBy::kResult;
  }
  model::VerifySummary summary;
  ++summary.counts[verdict.verdict];
  summary.status = status;
  summary.failure = status == model::ExitStatus::kFailed ? "the two differ" : "";
  if (verdict.checked_by) {
    ++summary.checked[*verdict.checked_by];
  }
  reports.verified(verdict);
  reports.finished(summary);
  return reports.unwritten().empty() ? Result<void>() : tl::unexpected(reports.unwritten().front());
}

/// Nothing compared is no success; one difference is a failure, whatever else agrees.
model::ExitStatus status_of(const inspect::ValueDiff& diff) {
  bool compared = false;
  for (const model::SiteComparison& site : diff.sites) {
    switch (site.match) {
      case model::SiteMatch::kIdentical:
      case model::SiteMatch::kClose: compared = true; break;
      case model::SiteMatch::kOpaque:
      case model::SiteMatch::kUnstable: break;
      default: return model::ExitStatus::kFailed;
    }
  }
  return compared ? model::ExitStatus::kSuccess : model::ExitStatus::kNothingVerified;
}

Result<model::ExitStatus> diff(const DiffArgs& args, const Streams& streams) {
  TRY_ASSIGN(auto config, load_config(args.shared));
  TRY_ASSIGN(auto before, inspect::parse_operand(args.before, config.snapshot_dir));
  TRY_ASSIGN(auto after, inspect::parse_operand(args.after, config.snapshot_dir));
  const auto of_default_store = [usual = config.snapshot_dir](const inspect::Operand& operand) {
    return operand.kind == OperandKind::kSnapshot && operand.path == usual;
  };
  const bool before_is = of_default_store(before);
  const bool after_is = of_default_store(after);
  if (before_is || after_is) {
    TRY(enter_variant(config, streams));
    before.path = before_is ? config.snapshot_dir : before.path;
    after.path = after_is ? config.snapshot_dir : after.path;
  }
  const bool stores = before.kind == OperandKind::kStore;
  if (stores != (after.kind == OperandKind::kStore)) {
    return fail(ErrorKind::kUsage, fmt::format("'{}' is a store and '{}' is not: compare two stores, or two values "
                                               "(a value of a store is FOLDER::NAME)",
                                               stores ? args.before : args.after, stores ? args.after : args.before));
  }
  if (stores) {
    return diff_stores(before, after, args, config, streams);
  }
  TRY_ASSIGN(const auto compared, inspect::compare_values(before, after, args.site, config::comparison_of(config)));
  if (args.format == Format::kJson) {
    streams.out << util::json_text(render::value_diff_json(compared, args.before, args.after), 2) << '\n';
  } else {
    streams.out << render::value_diff_text(compared);
  }
  streams.out << std::flush;
  if (args.page) {
    TRY(write_page(compared, status_of(compared), before, args, streams));
  }
  return status_of(compared);
}

model::ExitStatus run(const DiffArgs& args, const Streams& streams) {
  const auto status = diff(args, streams);
  return status ? *status : complain(status.error(), streams, args.shared.color);
}

Action declare_diff(CLI::App& app, Shared& shared) {
  const auto held = std::make_shared<DiffArgs>(DiffArgs{shared});
  DiffArgs& args = *held;
  offering(
      app.add_option("before", args.before,
                     "a store's folder, a case's name, FOLDER::NAME for one of another store, or a .pkl or .npy file; "
                     "tolerances are relative to this one"),
      {Offer::Kind::kCases, {}})
      ->type_name("A")
      ->required();
  offering(app.add_option("after", args.after, "what is compared with it, named in the same ways"),
           {Offer::Kind::kCases, {}})
      ->type_name("B")
      ->required();
  app.add_option("--site", args.site,
                 "the site to compare: return, body[3], state, deepest, path[2] (default: all; with a file, the first "
                 "that holds a value)")
      ->type_name("SITE");
  app.add_flag_callback(
      "--json", [&args] { args.format = Format::kJson; }, "print JSON");
  offering(app.add_option("--html", args.page, "write a page that shows how they differ, in one file without network"),
           {Offer::Kind::kFiles, {}})
      ->type_name("FILE");
  add_settings(app, shared, {Group::kTolerance, Group::kStore, Group::kGeneral});
  app.footer(
      "Examples:\n"
      "  snapshot_test diff .snapshots ../before/.snapshots\n"
      "  snapshot_test diff expected.npy actual.npy --tolerance 1e-7 0 --html diff.html");
  return [held](const Streams& streams) { return run(*held, streams); };
}

}  // namespace

SubcommandRow diff_subcommand() {
  return {"diff", "Compare two stores, two snapshots or two files; starts no Python", &declare_diff,
          SubcommandRow::Output::kColoured};
}

}  // namespace snapshot_test::cli
