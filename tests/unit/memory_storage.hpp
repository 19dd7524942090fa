// A storage in memory, whose every call a test can hold up, refuse or end the process at.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "remote/storage.hpp"

namespace snapshot_test::remote {

/// A call of a storage, as MemoryStorage::on_call hears of it.
struct Call {
  enum class Kind { kGet, kRead, kPut, kList, kRemove };
  enum class When { kBefore, kAfter };  ///< it has its effect in between
  Kind kind{};
  When when{};
  std::string key;  ///< or the prefix; of kRemove the first
};

class MemoryStorage : public Storage {
 public:
  using Clock = std::chrono::system_clock;

  [[nodiscard]] std::string name() const override { return "memory"; }
  [[nodiscard]] Result<std::optional<Content>> get(std::string_view key) override;
  [[nodiscard]] Result<bool> read(std::string_view key, std::optional<Range> range, const Receiver& receiver) override;
  [[nodiscard]] Result<Written> put(std::string_view key, std::string_view bytes,
                                    const Condition& condition = {}) override;
  [[nodiscard]] Result<Written> put_file(std::string_view key, const std::string& path, std::optional<Range> range,
                                         const Condition& condition = {}) override;
  [[nodiscard]] Result<std::vector<Entry>> list(std::string_view prefix) override;
  [[nodiscard]] Result<void> remove(std::span<const std::string> keys) override;

  /// May throw: then the call ends there. An error is the call's. Called without a lock.
  std::function<Result<void>(const Call&)> on_call;
  std::function<Clock::time_point()> now = Clock::now;

  // For tests, without on_call.
  [[nodiscard]] bool has(const std::string& key) const { return objects_.contains(key); }
  [[nodiscard]] std::string bytes_of(const std::string& key) const { return objects_.at(key).bytes; }
  void set(const std::string& key, std::string bytes);
  void erase(const std::string& key) { objects_.erase(key); }
  [[nodiscard]] std::vector<std::string> keys(std::string_view prefix = "") const;

 private:
  struct Object {
    std::string bytes;
    std::string tag;
    Clock::time_point changed;
  };

  [[nodiscard]] Result<void> call(Call::Kind kind, Call::When when, std::string_view key) const {
    return on_call ? on_call({kind, when, std::string(key)}) : Result<void>();
  }

  mutable std::mutex mutex_;
  std::map<std::string, Object> objects_;
  std::uint64_t writes_ = 0;
};

}  // namespace snapshot_test::remote
