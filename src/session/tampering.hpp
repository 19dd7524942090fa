// Whether the files that decide what a run looks at are what they were when the baseline was captured.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "session/run.hpp"
#include "session/session.hpp"
#include "snapshot_test/model/tamper.hpp"
#include "snapshot_test/store/run_info.hpp"

namespace snapshot_test::session {

/// Key: what a file is (model::name(ChangedFile::What)), a colon, and its name. Value: the SHA-256 of its content.
using WatchedFiles = std::map<std::string, std::string>;

/// Reads them: all Python files below the suite's folder, `files`, and what Python runs when it starts, as the suite's
/// process has found it. A file that cannot be read has the digest "unreadable".
[[nodiscard]] WatchedFiles watched_files(const std::filesystem::path& suite, const SettingsFiles& files,
                                         const model::ImportedSuite& imported);
/// Of what a capture wrote down; none where it wrote nothing.
[[nodiscard]] std::optional<WatchedFiles> watched_files_of(const store::RunInfo& run);
void write_down(const WatchedFiles& files, store::RunInfo& run);

/// git runs what a repository's configuration names (filters, say), which a sealed run's cases could have written.
enum class AskGit : bool { kNo, kYes };

/// What has changed. Asks the git executable who did, for the first ones; where there is none, it is not said.
[[nodiscard]] std::vector<model::ChangedFile> changed_files(const WatchedFiles& then, const WatchedFiles& now,
                                                            const std::filesystem::path& suite, AskGit ask_git);

/// For a run that verifies against a baseline whose last capture is `last`, if that can be read.
[[nodiscard]] model::TamperReport look_for_tampering(const Run& run, const SettingsFiles& files,
                                                     const std::optional<store::RunInfo>& last, AskGit ask_git);

/// How many things there are that the report and the cases say.
[[nodiscard]] std::size_t findings_of(const model::VerifySummary& summary);

}  // namespace snapshot_test::session
