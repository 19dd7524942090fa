#include "commits/filters.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <set>
#include <string_view>

#include "commits/repository.hpp"
#include "util/disk_space.hpp"
#include "util/file.hpp"
#include "util/program_path.hpp"
#include "util/try.hpp"

namespace snapshot_test::commits {

namespace fs = std::filesystem;

namespace {

using std::string_view_literals::operator""sv;

constexpr const char* kInstallLfs =
    "install git-lfs (Debian: apt install git-lfs), and run `git lfs fetch --all` in the repository, so that the files "
    "of both commits are there";

/// What is in a file's place where a filter has not done its work.
struct Stub {
  const char* program;
  std::string_view start;  ///< of such a file
  const char* what_to_do;
};
constexpr Stub kStubs[] = {
    {"git-lfs", "version https://git-lfs.github.com/spec/"sv, kInstallLfs},
    {"git-annex", "/annex/objects/"sv, "its files cannot be brought along: have them in the environment instead"},
    {"git-crypt", "\0GITCRYPT\0"sv,
     "commits are checked out in a place of their own, for which git-crypt has no key: have these files in the "
     "environment instead"},
};

bool has_program(const char* name) {
  const char* path = std::getenv("PATH");  // NOLINT(concurrency-mt-unsafe): no other thread changes the environment
  const auto candidates = util::program_candidates(name, path);
  return std::any_of(candidates.begin(), candidates.end(),
                     [](const std::string& file) { return ::access(file.c_str(), X_OK) == 0; });
}

std::string start_of(const fs::path& file, std::size_t bytes) {
  std::ifstream in(file, std::ios::binary);
  std::string text(bytes, '\0');
  in.read(text.data(), static_cast<std::streamsize>(bytes));
  text.resize(static_cast<std::size_t>(in.gcount()));
  return text;
}

bool leaves_stubs(std::string_view filter) {
  return filter == "lfs" || filter == "annex" || filter.starts_with("git-crypt");
}

/// The values of `filter` in the .gitattributes of a checkout, of those that leave something in a file's place.
Result<std::set<std::string>> filters_of(const fs::path& checkout) {
  TRY_ASSIGN(const std::string listing, read_git(checkout, {"ls-files", "-z", "--", ":(glob)**/.gitattributes"}));
  std::set<std::string> names;
  for (const std::string& path : split(listing, '\0')) {
    TRY_ASSIGN(std::string text, util::read_file(checkout / path));
    std::replace_if(
        text.begin(), text.end(), [](char letter) { return letter == '\t' || letter == '\n' || letter == '\r'; }, ' ');
    for (const std::string& word : split(text, ' ')) {
      if (word.starts_with("filter=") && leaves_stubs(std::string_view(word).substr(7))) {
        names.insert(word.substr(7));
      }
    }
  }
  return names;
}

}  // namespace

std::map<std::string, std::string> lfs_settings() {
  if (!has_program("git-lfs")) {
    return {};
  }
  return {{"filter.lfs.clean", "git-lfs clean -- %f"},
          {"filter.lfs.smudge", "git-lfs smudge -- %f"},
          {"filter.lfs.process", "git-lfs filter-process"},
          {"filter.lfs.required", "true"}};
}

Error explain_checkout(Error error, const fs::path& folder) {
  const std::string& said = error.message;
  const auto says = [&](const char* words) { return said.find(words) != std::string::npos; };
  if (error.kind == ErrorKind::kUsage && util::is_disk_full(folder)) {
    return {ErrorKind::kIo, fmt::format("No space left on device: '{}' is full (`snapshot_test cache clean` makes "
                                        "room)\n{}",
                                        folder.string(), said)};
  }
  if (error.kind != ErrorKind::kUsage) {
    return error;
  }
  if (says("git-lfs") || says("smudge filter lfs")) {
    const std::string todo =
        has_program("git-lfs")
            ? "its content is neither in the repository nor to be had from its remote: `git lfs fetch --all` in the "
              "repository brings what there is"
            : kInstallLfs;
    return {ErrorKind::kUsage, fmt::format("a file that git-lfs keeps cannot be checked out; {}\n{}", todo, said)};
  }
  if (says("smudge filter") || says("external filter") || says("clean filter")) {
    return {ErrorKind::kUsage,
            fmt::format("a filter of .gitattributes fails where commits are checked out, which is a place of their own "
                        "in the cache: it has to work there, too\n{}",
                        said)};
  }
  return error;
}

Result<void> check_filters(const fs::path& checkout) {
  TRY_ASSIGN(const auto names, filters_of(checkout));
  for (const std::string& name : names) {
    TRY_ASSIGN(const std::string paths, read_git(checkout, {"ls-files", "-z", "--", ":(attr:filter=" + name + ")"}));
    for (const std::string& path : split(paths, '\0')) {
      const fs::path file = checkout / path;
      if (std::error_code ignored; fs::is_symlink(file, ignored) || !fs::is_regular_file(file, ignored)) {
        continue;
      }
      for (const Stub& stub : kStubs) {
        if (start_of(file, stub.start.size()) == stub.start) {
          return fail(ErrorKind::kUnsupported,
                      fmt::format("'{}' is kept by {}, and not the file itself but what stands "
                                  "for it was checked out: {}",
                                  path, stub.program, stub.what_to_do));
        }
      }
    }
  }
  return {};
}

}  // namespace snapshot_test::commits
