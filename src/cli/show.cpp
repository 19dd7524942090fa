#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "cli/history.hpp"
#include "cli/offer.hpp"
#include "cli/options.hpp"
#include "cli/settings.hpp"
#include "cli/subcommands.hpp"
#include "cli/variant.hpp"
#include "inspect/operand.hpp"
#include "inspect/stored_value.hpp"
#include "render/case_values.hpp"
#include "render/store_list.hpp"
#include "report/format.hpp"
#include "util/json_text.hpp"
#include "util/try.hpp"

namespace snapshot_test::cli {

namespace {

using inspect::Found;
using Json = nlohmann::ordered_json;

struct ShowArgs {
  const Shared& shared;
  std::optional<std::string> what{};  ///< a snapshot's name, a store or a file; none: the store
  std::optional<std::string> site{};
  std::optional<std::string> pickle_file{};  ///< where a site's plain pickle goes; "-" is standard output
  std::optional<std::uint64_t> items{};      ///< to show of each container and array
  Format format = Format::kText;
  bool history = false;
};

constexpr std::size_t kLinesVerbose = 10'000;

std::string json_text(const Json& json) { return util::json_text(json, 2) + "\n"; }

render::TextLimits text_limits(const ShowArgs& args, const config::Config& config) {
  render::TextLimits limits;
  limits.items = static_cast<std::size_t>(args.items.value_or(limits.items));
  if (config.verbose || args.items) {
    limits.lines = kLinesVerbose;
  }
  return limits;
}

render::JsonLimits json_limits(const ShowArgs& args) {
  render::JsonLimits limits;
  limits.items = static_cast<std::size_t>(args.items.value_or(limits.items));
  return limits;
}

using render::ShownText;

ShownText as_text(const render::ShownJson& shown) { return {json_text(shown.content), shown.unreadable}; }

Result<ShownText> show_file(const std::filesystem::path& path, const ShowArgs& args, const config::Config& config) {
  TRY_ASSIGN(const auto value, inspect::load_file(path));
  if (args.format == Format::kJson) {
    const Json json = {
        {"format", 1}, {"file", path.string()}, {"value", render::value_json(value.root(), json_limits(args))}};
    return ShownText{json_text(json)};
  }
  return ShownText{render::value_text(value.root(), text_limits(args, config), "")};
}

Result<ShownText> show_store(const store::Store& store, const ShowArgs& args) {
  if (args.format == Format::kJson) {
    return render::store_json(store).map(as_text);
  }
  return render::store_text(store);
}

Result<void> write_pickle(const store::Store& store, const Found& found, const std::optional<model::Site>& site,
                          const std::string& file, std::ostream& out) {
  const store::CaseRecord& record = found.manifest.cases[found.cases.front()];
  TRY_ASSIGN(const auto value, inspect::choose_site(record, store::case_label(found.manifest, record), site));
  if (value->sketch_of) {
    return fail(
        ErrorKind::kUsage,
        fmt::format("of {} of {} only a sketch is stored, which no pickle can be made of: it has {} bytes, more "
                    "than store_max_value_bytes was when it was captured",
                    value->site.text(), store::case_label(found.manifest, record), value->sketch_of->bytes));
  }
  TRY_ASSIGN(const auto pickle, inspect::load_pickle(store.locator(), *value));
  const auto bytes = pickle.bytes();
  if (file == "-") {  // not text: past what makes text visible
    out.flush();
    std::cout.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    return {};
  }
  auto target = util::AtomicFile::create(file);
  if (!target) {
    return tl::unexpected(target.error());
  }
  return target->write(bytes).and_then([&target] { return target->commit(); });
}

Result<ShownText> show_snapshots(const inspect::Operand& operand, const ShowArgs& args, const config::Config& config,
                                 const Streams& streams) {
  TRY_ASSIGN(const auto site, inspect::parse_site(args.site));
  TRY_ASSIGN(const auto store, store::Store::open(operand.path));
  TRY_ASSIGN(const auto found, inspect::find_snapshots(*store, operand.name));
  const bool several = inspect::case_count(found) > 1;
  if (several && (args.pickle_file || site)) {
    return fail(ErrorKind::kUsage, inspect::several_cases(found, operand.name));
  }
  if (site) {
    const store::CaseRecord& record = found.front().manifest.cases[found.front().cases.front()];
    TRY(inspect::choose_site(record, operand.name, site).map([](const auto& /*chosen*/) {}));
  }
  if (args.format == Format::kJson) {
    return as_text(render::cases_json(*store, found, site, json_limits(args)));
  }
  if (several) {
    ShownText shown = render::cases_text(*store, found);
    shown.content += report::one_line(inspect::several_cases(found, operand.name)) + ", to see its values\n";
    return shown;
  }
  const Found& only = found.front();
  if (args.pickle_file) {
    return write_pickle(*store, only, site, *args.pickle_file, streams.out).map([] { return ShownText(); });
  }
  return render::case_text(*store, only.manifest, only.manifest.cases[only.cases.front()], site,
                           text_limits(args, config));
}

Result<ShownText> show(const ShowArgs& args, const Streams& streams) {
  TRY_ASSIGN(auto config, load_config(args.shared));
  inspect::Operand operand{inspect::OperandKind::kStore, config.snapshot_dir, {}};
  if (args.what) {
    TRY_ASSIGN(operand, inspect::parse_operand(*args.what, config.snapshot_dir));
  }
  const bool of_default_store = !args.what || operand.kind == inspect::OperandKind::kSnapshot;
  if (of_default_store && operand.path == config.snapshot_dir) {
    TRY(enter_variant(config, streams));
    operand.path = config.snapshot_dir;
  }
  if (args.history) {
    if (operand.kind == inspect::OperandKind::kFile || args.site || args.pickle_file) {
      return fail(ErrorKind::kUsage,
                  "--history is of snapshots: name some, or a store, and leave out --site and --pickle");
    }
    return history_text(operand, args.format).map([](std::string text) { return ShownText{std::move(text)}; });
  }
  if (operand.kind == inspect::OperandKind::kSnapshot) {
    return show_snapshots(operand, args, config, streams);
  }
  if (args.site || args.pickle_file) {
    return fail(ErrorKind::kUsage, "--site and --pickle need the name of a snapshot");
  }
  if (operand.kind == inspect::OperandKind::kFile) {
    return show_file(operand.path, args, config);
  }
  TRY_ASSIGN(const auto store, store::Store::open(operand.path));
  return show_store(*store, args);
}

model::ExitStatus run(const ShowArgs& args, const Streams& streams) {
  const auto shown = show(args, streams);
  if (!shown) {
    return complain(shown.error(), streams, args.shared.color);
  }
  streams.out << shown->content << std::flush;
  return shown->unreadable == 0 ? model::ExitStatus::kSuccess : model::ExitStatus::kFailed;
}

Action declare_show(CLI::App& app, Shared& shared) {
  const auto held = std::make_shared<ShowArgs>(ShowArgs{shared});
  ShowArgs& args = *held;
  offering(app.add_option(
               "name", args.what,
               "a case's or benchmark's name (also only Class.method, or a glob pattern), FOLDER::NAME for one of "
               "another store, a store's folder, or a .pkl or .npy file (default: lists the store)"),
           {Offer::Kind::kCases, {}})
      ->type_name("NAME");
  app.add_option("--site", args.site, "only this site: return, body[3], state, deepest, path[2] (default: all)")
      ->type_name("SITE");
  offering(app.add_option(
               "--pickle", args.pickle_file,
               "write the site's plain pickle there, for Python's pickle.load; - is standard output (default site: "
               "the first that holds a value)"),
           {Offer::Kind::kFiles, {}})
      ->type_name("FILE");
  app.add_flag("--history", args.history, "instead of values, who accepted changes of them, when and why");
  add_count(app, "-n,--items", args.items, "elements to show of each array and container (default: 8; JSON: 1000)");
  app.add_flag_callback(
      "--json", [&args] { args.format = Format::kJson; }, "print JSON");
  add_settings(app, shared, {Group::kStore, Group::kGeneral});
  app.footer(
      "Examples:\n"
      "  snapshot_test show\n"
      "  snapshot_test show bench.time_angle\n"
      "  snapshot_test show 'bench.time_angle(10, 2)' --site return");
  return [held](const Streams& streams) { return run(*held, streams); };
}

}  // namespace

SubcommandRow show_subcommand() {
  return {"show", "Show what a snapshot, a store or a file holds; starts no Python", &declare_show};
}

}  // namespace snapshot_test::cli
