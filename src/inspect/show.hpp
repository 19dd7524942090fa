// What `show` says of a store and of the snapshots in it.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "inspect/snapshots.hpp"
#include "inspect/value_json.hpp"
#include "inspect/value_text.hpp"
#include "snapshot_test/model/observation.hpp"
#include "snapshot_test/store/store.hpp"

namespace snapshot_test::inspect {

/// What is to be printed, and how many of its manifests and values could not be read: missing, truncated,
/// altered.
template <class Content>
struct Shown {
  Content content;
  std::size_t unreadable = 0;
};
using ShownText = Shown<std::string>;
using ShownJson = Shown<nlohmann::ordered_json>;

/// The benchmarks of a store, with their cases by capture status. Each value is checked against its name.
/// kIo and kCorrupt as Store's.
[[nodiscard]] Result<ShownText> store_text(const store::Store& store);
[[nodiscard]] Result<ShownJson> store_json(const store::Store& store);

/// One line for each case and each of its sites. Each value is checked against its name.
[[nodiscard]] ShownText cases_text(const store::Store& store, const std::vector<Found>& found);

/// Everything about one case, with its values; of one site where `site` is given. A value that cannot be read is said
/// so in its place.
[[nodiscard]] ShownText case_text(const store::Store& store, const store::Manifest& manifest,
                                  const store::CaseRecord& record, const std::optional<model::Site>& site,
                                  const TextLimits& limits);

/// The same facts for programs, of several cases (docs/json.md).
[[nodiscard]] ShownJson cases_json(const store::Store& store, const std::vector<Found>& found,
                                   const std::optional<model::Site>& site, const JsonLimits& limits);

}  // namespace snapshot_test::inspect
