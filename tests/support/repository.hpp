// A git repository in a sandbox, with a project `wavelab` and a suite of it, and `snapshot_test` run in it.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "support/sandbox.hpp"

namespace snapshot_test::support {

class RepositoryTest : public ::testing::Test {
 protected:
  /// `folder`: the checkout's name.
  explicit RepositoryTest(std::string folder = "checkout") : folder_(std::move(folder)) {
    git({"init", "--quiet", "--initial-branch=main"}, "");
    write("pyproject.toml", "[project]\nname = 'wavelab'\n");
    write("wavelab/__init__.py", "def total(n):\n    return sum(range(n))\n");
    write("benchmarks/__init__.py", "");
    write("benchmarks/bench.py", "import wavelab\ndef time_total():\n    return wavelab.total(1000)\n");
    write(".gitignore", "*.pyc\n__pycache__/\nignored/\n");
  }

  void write(const std::filesystem::path& path, std::string_view text) const { box_.write(folder_ / path, text); }

  support::Run git(const std::vector<std::string>& arguments, const std::filesystem::path& below = "") const {
    std::filesystem::create_directories(box_.path(folder_ / below));
    std::vector<std::string> command = {
        "/usr/bin/git", "-c", "user.name=n", "-c", "user.email=e", "-c", "protocol.file.allow=always"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    RunOptions options;
    options.folder = folder_ / below;
    const support::Run run = box_.run_command(command, options);
    EXPECT_EQ(run.status, 0) << arguments.front() << run.text();
    return run;
  }
  /// Everything as a commit.
  void commit(const std::string& message) const {
    git({"add", "--all"});
    git({"commit", "--quiet", "--allow-empty", "-m", message});
  }
  [[nodiscard]] std::string id(const std::string& name = "HEAD") const {
    return git({"rev-parse", name}).out.substr(0, 40);
  }

  /// `snapshot_test ARGUMENTS…` in the checkout, with a report where the command makes one.
  [[nodiscard]] Report run(const std::vector<std::string>& arguments) const {
    std::vector<std::string> words = arguments;
    if (arguments.front() == "continuous" || arguments.front() == "compare") {
      words.insert(words.end(), {"--json", box_.path("report.json").string()});
    }
    if (arguments.front() == "continuous" || arguments.front() == "bisect") {
      words.insert(words.end(), {"--python", test_python()});
    }
    std::filesystem::remove(box_.path("report.json"));
    RunOptions options;
    options.folder = folder_;
    options.environment = environment_;
    options.deadline = std::chrono::seconds(300);
    Report result{box_.run(words, options), nullptr};
    if (std::filesystem::exists(box_.path("report.json"))) result.json = box_.read_json("report.json");
    return result;
  }
  [[nodiscard]] Report continuous(std::vector<std::string> arguments = {}) const {
    arguments.insert(arguments.begin(), "continuous");
    return run(arguments);
  }

  /// Every byte of the checkout, its .git included.
  [[nodiscard]] std::map<std::string, std::string> bytes() const { return box_.tree(folder_); }
  [[nodiscard]] std::filesystem::path cache() const { return box_.path("home/.cache/snapshot_test"); }

  Sandbox box_;
  std::filesystem::path folder_;
  std::map<std::string, std::string> environment_;
};

}  // namespace snapshot_test::support
