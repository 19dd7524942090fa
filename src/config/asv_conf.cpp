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
