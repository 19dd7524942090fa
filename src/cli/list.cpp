#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "cli/options.hpp"
#include "cli/settings.hpp"
#include "cli/subcommands.hpp"
#include "cli/variant.hpp"
#include "inspect/stored_suite.hpp"
#include "report/format.hpp"
#include "report/import_failures.hpp"
#include "report/listing.hpp"
#include "report/tested_text.hpp"

namespace snapshot_test::cli {

namespace {

struct ListArgs {
  const Shared& shared;
  report::ListDetail detail = report::ListDetail::kBenchmarks;
  Format format = Format::kText;
};

/// Discovery's notes, on standard error, where somebody asked for them.
class Notes : public model::Listener {
 public:
  Notes(std::ostream& err, report::Verbosity verbosity) : err_(err), verbosity_(verbosity) {}
  void note(const std::string& text) override {
    if (verbosity_ == report::Verbosity::kVerbose) {
      err_ << "note: " << text << '\n';
    }
  }

 private:
  std::ostream& err_;
  report::Verbosity verbosity_;
};

/// Why nothing is listed, or none if something is.
std::optional<std::string> nothing_listed(const session::Selection& selection, const Shared& shared,
                                          const config::Config& config) {
  std::size_t selected = 0;
  for (const auto& indices : selection.indices) {
    selected += indices.size();
  }
  const std::size_t found = selection.suite.benchmarks.size();
  if (found == 0 && !selection.suite.failures.empty()) {
    return "none of the suite's benchmarks could be imported";
  }
  if (found == 0) {
    return fmt::format(
        "no benchmarks in '{}': ASV takes functions and methods whose names start with time_, timeraw_, "
        "mem_, peakmem_ or track_",
        selection.suite.root);
  }
  if (selected > 0) {
    return std::nullopt;
  }
  std::string why = what_is_left(shared);
  std::vector<std::string> patterns = shared.exclude;
  patterns.insert(patterns.end(), config.suite.exclude_benchmarks.begin(), config.suite.exclude_benchmarks.end());
  if (!patterns.empty()) {
    why += fmt::format(" ({} excluded by {})", report::counted(selection.excluded, "case"), fmt::join(patterns, ", "));
  }
  return fmt::format("{} of {} in '{}'", why, report::counted(found, "benchmark"), selection.suite.root);
}

/// What the baseline knows of the selection. Without one there is nothing to say; one that cannot be read is a note.
report::StoredBenchmarks ask_store(const std::filesystem::path& location, session::Selection& selection) {
  std::vector<std::string>& notes = selection.suite.notes;
  const auto store = store::Store::open(location);
  if (!store) {
    if (store.error().kind != ErrorKind::kNoBaseline) {
      notes.push_back(store.error().message);
    }
    return {};
  }
  inspect::StoredSuite stored = inspect::stored_suite(**store, selection.suite, selection.indices);
  notes.insert(notes.end(), stored.notes.begin(), stored.notes.end());
  return std::move(stored.benchmarks);
}

model::ExitStatus run(const ListArgs& args, const Streams& streams) {
  const Shared& shared = args.shared;
  const auto config = load_config(shared);
  if (!config) {
    return complain(config.error(), streams, shared.color);
  }
  const auto options = suite_options(*config, shared);
  if (!options) {
    return complain(options.error(), streams, shared.color);
  }
  Notes notes(streams.err, verbosity(*config));
  auto selection = session::list(*options, notes);
  if (!selection) {
    return complain(selection.error(), streams, shared.color);
  }
  const auto chosen = choose_variant(*config, VariantUse::kRead);
  if (!chosen && chosen.error().kind != ErrorKind::kNoBaseline) {
    return complain(chosen.error(), streams, shared.color);
  }
  const bool is_variant = chosen && *chosen;
  if (is_variant) {
    const session::ChosenBaseline& baseline = **chosen;
    selection->suite.notes.push_back(baseline.missing.empty() ? report::variant_text(baseline.variant)
                                                              : baseline.missing);
  }
  const report::StoredBenchmarks stored =
      ask_store(is_variant ? (*chosen)->location : config->snapshot_dir, *selection);
  const auto nothing = nothing_listed(*selection, shared, *config);
  if (args.format == Format::kJson) {
    streams.out << report::listing_json(selection->suite, selection->indices, stored, args.detail);
  } else if (!nothing) {
    const auto lists = config->verbose ? report::Lists::kComplete : report::Lists::kBounded;
    streams.out << report::listing_text(selection->suite, selection->indices, stored, args.detail, lists,
                                        color_for(shared.color, streams.out_fd));
  }
  streams.out << std::flush;
  if (!config->quiet) {
    for (const std::string& note : selection->suite.notes) {
      streams.err << "note: " << report::one_line(note) << '\n';
    }
  }
  const auto detail = config->verbose ? report::ImportDetail::kAll : report::ImportDetail::kCauses;
  streams.err << report::import_failures_text(selection->suite.failures, selection->python, detail,
                                              color_for(shared.color, streams.err_fd));
  if (nothing) {
    complain({ErrorKind::kUsage, *nothing}, streams, shared.color);
    return model::ExitStatus::kNothingVerified;
  }
  return selection->suite.failures.empty() ? model::ExitStatus::kSuccess : model::ExitStatus::kFailed;
}

Action declare_list(CLI::App& app, Shared& shared) {
  const auto held = std::make_shared<ListArgs>(ListArgs{shared});
  ListArgs& args = *held;
  add_settings(app, shared, {Group::kSuite, Group::kSelection, Group::kStore});
  app.add_flag_callback(
      "--cases", [&args] { args.detail = report::ListDetail::kCases; }, "list every case, too");
  app.add_flag_callback(
      "--json", [&args] { args.format = Format::kJson; }, "print JSON");
  add_settings(app, shared, {Group::kRun, Group::kGeneral});
  app.footer(
      "Examples:\n"
      "  snapshot_test list benchmarks/\n"
      "  snapshot_test list benchmarks/ --filter time_angle --cases");
  return [held](const Streams& streams) { return run(*held, streams); };
}

}  // namespace

SubcommandRow list_subcommand() {
  return {"list", "List the benchmarks, their parameters and their cases", &declare_list,
          SubcommandRow::Output::kColoured};
}

}  // namespace snapshot_test::cli
