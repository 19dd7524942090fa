// The journal of a capture that can be resumed: JSON lines in its staging folder, of which the first says what it is a
// capture of (docs/store.md).
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "snapshot_test/util/result.hpp"
#include "util/fd.hpp"

namespace snapshot_test::store {

class Journal {
 public:
  struct Content {
    nlohmann::json key;
    std::vector<nlohmann::json> lines;
    std::uint64_t whole_bytes = 0;  ///< up to the end of the last line that is one
    bool damaged = false;           ///< lines follow that are none
  };
  /// None where there is no journal, or its first line is not that of one.
  [[nodiscard]] static std::optional<Content> read(const std::filesystem::path& path);

  [[nodiscard]] static Result<Journal> create(const std::filesystem::path& path, const nlohmann::json& key);
  /// Goes on after the last whole line of `content`.
  [[nodiscard]] static Result<Journal> reopen(const std::filesystem::path& path, const Content& content);
  [[nodiscard]] Result<void> append(const nlohmann::json& line);

 private:
  Journal(util::Fd fd, std::filesystem::path path) : fd_(std::move(fd)), path_(std::move(path)) {}

  util::Fd fd_;
  std::filesystem::path path_;
};

/// What of two keys differs, in words; empty where they are equal.
[[nodiscard]] std::string difference(const nlohmann::json& before, const nlohmann::json& now);

}  // namespace snapshot_test::store
