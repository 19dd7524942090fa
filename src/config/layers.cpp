#include "config/layers.hpp"

#include <fmt/format.h>

#include <utility>

#include "config/table.hpp"
#include "util/try.hpp"

namespace snapshot_test::config {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kGroup = "tolerance";  ///< the key whose value is an object of settings

std::string text(Origin origin, const Config& config) {
  const auto path = [](const OptionalPath& file) { return file ? file->string() : std::string("configuration file"); };
  switch (origin) {
    case Origin::kDefault: return "default";
    case Origin::kAsvConf: return path(config.asv_file);
    case Origin::kFile: return path(config.file);
    case Origin::kCommandLine: return "command line";
    case Origin::kFileAndCommandLine: return path(config.file) + " and command line";
  }
  return {};
}

/// Where a layer comes from.
struct Source {
  std::string name;  ///< stands in messages
  Origin origin = Origin::kFile;
  ErrorKind kind = ErrorKind::kConfig;
  fs::path folder{};  ///< that its relative paths are relative to; empty: to the current one
};

/// The keys that may stand in an object of settings: in `group`, or in the whole.
std::vector<std::string> keys_in(std::string_view group) {
  std::vector<std::string> keys;
  for (const Row& row : rows()) {
    const std::size_t dot = row.key.find('.');
    if (row.key.substr(0, dot == std::string_view::npos ? 0 : dot) == group) {
      keys.emplace_back(row.key.substr(dot == std::string_view::npos ? 0 : dot + 1));
    }
  }
  if (group.empty()) {
    keys.emplace_back(kGroup);
  }
  return keys;
}

/// Makes a relative path relative to `folder`. A Python's name without a slash is looked up on PATH, so it is no path.
void rebase(Json& value, const fs::path& folder, Names names) {
  if (value.is_array()) {
    for (Json& item : value) {
      rebase(item, folder, names);
    }
    return;
  }
  const fs::path path = value.is_string() ? value.get<std::string>() : std::string();
  if (!path.empty() && path.is_relative() && (names != Names::kPython || path.has_parent_path())) {
    value = (folder / path).lexically_normal().string();
  }
}

Wrong apply_value(Config& config, const Row& row, Json value, const Source& source) {
  if (row.names != Names::kNothing && !source.folder.empty()) {
    rebase(value, source.folder, row.names);
  }
  Origin origin = source.origin;
  if (row.place.type == Type::kPatterns && origin == Origin::kCommandLine && value.is_array()) {
    Json all = row.place.get(config);
    origin = all.empty() ? origin : Origin::kFileAndCommandLine;
    all.insert(all.end(), value.begin(), value.end());
    value = std::move(all);
  }
  Wrong wrong = row.place.set(config, value, row.range);
  config.origins.insert_or_assign(std::string(row.key), origin);
  return wrong;
}

Result<void> apply_object(Config& config, const Json& object, const std::string& group, const Source& source) {
  for (const auto& [key, value] : object.items()) {
    const std::string full = group.empty() ? key : fmt::format("{}.{}", group, key);
    Wrong wrong;
    if (group.empty() && key == kGroup) {
      if (value.is_object()) {
        TRY(apply_object(config, value, key, source));
        continue;
      }
      wrong = must_be("an object such as {\"rtol\": 1e-5, \"atol\": 1e-8}", value);
    } else if (const Row* row = key.find('.') == std::string::npos ? find_row(full) : nullptr) {
      wrong = apply_value(config, *row, value, source);
    } else {
      wrong = unknown_key(key, keys_in(group));
    }
    if (wrong) {
      return fail(source.kind, fmt::format("{}: {}: {}", source.name, full, *wrong));
    }
  }
  return {};
}

Result<void> apply(Config& config, const Json& layer, const Source& source) {
  if (!layer.is_object()) {
    return fail(source.kind, fmt::format("{}: {}", source.name, must_be("an object: {\"key\": value, ...}", layer)));
  }
  TRY(apply_object(config, layer, "", source));
  if (layer.value("verbose", false) && layer.value("quiet", false)) {
    return fail(source.kind, fmt::format("{}: verbose and quiet contradict each other", source.name));
  }
  return {};
}

}  // namespace

Result<void> apply_settings(Config& config, const Json& layer, const std::string& source) {
  return apply(config, layer, {source});
}

Result<void> apply_file(Config& config, const Json& layer, const fs::path& path) {
  TRY(apply(config, layer, {path.string(), Origin::kFile, ErrorKind::kConfig, path.parent_path()}));
  config.file = path;
  return {};
}

Result<void> apply_command_line(Config& config, const Json& layer) {
  Json whole = layer;
  for (const auto& [given, other] : {std::pair{"verbose", "quiet"}, {"quiet", "verbose"}}) {
    if (layer.value(given, false) && !layer.contains(other)) {
      whole[other] = false;  // whatever the file says
    }
  }
  return apply(config, whole, {"command line", Origin::kCommandLine, ErrorKind::kUsage});
}

std::optional<std::string> complaint(std::string_view key, const Json& value) {
  const Row* row = find_row(key);
  Config any;
  auto wrong = row->place.set(any, value, row->range);
  if (!wrong && row->unit == "percent" && value.get<double>() > 0 && value.get<double>() < 1) {
    return fmt::format("is a percentage, and {} is less than one in a hundred: write {:g} for {:g} %", value.dump(),
                       100 * value.get<double>(), 100 * value.get<double>());
  }
  return wrong;
}

Json& place_in(Json& layer, std::string_view key) {
  const std::size_t dot = key.find('.');
  return dot == std::string_view::npos ? layer[std::string(key)]
                                       : layer[std::string(key.substr(0, dot))][std::string(key.substr(dot + 1))];
}

std::vector<Entry> entries(const Config& config) {
  std::vector<Entry> all;
  for (const Row& row : rows()) {
    all.push_back({std::string(row.key), row.place.get(config), text(config.origin(row.key), config)});
  }
  return all;
}

Json settings_of(const Config& config) {
  Json settings = Json::object();
  for (const Row& row : rows()) {
    place_in(settings, row.key) = row.place.get(config);
  }
  // Entries are added to the default ones, so one that was taken out has to be taken out again.
  for (const auto& [dtype, tolerance] : model::Rules().by_dtype) {
    if (!config.comparison.rules.by_dtype.contains(dtype)) {
      settings["tolerance"]["by_dtype"][dtype] = nullptr;
    }
  }
  return settings;
}

std::string default_file_text() {
  Config defaults;
  defaults.benchmark_dir = fs::path("benchmarks/");
  return settings_of(defaults).dump(2) + "\n";
}

model::CaptureRecord record_of(const Config& config) {
  model::CaptureRecord record{{{"rules", config.comparison.rules}}, nlohmann::json::object()};
  for (const Row& row : rows()) {
    if (row.record != Record::kNothing) {
      const nlohmann::json::json_pointer place(fmt::format("/{}", row.recorded_as.empty() ? row.key : row.recorded_as));
      (row.record == Record::kRun ? record.run : record.resumable)[place] = nlohmann::json(row.place.get(config));
    }
  }
  return record;
}

model::ComparisonOptions comparison_of(const Config& config) {
  model::ComparisonOptions options = config.comparison;
  for (model::RuleChange& change : options.changes) {
    std::erase_if(change.given, [&config](const std::string& rule) {
      return config.origin(fmt::format("{}.{}", kGroup, rule)) == Origin::kCommandLine;
    });
  }
  return options;
}

}  // namespace snapshot_test::config
