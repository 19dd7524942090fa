// From a remote: manifests, and values that are checked before anybody gets them.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "remote/snapshot_list.hpp"
#include "remote/transfers.hpp"
#include "snapshot_test/store/manifest.hpp"

namespace snapshot_test::remote {

/// The manifests and runs of a baseline.
struct FetchedTexts {
  std::vector<store::Manifest> manifests;
  std::vector<store::RunInfo> runs;
};

/// Reads and checks them: each by its own digest, and all manifests by that of the baseline. kCorrupt: the message has
/// both digests where they do not agree.
[[nodiscard]] Result<FetchedTexts> fetch_texts(Storage& storage, const SnapshotList& list, unsigned at_once);

/// Gets the file of a value, laid out as in a store and checked against its name; may move it away. Called from several
/// threads at once.
using Keep = std::function<Result<void>(const ListedObject& object, const std::filesystem::path& file)>;

struct FetchOptions {
  std::filesystem::path scratch;  ///< a folder of its own for the time
  unsigned at_once = kMostTransfers;
  OnProgress on_progress = {};
};

/// Of values that the remote has not as its list says: what is wrong with each.
using Damage = std::map<std::string, std::string>;

/// Fetches these, those that lie next to each other in one request. Other errors than damage, as the storage's and
/// keep's.
[[nodiscard]] Result<Damage> fetch_objects(Storage& storage, const std::vector<const ListedObject*>& objects,
                                           const Keep& keep, const FetchOptions& options);

/// A new folder in `parent`, which is made as well; removed with all that is in it.
class ScratchFolder {
 public:
  [[nodiscard]] static Result<ScratchFolder> create(const std::filesystem::path& parent);
  ScratchFolder(ScratchFolder&& other) noexcept;
  ScratchFolder& operator=(ScratchFolder&&) = delete;
  ~ScratchFolder();
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  explicit ScratchFolder(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

}  // namespace snapshot_test::remote
