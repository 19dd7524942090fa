#include "remote/transfers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>

#include "util/try.hpp"

namespace snapshot_test::remote {

Traffic CountedStorage::traffic() const {
  Traffic traffic;
  traffic.requests = requests_;
  traffic.sent = sent_;
  traffic.received = received_;
  traffic.retries = storage_.retries();
  return traffic;
}

Result<std::optional<Content>> CountedStorage::get(std::string_view key) {
  ++requests_;
  auto got = storage_.get(key);
  if (got && *got) {
    received_ += (*got)->bytes.size();
  }
  return got;
}

Result<bool> CountedStorage::read(std::string_view key, std::optional<Range> range, const Receiver& receiver) {
  ++requests_;
  return storage_.read(key, range, [&](std::string_view piece) {
    received_ += piece.size();
    return receiver(piece);
  });
}

Result<Written> CountedStorage::put(std::string_view key, std::string_view bytes, const Condition& condition) {
  ++requests_;
  auto written = storage_.put(key, bytes, condition);
  if (written && *written == Written::kDone) {
    sent_ += bytes.size();
  }
  return written;
}

Result<Written> CountedStorage::put_file(std::string_view key, const std::string& path, std::optional<Range> range,
                                         const Condition& condition) {
  ++requests_;
  auto written = storage_.put_file(key, path, range, condition);
  if (written && *written == Written::kDone) {
    std::error_code unknown;
    const std::uintmax_t size = std::filesystem::file_size(path, unknown);
    sent_ += range ? range->bytes : unknown ? 0 : static_cast<std::uint64_t>(size);
  }
  return written;
}

Result<std::vector<Entry>> CountedStorage::list(std::string_view prefix) {
  ++requests_;
  return storage_.list(prefix);
}

Result<void> CountedStorage::remove(std::span<const std::string> keys) {
  ++requests_;
  return storage_.remove(keys);
}

Result<void> run_all(const std::vector<std::function<Result<void>()>>& tasks, unsigned at_once) {
  if (at_once <= 1 || tasks.size() <= 1) {
    for (const auto& task : tasks) {
      TRY(task());
    }
    return {};
  }
  std::mutex mutex;
  std::size_t next = 0;
  std::optional<Error> failure;
  const auto work = [&] {
    for (;;) {
      std::size_t mine = 0;
      {
        const std::lock_guard lock(mutex);
        if (failure || next == tasks.size()) {
          return;
        }
        mine = next++;
      }
      if (auto done = tasks[mine](); !done) {
        const std::lock_guard lock(mutex);
        if (!failure) {
          failure = std::move(done.error());
        }
      }
    }
  };
  {
    std::vector<std::jthread> threads;
    const std::size_t wanted = std::min<std::size_t>(at_once, tasks.size());
    threads.reserve(wanted);
    try {
      while (threads.size() + 1 < wanted) {
        threads.emplace_back(work);
      }
    } catch (const std::system_error&) {
      // No more threads to be had: those that there are do it.
    }
    work();
  }
  return failure ? Result<void>(tl::unexpected(std::move(*failure))) : Result<void>();
}

Result<std::optional<std::string>> read_whole(Storage& storage, const std::string& key, std::optional<Range> range,
                                              std::uint64_t bytes) {
  std::string text;
  TRY_ASSIGN(const bool there, storage.read(key, range, [&](std::string_view piece) -> Result<void> {
    if (piece.size() > bytes - text.size()) {
      return fail(ErrorKind::kCorrupt, fmt::format("'{}/{}' is longer than {} bytes", storage.name(), key, bytes));
    }
    text += piece;
    return {};
  }));
  if (!there) {
    return std::nullopt;
  }
  if (text.size() != bytes) {
    return fail(ErrorKind::kCorrupt,
                fmt::format("'{}/{}' has {} bytes, where {} are listed", storage.name(), key, text.size(), bytes));
  }
  return std::optional(std::move(text));
}

}  // namespace snapshot_test::remote
