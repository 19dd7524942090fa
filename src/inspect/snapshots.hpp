// Finds snapshots in a store by the names that people type.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "snapshot_test/store/store.hpp"
#include "snapshot_test/util/result.hpp"

namespace snapshot_test::inspect {

/// One benchmark of a store and the cases of it that a name means.
struct Found {
  store::Manifest manifest;
  std::vector<std::size_t> cases;  ///< positions in manifest.cases
};

/// A case's label, a benchmark's full name, its Class.method or method (with or without parameters), or a glob pattern
/// on any of these. kUsage with the nearest name where nothing has it.
[[nodiscard]] Result<std::vector<Found>> find_snapshots(const store::Store& store, const std::string& name);

/// How many cases the name means.
[[nodiscard]] std::size_t case_count(const std::vector<Found>& found);
/// "'time_*' means 12 cases; name one, such as 'bench.time_add(10)'"
[[nodiscard]] std::string several_cases(const std::vector<Found>& found, const std::string& name);
/// The one case that the name means (Found::cases holds one position); kUsage where it means several or none.
[[nodiscard]] Result<Found> find_case(const store::Store& store, const std::string& name);

/// "return", "body[3]"; kUsage for anything else. Nothing for nothing.
[[nodiscard]] Result<std::optional<model::Site>> parse_site(const std::optional<std::string>& text);
/// The site of that name, or the first that holds a value; kUsage, naming those that are there. `name` is the case's.
[[nodiscard]] Result<const model::SiteValue*> choose_site(const store::CaseRecord& record, const std::string& name,
                                                          const std::optional<model::Site>& site);

}  // namespace snapshot_test::inspect
