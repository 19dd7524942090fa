#include "store/baseline_digest.hpp"

#include <nlohmann/json.hpp>

#include "snapshot_test/model/observation.hpp"
#include "store/digest.hpp"
#include "util/json_text.hpp"
#include "util/try.hpp"

namespace snapshot_test::store {

namespace {

nlohmann::json digested(const model::SiteValue& site) {
  nlohmann::json out = {{"site", site.site.text()}, {"meaningful", site.meaningful}, {"rounds", site.rounds}};
  if (site.wholly_unstable) {
    out["wholly_unstable"] = true;
    return out;
  }
  if (site.object.empty()) {
    out["opaque"] = true;
    return out;
  }
  out["object"] = site.object;
  out["bytes"] = site.bytes;
  out["xxh3"] = site.fingerprint;
  if (site.sketch_of) {
    out["sketch_of"] = {{"sha256", site.sketch_of->sha256}, {"bytes", site.sketch_of->bytes}};
  }
  out["partly"] = site.partly;
  out["unstable"] = site.unstable;
  out["bounds"] = site.bounds;
  return out;
}

nlohmann::json digested(const CaseRecord& record) {
  nlohmann::json out = {{"index", record.index},
                        {"ids", record.ids},
                        {"status", model::name(record.status)},
                        {"ending", model::name(record.ending)},
                        {"unheld", record.unheld},
                        {"sites", nlohmann::json::array()}};
  for (const model::SiteValue& site : record.sites) {
    out["sites"].push_back(digested(site));
  }
  return out;
}

}  // namespace

std::string manifest_digest(const Manifest& manifest) {
  nlohmann::json out = {{"digest", 1},
                        {"benchmark", manifest.benchmark},
                        {"type", manifest.type},
                        {"module", manifest.module},
                        {"class", manifest.class_name},
                        {"function", manifest.function},
                        {"params", nlohmann::json::array()},
                        {"cases", nlohmann::json::array()}};
  for (const model::ParamAxis& axis : manifest.params) {
    out["params"].push_back({{"name", axis.name}, {"ids", axis.ids}});
  }
  for (const CaseRecord& record : manifest.cases) {
    out["cases"].push_back(digested(record));
  }
  return sha256_hex(util::json_text(out, -1));
}

std::string baseline_digest(const std::map<std::string, std::string>& digests) {
  std::string text = "snapshot_test baseline 1\n";
  for (const auto& [benchmark, digest] : digests) {
    text += digest + '\n';
  }
  return sha256_hex(text);
}

std::string baseline_digest(const std::map<std::string, Manifest>& manifests) {
  std::map<std::string, std::string> digests;
  for (const auto& [benchmark, manifest] : manifests) {
    digests.emplace(benchmark, manifest_digest(manifest));
  }
  return baseline_digest(digests);
}

Result<std::string> baseline_digest(const Store& store) {
  TRY_ASSIGN(const auto names, store.benchmark_names());
  std::map<std::string, Manifest> manifests;
  for (const std::string& name : names) {
    TRY_ASSIGN(auto manifest, store.load_manifest(name));
    if (manifest) {
      manifests.emplace(manifest->benchmark, std::move(*manifest));
    }
  }
  return baseline_digest(manifests);
}

}  // namespace snapshot_test::store
