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
/// What its last capture wrote down, if that can be read.
[[nodiscard]] std::optional<model::BaselineOrigin> origin_of(const store::Store& store);

}  // namespace snapshot_test::session
