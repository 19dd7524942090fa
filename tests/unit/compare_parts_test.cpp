// Which parts of containers were added, removed or changed.
#include <gmock/gmock.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "compare_support.hpp"
#include "snapshot_test/compare/explain.hpp"

namespace snapshot_test::compare {
namespace {

using namespace snapshot_test::testing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

Comparison with_parts(const std::string& actual, const std::string& expected) {
  Options options;
  options.sketches = true;
  return compared(actual, expected, options);
}

/// The changes of one kind at a place; fails where there are none.
PartChanges parts_of(const Comparison& comparison, PartKind kind, const std::string& path = "") {
  for (const PartChanges& each : comparison.parts) {
    if (each.kind == kind && each.path == path) return each;
  }
  ADD_FAILURE() << "no " << name(kind) << " at '" << path << "'";
  return {};
}

std::string integers(const std::vector<std::int64_t>& numbers) {
  return array(dtype("i8"), shape({static_cast<std::int32_t>(numbers.size())}), raw(numbers));
}

std::string range_index(int rows) {
  return reduce(global("pandas.core.indexes.range", "RangeIndex"), {integer(0), integer(rows), integer(1)});
}

std::string number_index(const std::vector<std::int64_t>& labels) {
  return reduce(global("pandas.core.indexes.base", "Index"), {integers(labels), none(), boolean(false), none()});
}

/// As host/pickling/libraries/pandas.py writes a DataFrame.
std::string frame(const Parts& columns, const std::string& index) {
  return reduce(global("pandas.core.frame", "DataFrame"), {dict(columns), index});
}

TEST(Parts, KeysOfADict_AreAddedRemovedAndChanged) {
  const std::string a = dict({text("x"), real(1), text("y"), real(2), text("z"), real(3), text("gone"), real(4)});
  const std::string b = dict({text("x"), real(1), text("y"), real(5), text("z"), real(6), text("new"), real(4)});
  const Comparison result = with_parts(b, a);
  const PartChanges keys = parts_of(result, PartKind::kKeys);
  EXPECT_EQ(keys.expected, 4u);
  EXPECT_EQ(keys.actual, 4u);
  EXPECT_THAT(keys.added.names, ElementsAre("'new'"));
  EXPECT_THAT(keys.removed.names, ElementsAre("'gone'"));
  EXPECT_THAT(keys.changed.names, ElementsAre("'y'", "'z'"));
  EXPECT_THAT(explain(result), Not(HasSubstr("keys:"))) << "each of the four differences is told";
}

TEST(Parts, MoreKeysThanDifferencesAreTold_AreSummedUp) {
  Parts before{text("gone"), real(1), text("also"), real(1)};
  Parts after{text("new"), real(1)};
  for (int i = 0; i < 30; ++i) {
    for (Parts* parts : {&before, &after}) {
      parts->push_back(text("k" + std::to_string(i)));
      parts->push_back(real(parts == &before ? i : i + 1));
    }
  }
  EXPECT_THAT(explain(with_parts(dict(after), dict(before))),
              HasSubstr("the value itself: keys: 1 added: 'new'; 2 removed: 'gone', 'also'; 30 of 32 changed: 'k0', "));
}

TEST(Parts, OneChangedPart_IsNotToldTwice) {
  const Comparison result = with_parts(dict({text("x"), real(2)}), dict({text("x"), real(1)}));
  EXPECT_THAT(parts_of(result, PartKind::kKeys).changed.names, ElementsAre("'x'"));
  EXPECT_THAT(explain(result), Not(HasSubstr("keys:")));
}

TEST(Parts, SameValuesOrNoSketches_HaveNone) {
  const std::string a = dict({text("x"), real(1)});
  EXPECT_THAT(with_parts(a, a).parts, IsEmpty());
  EXPECT_THAT(with_parts(dict({text("x"), real(1 + 1e-12)}), a).parts, IsEmpty());  // close
  EXPECT_THAT(compared(dict({text("x"), real(2)}), a).parts, IsEmpty());
}

TEST(Parts, ItemsBetweenOthers_AreFound) {
  const std::string a = list({text("a"), real(1), text("b"), text("c"), text("d")});
  const std::string b = list({text("a"), real(1 + 1e-12), text("X"), text("c"), text("d"), text("e")});
  const PartChanges items = parts_of(with_parts(b, a), PartKind::kItems);
  EXPECT_EQ(items.expected, 5u);
  EXPECT_EQ(items.actual, 6u);
  EXPECT_THAT(items.changed.names, ElementsAre("2"));
  EXPECT_THAT(items.added.names, ElementsAre("5"));
  EXPECT_EQ(items.removed.count, 0u);
  EXPECT_THAT(
      parts_of(with_parts(list({text("a"), text("c")}), list({text("a"), text("b"), text("c")})), PartKind::kItems)
          .removed.names,
      ElementsAre("1"));
}

TEST(Parts, ChangedItemsOfEqualLists_AreCountedAndTheFirstNamed) {
  Parts before;
  Parts after;
  for (int i = 0; i < 1000; ++i) {
    before.push_back(integer(i));
    after.push_back(integer(i % 2 == 0 ? i : -i));
  }
  const Comparison result = with_parts(list(after), list(before));
  const PartChanges items = parts_of(result, PartKind::kItems);
  EXPECT_EQ(items.changed.count, 500u);
  EXPECT_THAT(items.changed.names, ElementsAre("1", "3", "5", "7", "9", "11", "13", "15"));
  EXPECT_THAT(explain(result), HasSubstr("items: 500 of 1000 changed: 1, 3, 5, 7, 9, 11, 13, 15, …"));
}

TEST(Parts, NestedContainers_OuterOnesComeFirst) {
  const auto value = [](double x, const std::string& key) {
    return dict({text("a"), list({real(1), dict({text(key), real(x), text("k"), real(x)})})});
  };
  const Comparison result = with_parts(value(2, "new"), value(1, "old"));
  ASSERT_THAT(result.parts, SizeIs(3));
  EXPECT_EQ(result.parts[0].path, "");
  EXPECT_EQ(result.parts[1].path, "['a']");
  EXPECT_EQ(result.parts[2].path, "['a'][1]");
  EXPECT_THAT(result.parts[2].added.names, ElementsAre("'new'"));
  EXPECT_THAT(result.parts[2].changed.names, ElementsAre("'k'"));
}

TEST(Parts, SharedPartThatDiffers_ChangesBothPlaces) {
  // memo 0 holds the inner list.
  const auto value = [](double x) {
    return "](](" + real(x) + "e" + std::string("q\x05", 2) + std::string("h\x05", 2) + "e";
  };
  EXPECT_EQ(parts_of(with_parts(value(2), value(1)), PartKind::kItems).changed.count, 2u);
}

TEST(Parts, ElementsOfASet_AreAddedAndRemoved) {
  const PartChanges elements =
      parts_of(with_parts(set({text("a"), text("b")}), set({text("a"), text("c"), text("d")})), PartKind::kElements);
  EXPECT_THAT(elements.added.names, ElementsAre("'b'"));
  EXPECT_EQ(elements.removed.count, 2u);
}

TEST(Parts, AttributesOfAnObject_AreNamed) {
  const auto object = [](const Parts& attributes) { return instance("m", "C", attributes); };
  const PartChanges attributes = parts_of(
      with_parts(object({text("x"), real(2), text("n"), none()}), object({text("x"), real(1)})), PartKind::kAttributes);
  EXPECT_THAT(attributes.added.names, ElementsAre("n"));
  EXPECT_THAT(attributes.changed.names, ElementsAre("x"));
}

TEST(Parts, LinesOfAText_AreCountedBesideTheDiff) {
  const Comparison result = with_parts(text("a\nB\nc\nd\ne\n"), text("a\nb\nc\nd\n"));
  const PartChanges lines = parts_of(result, PartKind::kLines);
  EXPECT_EQ(lines.expected, 4u);
  EXPECT_EQ(lines.actual, 5u);
  EXPECT_EQ(lines.changed.count, 1u);
  EXPECT_EQ(lines.added.count, 1u);
  EXPECT_THAT(result.differences.at(0).diff, HasSubstr("-b\n+B"));
}

TEST(Parts, ColumnsAndRowsOfAFrame_AreThoseThatDiffer) {
  const auto value = [](double x, double y, std::int64_t z) {
    return frame({text("x"), doubles({1, 2, x, 4}), text("y"), doubles({1, y, 3, 4}), text("z"), integers({z, 2, 3, 4}),
                  text("same"), doubles({1, 2, 3, 4})},
                 range_index(4));
  };
  const Comparison result = with_parts(value(30, 20, 1), value(3, 2, 1));
  const PartChanges columns = parts_of(result, PartKind::kColumns);
  EXPECT_THAT(columns.changed.names, ElementsAre("'x'", "'y'"));
  EXPECT_EQ(columns.expected, 4u);
  const PartChanges rows = parts_of(result, PartKind::kRows);
  EXPECT_THAT(rows.changed.names, ElementsAre("1", "2"));
  EXPECT_EQ(rows.expected, 4u);
  const std::string text = explain(result);
  EXPECT_THAT(text, HasSubstr("the value itself: columns: 2 of 4 changed: 'x', 'y'"));
  EXPECT_THAT(text, HasSubstr("the value itself: rows: 2 of 4 changed: 1, 2"));
}

TEST(Parts, ColumnsAndRowsThatComeAndGo_AreNamedByTheirLabels) {
  const std::string before =
      frame({text("x"), doubles({1, 2, 3}), text("gone"), doubles({1, 2, 3})}, number_index({10, 20, 30}));
  const std::string after = frame({text("x"), doubles({1, 3}), text("new"), doubles({1, 3})}, number_index({10, 30}));
  const Comparison result = with_parts(after, before);
  const PartChanges columns = parts_of(result, PartKind::kColumns);
  EXPECT_THAT(columns.added.names, ElementsAre("'new'"));
  EXPECT_THAT(columns.removed.names, ElementsAre("'gone'"));
  EXPECT_THAT(columns.changed.names, ElementsAre("'x'"));
  const PartChanges rows = parts_of(result, PartKind::kRows);
  EXPECT_THAT(rows.removed.names, ElementsAre("20"));
  EXPECT_EQ(rows.added.count, 0u);
  EXPECT_EQ(rows.expected, 3u);
  EXPECT_EQ(rows.actual, 2u);
}

TEST(Parts, FrameInsideAnotherCall_IsOneTableAtTheOuterPlace) {
  const auto value = [](double x) {
    const std::string inner = frame({integer(0), doubles({1, x})}, range_index(2));
    return list({reduce(global("pandas.core.frame", "renamed"), {inner, none()})});
  };
  const Comparison result = with_parts(value(3), value(2));
  EXPECT_THAT(parts_of(result, PartKind::kColumns, "[0]").changed.names, ElementsAre("0"));
  EXPECT_THAT(parts_of(result, PartKind::kRows, "[0]").changed.names, ElementsAre("1"));
}

TEST(Parts, MatrixOfAFrame_HasRowsAndLabelledColumns) {
  const auto value = [](double x) {
    const std::string matrix = array(dtype("f8"), shape({2, 3}), raw(std::vector<double>{1, 2, 3, 4, x, 6}));
    return reduce(global("pandas.core.frame", "DataFrame"), {matrix, range_index(2), number_index({7, 8, 9})});
  };
  const Comparison result = with_parts(value(50), value(5));
  EXPECT_THAT(parts_of(result, PartKind::kColumns).changed.names, ElementsAre("8"));
  EXPECT_THAT(parts_of(result, PartKind::kRows).changed.names, ElementsAre("1"));
}

std::string structured(const std::vector<double>& numbers) {  // pairs of x and y
  const std::string names = tuple({text("x"), text("y")});
  const std::string places =
      dict({text("x"), tuple({dtype("f8"), integer(0)}), text("y"), tuple({dtype("f8"), integer(8)})});
  const std::string type = reduce(global("numpy", "dtype"), {text("V16"), boolean(false), boolean(true)}) +
                           tuple({integer(3), text("|"), none(), names, places, integer(16), integer(1), integer(0)}) +
                           "b";
  return array(type, shape({static_cast<std::int32_t>(numbers.size() / 2)}), raw(numbers));
}

TEST(Parts, FieldsAndRowsOfAStructuredArray_AreColumnsAndRows) {
  std::vector<double> before(2 * 5000, 1.0);
  std::vector<double> after = before;
  for (std::size_t row = 0; row < 5000; row += 7) after[2 * row + 1] = 2;
  const Comparison result = with_parts(structured(after), structured(before));
  const PartChanges columns = parts_of(result, PartKind::kColumns);
  EXPECT_THAT(columns.changed.names, ElementsAre("'y'"));
  EXPECT_EQ(columns.expected, 2u);
  const PartChanges rows = parts_of(result, PartKind::kRows);
  EXPECT_EQ(rows.changed.count, 715u);
  EXPECT_THAT(rows.changed.names, ElementsAre("0", "7", "14", "21", "28", "35", "42", "49"));
}

TEST(Parts, Json_IsBoundedAndNamesWhatIsKnown) {
  Parts before;
  Parts after;
  for (int i = 0; i < 2000; ++i) {
    before.push_back(dict({text(std::string(500, 'k')), real(i), text("x"), real(i)}));
    after.push_back(dict({text(std::string(500, 'n')), real(i), text("x"), real(-i - 1)}));
  }
  const nlohmann::json json = to_json(with_parts(list(after), list(before)));
  const nlohmann::json& parts = json.at("parts");
  EXPECT_LE(parts.size(), 24u);
  EXPECT_LT(parts.dump().size(), 20'000u);
  EXPECT_EQ(parts[0].at("path"), "");
  EXPECT_EQ(parts[0].at("kind"), "items");
  EXPECT_EQ(parts[0].at("expected"), 2000);
  EXPECT_EQ(parts[0].at("changed").at("count"), 2000);
  EXPECT_EQ(parts[1].at("kind"), "keys");
  EXPECT_EQ(parts[1].at("removed").at("count"), 1);
  EXPECT_FALSE(parts[0].contains("added"));
}

}  // namespace
}  // namespace snapshot_test::compare
