// The ways to seal a process, one a source.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "seal/prepared.hpp"
#include "snapshot_test/util/result.hpp"

namespace snapshot_test::seal {

using Paths = std::vector<std::filesystem::path>;

/// `hidden`: absolute and resolved. kUnsupported where the kernel has no Landlock, or one that is too old.
[[nodiscard]] Result<std::shared_ptr<const Prepared>> prepare_landlock(const Paths& hidden);
[[nodiscard]] Result<std::shared_ptr<const Prepared>> prepare_mounts(const Paths& hidden);

/// Of a set of paths, the folders above them.
[[nodiscard]] std::vector<std::filesystem::path> folders_above(const Paths& paths);
/// Device files through which the disks or the memory can be read: below /dev, as far as it can be listed.
[[nodiscard]] Paths raw_devices();

/// Gives up, for good and for what is executed, what would lead around a seal: to load code into the kernel, to read
/// disks and memory, to mount, to look into others' processes. Calls nothing but the kernel. 0, or an errno.
[[nodiscard]] int drop_capabilities() noexcept;

}  // namespace snapshot_test::seal
