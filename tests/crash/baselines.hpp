// What the trials of crashes share: small baselines, what a reader makes of them, and what the next commands do.
#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "snapshot_test/store/transaction.hpp"
#include "unit/store_support.hpp"

namespace snapshot_test::crash {

/// The values of each benchmark's one case.
using Values = std::map<std::string, std::vector<std::string>>;

/// A small value, one that is compressed and one that is not; all differ from generation to generation but the last.
[[nodiscard]] Values values_of(unsigned generation);

/// Makes that the baseline of the store, whole: benchmarks that are not among them go.
[[nodiscard]] Result<void> capture(const std::filesystem::path& root, const std::string& run, const Values& values,
                                   const nlohmann::json& settings = nlohmann::json::object());

/// What a reader makes of the store at `root`, every byte read: the values' names by benchmark and variant, and "no
/// baseline" where there is none. Whatever is not as it should be gives a text of its own.
[[nodiscard]] std::string look_at_store(const std::filesystem::path& root);

/// Captures into the store, cleans it, and looks: empty where both work and nothing is left of what was stopped.
[[nodiscard]] std::string capture_and_clean(const std::filesystem::path& root);

/// Temporary files and staged folders below `folder`; empty where there are none.
[[nodiscard]] std::string leftovers_below(const std::filesystem::path& folder);

}  // namespace snapshot_test::crash
