// Which snapshot belongs to which case: by parameter ids, which survive reordering, and by index where ids cannot tell.
#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "snapshot_test/store/manifest.hpp"
#include "store/case_ids.hpp"
#include "store/json_text.hpp"
#include "util/addresses.hpp"

namespace snapshot_test::store {

std::string stable_id(const std::string& id) { return util::without_addresses(as_stored(id)); }

namespace {

std::vector<std::string> stable_ids(const std::vector<std::string>& ids) {
  std::vector<std::string> out;
  out.reserve(ids.size());
  std::transform(ids.begin(), ids.end(), std::back_inserter(out), stable_id);
  return out;
}

const CaseRecord* at_index(const Manifest& manifest, std::size_t index) {
  const auto found = std::lower_bound(manifest.cases.begin(), manifest.cases.end(), index,
                                      [](const CaseRecord& record, std::size_t i) { return record.index < i; });
  return found != manifest.cases.end() && found->index == index ? &*found : nullptr;
}

/// Where the ids of a combination stand in the product of the axes, for combinations that no other shares its ids with.
class Product {
 public:
  explicit Product(const std::vector<model::ParamAxis>& params) : sizes_(params.size()), positions_(params.size()) {
    for (std::size_t axis = 0; axis < params.size(); ++axis) {
      sizes_[axis] = params[axis].ids.size();
      for (std::size_t i = 0; i < sizes_[axis]; ++i) {
        const auto [entry, fresh] = positions_[axis].try_emplace(stable_id(params[axis].ids[i]), i);
        entry->second = fresh ? i : kAmbiguous;
      }
    }
  }

  /// The index of these ids now; `was` where several combinations have them and the one at `was` is among them.
  [[nodiscard]] std::optional<std::size_t> index_of(const std::vector<std::string>& ids,
                                                    const std::vector<model::ParamAxis>& params,
                                                    std::size_t was) const {
    if (ids.size() != sizes_.size()) {
      return std::nullopt;
    }
    std::size_t index = 0;
    bool ambiguous = false;
    for (std::size_t axis = 0; axis < ids.size(); ++axis) {
      const auto found = positions_[axis].find(ids[axis]);
      if (found == positions_[axis].end()) {
        return std::nullopt;
      }
      ambiguous = ambiguous || found->second == kAmbiguous;
      index = index * sizes_[axis] + (ambiguous ? 0 : found->second);
    }
    if (!ambiguous) {
      return index;
    }
    return ids_at(params, was) == ids ? std::optional(was) : std::nullopt;
  }

 private:
  static constexpr std::size_t kAmbiguous = static_cast<std::size_t>(-1);

  [[nodiscard]] std::vector<std::string> ids_at(const std::vector<model::ParamAxis>& params, std::size_t index) const {
    std::vector<std::string> ids(sizes_.size());
    for (std::size_t axis = sizes_.size(); axis-- > 0;) {
      ids[axis] = stable_id(params[axis].ids[index % sizes_[axis]]);
      index /= sizes_[axis];
    }
    return index == 0 ? ids : std::vector<std::string>();
  }

  std::vector<std::size_t> sizes_;
  std::vector<std::map<std::string, std::size_t>> positions_;
};

}  // namespace

struct CaseFinder::Table {
  std::map<std::vector<std::string>, const CaseRecord*> by_ids;
  std::vector<std::map<std::string, std::size_t>> values;  ///< how many values of each axis have this id

  explicit Table(const Manifest& manifest) : values(manifest.params.size()) {
    for (const CaseRecord& record : manifest.cases) {
      by_ids.try_emplace(stable_ids(record.ids), &record);
    }
    for (std::size_t axis = 0; axis < values.size(); ++axis) {
      for (const std::string& id : manifest.params[axis].ids) {
        ++values[axis][stable_id(id)];
      }
    }
  }

  /// Does each id name one value of its axis only?
  [[nodiscard]] bool unambiguous(const std::vector<std::string>& ids) const {
    for (std::size_t axis = 0; axis < values.size(); ++axis) {
      const auto found = values[axis].find(ids[axis]);
      if (found != values[axis].end() && found->second > 1) {
        return false;
      }
    }
    return true;
  }
};

CaseFinder::CaseFinder(const Manifest& manifest) : manifest_(manifest) {}
CaseFinder::~CaseFinder() = default;

const CaseRecord* CaseFinder::find(const std::vector<std::string>& ids, std::size_t index) {
  const std::vector<std::string> wanted = stable_ids(ids);
  const CaseRecord* same_place = at_index(manifest_, index);
  if (same_place != nullptr && stable_ids(same_place->ids) == wanted) {
    return same_place;
  }
  if (wanted.size() != manifest_.params.size()) {
    return nullptr;
  }
  if (!table_) {
    table_ = std::make_unique<Table>(manifest_);
  }
  const auto found = table_->by_ids.find(wanted);
  return found == table_->by_ids.end() || !table_->unambiguous(wanted) ? nullptr : found->second;
}

Manifest merge(const Manifest& old, Manifest fresh) {
  const Product product(fresh.params);
  std::map<std::size_t, CaseRecord> cases;
  for (CaseRecord& record : fresh.cases) {
    cases.insert_or_assign(record.index, std::move(record));
  }
  for (const CaseRecord& kept : old.cases) {
    const auto index = product.index_of(stable_ids(kept.ids), fresh.params, kept.index);
    if (!index || cases.contains(*index)) {
      continue;
    }
    CaseRecord record = kept;
    record.index = *index;
    const std::string& version = kept.version.empty() ? old.version : kept.version;
    record.version = version == fresh.version ? "" : version;
    cases.emplace(*index, std::move(record));
  }
  fresh.cases.clear();
  for (auto& [index, record] : cases) {
    fresh.cases.push_back(std::move(record));
  }
  return fresh;
}

}  // namespace snapshot_test::store
