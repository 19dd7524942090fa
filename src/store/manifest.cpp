#include "snapshot_test/store/manifest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

#include "snapshot_test/store/format.hpp"
#include "store/history_json.hpp"
#include "store/json_text.hpp"
#include "store/paths.hpp"

namespace snapshot_test::store {

namespace {

using nlohmann::json;
using nlohmann::ordered_json;

ordered_json case_to_json(const CaseRecord& record) {
  ordered_json out;
  out["index"] = record.index;
  out["ids"] = record.ids;
  out["status"] = model::name(record.status);
  if (!record.reason.empty()) {
    out["reason"] = record.reason;
  }
  out["run"] = record.run;
  if (!record.version.empty()) {
    out["version"] = record.version;
  }
  out["seconds"] = std::isfinite(record.seconds) ? record.seconds : 0.0;
  out["total_seconds"] = std::isfinite(record.total_seconds) ? record.total_seconds : 0.0;
  out["ending"] = model::name(record.ending);
  if (record.context_free) {
    out["context_free"] = true;
  }
  if (record.unheld) {
    out["unheld"] = true;
  }
  if (record.magnitude) {
    out["magnitude"] = *record.magnitude;
  }
  if (!record.sensitive_under.empty()) {
    out["sensitive_under"] = record.sensitive_under;
  }
  out["sites"] = ordered_json::array();
  for (const model::SiteValue& site : record.sites) {
    ordered_json entry;
    entry["site"] = site.site.text();  // first, for people
    const json fields = site;
    for (const auto& [key, value] : fields.items()) {
      entry[key] = value;
    }
    out["sites"].push_back(std::move(entry));
  }
  if (!record.history.empty()) {
    out["history"] = history_to_json(record.history);
  }
  if (record.proposal) {
    out["proposal"] = proposal_to_json(*record.proposal);
  }
  return out;
}

template <class Enum>
Enum known(const std::optional<Enum>& value, const char* key, const std::string& text) {
  if (!value) {
    throw std::invalid_argument(fmt::format("unknown {} '{}'", key, text));
  }
  return *value;
}

model::SiteValue site_from_json(const json& in) {
  need_object(in);
  static_cast<void>(get_unsigned(in, "bytes"));
  auto site = in.get<model::SiteValue>();
  // The name becomes part of a path.
  if (!site.object.empty() && !paths::is_object_name(site.object)) {
    throw std::invalid_argument(fmt::format("'object' must be 64 hex digits, not '{}'", site.object));
  }
  if (!site.fingerprint.empty() && !paths::is_fingerprint(site.fingerprint)) {
    throw std::invalid_argument(fmt::format("'xxh3' must be 32 hex digits, not '{}'", site.fingerprint));
  }
  if (site.sketch_of) {
    static_cast<void>(get_unsigned(in.at("sketch_of"), "bytes"));
    if (site.object.empty() || !paths::is_object_name(site.sketch_of->sha256)) {
      throw std::invalid_argument("'sketch_of' needs an 'object', and 64 hex digits as its 'sha256'");
    }
    if (!site.sketch_of->fingerprint.empty() && !paths::is_fingerprint(site.sketch_of->fingerprint)) {
      throw std::invalid_argument("'xxh3' of 'sketch_of' must be 32 hex digits");
    }
  }
  return site;
}

CaseRecord case_from_json(const json& in, std::string& where) {
  need_object(in);
  CaseRecord record;
  record.index = get_unsigned(in, "index");
  in.at("ids").get_to(record.ids);
  const auto status = in.at("status").get<std::string>();
  record.status = known(model::capture_status_from_name(status), "status", status);
  record.reason = in.value("reason", "");
  in.at("run").get_to(record.run);
  record.version = in.value("version", "");
  in.at("seconds").get_to(record.seconds);
  record.total_seconds = in.value("total_seconds", 0.0);
  const auto ending = in.at("ending").get<std::string>();
  record.ending = known(model::ending_from_name(ending), "ending", ending);
  record.context_free = in.value("context_free", false);
  record.unheld = in.value("unheld", false);
  if (in.contains("magnitude")) {
    record.magnitude = in.at("magnitude").get<double>();
  }
  record.sensitive_under = in.value("sensitive_under", "");
  const json& sites = get_array(in, "sites");
  const std::string outer = where;
  for (std::size_t i = 0; i < sites.size(); ++i) {
    where = fmt::format("{}.sites[{}]", outer, i);
    record.sites.push_back(site_from_json(sites[i]));
  }
  where = outer;
  if (in.contains("history")) {
    record.history = history_from_json(get_array(in, "history"));
  }
  if (in.contains("proposal")) {
    record.proposal = proposal_from_json(in.at("proposal"));
  }
  return record;
}

void check_cases(const Manifest& manifest) {
  for (std::size_t i = 0; i < manifest.cases.size(); ++i) {
    const CaseRecord& record = manifest.cases[i];
    if (record.ids.size() != manifest.params.size()) {
      throw std::invalid_argument(
          fmt::format("cases[{}] has {} ids for {} parameters", i, record.ids.size(), manifest.params.size()));
    }
    if (i != 0 && record.index <= manifest.cases[i - 1].index) {
      throw std::invalid_argument(fmt::format("cases[{}]: the indices must rise", i));
    }
  }
}

void manifest_from_json(const json& in, Manifest& out, std::string& where) {
  in.at("benchmark").get_to(out.benchmark);
  in.at("type").get_to(out.type);
  in.at("version").get_to(out.version);
  in.at("module").get_to(out.module);
  in.at("class").get_to(out.class_name);
  in.at("function").get_to(out.function);
  const json& params = get_array(in, "params");
  for (std::size_t i = 0; i < params.size(); ++i) {
    where = fmt::format("params[{}]", i);
    need_object(params.at(i));
    out.params.push_back(
        {params[i].at("name").get<std::string>(), params[i].at("ids").get<std::vector<std::string>>()});
  }
  where.clear();
  const json& cases = get_array(in, "cases");
  for (std::size_t i = 0; i < cases.size(); ++i) {
    where = fmt::format("cases[{}]", i);
    out.cases.push_back(case_from_json(cases.at(i), where));
  }
  where.clear();
  check_cases(out);
}

}  // namespace

Manifest make_manifest(const model::Benchmark& benchmark) {
  Manifest made;
  made.benchmark = benchmark.name;
  made.type = benchmark.type;
  made.version = benchmark.version;
  made.module = benchmark.module;
  made.class_name = benchmark.class_name;
  made.function = benchmark.function;
  made.params = benchmark.params;
  return made;
}

model::Benchmark benchmark_of(const Manifest& manifest) {
  model::Benchmark benchmark;
  benchmark.name = manifest.benchmark;
  benchmark.type = manifest.type;
  benchmark.version = manifest.version;
  benchmark.module = manifest.module;
  benchmark.class_name = manifest.class_name;
  benchmark.function = manifest.function;
  benchmark.params = manifest.params;
  return benchmark;
}

std::string case_label(const Manifest& manifest, const CaseRecord& record) {
  return model::make_case_label(manifest.benchmark, record.ids);
}

std::vector<std::string> objects_of(const CaseRecord& record) {
  std::vector<std::string> objects;
  for (const model::SiteValue& site : record.sites) {
    objects.push_back(site.site.text() + " " + (site.object.empty() ? std::string("cannot be pickled") : site.object));
  }
  return objects;
}

bool has_sketches(const Manifest& manifest) {
  return std::any_of(manifest.cases.begin(), manifest.cases.end(), [](const CaseRecord& record) {
    return std::any_of(record.sites.begin(), record.sites.end(),
                       [](const model::SiteValue& site) { return site.sketch_of.has_value(); });
  });
}

std::string to_text(const Manifest& manifest) {
  ordered_json out;
  out["format"] = has_sketches(manifest) ? kSketchFormat : kFormatVersion;
  out["benchmark"] = manifest.benchmark;
  out["type"] = manifest.type;
  out["version"] = manifest.version;
  out["module"] = manifest.module;
  out["class"] = manifest.class_name;
  out["function"] = manifest.function;
  out["params"] = ordered_json::array();
  for (const model::ParamAxis& axis : manifest.params) {
    ordered_json entry;
    entry["name"] = axis.name;
    entry["ids"] = axis.ids;
    out["params"].push_back(std::move(entry));
  }
  out["cases"] = ordered_json::array();
  for (const CaseRecord& record : manifest.cases) {
    out["cases"].push_back(case_to_json(record));
  }
  return json_text(out);
}

Result<Manifest> manifest_from_text(std::string_view text, const std::string& path) {
  Manifest manifest;
  std::uint64_t version = 0;
  auto decoded = decode_json(text, path, [&](const json& in, std::string& where) {
    need_object(in);
    version = get_unsigned(in, "format");
    if (is_read_format(version)) {
      manifest_from_json(in, manifest, where);
    }
  });
  if (decoded) {
    decoded = check_version(version, path);
  }
  if (!decoded) {
    return tl::unexpected(std::move(decoded.error()));
  }
  return manifest;
}

}  // namespace snapshot_test::store
