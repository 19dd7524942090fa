// Snapshots with their values: what `show` says of them.
#pragma once

#include <optional>
#include <vector>

#include "inspect/snapshots.hpp"
#include "render/shown.hpp"
#include "render/value_json.hpp"
#include "render/value_text.hpp"
#include "snapshot_test/model/observation.hpp"
#include "snapshot_test/store/store.hpp"

namespace snapshot_test::render {

/// One line for each case and each of its sites. Each value is checked against its name.
[[nodiscard]] ShownText cases_text(const store::Store& store, const std::vector<inspect::Found>& found);

/// Everything about one case, with its values; of one site where `site` is given. A value that cannot be read is said
/// so in its place.
[[nodiscard]] ShownText case_text(const store::Store& store, const store::Manifest& manifest,
                                  const store::CaseRecord& record, const std::optional<model::Site>& site,
                                  const TextLimits& limits);

/// The same facts for programs, of several cases (docs/json.md).
[[nodiscard]] ShownJson cases_json(const store::Store& store, const std::vector<inspect::Found>& found,
                                   const std::optional<model::Site>& site, const JsonLimits& limits);

}  // namespace snapshot_test::render
