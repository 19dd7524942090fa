// Changing a store: one capture as a whole, and the removal of what nothing refers to.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "snapshot_test/store/manifest.hpp"
#include "snapshot_test/store/run_info.hpp"
#include "snapshot_test/store/store.hpp"
#include "snapshot_test/util/result.hpp"

namespace snapshot_test::store {

/// How long to wait for another writer to end.
using Patience = std::chrono::milliseconds;

/// What a capture that was stopped has left for the next one to go on with.
struct Resumed {
  std::vector<nlohmann::json> journal;  ///< what it had written down; empty where it is a new one
  std::vector<std::string> notes;       ///< why something that lay there is not used
};

/// One capture. Nothing in the store changes before commit(); a process that ends at any moment leaves the old
/// baseline or the new one, whole. Destroyed without commit(), it discards what was staged. Not thread-safe; only the
/// process that began it may use it.
class CaptureTransaction {
 public:
  /// Takes the store's lock; kIo if another process still has it after `patience`. Removes what earlier captures left
  /// unfinished.
  [[nodiscard]] static Result<CaptureTransaction> begin(const Store& store, std::string run_id, Patience patience = {});
  /// As begin(), but where a capture with the same `key` (an object) was stopped before it was committed, goes on with
  /// its folder: its objects, its run id and what it wrote into its journal. Others that were stopped are removed.
  /// Destroyed without commit(), it leaves what was staged to the next.
  [[nodiscard]] static Result<CaptureTransaction> resume(const Store& store, std::string run_id,
                                                         const nlohmann::json& key, Patience patience = {});
  CaptureTransaction(CaptureTransaction&&) noexcept;
  CaptureTransaction& operator=(CaptureTransaction&&) noexcept;
  ~CaptureTransaction();

  /// Where ObjectWriters of this capture put their objects; other processes may write there.
  [[nodiscard]] std::filesystem::path staging_objects() const;
  [[nodiscard]] const std::string& run_id() const;
  /// What resume() found.
  [[nodiscard]] Resumed& resumed();
  /// Adds a line to the journal of a capture that was begun with resume(); a process that ends at any moment leaves it
  /// whole but for its last line.
  [[nodiscard]] Result<void> write_journal(const nlohmann::json& line);
  /// Is the value's object here or in the store, and whole? Reads all of it.
  [[nodiscard]] bool holds(const model::SiteValue& site) const;
  /// Replaces the benchmark's manifest at commit. See merge() for captures of some of its cases.
  [[nodiscard]] Result<void> put_manifest(const Manifest& manifest);
  [[nodiscard]] Result<void> put_run(const RunInfo& run);

  /// Makes it the baseline. Staged objects that no staged manifest names are dropped. kInternal if a case captured by
  /// this run names an object that is nowhere; kIo if the disk is full or refuses: the message says which baseline
  /// then holds.
  [[nodiscard]] Result<void> commit();

 private:
  struct Impl;
  explicit CaptureTransaction(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

enum class CleanMode { kRemove, kDryRun };

struct CleanReport {
  std::vector<std::string> obsolete;  ///< benchmarks whose manifest was removed
  std::size_t objects = 0;            ///< objects that nothing referred to
  std::size_t leftovers = 0;          ///< folders and temporary files of unfinished captures
  std::size_t resumable = 0;          ///< those of them that `capture --resume` could have gone on with
  std::uint64_t bytes = 0;            ///< size of all the files removed
};

/// Removes what nothing refers to; with kDryRun only says what it would remove. Takes the same lock as a capture.
/// `live_benchmarks`: all benchmarks there are now; manifests of others are removed. Without it manifests stay. An
/// empty list is kUsage: it is what a suite that does not import looks like. A manifest that cannot be read is an
/// error, and nothing is removed.
[[nodiscard]] Result<CleanReport> clean(const Store& store,
                                        const std::optional<std::vector<std::string>>& live_benchmarks, CleanMode mode,
                                        Patience patience = {});

/// Removes the snapshot of the case with these ids, and with the last one the benchmark's manifest; false where there
/// is none. A process that ends meanwhile leaves the old manifest or the new one. Values stay until they are cleaned.
/// Takes the same lock as a capture. Errors as load_manifest() and find_case().
[[nodiscard]] Result<bool> forget_case(const Store& store, std::string_view benchmark,
                                       const std::vector<std::string>& ids, Patience patience = {});

}  // namespace snapshot_test::store
