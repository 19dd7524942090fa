// What is known of a dump while it goes on: where in the value it is, and what will be said of the pickle.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "host/pickling/path.hpp"
#include "host/pickling/pickle_notes.hpp"
#include "snapshot_test/util/result.hpp"

namespace snapshot_test::host::pickling {

/// Needs the GIL in every call.
struct DumpRecord {
  std::vector<PathStep> path;  ///< to the value that is being written; PathScope adds to it
  bool content = false;        ///< something worth checking has been written
  std::uint64_t described = 0;
  PickleNotes notes;

  void note(const std::string& text) { notes.add(path, text); }
  /// Why the value at the path is not written whole.
  void note_part(const std::string& why) { notes.add_part(path, why); }
  /// The error for a value that cannot even be described.
  [[nodiscard]] tl::unexpected<Error> opaque(std::string_view why) const;
};

/// What is written until it is destroyed is a label, not content.
class LabelScope {
 public:
  explicit LabelScope(DumpRecord& record) : record_(record), before_(record.content) {}
  LabelScope(const LabelScope&) = delete;
  LabelScope& operator=(const LabelScope&) = delete;
  ~LabelScope() { record_.content = before_; }

 private:
  DumpRecord& record_;
  bool before_;
};

}  // namespace snapshot_test::host::pickling
