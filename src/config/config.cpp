#include "config/config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "config/values.hpp"
#include "util/try.hpp"

namespace snapshot_test::config {

namespace {

namespace fs = std::filesystem;

/// Calls visit(key, setting, range) for every setting, in the order in which people see them. The one list of keys:
/// reading, checking, showing and writing the default file all go through it.
template <class AnyConfig, class Visit>
void for_each_setting(AnyConfig& config, Visit&& visit) {
  visit("benchmark_dir", config.benchmark_dir, Range{});
  visit("snapshot_dir", config.snapshot_dir, Range{});
  visit("project_dir", config.project_dir, Range{});
  visit("python", config.python, Range{});
  visit("tolerance.rtol", config.rtol, Range{});
  visit("tolerance.atol", config.atol, Range{});
  visit("tolerance.equal_nan", config.equal_nan, Range{});
  visit("tolerance.by_dtype", config.by_dtype, Range{});
  visit("tolerance.exact_integers", config.exact_integers, Range{});
  visit("tolerance.strict_types", config.strict_types, Range{});
  visit("tolerance.strict_shapes", config.strict_shapes, Range{});
  visit("tolerance.ignore_order", config.ignore_order, Range{});
  visit("overrides", config.overrides, Range{});
  visit("reducers", config.reducers, Range{});
  visit("exclude_benchmarks", config.exclude_benchmarks, Range{});
  visit("timeout", config.timeout, Range{0, Bound::kExcluded});
  visit("import_timeout", config.import_timeout, Range{0, Bound::kExcluded});
  visit("max_memory", config.max_memory, Range{1 << 20, Bound::kIncluded});
  visit("isolation", config.isolation, Range{});
  visit("spawn_benchmarks", config.spawn_benchmarks, Range{});
  visit("workers", config.workers, Range{0, Bound::kIncluded, 4096});
  visit("seed", config.seed, Range{});
  visit("freeze_time", config.freeze_time, Range{0, Bound::kIncluded, 253402300799});  // up to the year 9999
  visit("mode", config.mode, Range{});
  visit("trace_depth_limit", config.trace_depth_limit, Range{1, Bound::kIncluded, 1'000'000});
  visit("max_iterator_items", config.max_iterator_items, Range{1, Bound::kIncluded});
  visit("max_value_bytes", config.max_value_bytes, Range{1, Bound::kIncluded});
  visit("max_value_depth", config.max_value_depth, Range{1, Bound::kIncluded, 1'000'000});
  visit("stability_check", config.stability_check, Range{});
  visit("resume", config.resume, Range{});
  visit("compression", config.compression, Range{});
  visit("strict", config.strict, Range{});
  visit("min_verified", config.min_verified, Range{0, Bound::kIncluded, 100});
  visit("min_verified_counts", config.min_verified_counts, Range{});
  visit("verbose", config.verbose, Range{});
  visit("quiet", config.quiet, Range{});
}

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

/// One value of the file with its full key, and the keys that could stand in its place.
struct Found {
  std::string key;
  std::string last;
  const Json* value;
  std::vector<std::string> siblings;
};

Result<std::vector<Found>> flatten(const Json& file, const std::string& source) {
  std::vector<std::string> top;
  std::vector<std::string> in_tolerance;
  const Config any;
  for_each_setting(any, [&](std::string_view key, const auto&, const Range&) {
    if (key.starts_with("tolerance.")) {
      in_tolerance.emplace_back(key.substr(key.find('.') + 1));
    } else {
      top.emplace_back(key);
    }
  });
  top.emplace_back("tolerance");
  if (!file.is_object()) {
    return fail(ErrorKind::kConfig, fmt::format("{}: {}", source, must_be("an object: {\"key\": value, ...}", file)));
  }
  std::vector<Found> found;
  for (const auto& [key, value] : file.items()) {
    if (key != "tolerance") {
      found.push_back({key, key, &value, top});
      continue;
    }
    if (!value.is_object()) {
      return fail(ErrorKind::kConfig,
                  fmt::format("{}: tolerance: {}", source,
                              must_be("an object such as {\"rtol\": 1e-5, \"atol\": 1e-8}", value)));
    }
    for (const auto& [inner, inner_value] : value.items()) {
      found.push_back({"tolerance." + inner, inner, &inner_value, in_tolerance});
    }
  }
  return found;
}

void rebase(fs::path& value, const fs::path& folder) {
  if (value.is_relative() && !folder.empty()) {
    value = (folder / value).lexically_normal();
  }
}

void rebase(OptionalPath& value, const fs::path& folder) {
  if (value) {
    rebase(*value, folder);
  }
}

}  // namespace

Result<void> apply_settings(Config& config, const Json& settings, const std::string& source) {
  TRY_ASSIGN(const auto flat, flatten(settings, source));
  for (const Found& found : flat) {
    // Not by the full key: "tolerance.rtol" is no key of the top level.
    const bool known = std::find(found.siblings.begin(), found.siblings.end(), found.last) != found.siblings.end();
    std::optional<std::string> wrong;
    for_each_setting(config, [&](std::string_view key, auto& setting, const Range& range) {
      if (!known || key != found.key) {
        return;
      }
      if (auto value = read(*found.value, range, &setting.value)) {
        setting.set(std::move(*value), Origin::kFile);
      } else {
        wrong = std::move(value.error());
      }
    });
    if (!known) {
      wrong = unknown_key(found.last, found.siblings);
    }
    if (wrong) {
      return fail(ErrorKind::kConfig, fmt::format("{}: {}: {}", source, found.key, *wrong));
    }
  }
  if (config.verbose.value && config.quiet.value) {
    return fail(ErrorKind::kConfig, fmt::format("{}: verbose and quiet contradict each other", source));
  }
  return {};
}

Result<void> apply_file(Config& config, const Json& file, const fs::path& path) {
  if (auto applied = apply_settings(config, file, path.string()); !applied) {
    return applied;
  }
  const fs::path folder = path.parent_path();
  const auto from_file = [](const auto& setting) { return setting.origin == Origin::kFile; };
  for (Setting<OptionalPath>* setting : {&config.benchmark_dir, &config.project_dir}) {
    if (from_file(*setting)) {
      rebase(setting->value, folder);
    }
  }
  if (from_file(config.snapshot_dir)) {
    rebase(config.snapshot_dir.value, folder);
  }
  for (fs::path& reducers : config.reducers.value) {
    rebase(reducers, folder);
  }
  // A name without a slash is looked up on PATH, so it is no path.
  if (from_file(config.python) && config.python.value && config.python.value->find('/') != std::string::npos) {
    fs::path python = *config.python.value;
    rebase(python, folder);
    config.python.value = python.string();
  }
  config.file = path;
  return {};
}

Result<void> apply_overrides(Config& config, const Overrides& overrides) {
  const auto override_with = [](auto& setting, const auto& value) {
    if (value) {
      setting.set(*value, Origin::kCommandLine);
    }
  };
  override_with(config.benchmark_dir, overrides.benchmark_dir);
  override_with(config.snapshot_dir, overrides.snapshot_dir);
  override_with(config.project_dir, overrides.project_dir);
  override_with(config.python, overrides.python);
  override_with(config.rtol, overrides.rtol);
  override_with(config.atol, overrides.atol);
  override_with(config.equal_nan, overrides.equal_nan);
  override_with(config.exact_integers, overrides.exact_integers);
  override_with(config.strict_types, overrides.strict_types);
  override_with(config.strict_shapes, overrides.strict_shapes);
  override_with(config.ignore_order, overrides.ignore_order);
  override_with(config.timeout, overrides.timeout);
  override_with(config.import_timeout, overrides.import_timeout);
  override_with(config.max_memory, overrides.max_memory);
  override_with(config.isolation, overrides.isolation);
  override_with(config.workers, overrides.workers);
  override_with(config.seed, overrides.seed);
  override_with(config.stability_check, overrides.stability_check);
  override_with(config.resume, overrides.resume);
  override_with(config.compression, overrides.compression);
  override_with(config.mode, overrides.mode);
  override_with(config.freeze_time, overrides.freeze_time);
  override_with(config.strict, overrides.strict);
  override_with(config.min_verified, overrides.min_verified);
  override_with(config.min_verified_counts, overrides.min_verified_counts);
  if (overrides.verbose.value_or(false) && overrides.quiet.value_or(false)) {
    return fail(ErrorKind::kUsage, "--verbose and --quiet contradict each other; give one of them");
  }
  if (overrides.verbose) {
    config.quiet.set(false, Origin::kCommandLine);
  }
  if (overrides.quiet) {
    config.verbose.set(false, Origin::kCommandLine);
  }
  override_with(config.verbose, overrides.verbose);
  override_with(config.quiet, overrides.quiet);
  if (!overrides.exclude.empty()) {
    auto& patterns = config.exclude_benchmarks;
    patterns.origin = patterns.value.empty() ? Origin::kCommandLine : Origin::kFileAndCommandLine;
    patterns.value.insert(patterns.value.end(), overrides.exclude.begin(), overrides.exclude.end());
  }
  return {};
}

std::optional<std::string> complaint(const std::string& wanted, const Json& value) {
  std::optional<std::string> wrong;
  const Config none;
  for_each_setting(none, [&](std::string_view key, const auto& setting, const Range& range) {
    if (key == wanted) {
      if (auto parsed = read(value, range, &setting.value); !parsed) {
        wrong = parsed.error();
      }
    }
  });
  return wrong;
}

std::vector<Entry> entries(const Config& config) {
  std::vector<Entry> all;
  for_each_setting(config, [&](std::string_view key, const auto& setting, const Range&) {
    all.push_back({std::string(key), write(setting.value), text(setting.origin, config)});
  });
  return all;
}

Json settings_of(const Config& config) {
  Json settings = Json::object();
  for (const Entry& entry : entries(config)) {
    const std::size_t dot = entry.key.find('.');
    if (dot == std::string::npos) {
      settings[entry.key] = entry.value;
    } else {
      settings[entry.key.substr(0, dot)][entry.key.substr(dot + 1)] = entry.value;
    }
  }
  // Entries are added to the default ones, so one that was taken out has to be taken out again.
  for (const auto& [dtype, tolerance] : Config().by_dtype.value) {
    if (!config.by_dtype.value.contains(dtype)) {
      settings["tolerance"]["by_dtype"][dtype] = nullptr;
    }
  }
  return settings;
}

std::string default_file_text() {
  Config defaults;
  defaults.benchmark_dir.value = fs::path("benchmarks/");
  return settings_of(defaults).dump(2) + "\n";
}

}  // namespace snapshot_test::config
