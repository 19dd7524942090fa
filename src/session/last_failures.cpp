#include "session/last_failures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <system_error>

#include "store/digest.hpp"
#include "util/file.hpp"
#include "util/json_text.hpp"

namespace snapshot_test::session {

namespace fs = std::filesystem;

namespace {

constexpr int kFailuresFormat = 1;

fs::path file_of(const fs::path& cache_folder, const std::string& store, const fs::path& suite) {
  const std::string of_what = store + '\n' + fs::absolute(suite).lexically_normal().string();
  return cache_folder / "last-failed" / (store::sha256_hex(of_what).substr(0, 32) + ".json");
}

}  // namespace

LastFailures LastFailures::load(const std::optional<fs::path>& cache_folder, const std::string& store,
                                const fs::path& suite) {
  LastFailures known;
  if (!cache_folder) {
    return known;
  }
  known.file_ = file_of(*cache_folder, store, suite);
  std::error_code ignored;
  if (!fs::exists(*known.file_, ignored)) {
    return known;
  }
  const auto text = util::read_file(*known.file_);
  if (!text) {
    known.problem_ = text.error().message;
    return known;
  }
  try {
    const auto json = nlohmann::json::parse(*text);
    if (json.at("format") == kFailuresFormat) {
      json.at("failed").get_to(known.labels_);
    }
  } catch (const nlohmann::json::exception&) {
    known.problem_ = fmt::format("'{}' is damaged, so it is not known what failed last", known.file_->string());
  }
  return known;
}

void LastFailures::note(const model::CaseVerdict& verdict) {
  const bool failed = model::standing(verdict.verdict) == model::Standing::kFail;
  const bool changes = failed ? labels_.insert(verdict.id.label).second : labels_.erase(verdict.id.label) != 0;
  changed_ = changed_ || changes;
}

Result<void> LastFailures::save() const {
  if (!file_ || !changed_) {
    return {};
  }
  std::error_code code;
  fs::create_directories(file_->parent_path(), code);
  if (code) {
    return fail(ErrorKind::kIo, fmt::format("cannot create the folder '{}', so it is not remembered what failed: {}",
                                            file_->parent_path().string(), code.message()));
  }
  const nlohmann::json json = {{"format", kFailuresFormat}, {"failed", labels_}};
  return util::write_file_atomically(*file_, util::json_text(json) + "\n");
}

Indices narrow_to_failed(Run& run, const std::vector<model::Benchmark>& stored, Indices selected,
                         const LastFailures& last) {
  const auto has_failed = [&](const model::Benchmark& benchmark, std::size_t index) {
    return last.contains(runner::id_of(benchmark, index).label);
  };
  const Selection& selection = run.selection();
  bool any = false;
  for (std::size_t i = 0; i < selection.indices.size(); ++i) {
    any = any || std::any_of(selection.indices[i].begin(), selection.indices[i].end(),
                             [&](std::size_t index) { return has_failed(selection.suite.benchmarks[i], index); });
  }
  Indices failed = selected;
  for (std::size_t i = 0; i < stored.size(); ++i) {
    std::erase_if(failed[i], [&](std::size_t index) { return !has_failed(stored[i], index); });
    any = any || (!failed[i].empty() && failure_of(selection.suite, stored[i].module) != nullptr);
  }
  if (!any) {
    run.selection().suite.notes.push_back("--last-failed: no case is known that failed when it was last verified" +
                                          std::string(last.empty() ? "" : ", of those that are selected") +
                                          "; all are run");
    return selected;
  }
  run.narrow(has_failed);
  return failed;
}

}  // namespace snapshot_test::session
