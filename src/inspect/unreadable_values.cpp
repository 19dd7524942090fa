#include "inspect/unreadable_values.hpp"

#include <fmt/format.h>

#include "inspect/stored_value.hpp"

namespace snapshot_test::inspect {

using model::SiteValue;

std::vector<std::string> unreadable_values(const store::Store& store, const store::Manifest& manifest,
                                           CheckedObjects& checked) {
  std::vector<std::string> unreadable;
  for (const store::CaseRecord& record : manifest.cases) {
    for (const SiteValue& site : record.sites) {
      const auto [object, is_new] = checked.try_emplace({site.object, site.bytes});
      if (const auto there = is_new ? check_site(store.locator(), site) : Result<void>(); !there) {
        object->second = there.error().message;
      }
      if (!object->second.empty()) {
        unreadable.push_back(
            fmt::format("{}, {}: {}", store::case_label(manifest, record), site.site.text(), object->second));
      }
    }
  }
  return unreadable;
}

}  // namespace snapshot_test::inspect
