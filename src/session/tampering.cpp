#include "session/tampering.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <system_error>
#include <utility>

#include "session/pending.hpp"
#include "util/process.hpp"

namespace snapshot_test::session {

namespace fs = std::filesystem;
using model::ChangedFile;

namespace {

constexpr const char* kFilesKey = "files";  // of RunInfo::settings
constexpr std::size_t kMostAsked = 20;
constexpr double kGitSeconds = 10;

constexpr std::array kWatchedKinds = {ChangedFile::What::kBenchmark, ChangedFile::What::kConfiguration,
                                      ChangedFile::What::kExpectations, ChangedFile::What::kStartUp};

std::string watched_key(ChangedFile::What what, const std::string& file) {
  return fmt::format("{}:{}", model::name(what), file);
}

void add_watched_file(WatchedFiles& files, ChangedFile::What what, const fs::path& file, const std::string& name) {
  const std::string digest = digest_of_file(file.string());
  files[watched_key(what, name)] = digest.empty() ? "unreadable" : digest;
}

void add_suite_files(WatchedFiles& files, const fs::path& suite) {
  std::error_code error;
  fs::recursive_directory_iterator entries(suite, fs::directory_options::skip_permission_denied, error);
  for (; !error && entries != fs::recursive_directory_iterator(); entries.increment(error)) {
    const fs::path& path = entries->path();
    const std::string name = path.filename().string();
    std::error_code ignored;
    if (entries->is_directory(ignored) && (name.starts_with('.') || name == "__pycache__")) {
      entries.disable_recursion_pending();
    } else if (path.extension() == ".py" && entries->is_regular_file(ignored)) {
      add_watched_file(files, ChangedFile::What::kBenchmark, path, path.lexically_relative(suite).string());
    }
  }
}

/// Standard output of `git -C FOLDER …`; none where that fails.
std::optional<std::string> output_of_git(const fs::path& folder, std::vector<std::string> words) {
  std::vector<std::string> command = {"/usr/bin/env",
                                      "git",
                                      "-C",
                                      folder.string(),
                                      "--no-optional-locks",
                                      "--literal-pathspecs",
                                      "-c",
                                      "core.fsmonitor=false",
                                      "-c",
                                      "log.showSignature=false"};
  command.insert(command.end(), words.begin(), words.end());
  auto text = util::run_and_read(std::move(command), kGitSeconds);
  if (!text) {
    return std::nullopt;
  }
  while (!text->empty() && text->back() == '\n') {
    text->pop_back();
  }
  return std::move(*text);
}

/// `file`: relative to `suite`; it need not be there any more.
std::string who_changed(const fs::path& suite, const std::string& file) {
  const auto state = output_of_git(suite, {"status", "--porcelain", "--ignored", "--", file});
  if (!state) {
    return "";
  }
  const auto last = output_of_git(suite, {"log", "-1", "--no-color", "--format=%h of %as by %an <%ae>", "--", file});
  const bool committed = last && !last->empty();
  if (!state->empty() || !committed) {
    return committed ? "not committed; before that " + *last : "not committed";
  }
  return *last;
}

}  // namespace

WatchedFiles watched_files(const fs::path& suite, const SettingsFiles& files, const model::ImportedSuite& imported) {
  WatchedFiles watched;
  add_suite_files(watched, suite);
  const auto add_all = [&](ChangedFile::What what, const std::vector<fs::path>& paths) {
    for (const fs::path& file : paths) {
      std::error_code error;
      const fs::path name = fs::proximate(file, suite, error);
      add_watched_file(watched, what, file, error ? file.string() : name.string());
    }
  };
  add_all(ChangedFile::What::kConfiguration, files.configuration);
  add_all(ChangedFile::What::kExpectations, files.expectations);
  for (const auto& [name, digest] : imported.start_up) {
    watched[watched_key(ChangedFile::What::kStartUp, name)] = digest;
  }
  return watched;
}

std::optional<WatchedFiles> watched_files_of(const store::RunInfo& run) {
  const auto found = run.settings.find(kFilesKey);
  if (found == run.settings.end() || !found->is_object()) {
    return std::nullopt;
  }
  WatchedFiles files;
  for (const auto& [name, digest] : found->items()) {
    files[name] = digest.is_string() ? digest.get<std::string>() : "";
  }
  return files;
}

void write_down(const WatchedFiles& files, store::RunInfo& run) { run.settings[kFilesKey] = files; }

std::vector<ChangedFile> changed_files(const WatchedFiles& then, const WatchedFiles& now, const fs::path& suite,
                                       AskGit ask_git) {
  std::vector<ChangedFile> found;
  const auto note = [&](const std::string& key, ChangedFile::Change change) {
    const std::size_t colon = key.find(':');
    const auto kind = std::find_if(kWatchedKinds.begin(), kWatchedKinds.end(),
                                   [&](ChangedFile::What each) { return key.substr(0, colon) == model::name(each); });
    if (colon != std::string::npos && kind != kWatchedKinds.end()) {
      found.push_back({*kind, change, key.substr(colon + 1)});
    }
  };
  for (const auto& [key, digest] : now) {
    const auto before = then.find(key);
    if (before == then.end()) {
      note(key, ChangedFile::Change::kAdded);
    } else if (before->second != digest) {
      note(key, ChangedFile::Change::kChanged);
    }
  }
  for (const auto& [key, digest] : then) {
    if (!now.contains(key)) {
      note(key, ChangedFile::Change::kRemoved);
    }
  }
  for (std::size_t i = 0; ask_git == AskGit::kYes && i < std::min(found.size(), kMostAsked); ++i) {
    if (found[i].what != ChangedFile::What::kStartUp) {
      found[i].git = who_changed(suite, found[i].file);
    }
  }
  return found;
}

model::TamperReport look_for_tampering(const Run& run, const SettingsFiles& files,
                                       const std::optional<store::RunInfo>& last, AskGit ask_git) {
  model::TamperReport report;
  report.imported = run.found().imported;
  const auto then = last ? watched_files_of(*last) : std::nullopt;
  if (!then) {
    return report;
  }
  std::error_code error;
  const fs::path suite = fs::absolute(run.options().benchmark_dir, error).lexically_normal();
  report.recorded = true;
  report.since = last->time;
  report.files = changed_files(*then, watched_files(suite, files, report.imported), suite, ask_git);
  return report;
}

std::size_t findings_of(const model::VerifySummary& summary) {
  return summary.suspicions.size() + (summary.plan.tamper ? summary.plan.tamper->findings() : 0);
}

}  // namespace snapshot_test::session
