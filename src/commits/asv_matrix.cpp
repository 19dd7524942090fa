#include "commits/asv_matrix.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <regex>
#include <string_view>
#include <utility>
#include <vector>

#include "util/try.hpp"

namespace snapshot_test::commits {

namespace {

using model::AsvEnvironment;
using MatrixJson = nlohmann::ordered_json;

constexpr std::array<const char*, 3> kSections = {"req", "env", "env_nobuild"};
constexpr std::array<const char*, 3> kPlatformKeys = {"python", "environment_type", "sys_platform"};

/// A section ("req", or a platform's key) and a name in it.
using MatrixKey = std::pair<std::string, std::string>;
/// None: it is not there.
using MatrixValue = std::optional<std::string>;
using Combination = std::map<MatrixKey, MatrixValue>;

Error wrong_matrix(const std::string& what) { return {ErrorKind::kConfig, "asv.conf.json: " + what}; }

/// As Python's str() has it.
Result<MatrixValue> matrix_value(const MatrixJson& json, const std::string& name) {
  if (json.is_null()) {
    return MatrixValue();
  }
  if (json.is_string()) {
    return MatrixValue(json.get<std::string>());
  }
  if (json.is_number()) {
    return MatrixValue(json.dump());
  }
  return tl::unexpected(wrong_matrix(fmt::format("'{}' must be a text, a number or null, not {}", name, json.dump())));
}

/// The entries of a matrix or a rule, in their order. Without sections all are packages, as in older files.
Result<std::vector<std::pair<MatrixKey, MatrixJson>>> matrix_entries(const MatrixJson& json, const char* where) {
  if (!json.is_object()) {
    return tl::unexpected(wrong_matrix(fmt::format("{} must hold objects, not {}", where, json.dump())));
  }
  std::vector<std::pair<MatrixKey, MatrixJson>> entries;
  const bool is_rule = std::string_view(where) != "matrix";
  const auto is_platform = [is_rule](const std::string& key) {
    return is_rule && std::find(kPlatformKeys.begin(), kPlatformKeys.end(), key) != kPlatformKeys.end();
  };
  const bool has_sections =
      std::any_of(kSections.begin(), kSections.end(), [&](const char* section) { return json.contains(section); });
  for (const auto& [key, value] : json.items()) {
    const bool is_section = std::find(kSections.begin(), kSections.end(), key) != kSections.end();
    if (is_platform(key)) {
      entries.push_back({{key, ""}, value});
    } else if (!has_sections) {
      entries.push_back({{"req", key}, value});
    } else if (!is_section) {
      return tl::unexpected(wrong_matrix(
          fmt::format("{} has the unknown key '{}'; beside req, env and env_nobuild there are none", where, key)));
    }
  }
  for (const char* section : kSections) {
    const MatrixJson part = has_sections && json.contains(section) ? json[section] : MatrixJson::object();
    if (!part.is_object()) {
      return tl::unexpected(wrong_matrix(fmt::format("{}: {} must be an object", where, section)));
    }
    for (const auto& [name, value] : part.items()) {
      entries.push_back({{section, name}, value});
    }
  }
  return entries;
}

Result<bool> is_matched(const MatrixValue& pattern, const MatrixValue& value) {
  if (!pattern || !value) {
    return !pattern && !value;
  }
  try {
    return std::regex_match(*value, std::regex(*pattern));
  } catch (const std::regex_error&) {
    return tl::unexpected(wrong_matrix(fmt::format("'{}' is no regular expression", *pattern)));
  }
}

/// Do all entries of a rule match? One that says null matches what is not there.
Result<bool> is_matched(const Combination& rule, const Combination& target) {
  for (const auto& [key, pattern] : rule) {
    const auto found = target.find(key);
    TRY_ASSIGN(const bool matched, is_matched(pattern, found == target.end() ? MatrixValue() : found->second));
    if (!matched) {
      return false;
    }
  }
  return true;
}

Result<std::vector<Combination>> rules_of(const MatrixJson& list, const char* where) {
  std::vector<Combination> rules;
  for (const MatrixJson& each : list) {
    TRY_ASSIGN(const auto entries, matrix_entries(each, where));
    Combination rule;
    for (const auto& [key, json] : entries) {
      TRY_ASSIGN(rule[key], matrix_value(json, key.second.empty() ? key.first : key.second));
    }
    rules.push_back(std::move(rule));
  }
  return rules;
}

/// As pip takes it.
std::string requirement(const std::string& key, const std::string& version) {
  const std::string name = key.starts_with("pip+") ? key.substr(4) : key;
  const bool constrained = version.find_first_of("<>=!~") != std::string::npos;
  return version.empty() ? name : constrained ? name + version : name + "==" + version;
}

/// `order`: the keys as they stand in the file.
AsvEnvironment environment_of(const Combination& chosen, const std::vector<MatrixKey>& order) {
  AsvEnvironment environment;
  for (const MatrixKey& key : order) {
    const auto found = chosen.find(key);
    if (found == chosen.end() || !found->second) {
      continue;
    }
    if (key.first == "req") {
      environment.packages.push_back(requirement(key.second, *found->second));
    } else if (key.first == "env") {
      environment.build_variables[key.second] = *found->second;
      environment.run_variables[key.second] = *found->second;
    } else if (key.first == "env_nobuild") {
      environment.run_variables[key.second] = *found->second;
    }
  }
  return environment;
}

/// The values of a matrix, one list a key.
struct Axes {
  std::vector<MatrixKey> keys;
  std::vector<std::vector<MatrixValue>> values;
};

Result<Axes> axes_of(const MatrixJson& matrix) {
  TRY_ASSIGN(const auto entries, matrix_entries(matrix, "matrix"));
  Axes axes;
  for (const auto& [key, json] : entries) {
    const MatrixJson list = json.is_array() ? json : MatrixJson::array({json});
    std::vector<MatrixValue> values;
    for (const MatrixJson& each : list) {
      TRY_ASSIGN(values.emplace_back(), matrix_value(each, key.second));
    }
    if (values.empty()) {
      values.emplace_back("");
    }
    axes.keys.push_back(key);
    axes.values.push_back(std::move(values));
  }
  return axes;
}

/// The next combination of places, the last of which changes fastest; false after the last one.
bool advance(std::vector<std::size_t>& places, const Axes& axes) {
  for (std::size_t axis = places.size(); axis-- > 0;) {
    if (++places[axis] < axes.values[axis].size()) {
      return true;
    }
    places[axis] = 0;
  }
  return false;
}

Result<bool> is_excluded(const std::vector<Combination>& rules, const Combination& target) {
  for (const Combination& rule : rules) {
    TRY_ASSIGN(const bool matched, is_matched(rule, target));
    if (matched) {
      return true;
    }
  }
  return false;
}

}  // namespace

Result<AsvEnvironment> first_environment(const model::AsvProject& asv, const std::string& version) {
  const std::string python = version.substr(0, version.rfind('.'));
  const Combination platform = {
      {{"python", ""}, python},
      {{"environment_type", ""}, asv.environment_type.empty() ? "virtualenv" : asv.environment_type},
      {{"sys_platform", ""}, "linux"}};
  TRY_ASSIGN(const Axes axes, axes_of(asv.matrix));
  TRY_ASSIGN(const auto excluded, rules_of(asv.exclude, "exclude"));
  TRY_ASSIGN(const auto included, rules_of(asv.include, "include"));
  std::vector<std::size_t> places(axes.keys.size(), 0);
  do {
    Combination target = platform;
    for (std::size_t axis = 0; axis < places.size(); ++axis) {
      target[axes.keys[axis]] = axes.values[axis][places[axis]];
    }
    TRY_ASSIGN(const bool out, is_excluded(excluded, target));
    if (!out) {
      return environment_of(target, axes.keys);
    }
  } while (advance(places, axes));
  for (std::size_t i = 0; i < included.size(); ++i) {
    Combination rule = included[i];
    const auto wanted = rule.find({"python", ""});
    if (wanted == rule.end() || !wanted->second) {
      return tl::unexpected(
          wrong_matrix(fmt::format("include: '{}' does not say which Python", asv.include[i].dump())));
    }
    Combination conditions;
    for (const char* key : {"environment_type", "sys_platform"}) {
      if (auto condition = rule.extract(MatrixKey{key, ""})) {
        conditions.insert(std::move(condition));
      }
    }
    TRY_ASSIGN(const bool applies, is_matched(conditions, platform));
    if (applies && (*wanted->second == python || *wanted->second == version)) {
      TRY_ASSIGN(const auto entries, matrix_entries(asv.include[i], "include"));
      std::vector<MatrixKey> order;
      for (const auto& entry : entries) {
        order.push_back(entry.first);
      }
      return environment_of(rule, order);
    }
  }
  return tl::unexpected(wrong_matrix(
      fmt::format("exclude leaves no environment of matrix, and include has none, for Python {}", python)));
}

}  // namespace snapshot_test::commits
