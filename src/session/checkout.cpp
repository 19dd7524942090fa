#include "session/checkout.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

#include "snapshot_test/store/run_info.hpp"
#include "util/file.hpp"

namespace snapshot_test::session {

namespace fs = std::filesystem;

namespace {

constexpr auto kMarks = std::to_array<const char*>({".git", "pyproject.toml", "setup.py", "setup.cfg"});
constexpr auto kParents = std::to_array<const char*>({"", "src", "lib", "python"});
const std::set<std::string_view> kNoPackages = {"test",       "tests", "testing", "doc",     "docs",     "benchmark",
                                                "benchmarks", "bench", "asv",     "example", "examples", "tools",
                                                "scripts",    "build", "dist",    "ci",      "conftest"};
const std::set<std::string_view> kCompiled = {".pyx", ".pxd", ".c", ".cc",  ".cpp", ".cxx",
                                              ".h",   ".hpp", ".f", ".f90", ".rs",  ".cu"};

bool is_inside(const fs::path& path, const fs::path& folder) {
  const auto [end, rest] = std::mismatch(folder.begin(), folder.end(), path.begin(), path.end());
  return end == folder.end();
}

bool is_installed(const fs::path& path) {
  return std::any_of(path.begin(), path.end(),
                     [](const fs::path& part) { return part == "site-packages" || part == "dist-packages"; });
}

/// The files below a folder, whatever of it can be read.
template <class Visit>
void for_each_file(const fs::path& folder, Visit visit) {
  std::error_code error;
  for (fs::recursive_directory_iterator it(folder, fs::directory_options::skip_permission_denied, error), end;
       !error && it != end; it.increment(error)) {
    if (std::error_code ignored; it->is_regular_file(ignored)) {
      visit(it->path());
    }
  }
}

bool same_content(const fs::path& a, const fs::path& b) {
  std::error_code ignored;
  if (fs::file_size(a, ignored) != fs::file_size(b, ignored)) {
    return false;
  }
  const auto one = util::read_file(a);
  const auto two = util::read_file(b);
  return one && two && *one == *two;
}

struct Difference {
  std::size_t common = 0;
  std::size_t differing = 0;
  bool pure = true;
};

Difference compare_folders(const fs::path& ours, const fs::path& imported) {
  Difference difference;
  for_each_file(ours, [&](const fs::path& file) {
    difference.pure = difference.pure && !kCompiled.contains(file.extension().string());
    const fs::path other = imported / file.lexically_relative(ours);
    if (std::error_code ignored; file.extension() == ".py" && fs::is_regular_file(other, ignored)) {
      ++difference.common;
      difference.differing += same_content(file, other) ? 0 : 1;
    }
  });
  return difference;
}

}  // namespace

Checkout find_checkout(const fs::path& benchmark_dir) {
  std::error_code error;
  const fs::path suite = fs::weakly_canonical(fs::absolute(benchmark_dir, error), error);
  Checkout checkout;
  for (fs::path folder = suite.parent_path(); folder != folder.parent_path(); folder = folder.parent_path()) {
    if (std::any_of(kMarks.begin(), kMarks.end(), [&](const char* mark) { return fs::exists(folder / mark, error); })) {
      checkout.root = folder;
      break;
    }
  }
  if (checkout.root.empty()) {
    return checkout;
  }
  for (const char* parent : kParents) {
    for (fs::directory_iterator it(checkout.root / parent, error), end; !error && it != end; it.increment(error)) {
      const std::string name = it->path().filename().string();
      std::error_code ignored;
      const bool package = name.front() != '.' && name.front() != '_' && !kNoPackages.contains(name) &&
                           !is_inside(suite, it->path()) && fs::is_regular_file(it->path() / "__init__.py", ignored);
      if (package) {
        checkout.packages.emplace(name, it->path());
      }
    }
    error.clear();
  }
  return checkout;
}

void compare_with(const Checkout& checkout, model::TestedPackage& package) {
  std::error_code error;
  const fs::path imported = fs::weakly_canonical(package.location, error);
  if (!is_installed(imported)) {
    const auto git = store::collect_git(fs::is_directory(imported, error) ? imported : imported.parent_path());
    if (git && *git) {
      package.commit = (*git)->commit;
      package.changed_files = (*git)->changed_files;
    }
  }
  const auto ours = checkout.packages.find(package.name);
  if (ours == checkout.packages.end() || fs::equivalent(ours->second, imported, error) ||
      (is_inside(imported, checkout.root) && !is_installed(imported))) {
    return;
  }
  const Difference difference = compare_folders(ours->second, imported);
  if (difference.common == 0 || difference.differing > 0) {
    package.other_copy = ours->second.string();
    package.differing_files = difference.differing;
    package.other_is_pure = difference.pure;
  }
}

}  // namespace snapshot_test::session
