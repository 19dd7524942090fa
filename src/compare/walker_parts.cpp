// What the walker says of containers: which of their parts were added, removed or changed (parts.hpp).
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "compare/edit_script.hpp"
#include "compare/loose_numbers.hpp"
#include "compare/numbers.hpp"
#include "compare/walker.hpp"
#include "snapshot_test/pickle/describe.hpp"

namespace snapshot_test::compare {
namespace {

using pickle::Kind;
using pickle::Value;

constexpr std::size_t kPartNameBytes = 60;
constexpr std::uint64_t kMostAligned = 100'000;  // items of sequences of different lengths
constexpr std::uint64_t kMostLabels = 200'000;   // of tables whose rows are not the same

std::optional<PartKind> part_kind(Step::Kind kind, bool has_columns) {
  switch (kind) {
    case Step::Kind::kKey: return has_columns ? PartKind::kColumns : PartKind::kKeys;
    case Step::Kind::kAttribute: return PartKind::kAttributes;
    case Step::Kind::kIndex:
    case Step::Kind::kElement: return PartKind::kItems;
    case Step::Kind::kMember: return PartKind::kElements;
    default: return std::nullopt;
  }
}

/// "'x'" of a key, "3" of an item, "name" of an attribute.
std::string part_name(const Step& step) {
  if (step.kind == Step::Kind::kKey) return key_text(*step.key);
  std::string text = step_text(step);
  if (text.starts_with('.')) text.erase(0, 1);
  if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  return text;
}

std::uint64_t parts_in(const Value& value) {
  switch (value.kind()) {
    case Kind::kDict: return value.pairs().size();
    case Kind::kList:
    case Kind::kTuple:
    case Kind::kSet:
    case Kind::kFrozenSet: return value.items().size();
    case Kind::kArray: return value.array().size;
    default: return 0;
  }
}

std::uint64_t count_of(const std::vector<bool>& marks) {
  return static_cast<std::uint64_t>(std::count(marks.begin(), marks.end(), true));
}

/// Counts what is marked; `name` gets the number of each.
template <class Name>
void count_marked(const std::vector<bool>& marks, NamedParts& parts, const Name& name) {
  for (std::size_t i = 0; i < marks.size() && parts.names.size() < kMostPartNames; ++i) {
    if (marks[i]) parts.names.push_back(name(i));
  }
  parts.count += count_of(marks);
}

/// Labels that only one of two indexes has, as often as it has them more.
void count_labels(const Value& actual, const Value& expected, PartChanges& rows) {
  std::map<std::string, std::int64_t> surplus;  // of the expected side
  for (std::uint64_t i = 0; i < rows.expected; ++i) ++surplus[index_label(expected, i)];
  for (std::uint64_t i = 0; i < rows.actual; ++i) {
    std::string label = index_label(actual, i);
    if (--surplus[label] < 0) count_part(rows.added, [&] { return std::move(label); });
  }
  for (std::uint64_t i = 0; i < rows.expected; ++i) {
    std::string label = index_label(expected, i);
    std::int64_t& left = surplus[label];
    if (left-- > 0) count_part(rows.removed, [&] { return std::move(label); });
  }
}

}  // namespace

// Of the frame that is about to be pushed. What is inside a table's columns belongs to its rows; its index does not.
void Walker::enter_part(Frame& frame) {
  frame.noted_before = noted_;
  if (!stack_.empty()) {
    const Frame& parent = stack_.back();
    const bool first = parent.step.kind == Step::Kind::kArgument && parent.step.index == 0;
    const Kind kind = parent.expected->kind();
    if (parent.makes_table ? first : kind == Kind::kObject || kind == Kind::kDict) frame.table = parent.table;
    frame.has_columns = parent.makes_table && first && frame.expected->kind() == Kind::kDict;
  }
  if (is_table(*frame.expected) && is_table(*frame.actual) && tables_.size() < PartLog::kMostOwners) {
    frame.makes_table = true;
    frame.table = tables_.size();
    tables_.emplace_back();
    const Value* arguments = frame.expected->object().args;
    tables_.back().index = arguments->items()[1];
  }
}

// Each container on the way to what differs, the outer ones first.
void Walker::note_owners() {
  if (result_.differing_paths.size() >= kMostPaths) return;
  std::string text;
  bool whole = true;
  for (std::size_t depth = 0; depth < stack_.size() && whole; ++depth) {
    Frame& frame = stack_[depth];
    if (frame.owner == PartLog::kUnknown && part_kind(frame.step.kind, frame.has_columns)) (void)own(frame, text);
    if (parts_.is_full()) return;
    whole = append_step(text, depth, frame.step);
  }
}

// A table is one container with columns and rows. Its place is that of the call that makes all of it.
PartLog::Owner Walker::own(Frame& frame, std::string path) {
  constexpr std::string_view kFirst = "(0)";
  if (frame.owner != PartLog::kUnknown) return frame.owner;
  if (frame.table == kNoTable || !(frame.has_columns || frame.makes_table)) {
    return frame.owner = parts_.add(std::move(path));
  }
  PartLog::Owner& owner = tables_[frame.table].owner;
  while (path.ends_with(kFirst)) path.resize(path.size() - kFirst.size());
  if (owner == PartLog::kUnknown) owner = parts_.add(std::move(path));
  return frame.owner = owner;
}

void Walker::note_changed_child(Frame& frame) {
  if (TableRows* table = frame.table == kNoTable ? nullptr : &tables_[frame.table];
      table != nullptr && frame.shape.size() == 1 && frame.step.kind == Step::Kind::kElement) {
    table->changed.resize(std::max<std::size_t>(table->changed.size(), frame.expected_items.size()));
    table->changed[static_cast<std::size_t>(frame.step.index)] = true;
    return;
  }
  const auto kind = part_kind(frame.step.kind, frame.has_columns);
  if (!kind || frame.owner == PartLog::kUnknown) return;
  const PartSizes sizes{parts_in(*frame.expected), parts_in(*frame.actual)};
  const auto name = [&] {
    if (frame.step.kind != Step::Kind::kMember || frame.next == 0) return part_name(frame.step);
    return pickle::preview(*frame.children[frame.next - 1].expected, kPartNameBytes);
  };
  count_part(parts_.at(frame.owner, *kind, sizes).changed, name);
}

void Walker::note_unmatched(const Matching& matching, Step::Kind kind, Frame& frame) {
  const auto part = part_kind(kind, frame.has_columns);
  note_owners();
  if (!part || own(frame, path()) == PartLog::kUnknown) return;
  PartChanges& changes = parts_.at(frame.owner, *part, {parts_in(*frame.expected), parts_in(*frame.actual)});
  const auto count = [&](const std::vector<const Value*>& keys, NamedParts& parts) {
    for (const Value* key : keys) {
      count_part(parts, [&] {
        return kind == Step::Kind::kMember ? pickle::preview(*key, kPartNameBytes)
                                           : part_name(Step{kind, 0, key, {}, {}});
      });
    }
  };
  count(matching.missing, changes.removed);
  count(matching.unexpected, changes.added);
}

// Of sequences of different lengths. Two items are the same if they mean exactly the same, or are numbers that agree.
void Walker::note_items(Items actual, Items expected) {
  if (!options_.sketches || parts_.is_full()) return;
  if (hints_ == Hints::kNone || actual.size() + expected.size() > kMostAligned) return;
  const std::uint64_t before = actual_digests_.spent() + expected_digests_.spent();
  const auto spent = [&] { return actual_digests_.spent() + expected_digests_.spent() - before; };
  const auto same = [&](std::size_t i, std::size_t j) {
    if (spent() >= hint_budget_.bytes) return false;
    const auto a = number_of(*actual[j]);
    const auto b = number_of(*expected[i]);
    if (a && b && a->kind == b->kind) {
      return compare_numbers(*a, *b, rules_here(), identical_nans_, magnitude_around()).outcome != Outcome::kDifferent;
    }
    return actual_digests_(*actual[j]) == expected_digests_(*expected[i]);
  };
  const std::vector<EditChange> changes = changes_in(edit_script(expected.size(), actual.size(), same));
  const bool exhausted = spent() >= hint_budget_.bytes;
  hint_budget_.bytes -= std::min(hint_budget_.bytes, spent());
  const PartLog::Owner owner = exhausted ? PartLog::kUnknown : parts_.add(path());
  if (owner == PartLog::kUnknown) return;
  PartChanges& parts = parts_.at(owner, PartKind::kItems, {expected.size(), actual.size()});
  for (const EditChange& change : changes) {
    switch (change.kind) {
      case EditChange::Kind::kAdded: count_part(parts.added, [&] { return fmt::format("{}", change.actual); }); break;
      case EditChange::Kind::kRemoved:
        count_part(parts.removed, [&] { return fmt::format("{}", change.expected); });
        break;
      case EditChange::Kind::kChanged:
        count_part(parts.changed, [&] { return fmt::format("{}", change.expected); });
        break;
    }
  }
}

void Walker::note_lines(const LineDiff& lines) {
  if (!options_.sketches || lines.changes.empty()) return;
  const PartLog::Owner owner = parts_.add(path());
  if (owner == PartLog::kUnknown) return;
  PartChanges& parts = parts_.at(owner, PartKind::kLines, {lines.expected, lines.actual});
  for (const EditChange& change : lines.changes) {
    ++(change.kind == EditChange::Kind::kAdded     ? parts.added
       : change.kind == EditChange::Kind::kRemoved ? parts.removed
                                                   : parts.changed)
          .count;
  }
}

// The table in whose columns what is about to be compared lies; null where it is in none.
TableRows* Walker::table_here() {
  if (stack_.empty() || stack_.back().table == kNoTable) return nullptr;
  const Frame& parent = stack_.back();
  const Kind kind = parent.expected->kind();
  const bool first = parent.step.kind == Step::Kind::kArgument && parent.step.index == 0;
  const bool inside = parent.makes_table ? first : kind == Kind::kObject || kind == Kind::kDict;
  return inside ? &tables_[parent.table] : nullptr;
}

Walker::Marks Walker::marks_for(const pickle::Array& expected) {
  constexpr std::uint64_t kMostElements = 10'000'000;  // one more pass over what differs
  Marks marks;
  if (!options_.sketches || is_shuffled() || expected.shape.empty() || expected.size > kMostElements) return marks;
  marks.has_fields = expected.dtype->kind == pickle::DtypeKind::kStruct;
  marks.in_table = table_here() != nullptr;
  marks.has_columns = marks.in_table && stack_.back().makes_table && expected.shape.size() == 2;
  if (marks.has_fields || marks.in_table) marks.rows.resize(static_cast<std::size_t>(expected.shape[0]));
  if (marks.has_columns) marks.columns.resize(static_cast<std::size_t>(expected.shape[1]));
  return marks;
}

void Walker::note_marks(const Marks& marks, const pickle::Array& expected, const ArrayResult& compared) {
  if (compared.count == 0) return;
  if (marks.in_table) {
    std::vector<bool>& changed = table_here()->changed;
    if (changed.empty()) changed.resize(marks.rows.size());
    for (std::size_t i = 0; i < std::min(changed.size(), marks.rows.size()); ++i) {
      if (marks.rows[i]) changed[i] = true;
    }
  }
  if (marks.has_columns && count_of(marks.columns) > 0) {
    Frame& table = stack_.back();
    std::string text;
    for (std::size_t depth = 0; depth + 1 < stack_.size(); ++depth) (void)append_step(text, depth, stack_[depth].step);
    if (own(table, std::move(text)) == PartLog::kUnknown) return;
    PartChanges& columns = parts_.at(table.owner, PartKind::kColumns, {marks.columns.size(), marks.columns.size()});
    const auto arguments = table.expected->object().args->items();
    const Value* labels = arguments.size() > 2 ? arguments[2] : nullptr;
    const bool labelled = labels != nullptr && index_size(*labels).value_or(0) == marks.columns.size();
    count_marked(marks.columns, columns.changed,
                 [&](std::size_t i) { return labelled ? index_label(*labels, i) : fmt::format("{}", i); });
  }
  if (!marks.has_fields || parts_.is_full()) return;
  const PartLog::Owner owner = parts_.add(path());
  PartChanges& columns =
      parts_.at(owner, PartKind::kColumns, {expected.dtype->fields.size(), expected.dtype->fields.size()});
  columns.changed.count = compared.count;
  for (const Difference& difference : compared.differences) {
    if (columns.changed.names.size() == kMostPartNames) break;
    std::string name = difference.path;  // "['x']['y']"
    if (name.size() > 2) name = name.substr(1, name.size() - 2);
    columns.changed.names.push_back(std::move(name));
  }
  if (count_of(marks.rows) == 0) return;
  PartChanges& rows = parts_.at(owner, PartKind::kRows, {marks.rows.size(), marks.rows.size()});
  count_marked(marks.rows, rows.changed, [](std::size_t i) { return fmt::format("{}", i); });
}

// Of two arrays with fields whose dtypes are not the same.
void Walker::note_fields(const pickle::Dtype& actual, const pickle::Dtype& expected) {
  if (!options_.sketches || actual.kind != pickle::DtypeKind::kStruct || expected.kind != actual.kind) return;
  const PartLog::Owner owner = parts_.add(path());
  if (owner == PartLog::kUnknown) return;
  PartChanges& columns = parts_.at(owner, PartKind::kColumns, {expected.fields.size(), actual.fields.size()});
  const auto find = [](const pickle::Dtype& dtype, std::string_view name) {
    return std::find_if(dtype.fields.begin(), dtype.fields.end(),
                        [name](const pickle::Field& field) { return field.name == name; });
  };
  const auto quoted = [](const pickle::Field& field) { return pickle::quoted(field.name, kPartNameBytes); };
  for (const pickle::Field& field : expected.fields) {
    const auto now = find(actual, field.name);
    if (now == actual.fields.end()) {
      count_part(columns.removed, [&] { return quoted(field); });
    } else if (!comparable(*now->dtype, *field.dtype, options_)) {
      count_part(columns.changed, [&] { return quoted(field); });
    }
  }
  for (const pickle::Field& field : actual.fields) {
    if (find(expected, field.name) == expected.fields.end()) count_part(columns.added, [&] { return quoted(field); });
  }
}

// Once all of it was compared.
void Walker::finish_table(Frame& frame) {
  if (!frame.makes_table || frame.noted_before == noted_) return;
  const Value& then = *frame.expected->object().args->items()[1];
  const Value& now = *frame.actual->object().args->items()[1];
  const auto expected = index_size(then);
  const auto actual = index_size(now);
  const std::vector<bool>& changed = tables_[frame.table].changed;
  if (own(frame, path_of_top()) == PartLog::kUnknown) return;
  PartChanges& rows =
      parts_.at(frame.owner, PartKind::kRows, {expected.value_or(changed.size()), actual.value_or(changed.size())});
  if (expected && actual && *expected <= kMostLabels && *actual <= kMostLabels) count_labels(now, then, rows);
  count_marked(changed, rows.changed,
               [&](std::size_t i) { return expected.value_or(0) > i ? index_label(then, i) : fmt::format("{}", i); });
}

}  // namespace snapshot_test::compare
