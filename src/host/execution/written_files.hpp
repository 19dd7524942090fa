// The files that a call wrote: part of what it changed.
#pragma once

#include <pybind11/pybind11.h>
#include <sys/stat.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "host/execution/reachable.hpp"
#include "host/execution/seen.hpp"

namespace snapshot_test::host::execution {

/// Looks at folders before and after a call. A file counts as written where its inode, size or times are other ones;
/// then its content is read, as a value (written_files.py). Only regular files are ever opened. All of it needs the
/// GIL, and may throw error_already_set after the call.
class FileWatch {
 public:
  /// `folders` belong to the case alone: what others write there at the same time would count as its own.
  explicit FileWatch(std::vector<std::filesystem::path> folders);

  /// Once the call is done. What `seen` and `named` hold open is flushed first.
  void look_after(const std::vector<SeenValue>& seen, const Named& named);

  /// Adds "files['out.csv']" → its content, and "files['old'] (deleted)" → None.
  void add_changes(pybind11::dict& state) const;
  /// Why not all that was written is there; empty if all of it is.
  [[nodiscard]] const std::string& partly() const { return partly_; }

 private:
  struct Entry {
    mode_t mode = 0;
    std::uint64_t inode = 0;
    std::int64_t size = 0;
    std::int64_t modified = 0;  ///< nanoseconds
    std::int64_t changed = 0;
    friend bool operator==(const Entry&, const Entry&) = default;
  };
  using Listing = std::map<std::string, Entry>;  ///< by absolute path

  static void add_entry(Listing& listing, const std::filesystem::path& path);
  [[nodiscard]] Listing look();

  std::vector<std::filesystem::path> folders_;
  Listing before_;
  std::map<std::string, pybind11::object> changes_;
  std::string partly_;
};

}  // namespace snapshot_test::host::execution
