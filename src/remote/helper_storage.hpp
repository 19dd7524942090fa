// Storages that are reached through a helper process (docs/remote-helper.md): S3 and what speaks it, GCS, Azure,
// HTTP(S), SFTP and WebDAV. The helper that comes with this program is python/diff_tester/remote/, which is part of the
// program; another one can take its place.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "remote/storage.hpp"
#include "snapshot_test/util/result.hpp"

namespace snapshot_test::remote {

struct HelperOptions {
  /// Runs our helper: a path, or a name to look up on PATH. Empty: the Python that the program's wheel belongs to
  /// ($SNAPSHOT_TEST_DEFAULT_PYTHON, which the wheel's commands set), else python3 on PATH.
  std::string python;
  /// Another helper in place of ours: a path, or a name on PATH, and its arguments. Empty: ours.
  std::vector<std::string> command;
  /// How long nothing may move before a request fails; until then it is tried again.
  std::chrono::milliseconds timeout{60'000};
  /// How much longer than that the helper itself may be silent before it is taken for dead.
  std::chrono::milliseconds grace{15'000};
  /// Does the user want to stop? Asked by threads that wait. Null: nobody does.
  std::function<bool()> interrupted;
};

/// What a storage has cost since it was opened.
struct HelperTraffic {
  std::uint64_t requests = 0;        ///< to the remote, repeated ones among them
  std::uint64_t retries = 0;         ///< of those, how many were made again
  std::uint64_t bytes_sent = 0;      ///< of objects
  std::uint64_t bytes_received = 0;  ///< of objects
};

/// A storage that counts.
class HelperStorage : public Storage {
 public:
  [[nodiscard]] virtual HelperTraffic traffic() const = 0;
};

/// The schemes of URLs of which a helper takes care.
inline constexpr std::array<std::string_view, 13> kHelperSchemes = {
    "s3", "s3a", "gs", "gcs", "az", "azure", "abfs", "abfss", "http", "https", "sftp", "webdav", "webdavs"};

/// Has it one of these schemes?
[[nodiscard]] bool is_helper_url(std::string_view url);

/// Starts the helper and has it open the remote; nothing has been asked of the remote itself then. kUsage for a URL
/// that is none, kUnavailable where there is no such Python, it lacks a package (the message says how to install it),
/// or the helper does not answer as it should.
[[nodiscard]] Result<std::unique_ptr<HelperStorage>> open_helper_storage(std::string_view url,
                                                                         const HelperOptions& options = {});

}  // namespace snapshot_test::remote
