// A whole baseline, read into memory: manifests, not values.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "snapshot_test/model/tested.hpp"
#include "snapshot_test/store/store.hpp"
#include "snapshot_test/util/result.hpp"

namespace snapshot_test::session {

/// Everything that a store knows, by benchmark.
struct Baseline {
  std::map<std::string, store::Manifest> manifests;
  std::map<std::string, std::string> unreadable;  ///< benchmark → why
};

/// kNoBaseline also for a store that this build cannot read: it is no baseline.
[[nodiscard]] Result<std::unique_ptr<store::Store>> open_baseline(const std::filesystem::path& location);
[[nodiscard]] Result<Baseline> load_baseline(const store::Store& store);
/// The last of the runs that its snapshots are from; none where there are no snapshots. A pull may have brought a
/// baseline that is older than the last run here.
[[nodiscard]] std::optional<std::string> last_run_of(const Baseline& baseline);
/// What that run wrote down, if it can be read.
[[nodiscard]] std::optional<model::BaselineOrigin> origin_of(const store::Store& store, const Baseline& baseline);
[[nodiscard]] std::optional<model::BaselineOrigin> origin_of(const store::Store& store);

}  // namespace snapshot_test::session
