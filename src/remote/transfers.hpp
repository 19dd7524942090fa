// Many transfers at once, and a storage that counts them.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "remote/storage.hpp"

namespace snapshot_test::remote {

inline constexpr unsigned kMostTransfers = 32;

/// What went over the wire, and what did not need to.
struct Traffic {
  std::uint64_t requests = 0;
  std::uint64_t sent = 0;      ///< bytes
  std::uint64_t received = 0;  ///< bytes
  std::uint64_t fetched = 0;   ///< values that were fetched
  std::uint64_t hits = 0;      ///< values that the cache had
  std::uint64_t retries = 0;
};

/// How far it has got.
struct Progress {
  std::uint64_t done = 0;  ///< bytes
  std::uint64_t all = 0;   ///< bytes
};
/// Called from one thread at a time; may be empty.
using OnProgress = std::function<void(const Progress&)>;

/// Another storage, with what is asked of it counted.
class CountedStorage final : public Storage {
 public:
  /// `storage` outlives it.
  explicit CountedStorage(Storage& storage) : storage_(storage) {}

  /// `fetched` and `hits` are not its to know.
  [[nodiscard]] Traffic traffic() const;

  [[nodiscard]] std::string name() const override { return storage_.name(); }
  [[nodiscard]] Result<std::optional<Content>> get(std::string_view key) override;
  [[nodiscard]] Result<bool> read(std::string_view key, std::optional<Range> range, const Receiver& receiver) override;
  [[nodiscard]] Result<Written> put(std::string_view key, std::string_view bytes, const Condition& condition) override;
  [[nodiscard]] Result<Written> put_file(std::string_view key, const std::string& path, std::optional<Range> range,
                                         const Condition& condition) override;
  [[nodiscard]] Result<std::vector<Entry>> list(std::string_view prefix) override;
  [[nodiscard]] Result<void> remove(std::span<const std::string> keys) override;
  [[nodiscard]] Result<void> make_seen_durable() override { return storage_.make_seen_durable(); }
  [[nodiscard]] std::uint64_t retries() const override { return storage_.retries(); }

 private:
  Storage& storage_;
  std::atomic<std::uint64_t> requests_ = 0;
  std::atomic<std::uint64_t> sent_ = 0;
  std::atomic<std::uint64_t> received_ = 0;
};

/// Does all of `tasks`, at most `at_once` at a time, beginning with the first. After a failure no other is begun; the
/// result is the first failure. With one at a time, all is done in the calling thread.
[[nodiscard]] Result<void> run_all(const std::vector<std::function<Result<void>()>>& tasks, unsigned at_once);

/// The whole of a file or text of the storage, in memory; none where there is none. kCorrupt where its size is not
/// `bytes`.
[[nodiscard]] Result<std::optional<std::string>> read_whole(Storage& storage, const std::string& key,
                                                            std::optional<Range> range, std::uint64_t bytes);

}  // namespace snapshot_test::remote
