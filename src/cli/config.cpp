#include "config/config.hpp"
#include "config/layers.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "cli/options.hpp"
#include "cli/settings.hpp"
#include "cli/subcommands.hpp"
#include "config/asv_conf.hpp"
#include "config/load.hpp"
#include "util/file.hpp"
#include "util/json_text.hpp"
#include "util/try.hpp"

namespace snapshot_test::cli {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

struct ConfigArgs {
  enum class Action { kShow, kInit };
  enum class Existing { kKeep, kOverwrite };
  const Shared& shared;
  Action action = Action::kShow;
  Existing existing = Existing::kKeep;
  Format format = Format::kText;
};

std::string show_text(const config::Config& config) {
  std::string text = fmt::format("configuration file: {}\n", config.file ? config.file->string() : "none");
  text += fmt::format("asv configuration:  {}\n\n",
                      config.asv_file ? config.asv_file->string() : "none, or nothing of it needed");
  struct Row {
    std::string key;
    std::string value;
    std::string from;
  };
  std::vector<Row> rows{{"key", "value", "from"}};
  for (const config::Entry& entry : config::entries(config)) {
    rows.push_back({entry.key, entry.value.is_null() ? "(not set)" : entry.value.dump(), entry.from});
  }
  std::size_t key_width = 0;
  std::size_t value_width = 0;
  for (const Row& row : rows) {
    key_width = std::max(key_width, row.key.size());
    value_width = std::max(value_width, row.value.size());
  }
  value_width = std::min<std::size_t>(value_width, 50);
  for (const Row& row : rows) {
    text += fmt::format("{:<{}}  {:<{}}  {}\n", row.key, key_width, row.value, value_width, row.from);
  }
  return text;
}

std::string show_json(const config::Config& config) {
  const auto path = [](const config::OptionalPath& file) { return file ? Json(file->string()) : Json(nullptr); };
  Json json = {{"format", 1}, {"file", path(config.file)}, {"asv_file", path(config.asv_file)}};
  for (const config::Entry& entry : config::entries(config)) {
    json["settings"][entry.key] = {{"value", entry.value}, {"from", entry.from}};
  }
  return util::json_text(json, 2) + "\n";
}

Result<std::string> init(const ConfigArgs& args) {
  const fs::path file = args.shared.config_file.value_or(config::kConfigFileName);
  std::error_code ignored;
  if (args.existing == ConfigArgs::Existing::kKeep && fs::exists(fs::symlink_status(file, ignored))) {
    return fail(ErrorKind::kUsage,
                fmt::format("'{}' exists already; config --init --force overwrites it", file.string()));
  }
  TRY(util::write_file_atomically(file, config::default_file_text()));
  std::string text = fmt::format("wrote {}\n", file.string());
  // The new file's benchmark_dir goes before asv's, which may surprise whoever has both.
  const auto asv = config::read_asv_conf(file.parent_path());
  if (asv && *asv &&
      (*asv)->benchmark_dir.lexically_normal() != (file.parent_path() / "benchmarks").lexically_normal()) {
    text += fmt::format(
        "note: {} names the benchmark directory '{}', but the new file's goes first; edit or remove its "
        "benchmark_dir\n",
        (*asv)->file.string(), (*asv)->benchmark_dir.string());
  }
  return text;
}

model::ExitStatus run(const ConfigArgs& args, const Streams& streams) {
  if (args.action == ConfigArgs::Action::kInit) {
    const auto written = init(args);
    if (!written) {
      return complain(written.error(), streams, args.shared.color);
    }
    streams.out << *written;
    return model::ExitStatus::kSuccess;
  }
  const auto config = load_config(args.shared);
  if (!config) {
    return complain(config.error(), streams, args.shared.color);
  }
  streams.out << (args.format == Format::kJson ? show_json(*config) : show_text(*config));
  return model::ExitStatus::kSuccess;
}

Action declare_config(CLI::App& app, Shared& shared) {
  const auto held = std::make_shared<ConfigArgs>(ConfigArgs{shared});
  ConfigArgs& args = *held;
  auto* show = app.add_flag_callback(
      "--show", [&args] { args.action = ConfigArgs::Action::kShow; },
      "show every setting and where it comes from (the default)");
  app.add_flag_callback(
         "--init", [&args] { args.action = ConfigArgs::Action::kInit; },
         "write a file with every key and its default to snapshot_config.json, or to --config FILE")
      ->excludes(show);
  app.add_flag_callback(
      "--force", [&args] { args.existing = ConfigArgs::Existing::kOverwrite; },
      "let --init overwrite a file (default: it refuses)");
  app.add_flag_callback(
      "--json", [&args] { args.format = Format::kJson; }, "show as JSON");
  add_settings(app, shared,
               {Group::kSuite, Group::kStore, Group::kTolerance, Group::kRun, Group::kProcess, Group::kGeneral});
  return [held](const Streams& streams) { return run(*held, streams); };
}

}  // namespace

SubcommandRow config_subcommand() {
  return {"config", "Write a configuration file, or show the settings in effect", &declare_config};
}

}  // namespace snapshot_test::cli
