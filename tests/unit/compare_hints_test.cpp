// What a message says would let a difference pass, and that it does.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "compare_support.hpp"
#include "snapshot_test/compare/explain.hpp"

namespace snapshot_test::compare {
namespace {

using namespace snapshot_test::testing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

Options loose_types() {
  Options options;
  options.strict_types = false;
  return options;
}

std::string explained(const std::string& actual, const std::string& expected, const Options& options = {}) {
  return explain(compared(actual, expected, options));
}

std::string made(const std::string& module, const std::string& name, const Parts& args) {
  return global(module, name) + tuple(args) + "\x81";
}
std::string filled(const std::string& object, const Parts& keys_and_values) {
  return object + "(" + joined(keys_and_values) + "u";
}
std::string appended(const std::string& object, const Parts& items) { return object + "(" + joined(items) + "e"; }
std::string defaultdict(const Parts& pairs) {
  return filled(reduce(global("collections", "defaultdict"), {global("builtins", "list")}), pairs);
}
std::string iterator(const std::string& type, const Parts& items) {
  return dict({text("__snapshot_test__"), text("iterator"), text("type"), text(type), text("items"), list(items)});
}

TEST(CompareHints, SameElementsInAnotherOrder_NameIgnoreOrder) {
  const std::string expected = list({integer(1), integer(2), integer(3)});
  EXPECT_THAT(explained(list({integer(3), integer(1), integer(2)}), expected),
              StartsWith("the value itself: same 3 elements in another order; --ignore-order would pass\n"));
  EXPECT_THAT(explained(list({integer(3), integer(1), integer(4)}), expected), Not(HasSubstr("order")));
  EXPECT_THAT(explained(list({integer(1), integer(1), integer(2)}), list({integer(1), integer(2), integer(2)})),
              Not(HasSubstr("order")));
  EXPECT_THAT(explained(tuple({real(2), real(1 + 1e-9)}), tuple({real(1), real(2)})), HasSubstr("same 2 elements"));
  EXPECT_THAT(explained(doubles({3, 1, 2}), doubles({1, 2, 3})), HasSubstr("same 3 elements in another order"));
  EXPECT_THAT(explained(doubles({3, 1, 4}), doubles({1, 2, 3})), Not(HasSubstr("order")));
  const auto deque = [](const Parts& items) { return appended(reduce(global("collections", "deque"), {}), items); };
  EXPECT_THAT(explained(deque({integer(2), integer(1)}), deque({integer(1), integer(2)})),
              HasSubstr("same 2 elements"));
  EXPECT_THAT(explained(expected, expected, {}), "");
}

TEST(CompareHints, NestedSequences_NameTheInnermost) {
  const auto of = [](const std::string& inner, int x) { return dict({text("a"), inner, text("b"), integer(x)}); };
  const std::string rows = list({list({integer(1), integer(2)}), list({integer(3), integer(4)})});
  const std::string turned = list({list({integer(2), integer(1)}), list({integer(3), integer(4)})});
  const std::string swapped = list({list({integer(3), integer(4)}), list({integer(1), integer(2)})});
  EXPECT_THAT(explained(of(turned, 1), of(rows, 1)),
              StartsWith("['a'][0]: same 2 elements in another order; --ignore-order would pass"));
  EXPECT_THAT(explained(of(swapped, 1), of(rows, 1)), StartsWith("['a']: same 2 elements in another order; --ignore"));
  // The option alone would not do.
  const std::string both = explained(of(swapped, 2), of(rows, 1));
  EXPECT_THAT(both, StartsWith("['a']: same 2 elements in another order\n"));
  EXPECT_THAT(both, Not(HasSubstr("--ignore-order")));
  const auto json = to_json(compared(of(turned, 1), of(rows, 1)));
  EXPECT_EQ(json["hints"][0]["path"], "['a'][0]");
  EXPECT_FALSE(to_json(compared(integer(1), integer(2))).contains("hints"));
}

TEST(CompareHints, NamedOption_LetsTheDifferencePass) {
  Options shuffled;
  shuffled.ignore_order = true;
  Options shapes;
  shapes.strict_shapes = false;
  const std::string a = list({real(0.5), text("x"), tuple({integer(1), integer(2)})});
  const std::string b = list({tuple({integer(2), integer(1)}), real(0.5), text("x")});
  EXPECT_THAT(explained(a, b), HasSubstr("--ignore-order would pass"));
  EXPECT_NE(outcome(a, b, shuffled), Outcome::kDifferent);
  const std::string row = array(dtype("f8"), shape({1, 2}), raw<double>({1, 2}));
  EXPECT_THAT(explained(row, doubles({1, 2})), HasSubstr("--no-strict-shapes lets this pass"));
  EXPECT_NE(outcome(row, doubles({1, 2}), shapes), Outcome::kDifferent);
  EXPECT_THAT(explained(row, doubles({1, 3})), Not(HasSubstr("--no-strict")));
  const std::string whole = array(dtype("i8"), shape({2}), raw<std::int64_t>({1, 2}));
  EXPECT_THAT(explained(whole, doubles({1, 2})), HasSubstr("--no-strict-types lets this pass"));
  EXPECT_THAT(explained(whole, row), HasSubstr("--no-strict-types and --no-strict-shapes let this pass"));
  EXPECT_THAT(explained(list({integer(1)}), tuple({integer(1)})), HasSubstr("--no-strict-types lets this pass"));
  EXPECT_THAT(explained(list({integer(1)}), tuple({integer(2)})), Not(HasSubstr("--no-strict-types")));
  EXPECT_THAT(explained(integer(1), real(1)), HasSubstr("--no-strict-types lets this pass"));
  EXPECT_THAT(explained(integer(1), text("1")), Not(HasSubstr("--no-strict-types")));
}

TEST(CompareHints, ExactNumbers_NameNoTolerance) {
  EXPECT_THAT(explained(integer(7), integer(6)), Not(HasSubstr("would pass")));
  EXPECT_THAT(explained(boolean(true), boolean(false)), Not(HasSubstr("would pass")));
  const auto ids = [](const std::vector<std::int64_t>& x) { return array(dtype("i8"), shape({2}), raw(x)); };
  EXPECT_THAT(explained(ids({17, 18}), ids({17, 19})), Not(HasSubstr("would pass")));
  // What would pass, is said as it would.
  Options inexact;
  inexact.exact_integers = false;
  EXPECT_THAT(explained(integer(1'000'000'001), integer(1'000'000'000)),
              HasSubstr("would pass with --no-exact-integers"));
  EXPECT_EQ(outcome(integer(1'000'000'001), integer(1'000'000'000), inexact), Outcome::kClose);
  EXPECT_THAT(explained(ids({17, 1'000'001}), ids({17, 1'000'000})), HasSubstr("would pass with --no-exact-integers"));
  EXPECT_EQ(outcome(ids({17, 1'000'001}), ids({17, 1'000'000}), inexact), Outcome::kClose);
  // Inside of objects no option helps.
  const auto range = [](int end) {
    return reduce(global("builtins", "range"), {integer(0), integer(end), integer(1)});
  };
  EXPECT_THAT(explained(range(1'000'001), range(1'000'000)), Not(HasSubstr("would pass")));
  const auto holder = [&](std::int64_t x) { return instance("m", "C", {text("ids"), ids({1, x})}); };
  EXPECT_THAT(explained(holder(1'000'001), holder(1'000'000)), Not(HasSubstr("would pass")));
  EXPECT_THAT(explained(holder(1'000'001), holder(1'000'000), inexact), Not(HasSubstr("would pass")));
  const auto numbers = to_json(compared(ids({17, 18}), ids({17, 19})))["differences"][0]["numbers"];
  EXPECT_EQ(numbers["passing_rtol"], "inf");
}

TEST(CompareHints, HalfFloats_NameTheirByDtypeEntry) {
  const auto halves = [](std::uint16_t bits) { return array(dtype("f2"), shape({1}), raw<std::uint16_t>({bits})); };
  EXPECT_THAT(explained(halves(0x3d00), halves(0x3c00)), HasSubstr(" in tolerance.by_dtype of float16"));
  EXPECT_THAT(explained(real(2), real(1)), Not(HasSubstr("by_dtype")));
}

struct Kin {
  const char* name;
  std::string derived;
  std::string plain;
  std::string other;  // of the base, with another value
};

TEST(CompareLooseTypes, SubclassForItsBase_IsClose) {
  const Parts pairs = {text("a"), integer(1)};
  const Parts others = {text("a"), integer(2)};
  const Parts items = {integer(1), text("b")};
  const Parts other_items = {integer(1), text("c")};
  const std::vector<Kin> kin = {
      {"defaultdict", defaultdict(pairs), dict(pairs), dict(others)},
      {"empty defaultdict", reduce(global("collections", "defaultdict"), {none()}), dict({}), dict(others)},
      {"OrderedDict", filled(reduce(global("collections", "OrderedDict"), {}), pairs), dict(pairs), dict(others)},
      {"Counter", reduce(global("collections", "Counter"), {dict(pairs)}), dict(pairs), dict(others)},
      {"dict subclass", filled(made("m", "D", {}), pairs), dict(pairs), dict(others)},
      {"named tuple", made("m", "P", items), tuple(items), tuple(other_items)},
      {"tuple subclass", made("m", "T", {tuple(items)}), tuple(items), tuple(other_items)},
      {"list subclass", appended(made("m", "L", {}), items), list(items), list(other_items)},
      {"list subclass and tuple", appended(made("m", "L", {}), items), tuple(items), tuple(other_items)},
      {"set subclass", reduce(global("m", "S"), {list(items)}), set(items), set(other_items)},
      {"int subclass", made("m", "I", {integer(5)}), integer(5), integer(6)},
      {"int enum", reduce(global("m", "E"), {integer(5)}), integer(5), integer(6)},
      {"float subclass", made("m", "F", {real(5)}), real(5), real(6)},
      {"str subclass", made("m", "S", {text("5")}), text("5"), text("6")},
      {"generator", iterator("generator", items), list(items), list(other_items)},
      {"keys view", iterator("dict_keys", items), set(items), set(other_items)},
      {"local subclass",
       dict({text("__snapshot_test__"), text("instance"), text("type"), text("m.f.<locals>.I"), text("value"),
             integer(5)}),
       integer(5), integer(6)},
      {"deque", appended(reduce(global("collections", "deque"), {}), items), list(items), list(other_items)},
  };
  for (const Kin& each : kin) {
    EXPECT_EQ(outcome(each.derived, each.plain), Outcome::kDifferent) << each.name;
    EXPECT_THAT(explained(each.derived, each.plain), HasSubstr("--no-strict-types lets this pass")) << each.name;
    EXPECT_EQ(outcome(each.derived, each.plain, loose_types()), Outcome::kClose) << each.name;
    EXPECT_EQ(outcome(each.plain, each.derived, loose_types()), Outcome::kClose) << each.name;
    EXPECT_EQ(outcome(each.derived, each.other, loose_types()), Outcome::kDifferent) << each.name;
    EXPECT_THAT(explained(each.derived, each.other), Not(HasSubstr("--no-strict-types"))) << each.name;
  }
  EXPECT_EQ(outcome(defaultdict(pairs), filled(reduce(global("collections", "OrderedDict"), {}), pairs), loose_types()),
            Outcome::kClose);
}

TEST(CompareLooseTypes, WhatASubclassAdds_IsDifferent) {
  const std::string attributes = dict({text("x"), integer(1)}) + "b";
  const Parts items = {integer(1)};
  EXPECT_EQ(outcome(appended(made("m", "L", {}), items) + attributes, list(items), loose_types()), Outcome::kDifferent);
  EXPECT_EQ(outcome(made("m", "I", {integer(5)}) + attributes, integer(5), loose_types()), Outcome::kDifferent);
  const std::string raised = dict({text("__snapshot_test__"), text("iterator"), text("type"), text("generator"),
                                   text("items"), list(items), text("raised"), text("ValueError")});
  EXPECT_EQ(outcome(raised, list(items), loose_types()), Outcome::kDifferent);
  EXPECT_EQ(outcome(reduce(global("decimal", "Decimal"), {text("5")}), text("5"), loose_types()), Outcome::kDifferent);
  EXPECT_EQ(outcome(made("m", "P", {integer(1)}), integer(2), loose_types()), Outcome::kDifferent);
  EXPECT_EQ(outcome(integer(1), text("1"), loose_types()), Outcome::kDifferent);
}

TEST(CompareIterators, OtherTypeSameItems_IsNotDifferent) {
  const Parts items = {integer(1), integer(2)};
  EXPECT_NE(outcome(iterator("map", items), iterator("generator", items)), Outcome::kDifferent);
  EXPECT_EQ(outcome(iterator("map", items), iterator("map", items)), Outcome::kIdentical);
  EXPECT_EQ(outcome(iterator("map", items), iterator("generator", {integer(1), integer(3)})), Outcome::kDifferent);
  // As other versions write them.
  EXPECT_NE(
      outcome(iterator("map", items), dict({text("__snapshot_test__"), text("iterator"), text("items"), list(items)})),
      Outcome::kDifferent);
}

TEST(ComparePaths, CompoundKey_IsShownAsPython) {
  const auto path_of = [](const std::string& key) {
    return compared(dict({key, integer(1)}), dict({key, integer(2)})).differing_paths.at(0);
  };
  EXPECT_EQ(path_of(tuple({integer(1), text("a")})), "[(1, 'a')]");
  EXPECT_EQ(path_of(tuple({integer(1)})), "[(1,)]");
  EXPECT_EQ(path_of(tuple({tuple({real(0.5), none()}), boolean(true)})), "[((0.5, None), True)]");
  EXPECT_EQ(path_of(bytes("x]")), "[b'x]']");
  EXPECT_EQ(path_of(scalar(dtype("i8"), raw<std::int64_t>({7}))), "[numpy.int64(7)]");
  const std::string frozen = "(" + text("b") + text("a") + "\x91";
  EXPECT_EQ(path_of(frozen), "[frozenset({'a', 'b'})]");
  EXPECT_EQ(path_of(made("m", "P", {integer(1), integer(2)})), "[m.P(1, 2)]");
  EXPECT_EQ(path_of(reduce(global("datetime", "date"), {bytes("\x07\xe4\x02\x1d")})), "[datetime.date(2020, 2, 29)]");
  EXPECT_THAT(path_of(tuple({text(std::string(500, 'x'))})), StartsWith("[tuple#"));
  EXPECT_THAT(path_of(instance("m", "C", {text("x"), integer(1)})), StartsWith("[m.C#"));
  Parts many(100, integer(1));
  EXPECT_THAT(path_of(tuple(many)), StartsWith("[tuple#"));
}

TEST(ComparePaths, IgnoredPathOfACompoundKey_IsFound) {
  const auto value = [](int x, double y) {
    return dict({tuple({integer(1), text("a']")}), list({integer(x), real(y)}), text("k"), integer(3)});
  };
  EXPECT_EQ(outcome(value(2, 0), value(1, 0), ignoring({"[(1, \"a']\")][0]"})), Outcome::kIdentical);
  EXPECT_EQ(outcome(value(2, 1), value(1, 0), ignoring({"[(1, \"a']\")][0]"})), Outcome::kDifferent);
}

TEST(ComparePaths, PathOfAnOlderStore_IsFound) {
  const auto value = [](double x) { return dict({tuple({integer(1), text("a")}), real(x)}); };
  // What version 1 called [(1, 'a')].
  const std::string old = "[tuple#a9c377999ac1]";
  EXPECT_EQ(outcome(value(2), value(1), ignoring({old})), Outcome::kIdentical);
  Options bounded;
  bounded.bounds = {{old, 1.5}};
  EXPECT_EQ(outcome(value(2), value(1), bounded), Outcome::kClose);
  bounded.bounds = {{"[(1, 'a')]", 1.5}};
  EXPECT_EQ(outcome(value(2), value(1), bounded), Outcome::kClose);
}

// A list of the same element, again and again: every way to it is two bytes.
std::string repeated(const std::string& element, std::size_t times, const std::string& last) {
  std::string body = "](" + element + "q\x01";
  for (std::size_t i = 0; i < times; ++i) body += "h\x01";
  return body + last + "e";
}

TEST(CompareSharing, MillionsOfSharedItems_AreCompared) {
  const std::size_t times = 12'000'000;
  const std::string shared = list({integer(1), integer(2)});
  EXPECT_EQ(outcome(repeated(shared, times, integer(1)), repeated(shared, times, integer(1))), Outcome::kIdentical);
  EXPECT_EQ(compared(repeated(shared, times, integer(1)), repeated(shared, times, integer(2))).differences.at(0).what,
            What::kValue);
}

TEST(CompareSharing, SharedLongText_IsComparedOnce) {
  const std::string shared = text(std::string(1'000'000, 'x'));
  const std::string changed = text(std::string(999'999, 'x') + "y");
  EXPECT_EQ(outcome(repeated(shared, 100'000, integer(1)), repeated(shared, 100'000, integer(1))), Outcome::kIdentical);
  const Comparison result = compared(repeated(changed, 100'000, integer(1)), repeated(shared, 100'000, integer(1)));
  EXPECT_EQ(result.differences.at(0).path, "[0]");
  EXPECT_EQ(result.difference_count, 1U);
  EXPECT_EQ(result.leaves, 100'002U);
}

}  // namespace
}  // namespace snapshot_test::compare
