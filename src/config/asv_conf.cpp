#include "config/asv_conf.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <utility>

#include "config/json_text.hpp"
#include "util/file.hpp"
#include "util/try.hpp"

namespace snapshot_test::config {

namespace fs = std::filesystem;

Result<AsvConf> parse_asv_conf(std::string_view text, const fs::path& file) {
  TRY_ASSIGN(const auto json, parse_json(text, file, Dialect::kJson5));
  const auto wrong = [&](std::string_view what) {
    return fail(ErrorKind::kConfig, fmt::format("{}: {}", file.string(), what));
  };
  if (!json.is_object()) {
    return wrong("must be an object, as asv writes it");
  }
  AsvConf conf;
  conf.file = file;
  if (const auto found = json.find("benchmark_dir"); found != json.end()) {
    if (!found->is_string() || found->get<std::string>().empty()) {
      return wrong("benchmark_dir: must be a path");
    }
    conf.benchmark_dir = found->get<std::string>();
  }
  if (conf.benchmark_dir.is_relative() && file.has_parent_path()) {
    conf.benchmark_dir = (file.parent_path() / conf.benchmark_dir).lexically_normal();
  }
  if (const auto found = json.find("project"); found != json.end() && found->is_string()) {
    std::string name = found->get<std::string>();
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char letter) { return letter == '-' ? '_' : static_cast<char>(std::tolower(letter)); });
    conf.project = std::move(name);
  }
  if (const auto found = json.find("default_benchmark_timeout"); found != json.end() && !found->is_null()) {
    if (!found->is_number() || !(found->get<double>() > 0) || !std::isfinite(found->get<double>())) {
      return wrong("default_benchmark_timeout: must be a number of seconds greater than 0");
    }
    conf.timeout = found->get<double>();
  }
  return conf;
}

namespace {

using Json = nlohmann::ordered_json;

/// A command is a text or a list of texts; none is what asv does by itself.
Result<std::optional<std::vector<std::string>>> texts_at(const Json& json, const char* key, const fs::path& file) {
  const auto found = json.find(key);
  if (found == json.end() || found->is_null()) {
    return std::optional<std::vector<std::string>>();
  }
  const bool list =
      found->is_array() && std::all_of(found->begin(), found->end(), [](const Json& each) { return each.is_string(); });
  if (!list && !found->is_string()) {
    return fail(ErrorKind::kConfig, fmt::format("{}: {}: must be a text or a list of texts", file.string(), key));
  }
  return std::optional(list ? found->get<std::vector<std::string>>()
                            : std::vector<std::string>{found->get<std::string>()});
}

Result<std::string> text_at(const Json& json, const char* key, const fs::path& file) {
  const auto found = json.find(key);
  if (found == json.end() || found->is_null()) {
    return "";
  }
  return found->is_string() ? Result<std::string>(found->get<std::string>())
                            : fail(ErrorKind::kConfig, fmt::format("{}: {}: must be a text", file.string(), key));
}

}  // namespace

Result<model::AsvProject> parse_asv_project(std::string_view text, const fs::path& file) {
  TRY_ASSIGN(const Json json, parse_json(text, file, Dialect::kJson5));
  model::AsvProject project;
  std::error_code ignored;
  project.folder = fs::absolute(file, ignored).lexically_normal().parent_path();
  TRY_ASSIGN(project.project, text_at(json, "project", file));
  TRY_ASSIGN(project.repo, text_at(json, "repo", file));
  TRY_ASSIGN(project.repo_subdir, text_at(json, "repo_subdir", file));
  TRY_ASSIGN(project.dvcs, text_at(json, "dvcs", file));
  TRY_ASSIGN(project.environment_type, text_at(json, "environment_type", file));
  TRY_ASSIGN(auto branches, texts_at(json, "branches", file));
  project.branches = branches.value_or(std::vector<std::string>());
  TRY_ASSIGN(project.build_command, texts_at(json, "build_command", file));
  TRY_ASSIGN(project.install_command, texts_at(json, "install_command", file));
  TRY_ASSIGN(project.uninstall_command, texts_at(json, "uninstall_command", file));
  for (const auto& [key, usual] : {std::pair("env_dir", "env"), {"results_dir", "results"}, {"html_dir", "html"}}) {
    TRY_ASSIGN(const std::string folder, text_at(json, key, file));
    project.own_folders.push_back(folder.empty() ? usual : folder);
  }
  if (const auto found = json.find("matrix"); found != json.end() && !found->is_null()) {
    if (!found->is_object()) {
      return fail(ErrorKind::kConfig, fmt::format("{}: matrix: must be an object", file.string()));
    }
    project.matrix = *found;
  }
  for (const auto& [key, place] : {std::pair("exclude", &project.exclude), {"include", &project.include}}) {
    if (const auto found = json.find(key); found != json.end() && !found->is_null()) {
      if (!found->is_array()) {
        return fail(ErrorKind::kConfig, fmt::format("{}: {}: must be a list of rules", file.string(), key));
      }
      *place = *found;
    }
  }
  if (const auto found = json.find("install_timeout"); found != json.end() && !found->is_null()) {
    if (!found->is_number() || !(found->get<double>() > 0)) {
      return fail(ErrorKind::kConfig,
                  fmt::format("{}: install_timeout: must be a number of seconds greater than 0", file.string()));
    }
    project.install_timeout = found->get<double>();
  }
  return project;
}

Result<std::optional<AsvConf>> read_asv_conf(const fs::path& folder) {
  for (const char* name : {kAsvConfName, kAsvConfOtherName}) {
    const fs::path file = folder / name;
    std::error_code ignored;
    if (!fs::exists(file, ignored)) {
      continue;
    }
    const auto text = util::read_file(file);
    if (!text) {
      return fail(ErrorKind::kConfig, text.error().message);
    }
    TRY_ASSIGN(auto conf, parse_asv_conf(*text, file));
    return std::optional<AsvConf>(std::move(conf));
  }
  return std::optional<AsvConf>();
}

}  // namespace snapshot_test::config
