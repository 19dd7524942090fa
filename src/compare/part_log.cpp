#include "compare/part_log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "compare/elements.hpp"
#include "snapshot_test/pickle/describe.hpp"

namespace snapshot_test::compare {
namespace {

using pickle::Kind;
using pickle::Value;

constexpr std::size_t kNameBytes = 60;

// The class that an object is made by, if it is one of pandas.
std::string_view pandas_class(const Value& value) {
  if (value.kind() != Kind::kObject || value.object().callable->kind() != Kind::kGlobal) return {};
  const pickle::Global& callable = value.object().callable->global();
  return callable.module == "pandas" || callable.module.starts_with("pandas.") ? callable.name : std::string_view();
}

std::span<const Value* const> arguments_of(const Value& object) {
  const Value* arguments = object.object().args;
  return arguments == nullptr ? std::span<const Value* const>{} : arguments->items();
}

struct IndexRange {
  std::int64_t start;
  std::int64_t stop;
  std::int64_t step;
};

std::optional<IndexRange> range_of_index(const Value& index) {
  if (pandas_class(index) != "RangeIndex" || arguments_of(index).size() < 3) return std::nullopt;
  std::array<std::int64_t, 3> numbers{};
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const Value& each = *arguments_of(index)[i];
    if (each.kind() != Kind::kInt) return std::nullopt;
    numbers[i] = each.integer();
  }
  if (numbers[2] <= 0 || numbers[1] < numbers[0]) return std::nullopt;
  return IndexRange{numbers[0], numbers[1], numbers[2]};
}

const pickle::Array* labels_of(const Value& index) {
  if (pandas_class(index).empty() || arguments_of(index).empty()) return nullptr;
  const Value& first = *arguments_of(index).front();
  const bool labels = first.kind() == Kind::kArray && first.array().shape.size() == 1;
  return labels ? &first.array() : nullptr;
}

}  // namespace

std::string_view name(PartKind kind) {
  switch (kind) {
    case PartKind::kKeys: return "keys";
    case PartKind::kAttributes: return "attributes";
    case PartKind::kItems: return "items";
    case PartKind::kElements: return "elements";
    case PartKind::kLines: return "lines";
    case PartKind::kColumns: return "columns";
    case PartKind::kRows: return "rows";
  }
  return "?";
}

PartLog::Owner PartLog::add(std::string path) {
  if (is_full()) return kUnknown;
  paths_.push_back(std::move(path));
  return owners_++;
}

PartChanges& PartLog::at(Owner owner, PartKind kind, PartSizes sizes) {
  for (Entry& entry : entries_) {
    if (entry.owner == owner && entry.changes.kind == kind) return entry.changes;
  }
  PartChanges changes;
  changes.path = paths_[owner];
  changes.kind = kind;
  changes.expected = sizes.expected;
  changes.actual = sizes.actual;
  entries_.push_back({owner, std::move(changes)});
  return entries_.back().changes;
}

std::vector<PartChanges> PartLog::finish() {
  std::stable_sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) { return a.owner < b.owner; });
  std::vector<PartChanges> all;
  for (Entry& entry : entries_) {
    if (entry.changes.count() > 0) all.push_back(std::move(entry.changes));
  }
  return all;
}

void count_part(NamedParts& parts, const std::function<std::string()>& name) {
  ++parts.count;
  if (parts.names.size() < kMostPartNames) parts.names.push_back(name());
}

std::optional<std::uint64_t> index_size(const Value& index) {
  if (const auto range = range_of_index(index)) {
    return static_cast<std::uint64_t>((range->stop - range->start + range->step - 1) / range->step);
  }
  const pickle::Array* labels = labels_of(index);
  return labels == nullptr ? std::nullopt : std::optional(labels->size);
}

std::string index_label(const Value& index, std::uint64_t row) {
  if (const auto range = range_of_index(index)) {
    return fmt::format("{}", range->start + static_cast<std::int64_t>(row) * range->step);
  }
  const pickle::Array& labels = *labels_of(index);
  const std::int64_t offset = static_cast<std::int64_t>(row) * labels.strides[0];
  if (labels.has_items) return pickle::preview(*labels.items[static_cast<std::size_t>(offset)], kNameBytes);
  return element_text(*labels.dtype, labels.data.data() + offset);
}

bool is_table(const Value& value) { return pandas_class(value) == "DataFrame" && arguments_of(value).size() >= 2; }

}  // namespace snapshot_test::compare
