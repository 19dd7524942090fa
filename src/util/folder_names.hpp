// Folders whose paths differ from run to run or from machine to machine, and what stands for them in text.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace snapshot_test::util {

/// What text is kept, compared or hashed with: "<scratch>/out.csv" wherever the run has its working folders. Plain
/// data; filled once, before anything looks at text.
class FolderNames {
 public:
  /// The scratch folder of a run, and what is made below it: NAME-NUMBER/work is "<scratch>", NAME-NUMBER/tmp, which is
  /// $TMPDIR, is "<tmp>". Of the random names that Python's tempfile gives there, "tmp*" is left.
  void add_scratch(std::string root);
  /// Another folder; ignored unless it is an absolute path with a name.
  void add(std::string folder, std::string name);

  enum class Which { kAll, kScratch };
  /// `text` with the names in place of the folders; none where it has none of them. Bytes that are no text may be
  /// given.
  [[nodiscard]] std::optional<std::string> replaced(std::string_view text, Which which = Which::kAll) const;

  [[nodiscard]] bool empty() const { return folders_.empty(); }
  /// The scratch folders.
  [[nodiscard]] const std::vector<std::string>& roots() const { return roots_; }

 private:
  struct Folder {
    std::string path;
    std::string name;  ///< empty: a scratch folder
  };
  struct Found {
    std::size_t end;  ///< of the path in the text
    std::string name;
  };
  [[nodiscard]] std::optional<Found> find_at(std::string_view text, std::size_t at, Which which) const;

  std::vector<Folder> folders_;  ///< longest first
  std::vector<std::string> roots_;
};

/// Those of this process. Empty, so that nothing is replaced, except in a host.
[[nodiscard]] FolderNames& folder_names();

}  // namespace snapshot_test::util
