// Snapshots that a later run has found again: what it computed, without storing a value twice.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "snapshot_test/model/result.hpp"
#include "snapshot_test/store/store.hpp"
#include "snapshot_test/util/result.hpp"

namespace snapshot_test::session {

/// A benchmark's full name and a case's label, and the seconds of the later run's call.
using ConfirmedCases = std::map<std::pair<std::string, std::string>, double>;

/// Puts the snapshots of these cases, whose values the later run has shown byte for byte, into the store at `to`, as of
/// one run of the code `tested`; what else is there stays. `to` shares the objects of `from`
/// (store::variant_location()), and is made where it is not there. As one transaction. Errors of both stores.
[[nodiscard]] Result<void> adopt_snapshots(const store::Store& from, const std::filesystem::path& to,
                                           const ConfirmedCases& cases,
                                           const std::vector<model::TestedPackage>& tested);

}  // namespace snapshot_test::session
