#include "support/leftovers.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <thread>

namespace snapshot_test::support {
namespace {

namespace fs = std::filesystem;

/// Empty for a process that has ended, or is a zombie.
std::string read_proc(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();  // no exception where it ends meanwhile
  return text.str();
}

std::vector<std::string> processes_now(const Sandbox& box) {
  std::vector<std::string> found;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/proc", ignored)) {
    const auto pid = entry.path().filename().string();
    if (pid.find_first_not_of("0123456789") != std::string::npos) continue;
    auto command = read_proc(entry.path() / "cmdline");
    const auto all = read_proc(entry.path() / "environ") + command;
    if (all.find(box.root().string()) == std::string::npos) continue;
    std::replace(command.begin(), command.end(), '\0', ' ');
    found.push_back(pid + " " + command);
  }
  return found;
}

}  // namespace

std::vector<std::string> processes_left(const Sandbox& box) {
  auto left = processes_now(box);
  for (int i = 0; i < 50 && !left.empty(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    left = processes_now(box);
  }
  return left;
}

std::vector<std::string> files_left(const Sandbox& box) {
  // What verify keeps for --last-failed, once something has failed: one whole file, and the folders that it lies in.
  static const std::regex kept("home/\\.cache(/snapshot_test(/last-failed(/[0-9a-f]{32}\\.json)?)?)?");
  std::vector<std::string> left;
  for (const char* folder : {"tmp", "home"}) {
    for (const auto& entry : fs::recursive_directory_iterator(box.path(folder))) {
      if (!std::regex_match(fs::relative(entry.path(), box.root()).string(), kept))
        left.push_back(entry.path().string());
    }
  }
  return left;
}

std::map<std::string, std::string> places(const Sandbox& box) {
  std::map<std::string, std::string> all;
  for (const char* folder : {"benchmarks", "project", ".snapshots"}) {
    for (auto& [path, content] : box.tree(folder)) all.emplace(std::string(folder) + "/" + path, content);
  }
  return all;
}

}  // namespace snapshot_test::support
