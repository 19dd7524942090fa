#include "remote/baseline_digest.hpp"

#include <nlohmann/json.hpp>

#include "snapshot_test/model/observation.hpp"
#include "store/digest.hpp"
#include "util/json_text.hpp"
#include "util/try.hpp"

namespace snapshot_test::remote {

namespace {

nlohmann::json described(const model::SiteValue& site) {
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
  out["partly"] = site.partly;
  out["unstable"] = site.unstable;
  out["bounds"] = site.bounds;
  return out;
}

nlohmann::json described(const store::CaseRecord& record) {
  nlohmann::json out = {{"index", record.index},
                        {"ids", record.ids},
                        {"status", model::name(record.status)},
                        {"ending", model::name(record.ending)},
                        {"unheld", record.unheld},
                        {"sites", nlohmann::json::array()}};
  for (const model::SiteValue& site : record.sites) {
    out["sites"].push_back(described(site));
  }
  return out;
}

}  // namespace

std::string digest_of(const store::Manifest& manifest) {
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
  for (const store::CaseRecord& record : manifest.cases) {
    out["cases"].push_back(described(record));
  }
  return store::sha256_hex(util::json_text(out, -1));
}

std::string root_digest(const std::map<std::string, std::string>& digests) {
  std::string text = "snapshot_test baseline 1\n";
  for (const auto& [benchmark, digest] : digests) {
    text += digest + '\n';
  }
  return store::sha256_hex(text);
}

Result<std::string> digest_of(const store::Store& store) {
  TRY_ASSIGN(const auto names, store.benchmark_names());
  std::map<std::string, std::string> digests;
  for (const std::string& name : names) {
    TRY_ASSIGN(const auto manifest, store.load_manifest(name));
    if (manifest) {
      digests.emplace(manifest->benchmark, digest_of(*manifest));
    }
  }
  return root_digest(digests);
}

}  // namespace snapshot_test::remote
