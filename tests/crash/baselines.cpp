#include "crash/baselines.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "session/sharding.hpp"
#include "store/baseline_digest.hpp"
#include "store/check.hpp"
#include "store/paths.hpp"
#include "util/try.hpp"

namespace snapshot_test::crash {

namespace fs = std::filesystem;
using store::must;

Values values_of(unsigned generation) {
  const std::string number = std::to_string(generation);
  return {{"bench.time_a", {"small " + number, store::lines(20'000, generation)}},
          {"bench.Suite.time_b", {store::noise(2'000, generation), "small " + number}},
          {"other.time_c", {"always the same"}}};
}

Result<void> capture(const fs::path& root, const std::string& run, const Values& values,
                     const nlohmann::json& settings) {
  TRY_ASSIGN(const auto opened, store::FolderStore::open_or_create(root));
  TRY_ASSIGN(const auto transaction, opened.begin_capture(run));
  std::map<std::string, std::string> digests;
  for (const auto& [name, contents] : values) {
    std::vector<model::SiteValue> sites;
    for (const std::string& content : contents) {
      TRY_ASSIGN(const auto info, store::put_object(*transaction, content));
      sites.push_back(store::site_of(info));
      sites.back().site = {model::SiteKind::kBody, static_cast<int>(sites.size()) - 1};
    }
    const auto manifest = store::simple_manifest(name, run, std::move(sites));
    digests.emplace(name, session::captured_digest(manifest, run));
    TRY(transaction->put_manifest(manifest));
  }
  TRY_ASSIGN(const auto before, opened.benchmark_names());
  for (const std::string& name : before) {
    if (!values.contains(name)) {
      TRY(transaction->remove_manifest(name));
    }
  }
  store::RunInfo info;
  info.id = run;
  info.settings = settings;
  if (settings.contains("shard")) {
    info.settings["shard"]["captured"] = store::baseline_digest(digests);
  }
  TRY(transaction->put_run(info));
  transaction->keep_replaced();
  return transaction->commit();
}

namespace {

std::string look_at_one(const fs::path& root) {
  const auto opened = store::FolderStore::open(root);
  if (!opened) {
    return opened.error().kind == ErrorKind::kNoBaseline ? "no baseline" : opened.error().message;
  }
  std::string text;
  const fs::path scratch = fs::temp_directory_path();
  for (const std::string& name : must(opened->benchmark_names())) {
    const auto manifest = must(opened->load_manifest(name));
    text += name + ":";
    for (const store::CaseRecord& record : manifest.value().cases) {
      for (const model::SiteValue& site : record.sites) {
        const auto whole = must(opened->read_object(site.object, site.bytes)).load_verified(scratch);
        if (!whole) {
          return text + " " + whole.error().message;
        }
        text += " " + site.object.substr(0, 6);
      }
      if (const auto run = opened->load_run(record.run); !run || !*run) {
        return text + (run ? " its run " + record.run + " is missing" : run.error().message);
      }
    }
    text += "; ";
  }
  return text;
}

}  // namespace

std::string look_at_store(const fs::path& root) {
  std::string text = look_at_one(root);
  for (const std::string& variant : must(store::variant_names(root))) {
    text += " @" + variant + ": " + look_at_one(store::variant_location(root, variant));
  }
  const auto checked = store::check_store(root, {store::CheckOptions::Reading::kBytes});
  if (!checked && checked.error().kind != ErrorKind::kNoBaseline) {
    return text + " check: " + checked.error().message;
  }
  for (const store::Damage& damage : checked ? checked->damage : std::vector<store::Damage>()) {
    text += " check: " + damage.file + ": " + damage.cause;
  }
  return text;
}

std::string leftovers_below(const fs::path& folder) {
  std::string found;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(store::paths::kTemporaryPrefix) || name == "staging") {
      found += entry.path().lexically_relative(folder).string() + " ";
    }
  }
  return found;
}

std::string capture_and_clean(const fs::path& root) {
  const auto captured = capture(root, "run-9", values_of(9));
  if (!captured) {
    return "capture: " + captured.error().message;
  }
  const auto opened = store::FolderStore::open(root);
  if (!opened) {
    return "open: " + opened.error().message;
  }
  const auto cleaned = opened->clean(std::nullopt, store::CleanMode::kRemove);
  if (!cleaned) {
    return "clean: " + cleaned.error().message;
  }
  const auto again = opened->clean(std::nullopt, store::CleanMode::kDryRun);
  if (!again || again->leftovers + again->objects + again->undoable != 0) {
    return again ? "clean left something to clean" : again.error().message;
  }
  if (const std::string left = leftovers_below(root); !left.empty()) {
    return "left after capture and clean: " + left;
  }
  // What is stored last is whole, and of the generation that was captured.
  static std::string expected;
  const std::string seen = look_at_one(root);
  expected = expected.empty() ? seen : expected;
  return seen == expected && seen.find("run") == std::string::npos ? "" : "after capture and clean: " + seen;
}

}  // namespace snapshot_test::crash
