// Looks whether a folder store is whole: everything that verify would trust. Says what is damaged and which cases
// depend on it, puts damaged values aside, and brings them back from another store.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "snapshot_test/store/store.hpp"

namespace snapshot_test::store {

struct CheckOptions {
  enum class Reading {
    kNames,  ///< manifests and runs; of values that their files are there and have their size, which is what verify
             ///< sees
    kBytes,  ///< also every byte of every value: SHA-256, zstd's checksum, fingerprint
  };
  enum class Damaged { kLeft, kQuarantined };

  Reading reading = Reading::kNames;
  Damaged damaged = Damaged::kLeft;  ///< what becomes of values that cannot be repaired
  const Store* repair_from = nullptr;
};

struct Damage {
  enum class What { kManifest, kRun, kObject, kFingerprint };
  enum class Outcome {
    kLeft,
    kQuarantined,  ///< it lies in `quarantined` now, and nothing is in its place
    kRepaired,     ///< a whole one is in its place; what was there, if anything, lies in `quarantined`
  };

  What what = What::kObject;
  std::string file;  ///< relative to the store's folder
  std::string cause;
  std::vector<std::string> cases;  ///< "label, site"; of a manifest "every case of NAME"; of what nothing names, none
  Outcome outcome = Outcome::kLeft;
  std::string quarantined = {};   ///< relative to the store's folder; empty where nothing was moved
  std::string not_repaired = {};  ///< why the other store did not help, where it was asked
};

struct CheckReport {
  std::size_t manifests = 0;
  std::size_t runs = 0;
  std::size_t objects = 0;
  std::uint64_t bytes = 0;  ///< plain bytes that were read, with Reading::kBytes
  std::vector<Damage> damage;

  [[nodiscard]] std::size_t left() const;  ///< damage that was not repaired
};

/// Of a store and all its variants. Only writes (and takes the store's lock) where something is to be put aside or
/// repaired; nothing is ever deleted. Errors as Store::open(); kUsage where `location` is not a folder store.
[[nodiscard]] Result<CheckReport> check_store(const std::filesystem::path& location, const CheckOptions& options,
                                              Patience patience = {});

}  // namespace snapshot_test::store
