// One case of a manifest, by its parameter ids alone: who stores it from a script does not know the whole axes.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "snapshot_test/store/manifest.hpp"
#include "store/case_ids.hpp"
#include "util/try.hpp"

namespace snapshot_test::store {

namespace {

using model::SiteKind;
using model::SiteValue;

tl::unexpected<Error> ambiguous(const Manifest& manifest, const model::ParamAxis& axis, const std::string& id) {
  return fail(ErrorKind::kUsage,
              fmt::format("parameters: several values of '{}' are written {}, so '{}' cannot tell which is meant; "
                          "capture it with the command line, or give the values a repr of their own",
                          axis.name, id, manifest.benchmark));
}

/// Where `id` stands on the axis; none where it is new.
Result<std::optional<std::size_t>> locate(const Manifest& manifest, const model::ParamAxis& axis,
                                          const std::string& id) {
  const std::string wanted = stable_id(id);
  const std::string numbered = stable_id(id + " (0)");  // how the command line tells equal ids of an axis apart
  std::optional<std::size_t> found;
  for (std::size_t i = 0; i < axis.ids.size(); ++i) {
    const std::string each = stable_id(axis.ids[i]);
    if (each == numbered || (each == wanted && found)) {
      return ambiguous(manifest, axis, id);
    }
    if (each == wanted) {
      found = i;
    }
  }
  return found;
}

std::vector<std::size_t> sizes_of(const std::vector<model::ParamAxis>& params) {
  std::vector<std::size_t> sizes;
  std::transform(params.begin(), params.end(), std::back_inserter(sizes),
                 [](const model::ParamAxis& axis) { return std::max<std::size_t>(axis.ids.size(), 1); });
  return sizes;
}

/// The same place in a product whose axes have grown at their ends.
std::size_t recount(std::size_t index, const std::vector<std::size_t>& before, const std::vector<std::size_t>& now) {
  std::size_t recounted = 0;
  std::size_t stride = 1;
  for (std::size_t axis = before.size(); axis-- > 0;) {
    recounted += index % before[axis] * stride;
    index /= before[axis];
    stride *= now[axis];
  }
  return recounted + index * stride;
}

Result<void> check_count(const Manifest& manifest, const std::vector<std::string>& ids) {
  if (ids.size() == manifest.params.size()) {
    return {};
  }
  std::vector<std::string> names;
  for (const model::ParamAxis& axis : manifest.params) {
    names.push_back(axis.name);
  }
  const std::string has =
      names.empty() ? "no parameters" : fmt::format("{} ({})", names.size(), fmt::join(names, ", "));
  return fail(ErrorKind::kUsage,
              fmt::format("parameters: the stored benchmark '{}' has {}, but {} {} given; delete its "
                          "snapshots first if its parameters have changed",
                          manifest.benchmark, has, ids.size(), ids.size() == 1 ? "was" : "were"));
}

}  // namespace

Result<void> put_case(Manifest& manifest, const std::vector<std::string>& names, CaseRecord record) {
  if (manifest.cases.empty()) {
    manifest.params.clear();
    for (std::size_t i = 0; i < record.ids.size(); ++i) {
      manifest.params.push_back({fmt::format("param{}", i + 1), {}});
    }
  }
  TRY(check_count(manifest, record.ids));
  const std::vector<std::size_t> before = sizes_of(manifest.params);
  std::vector<std::size_t> places;
  for (std::size_t axis = 0; axis < manifest.params.size(); ++axis) {
    TRY_ASSIGN(const auto place, locate(manifest, manifest.params[axis], record.ids[axis]));
    places.push_back(place.value_or(manifest.params[axis].ids.size()));
  }
  for (std::size_t axis = 0; axis < manifest.params.size(); ++axis) {
    model::ParamAxis& grown = manifest.params[axis];
    if (places[axis] == grown.ids.size()) {
      grown.ids.push_back(record.ids[axis]);
    }
    if (!names.empty()) {
      grown.name = names.at(axis);
    }
  }
  const std::vector<std::size_t> now = sizes_of(manifest.params);
  for (CaseRecord& each : manifest.cases) {
    each.index = recount(each.index, before, now);
  }
  record.index = 0;
  for (std::size_t axis = 0; axis < now.size(); ++axis) {
    record.index = record.index * now[axis] + places[axis];
  }
  const auto at = std::lower_bound(manifest.cases.begin(), manifest.cases.end(), record.index,
                                   [](const CaseRecord& each, std::size_t index) { return each.index < index; });
  if (at != manifest.cases.end() && at->index == record.index) {
    *at = std::move(record);
  } else {
    manifest.cases.insert(at, std::move(record));
  }
  return {};
}

Result<const CaseRecord*> find_case(const Manifest& manifest, const std::vector<std::string>& ids) {
  if (ids.size() != manifest.params.size()) {
    return nullptr;
  }
  std::size_t index = 0;
  for (std::size_t axis = 0; axis < ids.size(); ++axis) {
    TRY_ASSIGN(const auto place, locate(manifest, manifest.params[axis], ids[axis]));
    if (!place) {
      return nullptr;
    }
    index = index * manifest.params[axis].ids.size() + *place;
  }
  return CaseFinder(manifest).find(ids, index);
}

std::vector<const SiteValue*> values_of_case(const CaseRecord& record) {
  for (const SiteKind kind :
       {SiteKind::kResult, SiteKind::kReturn, SiteKind::kBody, SiteKind::kDeepest, SiteKind::kState}) {
    std::vector<const SiteValue*> values;
    for (const SiteValue& site : record.sites) {
      if (site.site.kind == kind && !site.object.empty() && (site.meaningful || kind != SiteKind::kReturn)) {
        values.push_back(&site);
      }
    }
    std::sort(values.begin(), values.end(), [](const SiteValue* a, const SiteValue* b) { return a->site < b->site; });
    if (!values.empty()) {
      return values;
    }
  }
  return {};
}

}  // namespace snapshot_test::store
