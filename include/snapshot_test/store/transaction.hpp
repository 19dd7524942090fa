// One capture as a whole, on its way into a store.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "snapshot_test/store/store.hpp"

namespace snapshot_test::store {

/// What a capture that was stopped has left for the next one to go on with.
struct Resumed {
  std::vector<nlohmann::json> journal;  ///< what it had written down; empty where it is a new one
  std::vector<std::string> notes;       ///< why something that lay there is not used
};

/// Nothing in the store changes before commit(); a process that dies at any moment leaves the old baseline or the new
/// one, whole. Destroyed without commit(), it discards what was staged, unless it was begun with resume_capture(). Not
/// thread-safe; only the process that began it may use it.
class CaptureTransaction {
 public:
  virtual ~CaptureTransaction() = default;

  /// For processes that write this capture's objects, or read them and the store's.
  [[nodiscard]] virtual model::Locator locator() const = 0;
  [[nodiscard]] virtual const std::string& run_id() const = 0;
  /// What resume_capture() found.
  [[nodiscard]] virtual Resumed& resumed() = 0;
  /// Adds a line to the journal of a capture that was begun with resume_capture(); a process that dies at any moment
  /// leaves it whole but for its last line.
  [[nodiscard]] virtual Result<void> write_journal(const nlohmann::json& line) = 0;
  /// Is the value's object here or in the store, and whole? Reads all of it.
  [[nodiscard]] virtual bool holds(const model::SiteValue& site) const = 0;
  /// Replaces the benchmark's manifest at commit. See merge() for captures of some of its cases.
  [[nodiscard]] virtual Result<void> put_manifest(const Manifest& manifest) = 0;
  /// Removes the benchmark's manifest at commit.
  [[nodiscard]] virtual Result<void> remove_manifest(std::string_view benchmark) = 0;
  [[nodiscard]] virtual Result<void> put_run(const RunInfo& run) = 0;

  /// To be called before commit(): what that replaces is kept until the store is cleaned, for Store::undo_capture().
  virtual void keep_replaced() = 0;
  /// Makes it the baseline. Staged objects that no staged manifest names are dropped. kInternal if a case captured by
  /// this run names an object that is nowhere; kIo if the store is full or refuses: the message says which baseline
  /// then holds.
  [[nodiscard]] virtual Result<void> commit() = 0;
};

}  // namespace snapshot_test::store
