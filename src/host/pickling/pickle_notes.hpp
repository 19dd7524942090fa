// What is said of a pickle beside it: notes, and the places of which only a part is written.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "host/pickling/path.hpp"

namespace snapshot_test::host::pickling {

/// Keeps the first few of each kind and counts the rest. Needs the GIL.
class PickleNotes {
 public:
  void add(std::span<const PathStep> path, const std::string& text);
  /// Why the value at `path` is not written whole.
  void add_part(std::span<const PathStep> path, const std::string& why);

  [[nodiscard]] std::vector<std::string> take();
  /// All places in one line; empty if there are none (PickledInfo::partly).
  [[nodiscard]] std::string partly() const;

 private:
  std::vector<std::string> notes_;
  std::uint64_t notes_dropped_ = 0;
  std::vector<std::string> parts_;
  std::uint64_t parts_dropped_ = 0;
};

}  // namespace snapshot_test::host::pickling
