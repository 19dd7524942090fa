// The user's repository, which is only read: by the git executable, with everything switched off by which reading
// writes (the refreshed index, hooks, automatic maintenance).
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "commits/command.hpp"
#include "snapshot_test/util/result.hpp"

namespace snapshot_test::commits {

struct Commit {
  std::string id;       ///< hex
  std::string tree;     ///< hex
  std::string subject;  ///< the message's first line
  std::string author;   ///< "Name <address>"
  std::string date;     ///< of the author, ISO 8601 with the zone
};

enum class History {
  kFirstParent,
  kAll,
};

/// A commit of a range, with its parents in that range.
struct RangeCommit {
  Commit commit;
  std::vector<std::size_t> parents;  ///< places in the range
};

class Repository {
 public:
  /// The one that `folder` lies in. kUsage: there is none, it is bare, or git will not read it; kUnsupported:
  /// Mercurial.
  [[nodiscard]] static Result<Repository> find(const std::filesystem::path& folder);

  [[nodiscard]] const std::filesystem::path& root() const { return root_; }              ///< of the work tree
  [[nodiscard]] const std::filesystem::path& common_folder() const { return common_; }   ///< .git
  [[nodiscard]] const std::filesystem::path& git_folder() const { return git_folder_; }  ///< of this work tree
  [[nodiscard]] bool is_shallow() const { return shallow_; }

  /// What git says, without the last line break. kUsage with its complaint where it fails.
  [[nodiscard]] Result<std::string> git(std::vector<std::string> arguments, Environment environment = {}) const;

  /// "HEAD~2", a branch, a tag, an id. kUsage where there is none; the message says what a shallow clone lacks.
  [[nodiscard]] Result<Commit> commit(const std::string& name) const;
  /// None where the two have no common history.
  [[nodiscard]] Result<std::optional<std::string>> merge_base(const std::string& a, const std::string& b) const;
  [[nodiscard]] Result<bool> is_ancestor(const std::string& ancestor, const std::string& of) const;
  /// The commits that `bad` has and `good` has not, `bad` last and parents before children.
  [[nodiscard]] Result<std::vector<RangeCommit>> range(const Commit& good, const Commit& bad, History history) const;
  /// `folder` relative to the root; none where it lies elsewhere. "" is the root.
  [[nodiscard]] std::optional<std::string> relative(const std::filesystem::path& folder) const;

 private:
  std::filesystem::path root_;
  std::filesystem::path common_;
  std::filesystem::path git_folder_;
  bool shallow_ = false;
};

/// The folder of the repository that asv.conf.json's `repo` names: `repo` is a path (relative to `conf_folder`), or the
/// address of a remote of the repository that `suite` lies in; empty: that one. kUsage where it is the address of
/// another, kUnsupported for Mercurial.
[[nodiscard]] Result<std::filesystem::path> find_project_folder(const std::string& repo,
                                                                const std::filesystem::path& conf_folder,
                                                                const std::filesystem::path& suite);

/// Runs git as Repository does, in any folder.
[[nodiscard]] Result<CommandEnd> run_git(const std::filesystem::path& folder, std::vector<std::string> arguments,
                                         Environment environment = {}, double seconds = 600);
/// The same, where it has to succeed: what it wrote to stdout, without the last line break; kUsage with its complaint.
[[nodiscard]] Result<std::string> read_git(const std::filesystem::path& folder, std::vector<std::string> arguments,
                                           Environment environment = {}, double seconds = 600);

/// The parts of a text between `separator`, without empty ones.
[[nodiscard]] std::vector<std::string> split(const std::string& text, char separator);

/// "a1b2c3d4e5 Make it faster"
[[nodiscard]] std::string describe(const Commit& commit);

}  // namespace snapshot_test::commits
