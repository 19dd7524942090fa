#include "memory_storage.hpp"

#include <fmt/format.h>

#include "util/file.hpp"
#include "util/try.hpp"

namespace snapshot_test::remote {

Result<std::optional<Content>> MemoryStorage::get(std::string_view key) {
  TRY(call(Call::Kind::kGet, Call::When::kBefore, key));
  std::optional<Content> content;
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = objects_.find(std::string(key)); found != objects_.end()) {
      content = Content{found->second.bytes, found->second.tag};
    }
  }
  TRY(call(Call::Kind::kGet, Call::When::kAfter, key));
  return content;
}

Result<bool> MemoryStorage::read(std::string_view key, std::optional<Range> range, const Receiver& receiver) {
  TRY(call(Call::Kind::kRead, Call::When::kBefore, key));
  std::optional<std::string> bytes;
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = objects_.find(std::string(key)); found != objects_.end()) {
      bytes = found->second.bytes;
    }
  }
  if (!bytes) {
    return false;
  }
  const std::uint64_t at = range ? range->offset : 0;
  const std::uint64_t size = range ? range->bytes : bytes->size();
  if (at > bytes->size() || size > bytes->size() - at) {
    return fail(ErrorKind::kCorrupt, fmt::format("'{}' is too short", key));
  }
  TRY(receiver(std::string_view(*bytes).substr(at, size)));
  TRY(call(Call::Kind::kRead, Call::When::kAfter, key));
  return true;
}

Result<Written> MemoryStorage::put(std::string_view key, std::string_view bytes, const Condition& condition) {
  TRY(call(Call::Kind::kPut, Call::When::kBefore, key));
  {
    const std::lock_guard lock(mutex_);
    const auto found = objects_.find(std::string(key));
    const bool there = found != objects_.end();
    const bool holds = condition.kind == Condition::Kind::kAlways ||
                       (condition.kind == Condition::Kind::kAbsent && !there) ||
                       (condition.kind == Condition::Kind::kMatches && there && found->second.tag == condition.tag);
    if (!holds) {
      return Written::kRefused;
    }
    objects_[std::string(key)] = {std::string(bytes), fmt::format("tag-{}", ++writes_), now()};
  }
  TRY(call(Call::Kind::kPut, Call::When::kAfter, key));
  return Written::kDone;
}

Result<Written> MemoryStorage::put_file(std::string_view key, const std::string& path, std::optional<Range> range,
                                        const Condition& condition) {
  TRY_ASSIGN(const std::string bytes, util::read_file(path));
  if (range && (range->offset > bytes.size() || range->bytes > bytes.size() - range->offset)) {
    return fail(ErrorKind::kCorrupt, fmt::format("'{}' is too short", path));
  }
  return put(key, range ? std::string_view(bytes).substr(range->offset, range->bytes) : bytes, condition);
}

Result<std::vector<Entry>> MemoryStorage::list(std::string_view prefix) {
  TRY(call(Call::Kind::kList, Call::When::kBefore, prefix));
  std::vector<Entry> entries;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [key, object] : objects_) {
      if (key.starts_with(prefix)) {
        entries.push_back({key, object.bytes.size(), object.changed});
      }
    }
  }
  TRY(call(Call::Kind::kList, Call::When::kAfter, prefix));
  return entries;
}

Result<void> MemoryStorage::remove(std::span<const std::string> keys) {
  TRY(call(Call::Kind::kRemove, Call::When::kBefore, keys.empty() ? "" : keys.front()));
  {
    const std::lock_guard lock(mutex_);
    for (const std::string& key : keys) {
      objects_.erase(key);
    }
  }
  return call(Call::Kind::kRemove, Call::When::kAfter, keys.empty() ? "" : keys.front());
}

void MemoryStorage::set(const std::string& key, std::string bytes) {
  objects_[key] = {std::move(bytes), fmt::format("tag-{}", ++writes_), now()};
}

std::vector<std::string> MemoryStorage::keys(std::string_view prefix) const {
  std::vector<std::string> all;
  for (const auto& [key, object] : objects_) {
    if (key.starts_with(prefix)) {
      all.push_back(key);
    }
  }
  return all;
}

}  // namespace snapshot_test::remote
