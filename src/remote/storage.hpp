// What holds a remote baseline: objects by key, as S3 and a folder have them. The layout that is kept in one is not its
// concern.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "snapshot_test/util/result.hpp"

namespace snapshot_test::remote {

/// An object as a listing has it.
struct Entry {
  std::string key;
  std::uint64_t bytes = 0;
  std::chrono::system_clock::time_point changed;  ///< by the storage's clock
};

/// An object's bytes, and its entity tag: an opaque text that no two contents of a key share.
struct Content {
  std::string bytes;
  std::string tag;
};

/// Part of an object.
struct Range {
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
};

/// When a write takes place.
struct Condition {
  enum class Kind {
    kAlways,
    kAbsent,   ///< where there is no object of that key
    kMatches,  ///< where the object has the entity tag `tag`
  };
  Kind kind = Kind::kAlways;
  std::string tag;
};

/// What became of a conditional write.
enum class Written {
  kDone,
  kRefused,  ///< the condition did not hold; nothing was written
};

/// Takes an object's bytes as they come; a failure stops the transfer and is returned from it.
using Receiver = std::function<Result<void>(std::string_view)>;

/// Keys are relative, with '/' between their parts, each of ASCII letters, digits, '.', '_', '-', '@', '%' and '~'; no
/// part is "." or "..". All members may be called from several threads at once, and block until the storage has
/// answered; each tries again what can be tried again, up to the storage's deadline. Errors: kUnavailable where the
/// storage cannot be reached, refuses the credentials or does not answer in time (messages never hold credentials);
/// kCorrupt where what came is not as long as was said; kUnsupported where the storage cannot do that at all (a
/// conditional write, any write to a read-only one).
class Storage {
 public:
  virtual ~Storage() = default;

  /// Where it is, as messages may show it: without credentials.
  [[nodiscard]] virtual std::string name() const = 0;

  /// A small object as a whole; none where there is no object of that key.
  [[nodiscard]] virtual Result<std::optional<Content>> get(std::string_view key) = 0;
  /// An object, or part of it, in pieces; false where there is no object of that key.
  [[nodiscard]] virtual Result<bool> read(std::string_view key, std::optional<Range> range,
                                          const Receiver& receiver) = 0;

  /// Afterwards the object is there as a whole and durable, or not at all.
  [[nodiscard]] virtual Result<Written> put(std::string_view key, std::string_view bytes,
                                            const Condition& condition = {}) = 0;
  /// The same of a file, or of the part of it: no more than a piece of it is held in memory.
  [[nodiscard]] virtual Result<Written> put_file(std::string_view key, const std::string& path,
                                                 std::optional<Range> range = std::nullopt,
                                                 const Condition& condition = {}) = 0;

  /// Of all objects whose key starts with the prefix, in any order. An object that is written or removed meanwhile may
  /// be in it or not.
  [[nodiscard]] virtual Result<std::vector<Entry>> list(std::string_view prefix) = 0;
  /// One that is not there is removed.
  [[nodiscard]] virtual Result<void> remove(std::span<const std::string> keys) = 0;

  /// What list() and get() have shown so far stays there after a power loss of what holds it: who wrote it may have
  /// been killed before it could see to that. Nothing to do for a service.
  [[nodiscard]] virtual Result<void> make_seen_durable() { return {}; }

  /// How often something has been tried again until now.
  [[nodiscard]] virtual std::uint64_t retries() const { return 0; }
};

/// May an object have that key?
[[nodiscard]] bool is_key(std::string_view key);

}  // namespace snapshot_test::remote
