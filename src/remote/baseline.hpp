// A baseline in a remote, to verify against: its manifests are here, its values come as they are needed.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "remote/fetch.hpp"
#include "remote/reference.hpp"

namespace snapshot_test::remote {

/// What is fetched is kept in the cache folder, in `remotes/`: `objects/` as in a store, and a folder a baseline, named
/// by its digest, with cases/, runs/ and, for each remote that it came from, the list. Any number of processes may use
/// it at once, and anything may be removed from it at any time between runs.
class RemoteBaseline {
 public:
  /// Finds the baseline and brings its manifests, unless they are here: then one that is named by its digest needs no
  /// request at all. `storage` outlives it. Errors as find_list() and fetch_texts().
  [[nodiscard]] static Result<std::unique_ptr<RemoteBaseline>> open(Storage& storage, Reference reference,
                                                                    const std::filesystem::path& cache_folder,
                                                                    unsigned at_once = kMostTransfers);

  /// For Store::open(): see store/partial_store.hpp.
  [[nodiscard]] std::filesystem::path location() const;
  [[nodiscard]] const std::string& digest() const { return list_.digest; }
  [[nodiscard]] const Reference& reference() const { return reference_; }

  /// Brings values that are not here, or damaged here.
  [[nodiscard]] Result<Damage> fetch(const std::vector<std::string>& objects, const OnProgress& on_progress = {});
  [[nodiscard]] Traffic traffic() const;

 private:
  RemoteBaseline(Storage& storage, Reference reference, std::filesystem::path folder, unsigned at_once)
      : storage_(storage), reference_(std::move(reference)), folder_(std::move(folder)), at_once_(at_once) {}
  [[nodiscard]] std::filesystem::path baseline_folder(const std::string& digest) const;
  [[nodiscard]] std::filesystem::path list_file(const std::string& digest) const;
  [[nodiscard]] bool is_here(const std::string& digest) const;
  [[nodiscard]] Result<void> keep_texts(const FetchedTexts& texts);
  [[nodiscard]] Result<Damage> fetch_listed(const std::vector<std::string>& objects, const OnProgress& on_progress);

  CountedStorage storage_;
  Reference reference_;
  std::filesystem::path folder_;
  unsigned at_once_;
  SnapshotList list_;
  bool list_is_new_ = false;  ///< it was read from the remote, and not from the cache
  std::uint64_t fetched_ = 0;
  std::uint64_t hits_ = 0;
};

}  // namespace snapshot_test::remote
