// What scripts ask of a store, without Python: one case, all of them, how many there are; and letting go of one.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "snapshot_test/store/store.hpp"
#include "snapshot_test/store/transaction.hpp"
#include "util/file.hpp"

namespace snapshot_test::bindings {

/// Long enough for another script that stores at the same time; a whole capture takes longer.
inline constexpr store::Patience kPatience(10'000);

/// A benchmark as scripts name it.
struct Target {
  std::string module;
  std::string class_name;
  std::string function;

  [[nodiscard]] std::string full_name() const;
};

/// What there is of one case, for diff_tester.snapshot.storage.
struct StoredCase {
  Target target;
  std::vector<std::string> names;
  std::vector<std::string> ids;
  bool failed = false;  ///< nothing was observed that could be loaded
  std::string reason;
  store::RunInfo run;
  std::vector<std::pair<std::string, std::uint64_t>> values;  ///< object and size; several are those of a body
  bool sketched = false;                                      ///< of one of them only a sketch is stored
  std::string path;                                           ///< of the first object, or else of the manifest
};

/// What a store holds, counted.
struct Stats {
  std::size_t snapshots = 0;
  std::size_t benchmarks = 0;
  std::set<std::string> modules;
  std::set<std::string> runs;
  std::set<std::string> objects;
  std::uint64_t bytes = 0;
  std::string oldest;
  std::string newest;
};

/// A folder that is no store is the store's failure; kUsage is left to what is wrong with parameters.
template <class T>
Result<T> opened(Result<T> result) {
  return std::move(result).map_error([](Error error) {
    error.kind = error.kind == ErrorKind::kUsage ? ErrorKind::kIo : error.kind;
    return error;
  });
}

// Of these, `root` is the store's folder. Where there is none, nothing is stored, which is no failure. kUsage is about
// the parameters that `ids` came from. None needs the GIL.

[[nodiscard]] Result<std::unique_ptr<store::Store>> open_if_there(const std::string& root);
/// None if the case has no snapshot.
[[nodiscard]] Result<std::optional<StoredCase>> find_stored(const std::string& root, const Target& target,
                                                            const std::vector<std::string>& ids);
/// All cases of a module, of the functions of one name, or all there are; sorted by benchmark, then by index.
[[nodiscard]] Result<std::vector<StoredCase>> list_stored(const std::string& root,
                                                          const std::optional<std::string>& module,
                                                          const std::optional<std::string>& function);
[[nodiscard]] Result<Stats> stats_of(const std::string& root);
/// Removes a case from its manifest; false if there was none.
[[nodiscard]] Result<bool> forget_stored(const std::string& root, const Target& target,
                                         const std::vector<std::string>& ids);
/// Removes what nothing refers to, and empty folders.
[[nodiscard]] Result<void> clean_store(const std::string& root);
/// A pickle, checked against its name. `bytes`: its size as the manifest has it.
[[nodiscard]] Result<util::MappedFile> load_object(const std::string& root, const std::string& sha256,
                                                   std::uint64_t bytes);

}  // namespace snapshot_test::bindings
