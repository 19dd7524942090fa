// The snapshot store: what holds the baseline. Its layout and guarantees as a folder are in docs/store.md.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "snapshot_test/store/manifest.hpp"
#include "snapshot_test/store/object.hpp"
#include "snapshot_test/store/run_info.hpp"
#include "snapshot_test/util/result.hpp"

namespace snapshot_test::store {

/// How long to wait for another writer to end.
using Patience = std::chrono::milliseconds;

class CaptureTransaction;  // snapshot_test/store/transaction.hpp

enum class CleanMode { kRemove, kDryRun };

struct CleanReport {
  std::vector<std::string> obsolete;  ///< benchmarks whose manifest was removed
  std::size_t objects = 0;            ///< objects that nothing referred to
  std::size_t leftovers = 0;          ///< folders and temporary files of unfinished captures
  std::size_t resumable = 0;          ///< those of them that `capture --resume` could have gone on with
  std::size_t undoable = 0;           ///< captures whose replaced manifests were kept
  std::uint64_t bytes = 0;            ///< size of all the files removed
};

/// What a new capture does with captures that were stopped.
enum class Leftovers { kRemoved, kKept };

/// A capture that can be undone.
struct Undoable {
  std::string run_id;
  std::size_t restored = 0;  ///< benchmarks whose manifest comes back
  std::size_t removed = 0;   ///< benchmarks that were new
};

/// An object where it lies.
struct StoredObject {
  std::string place;  ///< its file's path
  std::uint64_t bytes = 0;
};

/// An opened store. Where it is, is a location: a folder, or "KIND:..." of another kind. Const members may be called
/// from several threads and while another process captures: each manifest read is whole, and the objects that it names
/// are there.
class Store {
 public:
  /// For reading. kNoBaseline: missing, empty, or without snapshots; kUnsupported: another format version; kCorrupt:
  /// what says that it is a store is malformed or gone; kIo otherwise. Finishes a commit that was interrupted; where
  /// that is not possible (a read-only folder, a capture that is committing now), reads the new baseline from where it
  /// lies.
  [[nodiscard]] static Result<std::unique_ptr<Store>> open(const std::filesystem::path& location);
  /// For writing: as open(), but makes the store where there is none. Refuses (kUsage) a folder of other files.
  [[nodiscard]] static Result<std::unique_ptr<Store>> open_or_create(const std::filesystem::path& location);
  /// For looking at what there may be: null where the folder is missing or empty; a store without snapshots is one.
  /// kUsage: a file, or a folder of other files; otherwise as open().
  [[nodiscard]] static Result<std::unique_ptr<Store>> open_if_there(const std::filesystem::path& location);

  virtual ~Store() = default;

  /// Its location, as messages have it.
  [[nodiscard]] virtual std::string name() const = 0;
  /// For processes that read its objects.
  [[nodiscard]] virtual model::Locator locator() const = 0;

  /// None if the benchmark has no snapshots. kCorrupt, kUnsupported, kIo.
  [[nodiscard]] virtual Result<std::optional<Manifest>> load_manifest(std::string_view benchmark) const = 0;
  /// Every benchmark that has a manifest, sorted.
  [[nodiscard]] virtual Result<std::vector<std::string>> benchmark_names() const = 0;
  [[nodiscard]] virtual Result<std::optional<RunInfo>> load_run(std::string_view id) const = 0;
  /// Oldest first.
  [[nodiscard]] virtual Result<std::vector<std::string>> run_ids() const = 0;

  /// As store::open_object().
  [[nodiscard]] Result<std::unique_ptr<ObjectReader>> open_object(
      std::string_view sha256, std::optional<std::uint64_t> plain_bytes = std::nullopt) const {
    return store::open_object(locator(), sha256, plain_bytes);
  }
  /// An object that load_manifest() spoke of; none where it is missing.
  [[nodiscard]] virtual std::optional<StoredObject> find_object(std::string_view sha256) const = 0;
  /// Where what load_manifest() reads lies; none if the benchmark has no snapshots.
  [[nodiscard]] virtual std::optional<std::string> manifest_place(std::string_view benchmark) const = 0;
  /// Bytes that all of it takes; of a folder as du counts them.
  [[nodiscard]] virtual Result<std::uint64_t> disk_usage() const = 0;

  /// A capture that becomes the baseline as a whole. Takes the store's lock; kIo if another process still has it after
  /// `patience`. kKept is for one that will not be committed.
  [[nodiscard]] virtual Result<std::unique_ptr<CaptureTransaction>> begin_capture(
      std::string run_id, Patience patience = {}, Leftovers leftovers = Leftovers::kRemoved) const = 0;
  /// As begin_capture(), but where a capture with the same `key` (an object) was stopped before it was committed, goes
  /// on with its objects, its run id and what it wrote into its journal. Others that were stopped are removed.
  /// Destroyed without commit(), it leaves what was staged to the next.
  [[nodiscard]] virtual Result<std::unique_ptr<CaptureTransaction>> resume_capture(std::string run_id,
                                                                                   const nlohmann::json& key,
                                                                                   Patience patience = {}) const = 0;

  /// Removes what nothing refers to; with kDryRun only says what it would remove. Takes the same lock as a capture.
  /// `live_benchmarks`: all benchmarks there are now; manifests of others are removed. Without it manifests stay. An
  /// empty list is kUsage: it is what a suite that does not import looks like. A manifest that cannot be read is an
  /// error, and nothing is removed.
  [[nodiscard]] virtual Result<CleanReport> clean(const std::optional<std::vector<std::string>>& live_benchmarks,
                                                  CleanMode mode, Patience patience = {}) const = 0;
  /// Removes the snapshot of the case with these ids, and with the last one the benchmark's manifest; false where there
  /// is none. A process that dies meanwhile leaves the old manifest or the new one. Values stay until they are cleaned.
  /// Takes the same lock as a capture. Errors as load_manifest() and find_case().
  [[nodiscard]] virtual Result<bool> forget_case(std::string_view benchmark, const std::vector<std::string>& ids,
                                                 Patience patience = {}) const = 0;

  /// The last capture whose transaction was told to keep_replaced(), and that is not undone yet; none where there is
  /// none, since no baseline was replaced after the last clean(). kCorrupt, kUnsupported, kIo.
  [[nodiscard]] virtual Result<std::optional<Undoable>> find_undoable() const = 0;
  /// Brings the manifests back that the capture replaced, and removes those that were new; all or nothing, as a
  /// capture. Values stay until they are cleaned. kUsage where the capture is not the one that find_undoable() names,
  /// or a manifest has changed since. Takes the same lock as a capture.
  [[nodiscard]] virtual Result<void> undo_capture(std::string_view run_id, Patience patience = {}) const = 0;
};

/// Where the baseline of that name is kept within the store at `location`: a store by itself, with manifests, runs and
/// captures of its own, which shares the objects and the lock.
[[nodiscard]] std::filesystem::path variant_location(const std::filesystem::path& location, std::string_view variant);
/// The variants that the store at `location` has, sorted; also those without snapshots. kIo.
[[nodiscard]] Result<std::vector<std::string>> variant_names(const std::filesystem::path& location);

/// A location that names the same store from any current folder.
[[nodiscard]] std::filesystem::path absolute_location(const std::filesystem::path& location);

}  // namespace snapshot_test::store
