// Where a capture was made: the facts of runs/<id>.json (grammar in docs/store.md), and how they are found.
#pragma once

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "snapshot_test/model/tested.hpp"
#include "snapshot_test/util/result.hpp"

namespace snapshot_test::store {

struct GitInfo {
  std::string commit;         ///< hex; empty on a branch without commits
  std::string branch;         ///< short name; empty when HEAD is detached
  std::optional<bool> dirty;  ///< tracked files differ from the commit; none where that cannot be told
  std::string path;           ///< the folder asked about, relative to the work tree; "" is its root
  std::optional<std::size_t> changed_files = {};  ///< how many differ; not written down
};

struct PythonInfo {
  std::string version;         ///< "3.11.7"
  std::string implementation;  ///< "CPython"
  std::string executable;
};

struct MachineInfo {
  std::string platform;                   ///< "Linux 6.1.0-18-amd64 x86_64"
  std::string cpu;                        ///< model name; empty where the system does not say
  std::vector<std::string> cpu_features;  ///< as /proc/cpuinfo names them
  unsigned cores = 0;                     ///< usable by this process
};

struct RunInfo {
  std::string id;
  std::string time;          ///< UTC, "2026-11-23T07:15:00Z"
  std::string tool_version;  ///< of snapshot_test
  std::optional<GitInfo> git;
  PythonInfo python;
  MachineInfo machine;
  std::map<std::string, std::string> packages;  ///< name to version
  std::vector<model::TestedPackage> tested;     ///< empty in what older versions wrote
  /// The variables that choose kernels and numbers of threads of numerical libraries, where they were set; none in what
  /// older versions wrote.
  std::optional<std::map<std::string, std::string>> environment = {};
  std::uint64_t seed = 0;
  nlohmann::json settings = nlohmann::json::object();
  std::map<std::string, std::size_t> counts;  ///< cases by capture status
};

/// "20261123T071500Z-1a2b3c": sorts by time, distinct for captures in the same second.
[[nodiscard]] std::string new_run_id(std::time_t now);
/// "2026-11-23T07:15:00Z"
[[nodiscard]] std::string utc_text(std::time_t time);

/// The repository that holds `folder`; none if there is none. Only reads, so the repository may belong to another
/// user. kIo where there is one that libgit2 cannot read.
[[nodiscard]] Result<std::optional<GitInfo>> collect_git(const std::filesystem::path& folder);
/// From uname and /proc/cpuinfo. What the system does not say stays empty.
[[nodiscard]] MachineInfo collect_machine();
/// The part of collect_machine() that reads the text of /proc/cpuinfo.
void read_cpuinfo(std::string_view text, MachineInfo& machine);

[[nodiscard]] std::string to_text(const RunInfo& run);
/// As manifest_from_text().
[[nodiscard]] Result<RunInfo> run_info_from_text(std::string_view text, const std::string& path);

}  // namespace snapshot_test::store
