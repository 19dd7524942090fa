#include "commits/repository.hpp"

#include <fmt/format.h>
#include <sys/wait.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include "util/process.hpp"
#include "util/try.hpp"

namespace snapshot_test::commits {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kShortId = 10;

/// What a hook or an alias may have set: it would name another repository than the one of the folder.
constexpr const char* kForeign[] = {
    "GIT_DIR",        "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR", "GIT_NAMESPACE", "GIT_PREFIX"};

std::string without_line_break(std::string text) {
  while (!text.empty() && text.back() == '\n') {
    text.pop_back();
  }
  return text;
}

std::string words(const std::vector<std::string>& arguments) {
  std::string text = "git";
  for (const std::string& argument : arguments) {
    text += " " + argument;
  }
  return text;
}

Error complaint(const std::vector<std::string>& arguments, const CommandEnd& end) {
  const std::string said = without_line_break(end.err);
  const bool full = said.find("No space left") != std::string::npos;
  return {full ? ErrorKind::kIo : ErrorKind::kUsage,
          end.timed_out ? fmt::format("'{}' took too long and was stopped", words(arguments))
                        : fmt::format("'{}' failed ({}){}{}", words(arguments), util::describe_wait_status(end.status),
                                      said.empty() ? "" : ": ", said)};
}

constexpr const char* kCommitFormat = "%H%x00%T%x00%P%x00%an <%ae>%x00%aI%x00%s";

/// A line of that form: the commit, and the ids of its parents. Of another form: empty.
std::pair<Commit, std::vector<std::string>> parse_commit(const std::string& line) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at <= line.size();) {
    const std::size_t end = std::min(line.find('\0', at), line.size());
    parts.push_back(line.substr(at, end - at));
    at = end + 1;
  }
  parts.resize(6);
  return {{parts[0], parts[1], parts[5], parts[3], parts[4]}, split(parts[2], ' ')};
}

bool succeeded(const CommandEnd& end) {
  return !end.timed_out && WIFEXITED(end.status) && WEXITSTATUS(end.status) == 0;
}

/// "https://github.com/a/b.git", "git@github.com:a/b" and "ssh://git@github.com/a/b/": "github.com/a/b".
std::string address(std::string url) {
  const std::size_t scheme = url.find("://");
  const bool by_ssh = scheme == std::string::npos && url.find('@') != std::string::npos;
  url = scheme == std::string::npos ? url : url.substr(scheme + 3);
  if (const std::size_t user = url.find('@'); user < url.find('/')) {
    url.erase(0, user + 1);
  }
  if (const std::size_t colon = url.find(':'); by_ssh && colon != std::string::npos) {
    url[colon] = '/';
  }
  while (url.ends_with('/')) {
    url.pop_back();
  }
  return url.ends_with(".git") ? url.substr(0, url.size() - 4) : url;
}

/// Is the folder, or one above it, a Mercurial repository?
bool is_mercurial(const fs::path& folder) {
  std::error_code error;
  for (fs::path each = fs::absolute(folder, error); each != each.parent_path(); each = each.parent_path()) {
    if (fs::is_directory(each / ".hg", error)) {
      return true;
    }
  }
  return false;
}

}  // namespace

Result<CommandEnd> run_git(const fs::path& folder, std::vector<std::string> arguments, Environment environment,
                           double seconds) {
  for (const char* name : kForeign) {
    environment.emplace(name, std::nullopt);
  }
  environment.emplace("GIT_OPTIONAL_LOCKS", "0");
  environment.emplace("GIT_TERMINAL_PROMPT", "0");
  environment.emplace("GIT_NO_LAZY_FETCH", "1");
  environment.emplace("GIT_LFS_SKIP_SMUDGE", std::nullopt);
  environment.emplace("LC_ALL", "C");
  std::vector<std::string> argv = {"git",
                                   "-c",
                                   "core.hooksPath=/dev/null",
                                   "-c",
                                   "gc.auto=0",
                                   "-c",
                                   "maintenance.auto=false",
                                   "-c",
                                   "core.fsmonitor=false",
                                   "-c",
                                   "core.quotePath=false"};
  std::move(arguments.begin(), arguments.end(), std::back_inserter(argv));
  return run_command({std::move(argv), folder, std::move(environment), {}, seconds});
}

Result<std::string> read_git(const fs::path& folder, std::vector<std::string> arguments, Environment environment,
                             double seconds) {
  TRY_ASSIGN(CommandEnd end, run_git(folder, arguments, std::move(environment), seconds));
  if (!succeeded(end)) {
    return tl::unexpected(complaint(arguments, end));
  }
  return without_line_break(std::move(end.out));
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(separator, at), text.size());
    if (end > at) {
      parts.push_back(text.substr(at, end - at));
    }
    at = end + 1;
  }
  return parts;
}

std::string describe(const Commit& commit) { return commit.id.substr(0, kShortId) + " " + commit.subject; }

Result<fs::path> find_project_folder(const std::string& repo, const fs::path& conf_folder, const fs::path& suite) {
  if (repo.empty()) {
    return suite;
  }
  if (repo.starts_with("hg+")) {
    return fail(ErrorKind::kUnsupported,
                fmt::format("asv.conf.json: repo '{}' is a Mercurial repository; only git is supported", repo));
  }
  std::error_code ignored;
  const bool has_scheme = repo.find("://") != std::string::npos;
  const fs::path local = conf_folder / (repo.starts_with("file://") ? repo.substr(7) : repo);
  if ((!has_scheme || repo.starts_with("file://")) && fs::exists(local, ignored)) {
    return local.lexically_normal();
  }
  TRY_ASSIGN(const Repository around, Repository::find(suite));
  TRY_ASSIGN(const CommandEnd remotes, run_git(around.root(), {"config", "--get-regexp", "^remote\\..*\\.url$"}));
  for (const std::string& line : split(remotes.out, '\n')) {
    if (address(line.substr(std::min(line.find(' ') + 1, line.size()))) == address(repo)) {
      return around.root();
    }
  }
  return fail(
      ErrorKind::kUsage,
      fmt::format("asv.conf.json: repo is '{}', and the repository of the suite ('{}') has no such remote; clone "
                  "it and name the clone with --repository",
                  repo, around.root().string()));
}

Result<Repository> Repository::find(const fs::path& folder) {
  const std::vector<std::string> question = {"rev-parse", "--show-toplevel", "--git-common-dir", "--absolute-git-dir",
                                             "--is-shallow-repository"};
  TRY_ASSIGN(const CommandEnd end, run_git(folder, question));
  const std::vector<std::string> lines = split(end.out, '\n');
  if (!succeeded(end) || lines.size() != 4) {
    if (is_mercurial(folder)) {
      return fail(ErrorKind::kUnsupported,
                  fmt::format("'{}' lies in a Mercurial repository; only git is supported", folder.string()));
    }
    const std::string said = without_line_break(end.err);
    if (said.find("not a git repository") != std::string::npos) {
      return fail(ErrorKind::kUsage,
                  fmt::format("'{}' lies in no git repository; name one with --repository", folder.string()));
    }
    return fail(ErrorKind::kUsage, fmt::format("git cannot use the repository of '{}': {}", folder.string(), said));
  }
  Repository repository;
  repository.root_ = lines[0];
  repository.common_ = fs::weakly_canonical(folder / lines[1]);
  repository.git_folder_ = lines[2];
  repository.shallow_ = lines[3] == "true";
  return repository;
}

Result<std::string> Repository::git(std::vector<std::string> arguments, Environment environment) const {
  return read_git(root_, std::move(arguments), std::move(environment));
}

Result<Commit> Repository::commit(const std::string& name) const {
  TRY_ASSIGN(const CommandEnd end,
             run_git(root_, {"rev-parse", "--verify", "--quiet", "--end-of-options", name + "^{commit}"}));
  if (!succeeded(end)) {
    const auto any = run_git(root_, {"rev-parse", "--verify", "--quiet", "HEAD"});
    if (any && !succeeded(*any) && split(without_line_break(any->out), '\n').empty()) {
      TRY_ASSIGN(const std::string refs, git({"for-each-ref", "--count=1"}));
      if (refs.empty()) {
        return fail(
            ErrorKind::kUsage,
            fmt::format("the repository '{}' has no commits yet: there is nothing to compare with", root_.string()));
      }
    }
    return fail(
        ErrorKind::kUsage,
        fmt::format("there is no commit '{}' in '{}'{}", name, root_.string(),
                    shallow_ ? "; the clone is shallow: `git fetch --unshallow` brings its whole history" : ""));
  }
  TRY_ASSIGN(const std::string shown,
             git({"show", "--no-patch", "--no-notes", "--no-show-signature", std::string("--format=") + kCommitFormat,
                  without_line_break(end.out), "--"}));
  Commit commit = parse_commit(shown).first;
  if (commit.id.empty() || commit.tree.empty()) {
    return fail(ErrorKind::kInternal, fmt::format("git describes the commit '{}' as '{}'", name, shown));
  }
  return commit;
}

Result<std::optional<std::string>> Repository::merge_base(const std::string& a, const std::string& b) const {
  TRY_ASSIGN(const CommandEnd end, run_git(root_, {"merge-base", a, b}));
  const std::string id = without_line_break(end.out);
  if (!succeeded(end) && (!id.empty() || !WIFEXITED(end.status) || WEXITSTATUS(end.status) != 1)) {
    return tl::unexpected(complaint({"merge-base", a, b}, end));
  }
  return id.empty() ? std::nullopt : std::optional(id);
}

Result<bool> Repository::is_ancestor(const std::string& ancestor, const std::string& of) const {
  TRY_ASSIGN(const auto base, merge_base(ancestor, of));
  return base == ancestor;
}

Result<std::vector<RangeCommit>> Repository::range(const Commit& good, const Commit& bad, History history) const {
  std::vector<std::string> arguments = {"log", "--topo-order", "--reverse", std::string("--format=") + kCommitFormat};
  if (history == History::kFirstParent) {
    arguments.emplace_back("--first-parent");
  }
  arguments.push_back(good.id + ".." + bad.id);
  arguments.emplace_back("--");
  TRY_ASSIGN(const std::string text, git(std::move(arguments)));
  std::vector<RangeCommit> range;
  std::map<std::string, std::size_t> places;
  for (const std::string& line : split(text, '\n')) {
    auto [commit, parents] = parse_commit(line);
    RangeCommit each{std::move(commit), {}};
    if (history == History::kFirstParent && parents.size() > 1) {
      parents.resize(1);
    }
    for (const std::string& parent : parents) {
      if (const auto place = places.find(parent); place != places.end()) {
        each.parents.push_back(place->second);
      }
    }
    places.emplace(each.commit.id, range.size());
    range.push_back(std::move(each));
  }
  return range;
}

std::optional<std::string> Repository::relative(const fs::path& folder) const {
  std::error_code error;
  const fs::path inside = fs::weakly_canonical(folder, error).lexically_relative(fs::weakly_canonical(root_, error));
  if (error || inside.empty() || *inside.begin() == "..") {
    return std::nullopt;
  }
  std::string text = inside.generic_string();
  while (!text.empty() && text.back() == '/') {
    text.pop_back();
  }
  return text == "." ? "" : text;
}

}  // namespace snapshot_test::commits
