// How much of the machine the process may use: what a container's runtime, systemd or a batch system gives it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

namespace snapshot_test::util {

/// The limits of the control groups that the process is in, each the smallest of its group and those above it, of
/// version 2 and version 1 alike; none where there is none, or it cannot be told.
struct CgroupLimits {
  std::optional<double> cpus;           ///< processor seconds in a second; above 0
  std::optional<std::uint64_t> memory;  ///< bytes
};

/// `root`: where proc/ and sys/ lie.
[[nodiscard]] CgroupLimits cgroup_limits(const std::filesystem::path& root = "/");

/// How many processes that compute are worth running at once: the processors that the process may run on (its affinity,
/// which a cpuset narrows), and no more than its control groups have time for, rounded up. At least 1.
[[nodiscard]] unsigned usable_processors(const std::filesystem::path& root = "/");

}  // namespace snapshot_test::util
