#include "commits/workspace.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <nlohmann/json.hpp>
#include <span>
#include <thread>
#include <utility>

#include "commits/filters.hpp"
#include "store/digest.hpp"
#include "util/file.hpp"
#include "util/refusal.hpp"
#include "util/try.hpp"

namespace snapshot_test::commits {

namespace fs = std::filesystem;

namespace {

/// Compiled files that lie about in a work tree were made from sources that nobody knows.
constexpr const char* kCompiledFiles[] = {"*.so", "*.pyd", "*.dylib", "*.o", "*.a", "*.pyc"};
constexpr const char* kGitlinkMode = "160000";
constexpr const char* kFacts = "user.config";  ///< what the bare repository has of the user's settings
constexpr std::size_t kIdDigits = 16;
/// A child of a run that was killed has the lock until it has started its program.
constexpr std::chrono::seconds kPatience(2);
constexpr std::chrono::milliseconds kBetweenTries(20);
constexpr double kSubmoduleSeconds = 1800;
constexpr auto kIgnored = [](const std::string&) {};  ///< what a command says

/// A file that goes with its scope.
class Temporary {
 public:
  explicit Temporary(fs::path path) : path_(std::move(path)) { remove(); }
  ~Temporary() { remove(); }
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  [[nodiscard]] std::string string() const { return path_.string(); }
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  void remove() const {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
    fs::remove(path_.string() + ".lock", ignored);
  }
  fs::path path_;
};

Result<void> make_folders(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  return error ? tl::unexpected(util::refusal(fmt::format("make the folder '{}'", folder.string()), error.value()))
               : Result<void>();
}

/// A repository's id: of the folder that all its work trees share.
std::string id_of(const Repository& repository) {
  return store::sha256_hex(repository.common_folder().string()).substr(0, kIdDigits);
}

/// "100644 ID 0\tPATH": the entries of an index that are of `mode`, by path.
std::vector<std::string> entries_of_mode(const std::string& listing, const std::string& mode) {
  std::vector<std::string> paths;
  for (const std::string& entry : split(listing, '\0')) {
    if (entry.starts_with(mode + " ")) {
      paths.push_back(entry.substr(entry.find('\t') + 1));
    }
  }
  return paths;
}

}  // namespace

fs::path folder_of(const Repository& repository, const fs::path& cache) { return cache / id_of(repository); }

Result<FolderLock> FolderLock::take(const fs::path& folder) {
  const fs::path path = folder / "lock";
  util::Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666));
  if (!fd) {
    return tl::unexpected(util::io_error("open the lock file", path));
  }
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) {
      return tl::unexpected(util::io_error("lock", path));
    }
    if (std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(kBetweenTries);
      continue;
    }
    char text[24] = {};
    const ssize_t got = ::pread(fd.get(), text, sizeof text - 1, 0);
    const std::string_view pid(text, got > 0 ? static_cast<std::size_t>(got) : 0);
    return fail(ErrorKind::kIo, fmt::format("another run{} works in '{}'; wait until it has ended",
                                            pid.empty() ? "" : fmt::format(" (pid {})", pid.substr(0, pid.find('\n'))),
                                            folder.string()));
  }
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(fd.get(), 0) != 0) {
    return tl::unexpected(util::io_error("write", path));
  }
  TRY(util::write_all(fd.get(), std::as_bytes(std::span(pid)), path));
  return FolderLock(std::move(fd));
}

FolderLock::~FolderLock() {
  // The file stays: removing it would let two processes hold locks on two files of the same name.
  if (fd_ && ::ftruncate(fd_.get(), 0) != 0) {
    return;  // a stale pid in a message is all the harm there is
  }
}

Result<Workspace> Workspace::open(const Repository& repository, const fs::path& cache) {
  const fs::path folder = folder_of(repository, cache);
  TRY(make_folders(folder));
  TRY_ASSIGN(FolderLock lock, FolderLock::take(folder));
  Workspace workspace(repository, folder, std::move(lock));
  TRY(workspace.prepare());
  return workspace;
}

Workspace::~Workspace() {
  if (lock_.is_held()) {
    std::error_code ignored;
    fs::remove_all(folder_ / "trees", ignored);
    (void)git({"worktree", "prune", "--expire=now"});
  }
}

Result<void> Workspace::prepare() const {
  const fs::path tag = folder_.parent_path() / "CACHEDIR.TAG";
  if (std::error_code ignored; !fs::exists(tag, ignored)) {
    TRY(util::write_file_atomically(tag,
                                    "Signature: 8a477f597d28d172789f06886806bc55\n"
                                    "# What snapshot_test keeps of commits; `snapshot_test cache` looks after it.\n"));
  }
  for (const fs::path& each : {baselines(), builds(), bisections()}) {
    TRY(make_folders(each));
  }
  std::error_code ignored;
  fs::remove_all(folder_ / "trees", ignored);
  TRY(make_folders(folder_ / "trees"));
  if (!fs::exists(git_folder() / "HEAD", ignored)) {
    fs::remove_all(git_folder(), ignored);
    TRY_ASSIGN(const std::string format, repository_.git({"rev-parse", "--show-object-format"}));
    TRY(read_git(folder_, {"init", "--quiet", "--bare", "--template=", "--object-format=" + format, "git.new"})
            .map(kIgnored));
    TRY(make_folders(folder_ / "git.new/objects/info"));
    fs::rename(folder_ / "git.new", git_folder(), ignored);
  }
  remove_locks();
  TRY(copy_facts());
  TRY(git({"worktree", "prune", "--expire=now"}).map(kIgnored));
  const nlohmann::json about = {{"format", 1}, {"repository", repository_.common_folder().string()}};
  return util::write_file_atomically(folder_ / "repository.json", about.dump(2) + "\n");
}

/// Those that a git which was killed has left: of the repository's files, and of a work tree that it was making, which
/// would never be pruned. Nobody else works in it.
void Workspace::remove_locks() const {
  std::error_code error;
  for (fs::directory_iterator it(git_folder(), error), end; !error && it != end; it.increment(error)) {
    if (it->path().extension() == ".lock") {
      std::error_code ignored;
      fs::remove(it->path(), ignored);
    }
  }
  error.clear();
  for (fs::directory_iterator it(git_folder() / "worktrees", error), end; !error && it != end; it.increment(error)) {
    std::error_code ignored;
    fs::remove(it->path() / "locked", ignored);
  }
}

/// What of the user's repository decides how a commit is checked out, and what its builds ask for: its objects, where
/// its history ends, its tags, its filters and line ends, and where it came from.
Result<void> Workspace::copy_facts() const {
  TRY_ASSIGN(const std::string objects, repository_.git({"rev-parse", "--git-path", "objects"}));
  const fs::path at = fs::weakly_canonical(repository_.root() / objects);
  TRY(util::write_file_atomically(git_folder() / "objects/info/alternates", at.string() + "\n"));
  std::error_code error;
  fs::remove(git_folder() / "shallow", error);
  if (repository_.is_shallow()) {
    fs::copy_file(repository_.common_folder() / "shallow", git_folder() / "shallow", error);
  }
  TRY_ASSIGN(const std::string tags,
             repository_.git({"for-each-ref", "--format=%(objectname) %(refname)", "refs/tags"}));
  std::string packed = "# pack-refs with: sorted\n";
  for (const std::string& line : split(tags, '\n')) {
    packed += line + "\n";
  }
  TRY(util::write_file_atomically(git_folder() / "packed-refs", packed));
  // A file of its own, so that what the user has unset since is unset here, too.
  fs::remove(git_folder() / kFacts, error);
  const auto set = [this](const std::string& key, const std::string& value) {
    return git({"config", "--file", (git_folder() / kFacts).string(), key, value}).map(kIgnored);
  };
  for (const char* key : {"core.autocrlf", "core.eol", "core.symlinks", "remote.origin.url"}) {
    TRY_ASSIGN(const CommandEnd end, run_git(repository_.root(), {"config", "--get", key}));
    const std::string value = end.out.substr(0, end.out.find('\n'));
    if (!value.empty()) {
      TRY(set(key, value));
    }
  }
  TRY_ASSIGN(const CommandEnd filters,
             run_git(repository_.root(), {"config", "--local", "-z", "--get-regexp", "^(filter|lfs)\\.|\\.lfsurl$"}));
  for (const std::string& entry : split(filters.out, '\0')) {
    const std::size_t end = std::min(entry.find('\n'), entry.size());
    if (entry.substr(0, end) != "lfs.storage") {  // what is downloaded belongs here
      TRY(set(entry.substr(0, end), end < entry.size() ? entry.substr(end + 1) : "true"));
    }
  }
  for (const auto& [key, value] : lfs_settings()) {
    TRY(set(key, value));
  }
  return git({"config", "include.path", kFacts}).map(kIgnored);
}

Result<std::string> Workspace::git(std::vector<std::string> arguments, Environment more) const {
  more.emplace("GIT_DIR", git_folder().string());
  return read_git(folder_, std::move(arguments), std::move(more)).map_error([&](Error error) {
    return explain_checkout(std::move(error), folder_);
  });
}

Result<std::string> Workspace::work_tree(const std::vector<std::string>& left_out) const {
  const Temporary index(folder_ / "work-tree.index");
  const Environment environment = {{"GIT_DIR", repository_.git_folder().string()},
                                   {"GIT_WORK_TREE", repository_.root().string()},
                                   {"GIT_INDEX_FILE", index.string()},
                                   {"GIT_OBJECT_DIRECTORY", (git_folder() / "objects").string()}};
  const auto run = [&](std::vector<std::string> arguments) {
    // What a filter of git-lfs keeps belongs here, too.
    arguments.insert(arguments.begin(), {"-c", "lfs.storage=" + (git_folder() / "lfs").string()});
    return read_git(repository_.root(), std::move(arguments), environment).map_error([&](Error error) {
      return explain_checkout(std::move(error), folder_);
    });
  };
  TRY_ASSIGN(const std::string unmerged, repository_.git({"ls-files", "--unmerged"}));
  if (!unmerged.empty()) {
    return fail(ErrorKind::kUsage, "a merge is under way in the work tree: finish it, or name a commit as HEAD");
  }
  TRY_ASSIGN(const std::string shared, repository_.git({"rev-parse", "--shared-index-path"}));
  std::error_code error;
  if (shared.empty() && fs::is_regular_file(repository_.git_folder() / "index", error)) {
    fs::copy_file(repository_.git_folder() / "index", index.path(), error);
    if (error) {
      return tl::unexpected(util::refusal("copy the index of the work tree", error.value()));
    }
    // git takes files that are as old as the index for ones that may have changed since.
    fs::last_write_time(index.path(), fs::last_write_time(repository_.git_folder() / "index", error), error);
  } else {
    TRY(run({"read-tree", "HEAD"}).map(kIgnored));
  }
  std::vector<std::string> add = {"add", "--all", "--", ":/"};
  for (const char* pattern : kCompiledFiles) {
    add.push_back(std::string(":(top,exclude)") + pattern);
  }
  for (const std::string& path : left_out) {
    add.push_back(":(top,exclude,literal)" + path);
  }
  TRY(run({"add", "--update", "--", ":/"}).map(kIgnored));
  TRY_ASSIGN(const std::string before, run({"ls-files", "--stage", "-z"}));
  TRY(run(std::move(add)).map(kIgnored));
  TRY_ASSIGN(const std::string after, run({"ls-files", "--stage", "-z"}));
  // A repository that lies in the work tree and is no submodule is somebody else's.
  const std::vector<std::string> known = entries_of_mode(before, kGitlinkMode);
  for (const std::string& path : entries_of_mode(after, kGitlinkMode)) {
    if (std::find(known.begin(), known.end(), path) == known.end()) {
      TRY(run({"update-index", "--force-remove", "--", path}).map(kIgnored));
    }
  }
  for (const std::string& path : known) {
    TRY_ASSIGN(const std::string status,
               read_git(repository_.root(), {"status", "--porcelain=v2", "--ignore-submodules=none", "--", path}));
    // "1 .M S.MU ...": the third letter of the submodule's field is M where tracked files in it differ.
    if (const std::vector<std::string> words = split(status, ' ');
        words.size() > 2 && words[2].starts_with("S") && words[2].find('M') != std::string::npos) {
      return fail(
          ErrorKind::kUnsupported,
          fmt::format("the submodule '{}' has changes that it has no commit of, and they cannot be taken along: "
                      "commit them in it",
                      path));
    }
  }
  return run({"write-tree"});
}

Result<std::string> Workspace::with_folder(const std::string& tree, const std::string& path,
                                           const std::string& subtree) const {
  const Temporary index(folder_ / "tree.index");
  const Temporary empty(folder_ / "empty");
  TRY(make_folders(empty.path()));
  const Environment environment = {{"GIT_INDEX_FILE", index.string()}, {"GIT_WORK_TREE", empty.string()}};
  TRY(git({"read-tree", tree}, environment).map(kIgnored));
  TRY(git({"rm", "-r", "--cached", "--quiet", "--ignore-unmatch", "--", ":(literal)" + path}, environment)
          .map(kIgnored));
  TRY(git({"read-tree", "--prefix=" + path + "/", subtree}, environment).map(kIgnored));
  return git({"write-tree"}, environment);
}

Result<std::vector<std::string>> Workspace::changed_files(const std::string& tree, const std::string& other) const {
  TRY_ASSIGN(const std::string text, git({"diff-tree", "-r", "--no-renames", "--name-only", "-z", tree, other}));
  return split(text, '\0');
}

Result<std::vector<std::string>> Workspace::files(const std::string& tree) const {
  TRY_ASSIGN(const std::string text, git({"ls-tree", "-r", "--name-only", "-z", tree}));
  return split(text, '\0');
}

Result<std::optional<std::string>> Workspace::subtree(const std::string& tree, const std::string& path) const {
  if (path.empty()) {
    return tree;
  }
  TRY_ASSIGN(const std::string line, git({"ls-tree", "-d", tree, "--", path}));
  const std::vector<std::string> parts = split(line.substr(0, line.find('\t')), ' ');  // "040000 tree ID\tPATH"
  return parts.size() == 3 && parts[1] == "tree" ? std::optional(parts[2]) : std::nullopt;
}

Result<void> Workspace::check_out(const fs::path& target, const Commit& commit, const std::string& tree) const {
  TRY(make_folders(target.parent_path()));
  const auto explain = [this](Error error) { return explain_checkout(std::move(error), folder_); };
  TRY(git({"worktree", "add", "--no-checkout", "--detach", "--force", "--quiet", target.string(), commit.id})
          .map(kIgnored));
  TRY(read_git(target, {"read-tree", "--reset", "-u", tree}).map(kIgnored).map_error(explain));
  TRY(fetch_submodules(target).map_error(explain));
  return check_filters(target);
}

Result<fs::path> Workspace::check_out_for_run(const std::string& name, const Commit& commit,
                                              const std::string& tree) const {
  fs::path target = folder_ / "trees" / name;
  remove_tree(target);
  TRY(check_out(target, commit, tree));
  return target;
}

void Workspace::remove_tree(const fs::path& target) const {
  std::error_code ignored;
  fs::remove_all(target, ignored);
  (void)git({"worktree", "prune", "--expire=now"});
}

Result<void> Workspace::fetch_submodules(const fs::path& target) const {
  TRY_ASSIGN(const std::string listing, read_git(target, {"ls-files", "--stage", "-z"}));
  if (entries_of_mode(listing, kGitlinkMode).empty()) {
    return {};
  }
  // The user's own clones of them come first: they need no network, and may have commits that nobody else has.
  std::vector<std::string> arguments = {"-c", "protocol.file.allow=always"};
  TRY_ASSIGN(const CommandEnd names, run_git(target, {"config", "--file", ".gitmodules", "--name-only", "--get-regexp",
                                                      "^submodule\\..*\\.path$"}));
  for (const std::string& key : split(names.out, '\n')) {
    const std::string name = key.substr(10, key.size() - 10 - 5);  // "submodule.NAME.path"
    const fs::path ours = repository_.common_folder() / "modules" / name;
    if (std::error_code ignored; fs::is_directory(ours, ignored)) {
      arguments.insert(arguments.end(), {"-c", fmt::format("submodule.{}.url={}", name, ours.string())});
    }
  }
  arguments.insert(arguments.end(), {"submodule", "--quiet", "update", "--init", "--recursive"});
  const auto updated = read_git(target, std::move(arguments), {}, kSubmoduleSeconds);
  if (!updated) {
    return fail(updated.error().kind,
                fmt::format("the submodules of the commit cannot be fetched: {}", updated.error().message));
  }
  return {};
}

}  // namespace snapshot_test::commits
