#include "util/cgroup.hpp"

#include <sched.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace snapshot_test::util {

namespace {

namespace fs = std::filesystem;

/// What version 1 says where there is no limit is a number near 2^63.
constexpr std::uint64_t kNoMemoryLimit = std::uint64_t{1} << 60;

std::vector<std::string> words_of(const fs::path& file) {
  std::ifstream in(file);
  std::vector<std::string> words;
  for (std::string word; in >> word;) {
    words.push_back(word);
  }
  return words;
}

std::optional<std::uint64_t> number_in(const std::string& word) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  return error == std::errc() && end == word.data() + word.size() ? std::optional(number) : std::nullopt;
}

std::optional<std::uint64_t> number_of(const fs::path& file) {
  const auto words = words_of(file);
  return words.size() == 1 ? number_in(words.front()) : std::nullopt;
}

template <class T>
void lower(std::optional<T>& limit, std::optional<T> other) {
  if (other && (!limit || *other < *limit)) {
    limit = other;
  }
}

std::optional<double> share(std::optional<std::uint64_t> quota, std::optional<std::uint64_t> period) {
  return quota && period && *quota > 0 && *period > 0
             ? std::optional(static_cast<double>(*quota) / static_cast<double>(*period))
             : std::nullopt;
}

std::optional<std::uint64_t> memory_of(const fs::path& file) {
  const auto bytes = number_of(file);
  return bytes && *bytes > 0 && *bytes < kNoMemoryLimit ? bytes : std::nullopt;
}

/// Calls look(folder) for the group at `path` below `mount` and all above it. In a container the path may be one of the
/// machine's, of which nothing is there but the mount itself.
template <class Look>
void for_each_group(const fs::path& mount, const std::string& path, const Look& look) {
  fs::path group = mount / fs::path(path).relative_path().lexically_normal();
  while (group != mount && group.native().size() > mount.native().size()) {
    look(group);
    group = group.parent_path();
  }
  look(mount);
}

/// A line of /proc/self/cgroup: "0::/user.slice", "4:cpu,cpuacct:/docker/1a2b".
struct Membership {
  std::string controllers;
  std::string path;
};

std::vector<Membership> memberships(const fs::path& root) {
  std::ifstream in(root / "proc/self/cgroup");
  std::vector<Membership> all;
  for (std::string line; std::getline(in, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second != std::string::npos) {
      all.push_back({line.substr(first + 1, second - first - 1), line.substr(second + 1)});
    }
  }
  return all;
}

bool has_controller(const std::string& controllers, std::string_view wanted) {
  std::istringstream in(controllers);
  for (std::string each; std::getline(in, each, ',');) {
    if (each == wanted) {
      return true;
    }
  }
  return false;
}

/// Where a controller of version 1 is mounted: under its name, or under those of all that are mounted with it.
fs::path mount_of(const fs::path& groups, const std::string& controllers, const char* controller) {
  std::error_code ignored;
  return fs::is_directory(groups / controllers, ignored) ? groups / controllers : groups / controller;
}

/// Those that the process may run on, which a cpuset narrows. std::thread::hardware_concurrency() counts those of the
/// machine.
unsigned processors_of_process() {
  constexpr std::size_t kMost = 1 << 16;
  for (std::size_t processors = CPU_SETSIZE; processors <= kMost; processors *= 2) {
    // The kernel refuses a set that is too small for the machine.
    cpu_set_t* const set = CPU_ALLOC(processors);
    if (set == nullptr) {
      break;
    }
    const std::size_t bytes = CPU_ALLOC_SIZE(processors);
    const int count = ::sched_getaffinity(0, bytes, set) == 0 ? CPU_COUNT_S(bytes, set) : 0;
    CPU_FREE(set);
    if (count > 0) {
      return static_cast<unsigned>(count);
    }
  }
  return std::max(1U, std::thread::hardware_concurrency());
}

}  // namespace

CgroupLimits cgroup_limits(const fs::path& root) {
  CgroupLimits limits;
  const fs::path groups = root / "sys/fs/cgroup";
  for (const Membership& each : memberships(root)) {
    if (each.controllers.empty()) {
      // Beside version 1 the hierarchy of version 2 lies in a folder of its own, and limits nothing that is limited
      // here.
      for_each_group(groups, each.path, [&](const fs::path& group) {
        const auto cpu = words_of(group / "cpu.max");  // "150000 100000", "max 100000"
        lower(limits.cpus, cpu.size() == 2 ? share(number_in(cpu[0]), number_in(cpu[1])) : std::nullopt);
        lower(limits.memory, memory_of(group / "memory.max"));
      });
    }
    if (has_controller(each.controllers, "cpu")) {
      for_each_group(mount_of(groups, each.controllers, "cpu"), each.path, [&](const fs::path& group) {
        lower(limits.cpus, share(number_of(group / "cpu.cfs_quota_us"), number_of(group / "cpu.cfs_period_us")));
      });
    }
    if (has_controller(each.controllers, "memory")) {
      for_each_group(mount_of(groups, each.controllers, "memory"), each.path,
                     [&](const fs::path& group) { lower(limits.memory, memory_of(group / "memory.limit_in_bytes")); });
    }
  }
  return limits;
}

unsigned usable_processors(const fs::path& root) {
  const unsigned processors = processors_of_process();
  const auto cpus = cgroup_limits(root).cpus;
  return cpus && *cpus < processors ? std::max(1U, static_cast<unsigned>(std::ceil(*cpus))) : processors;
}

}  // namespace snapshot_test::util
