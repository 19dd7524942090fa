// What stands in a pickle for something that cannot be pickled, and how people read it.
#include <gmock/gmock.h>

#include "compare_support.hpp"
#include "snapshot_test/compare/explain.hpp"
#include "snapshot_test/pickle/form.hpp"

namespace snapshot_test::compare {
namespace {

using namespace snapshot_test::testing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using Items = std::vector<std::string>;

std::string form(const std::string& kind, std::vector<std::pair<std::string, std::string>> fields) {
  std::string out = "}(" + text(std::string(pickle::kFormKey)) + text(kind);
  for (const auto& [name, value] : fields) out += text(name) + value;
  return out + "u";
}

std::string iterator(const std::string& type, const Items& items) {
  return form("iterator", {{"type", text(type)}, {"items", list(items)}});
}

std::string view(const std::string& type, const Items& items) {
  return form("items", {{"type", text(type)}, {"items", list(items)}});
}

TEST(CompareForms, OtherIteratorClass_IsIdentical) {
  const Items two = {integer(1), real(2)};
  EXPECT_EQ(outcome(iterator("itertools.chain", two), iterator("builtins.generator", two)), Outcome::kIdentical);
  EXPECT_EQ(outcome(iterator("builtins.map", {integer(1), real(2.0000001)}), iterator("builtins.zip", two)),
            Outcome::kClose);
  const Comparison other = compared(iterator("builtins.map", {integer(1), real(3)}), iterator("builtins.map", two));
  EXPECT_THAT(other.differing_paths, ElementsAre("[1]"));
  const Comparison shorter = compared(list({iterator("builtins.map", {integer(1)})}), list({iterator("b.c", two)}));
  EXPECT_EQ(shorter.outcome, Outcome::kDifferent);
  EXPECT_THAT(explain(shorter), HasSubstr("actual iterator of 1 item, expected iterator of 2 items"));
  EXPECT_THAT(explain(shorter), Not(HasSubstr("__snapshot_test__")));
}

TEST(CompareForms, OtherEndOfAnIterator_IsDifferent) {
  const auto raising = [](const std::string& what) {
    return form("iterator", {{"type", text("builtins.generator")}, {"items", list({})}, {"raised", text(what)}});
  };
  EXPECT_EQ(outcome(raising("ValueError: a"), raising("ValueError: a")), Outcome::kIdentical);
  EXPECT_EQ(outcome(raising("ValueError: a"), raising("KeyError: a")), Outcome::kDifferent);
  EXPECT_EQ(outcome(iterator("builtins.generator", {}), raising("KeyError: a")), Outcome::kDifferent);
}

TEST(CompareForms, ItemsAfterACut_AreNotCompared) {
  const auto cut = [](const std::string& more, const std::string& digest) {
    std::vector<std::pair<std::string, std::string>> fields = {{"items", list({integer(1)})}};
    if (!digest.empty()) fields.emplace_back("rest", form("digest", {{"sha256", text(digest)}, {"count", integer(9)}}));
    if (!more.empty()) fields.emplace_back("more", boolean(true));
    return form("iterator", std::move(fields));
  };
  EXPECT_EQ(outcome(cut("more", ""), cut("", "aa")), Outcome::kIdentical);  // an older version, or too slow
  EXPECT_EQ(outcome(cut("", "ab"), cut("", "aa")), Outcome::kDifferent);
  EXPECT_EQ(outcome(cut("", "aa"), cut("more", "aa")), Outcome::kDifferent);
  EXPECT_EQ(outcome(cut("", ""), cut("", "aa")), Outcome::kDifferent);
}

TEST(CompareForms, FloatsKnownBySums_AreCloseWithinTolerance) {
  const auto summed = [](const std::string& digest, double sum) {
    const std::string rest =
        form("digest", {{"sha256", text(digest)}, {"count", integer(4)}, {"sum", real(sum)}, {"abs", real(10)}});
    return form("iterator", {{"items", list({real(1)})}, {"rest", rest}});
  };
  EXPECT_EQ(outcome(summed("aa", 2), summed("aa", 2)), Outcome::kIdentical);
  EXPECT_EQ(outcome(summed("ab", 2.00001), summed("aa", 2)), Outcome::kClose);
  EXPECT_EQ(outcome(summed("ab", 2.1), summed("aa", 2)), Outcome::kDifferent);
}

TEST(CompareForms, KeysAndItemsViewsInAnotherOrder_AreIdentical) {
  const std::string ab = view("builtins.dict_keys", {text("a"), text("b")});
  const std::string ba = view("collections.odict_keys", {text("b"), text("a")});
  EXPECT_EQ(outcome(ab, ba), Outcome::kIdentical);
  EXPECT_EQ(outcome(ab, view("builtins.dict_keys", {text("a"), text("c")})), Outcome::kDifferent);
  EXPECT_EQ(outcome(view("builtins.dict_items", {tuple({text("a"), real(1)}), tuple({text("b"), real(2)})}),
                    view("builtins.dict_items", {tuple({text("b"), real(2)}), tuple({text("a"), real(1)})})),
            Outcome::kIdentical);
  EXPECT_EQ(outcome(view("builtins.dict_values", {text("a"), text("b")}),
                    view("builtins.dict_values", {text("b"), text("a")})),
            Outcome::kDifferent);
  const Comparison mixed = compared(ab, view("builtins.dict_values", {text("a"), text("b")}));
  EXPECT_THAT(explain(mixed), HasSubstr("type: actual keys view, expected values view"));
}

TEST(CompareForms, OtherCollectionType_IsDifferentUnlessTypesAreLoose) {
  const Items two = {integer(1), integer(2)};
  const Comparison strict = compared(list(two), iterator("builtins.generator", two));
  EXPECT_THAT(explain(strict), HasSubstr("type: actual list, expected iterator"));
  Options loose;
  loose.strict_types = false;
  EXPECT_EQ(outcome(list(two), iterator("builtins.generator", two), loose), Outcome::kClose);
  EXPECT_EQ(outcome(list({integer(2), integer(1)}), view("builtins.dict_keys", two), loose), Outcome::kClose);
  EXPECT_EQ(outcome(list({integer(2), integer(3)}), view("builtins.dict_keys", two), loose), Outcome::kDifferent);
  EXPECT_EQ(outcome(form("function", {{"name", text("f")}}), list({}), loose), Outcome::kDifferent);
}

TEST(CompareForms, Path_NamesThePartOfAFunction) {
  const auto function = [](double k) {
    return form("function", {{"name", text("m.f")}, {"closure", dict({text("k"), real(k)})}});
  };
  const Comparison other = compared(list({function(2)}), list({function(3)}));
  EXPECT_THAT(other.differing_paths, ElementsAre("[0].closure['k']"));
  EXPECT_THAT(explain(compared(none(), function(3))), HasSubstr("expected function m.f"));
  const auto coded = [](const char* hash) {
    return list({form("function", {{"name", text("m.f")}, {"code", text(hash)}})});
  };
  const Comparison code = compared(coded("12"), coded("34"));
  EXPECT_THAT(code.differing_paths, ElementsAre("[0].code"));
  EXPECT_THAT(explain(code), HasSubstr("actual other instructions or constants"));
  EXPECT_EQ(outcome(coded("12"), coded("34"), ignoring({"[0].code"})), Outcome::kIdentical);
  const std::string lock = form("object", {{"type", text("_thread.lock")}});
  EXPECT_THAT(explain(compared(none(), lock)), HasSubstr("expected _thread.lock"));
}

TEST(CompareForms, LazyAttribute_IsComparedOnlyWhereBothHaveIt) {
  const std::string mark = text(std::string(pickle::kLazyMark));
  const auto object = [](const Items& attributes) { return instance("m", "C", attributes); };
  const std::string plain = object({text("n"), integer(1)});
  const auto looked = [&](int square) {
    return object({text("square"), mark, text("n"), integer(1), text("square"), integer(square)});
  };
  EXPECT_EQ(outcome(looked(9), plain), Outcome::kIdentical);
  EXPECT_EQ(outcome(plain, looked(9)), Outcome::kIdentical);
  EXPECT_EQ(outcome(looked(9), looked(9)), Outcome::kIdentical);
  EXPECT_EQ(outcome(set({looked(9)}), set({plain})), Outcome::kIdentical);
  const Comparison other = compared(looked(9), looked(10));
  EXPECT_THAT(other.differing_paths, ElementsAre(".square"));
  EXPECT_THAT(explain(other), Not(HasSubstr("__snapshot_test__")));
  EXPECT_EQ(outcome(object({text("n"), integer(2), text("square"), mark, text("square"), integer(9)}), plain),
            Outcome::kDifferent);
  const auto cache = [&](const Items& entries) {
    return object({text("_cache"), mark, text("n"), integer(1), text("_cache"), dict(entries)});
  };
  EXPECT_EQ(outcome(cache({text("area"), integer(4)}), cache({text("size"), integer(3)})), Outcome::kIdentical);
  EXPECT_EQ(outcome(cache({text("area"), integer(4)}), cache({text("area"), integer(5)})), Outcome::kDifferent);
  EXPECT_EQ(outcome(cache({text("area"), integer(4)}), plain), Outcome::kIdentical);
}

TEST(CompareForms, RangesOfTheSameNumbers_AreIdentical) {
  const auto range = [](int start, int stop, int step) {
    return global("builtins", "range") + tuple({integer(start), integer(stop), integer(step)}) + "R";
  };
  EXPECT_EQ(outcome(range(0, 3, 2), range(0, 4, 2)), Outcome::kIdentical);
  EXPECT_EQ(outcome(range(5, 5, 1), range(0, 0, 3)), Outcome::kIdentical);
  EXPECT_EQ(outcome(range(7, 8, 1), range(7, 9, 5)), Outcome::kIdentical);
  EXPECT_EQ(outcome(range(5, 0, -2), range(5, -1, -2)), Outcome::kIdentical);
  EXPECT_EQ(outcome(range(5, 0, -2), range(5, 1, -2)), Outcome::kDifferent);
  EXPECT_EQ(outcome(range(5, 0, -3), range(5, 1, -3)), Outcome::kIdentical);
  EXPECT_EQ(outcome(range(0, 4, 1), range(0, 3, 1)), Outcome::kDifferent);
}

}  // namespace
}  // namespace snapshot_test::compare
