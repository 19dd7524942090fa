// Wrong values of every kind of value, and which of them a comparison would let pass.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>
#include <string>

#include "audit/audit.hpp"
#include "audit/mutant.hpp"
#include "audit/numbers.hpp"
#include "audit/trial.hpp"
#include "render/value_text.hpp"
#include "snapshot_test/compare/compare.hpp"
#include "support/pickles.hpp"

namespace snapshot_test::audit {
namespace {

using namespace snapshot_test::testing;  // NOLINT(google-build-using-namespace): the pickles' vocabulary
using ::testing::HasSubstr;

/// What a value becomes, as text; "" where there is no mutant.
std::string mutant_of(const std::string& body, Mutation mutation) {
  const std::string pickle = pickle_of(body);
  const auto document = pickle::read(as_span(pickle));
  if (!document) return document.error().message;
  const auto mutant = make_mutant(*document, mutation);
  return mutant ? render::value_text(mutant->root(), {}, "") : "";
}

Trial trial_of(const std::string& body, Mutation mutation, const model::Rules& rules = {}, model::SiteValue site = {}) {
  const std::string pickle = pickle_of(body);
  const inspect::StoredValue value{util::MappedFile(), pickle::read(as_span(pickle)).value()};
  AuditedSite audited;
  audited.site = &site;
  audited.value = &value;
  return try_mutation(mutation, {audited}, rules);
}

Outcome outcome_of(const std::string& body, Mutation mutation, const model::Rules& rules = {}) {
  return trial_of(body, mutation, rules).outcome;
}

template <class T>
std::string array_of(const std::string& code, const std::vector<T>& numbers) {
  return array(dtype(code), shape({static_cast<std::int32_t>(numbers.size())}), raw(numbers));
}

TEST(Mutants, ListOfNumbers_IsChangedByEachMutation) {
  const std::string value = list({real(1.5), real(-4), real(2)});
  EXPECT_EQ(mutant_of(value, Mutation::kZeros), "[0.0, 0.0, 0.0]\n");
  EXPECT_EQ(mutant_of(value, Mutation::kConstant), "[1.5, 1.5, 1.5]\n");
  EXPECT_EQ(mutant_of(value, Mutation::kSign), "[-1.5, 4.0, -2.0]\n");
  EXPECT_EQ(mutant_of(value, Mutation::kOneElement), "[1.5, -4.004, 2.0]\n");
  EXPECT_EQ(mutant_of(value, Mutation::kDropped), "[1.5, 0.0, 2.0]\n");
  EXPECT_EQ(mutant_of(value, Mutation::kTransposed), "");
  const std::string shuffled = mutant_of(value, Mutation::kShuffled);
  for (const char* number : {"1.5", "-4.0", "2.0"}) EXPECT_THAT(shuffled, HasSubstr(number));
  EXPECT_NE(shuffled, "[1.5, -4.0, 2.0]\n");
  EXPECT_EQ(mutant_of(list({real(0.1)}), Mutation::kFloat32), "[0.10000000149011612]\n");
}

TEST(Mutants, PlainNumbersAndTexts_HaveTheirOwnZerosAndSteps) {
  const std::string value = dict({text("a"), boolean(true), text("b"), integer(-5), text("c"), text("word")});
  EXPECT_EQ(mutant_of(value, Mutation::kZeros), "dict of 3\n  ['a']: False\n  ['b']: 0\n  ['c']: ''\n");
  EXPECT_EQ(mutant_of(integer(-5000), Mutation::kOneElement), "-5005\n");
  EXPECT_EQ(mutant_of(integer(7), Mutation::kOneElement), "8\n");
  EXPECT_EQ(mutant_of(boolean(true), Mutation::kOneElement), "False\n");
  EXPECT_EQ(mutant_of(integer(7), Mutation::kSign), "-7\n");
  EXPECT_EQ(mutant_of(list({text("a"), text("b")}), Mutation::kShuffled), "list of 2\n  [0]: 'b'\n  [1]: 'a'\n");
  EXPECT_EQ(mutant_of(list({text("a"), text("b")}), Mutation::kConstant), "list of 2\n  [0]: 'a'\n  [1]: 'a'\n");
}

TEST(Mutants, LargeInteger_IsNegatedAndChangedByAboutAThousandth) {
  const std::string big = "\x8a\x09" + std::string("\x00\x00\x00\x00\x00\x00\x00\x00\x01", 9);  // 2 ** 64
  EXPECT_EQ(mutant_of(big, Mutation::kSign), "-18446744073709551616\n");
  EXPECT_NE(mutant_of(big, Mutation::kOneElement), mutant_of(big, Mutation::kShuffled));
  EXPECT_EQ(outcome_of(big, Mutation::kOneElement), Outcome::kCaught);
  const std::string least = "\x8a\x08" + std::string("\x00\x00\x00\x00\x00\x00\x00\x80", 8);  // -2 ** 63
  EXPECT_EQ(mutant_of(least, Mutation::kSign), "9223372036854775808\n");
}

TEST(Mutants, Array_OfEveryDtype_ChangesAndKeepsItsType) {
  const auto float16 = array_of<std::uint16_t>("f2", {0x3c00, 0x4200});  // 1, 3
  const std::vector<std::pair<std::string, std::string>> arrays = {
      {float16, "float16"},
      {array_of<float>("f4", {1, 3}), "float32"},
      {array_of<double>("f8", {1, 3}), "float64"},
      {array_of<long double>("f16", {1, 3}), "longdouble"},
      {array_of<std::int8_t>("i1", {1, 3}), "int8"},
      {array_of<std::int64_t>("i8", {1, 3}), "int64"},
      {array_of<std::uint16_t>("u2", {1, 3}), "uint16"},
  };
  for (const auto& [value, name] : arrays) {
    for (const Mutation mutation :
         {Mutation::kZeros, Mutation::kConstant, Mutation::kOneElement, Mutation::kDropped, Mutation::kShuffled}) {
      // One step of float16 is within its own rtol of 1e-3.
      const bool passes = name == "float16" && mutation == Mutation::kOneElement;
      EXPECT_EQ(outcome_of(value, mutation), passes ? Outcome::kPassed : Outcome::kCaught)
          << name << " " << audit::name(mutation);
      EXPECT_THAT(mutant_of(value, mutation), HasSubstr("(2,)")) << name;
    }
  }
  EXPECT_THAT(mutant_of(arrays[2].first, Mutation::kSign), HasSubstr("[-1, -3]"));
  EXPECT_THAT(mutant_of(arrays[4].first, Mutation::kSign), HasSubstr("[-1, -3]"));
  EXPECT_EQ(outcome_of(arrays[6].first, Mutation::kSign), Outcome::kNoMutant) << "of unsigned numbers";
}

TEST(Mutants, ComplexArray_IsChangedInBothParts) {
  const std::string value = array(dtype("c16"), shape({2}), raw(std::vector<double>{1, -2, 3, 4}));
  EXPECT_THAT(mutant_of(value, Mutation::kSign), HasSubstr("[(-1+2j), (-3-4j)]"));
  EXPECT_THAT(mutant_of(value, Mutation::kDropped), HasSubstr("[(1-2j), (0+0j)]"));
  EXPECT_THAT(mutant_of(value, Mutation::kConstant), HasSubstr("[(1-2j), (1-2j)]"));
}

TEST(Mutants, BigEndianArray_IsReadInItsOrder) {
  std::string data = raw(std::vector<double>{1000});
  data = std::string(data.rbegin(), data.rend());
  const std::string value = array(dtype("f8", ">"), shape({1}), data);
  EXPECT_THAT(mutant_of(value, Mutation::kOneElement), HasSubstr("[1001]"));
  EXPECT_THAT(mutant_of(value, Mutation::kSign), HasSubstr("[-1000]"));
}

TEST(Mutants, SquareArray_IsTransposedAndAnyOtherIsNot) {
  const std::string square = array(dtype("f8"), shape({2, 2}), raw(std::vector<double>{1, 2, 3, 4}));
  EXPECT_THAT(mutant_of(square, Mutation::kTransposed), HasSubstr("[1, 3, 2, 4]"));
  const std::string wide = array(dtype("f8"), shape({1, 2}), raw(std::vector<double>{1, 2}));
  EXPECT_EQ(outcome_of(wide, Mutation::kTransposed), Outcome::kNoMutant);
  const std::string symmetric = array(dtype("f8"), shape({2, 2}), raw(std::vector<double>{1, 2, 2, 4}));
  EXPECT_EQ(outcome_of(symmetric, Mutation::kTransposed), Outcome::kNoMutant);
}

TEST(Mutants, ArrayWithoutDimensionsAndScalar_AreNumbers) {
  EXPECT_EQ(outcome_of(array(dtype("f8"), tuple({}), raw(std::vector<double>{2})), Mutation::kZeros), Outcome::kCaught);
  EXPECT_EQ(outcome_of(scalar(dtype("f8"), raw(std::vector<double>{2})), Mutation::kOneElement), Outcome::kCaught);
  EXPECT_EQ(outcome_of(scalar(dtype("f8"), raw(std::vector<double>{2})), Mutation::kShuffled), Outcome::kNoMutant);
}

TEST(Mutants, EmptyValue_HasNone) {
  for (const Mutation mutation : kMutations) {
    for (const std::string& value : {doubles({}), list({}), dict({}), tuple({}), none(), set({integer(1)})}) {
      EXPECT_EQ(outcome_of(value, mutation), Outcome::kNoMutant) << audit::name(mutation);
    }
  }
}

TEST(Mutants, ValueThatTheyEqual_HasNone) {
  EXPECT_EQ(outcome_of(doubles({0, 0}), Mutation::kZeros), Outcome::kNoMutant);
  EXPECT_EQ(outcome_of(doubles({0, 0}), Mutation::kSign), Outcome::kNoMutant) << "-0 is 0";
  EXPECT_EQ(outcome_of(doubles({0, 0}), Mutation::kOneElement), Outcome::kNoMutant);
  EXPECT_EQ(outcome_of(doubles({5, 5}), Mutation::kConstant), Outcome::kNoMutant);
  EXPECT_EQ(outcome_of(doubles({5, 5}), Mutation::kShuffled), Outcome::kNoMutant);
  EXPECT_EQ(outcome_of(doubles({5}), Mutation::kShuffled), Outcome::kNoMutant);
  EXPECT_EQ(outcome_of(doubles({0.5, 0.25}), Mutation::kFloat32), Outcome::kNoMutant);
  EXPECT_EQ(outcome_of(integer(0), Mutation::kZeros), Outcome::kNoMutant);
  EXPECT_EQ(outcome_of(text(""), Mutation::kZeros), Outcome::kNoMutant);
}

TEST(Mutants, NanAndInfinity_AreNeverTheLargest) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double inf = std::numeric_limits<double>::infinity();
  EXPECT_THAT(mutant_of(doubles({nan, 2, inf}), Mutation::kDropped), HasSubstr("[nan, 0, inf]"));
  EXPECT_EQ(outcome_of(doubles({nan, nan}), Mutation::kSign), Outcome::kNoMutant);
  EXPECT_EQ(outcome_of(doubles({nan, nan}), Mutation::kZeros), Outcome::kCaught);
  EXPECT_EQ(outcome_of(doubles({inf}), Mutation::kSign), Outcome::kCaught);
}

TEST(Mutants, InexactNumber_IsTheLargestBeforeAnyInteger) {
  EXPECT_EQ(mutant_of(tuple({integer(1000), real(0.5)}), Mutation::kDropped), "(1000, 0.0)\n");
}

TEST(Mutants, StructuredArray_IsChangedFieldByField) {
  const std::string fields =
      reduce(global("numpy", "dtype"), {text("V12"), boolean(false), boolean(true)}) +
      tuple({integer(3), text("|"), none(), tuple({text("x"), text("n")}),
             dict({text("x"), tuple({dtype("f8"), integer(0)}), text("n"), tuple({dtype("i4"), integer(8)})}),
             integer(12), integer(1), integer(16)}) +
      "b";
  const std::string record1 = raw(std::vector<double>{1.5}) + little(7, 4);
  const std::string record2 = raw(std::vector<double>{-2.5}) + little(9, 4);
  const std::string value = array(fields, shape({2}), record1 + record2);
  EXPECT_THAT(mutant_of(value, Mutation::kSign), HasSubstr("-1.5"));
  EXPECT_THAT(mutant_of(value, Mutation::kSign), HasSubstr("-7"));
  for (const Mutation mutation :
       {Mutation::kZeros, Mutation::kConstant, Mutation::kOneElement, Mutation::kDropped, Mutation::kShuffled}) {
    EXPECT_EQ(outcome_of(value, mutation), Outcome::kCaught) << audit::name(mutation);
  }
}

TEST(Mutants, InsideOfAnObject_OnlyInexactNumbersChangeWhereThereAreAny) {
  const std::string frame =
      instance("pandas", "Frame", {text("n"), integer(3), text("values"), doubles({1e-12}), text("name"), text("x")});
  const std::string zeros = mutant_of(frame, Mutation::kZeros);
  EXPECT_THAT(zeros, HasSubstr("3"));
  EXPECT_THAT(zeros, HasSubstr("'x'"));
  EXPECT_EQ(outcome_of(frame, Mutation::kZeros), Outcome::kPassed);
  const std::string counts = instance("m", "C", {text("n"), integer(3)});
  EXPECT_EQ(outcome_of(counts, Mutation::kZeros), Outcome::kCaught);
}

TEST(Mutants, SharedAndCyclicValue_IsCopiedOnce) {
  // a = [1.0]; [a, a], and a list that holds itself.
  const std::string shared = "](](" + real(1) + "eq\x01h\x01" + "e";
  EXPECT_EQ(mutant_of(shared, Mutation::kZeros), "list of 2\n  [0]: [0.0]\n  [1]: [0.0]\n");
  const std::string cycle = "]q\x01(h\x01" + real(1) + "e";
  EXPECT_EQ(outcome_of(cycle, Mutation::kZeros), Outcome::kCaught);
  // Each level holds the one below it twice: 2 ** 40 numbers by the ways that lead to them.
  std::string bomb = list({real(1)}) + "q" + std::string(1, '\0');
  std::string levels = bomb;
  for (int i = 1; i < 40; ++i) {
    const std::string below(1, static_cast<char>(i - 1));
    levels += "0](h" + below + "h" + below + "eq" + std::string(1, static_cast<char>(i));
  }
  EXPECT_NE(outcome_of(levels, Mutation::kZeros), Outcome::kNoMutant);
}

TEST(Mutants, DeepValue_NeedsNoStack) {
  std::string deep;
  for (int i = 0; i < 100000; ++i) deep += "](";
  deep += real(1);
  for (int i = 0; i < 100000; ++i) deep += "e";
  const std::string pickle = pickle_of(deep);
  const auto document = pickle::read(as_span(pickle)).value();
  EXPECT_TRUE(make_mutant(document, Mutation::kZeros));
}

TEST(Shuffled, Places_AreAPermutationWithoutFixedPoints) {
  for (const std::size_t n : {2U, 3U, 10U, 1000U}) {
    const auto places = shuffled_places(n);
    EXPECT_EQ(std::set<std::size_t>(places.begin(), places.end()).size(), n);
    for (std::size_t i = 0; i < n; ++i) EXPECT_NE(places[i], i);
  }
  EXPECT_EQ(shuffled_places(5), shuffled_places(5));
}

TEST(Trials, TinyNumbers_PassBecauseOfAtolAndSaysWhichWouldCatchThem) {
  for (const Mutation mutation : {Mutation::kZeros, Mutation::kSign, Mutation::kDropped, Mutation::kShuffled}) {
    const Trial trial = trial_of(doubles({1e-10, 3e-10}), mutation);
    EXPECT_EQ(trial.outcome, Outcome::kPassed) << audit::name(mutation);
    EXPECT_EQ(trial.cause, Cause::kAtol);
    EXPECT_EQ(trial.applied, 1e-8);
    model::Rules tighter;
    tighter.tolerance.atol = trial.bound * 0.99;
    EXPECT_EQ(outcome_of(doubles({1e-10, 3e-10}), mutation, tighter), Outcome::kCaught) << trial.bound;
    tighter.tolerance.atol = trial.bound * 1.01;
    EXPECT_EQ(outcome_of(doubles({1e-10, 3e-10}), mutation, tighter), Outcome::kPassed) << trial.bound;
  }
}

TEST(Trials, WideRtol_IsNamedWithTheOneThatWouldCatchIt) {
  model::Rules rules;
  rules.tolerance = {1e-2, 0};
  const Trial trial = trial_of(doubles({5, 100}), Mutation::kOneElement, rules);
  EXPECT_EQ(trial.outcome, Outcome::kPassed);
  EXPECT_EQ(trial.cause, Cause::kRtol);
  EXPECT_EQ(trial.applied, 1e-2);
  EXPECT_NEAR(trial.bound, 1e-3, 1e-9);
}

TEST(Trials, ToleranceOfTheDtype_IsTheOneThatIsNamed) {
  model::Rules rules;
  rules.by_dtype["float32"] = {0, 1};
  const Trial trial = trial_of(array_of<float>("f4", {0.5F}), Mutation::kZeros, rules);
  EXPECT_EQ(trial.outcome, Outcome::kPassed);
  EXPECT_EQ(trial.applied, 1);
  EXPECT_NEAR(trial.bound, 0.5, 1e-6);
}

TEST(Trials, IgnoredOrder_LetsAShuffledListPass) {
  model::Rules rules;
  rules.ignore_order = true;
  const Trial trial = trial_of(list({text("a"), text("b")}), Mutation::kShuffled, rules);
  EXPECT_EQ(trial.outcome, Outcome::kPassed);
  EXPECT_EQ(trial.cause, Cause::kRules);
  EXPECT_EQ(outcome_of(list({text("a"), text("b")}), Mutation::kZeros, rules), Outcome::kCaught);
}

TEST(Trials, UnstablePart_LetsAllPass) {
  model::SiteValue site;
  site.unstable = {"['x']"};
  const Trial trial = trial_of(dict({text("x"), real(5)}), Mutation::kZeros, {}, site);
  EXPECT_EQ(trial.outcome, Outcome::kPassed);
  EXPECT_EQ(trial.cause, Cause::kUnstable);
}

TEST(Trials, OneSiteThatCatches_CatchesForTheCase) {
  const std::string tiny = pickle_of(doubles({1e-10}));
  const std::string large = pickle_of(doubles({1}));
  const inspect::StoredValue first{util::MappedFile(), pickle::read(as_span(tiny)).value()};
  const inspect::StoredValue second{util::MappedFile(), pickle::read(as_span(large)).value()};
  const model::SiteValue site;
  AuditedSite a;
  a.site = &site;
  a.value = &first;
  AuditedSite b = a;
  b.value = &second;
  EXPECT_EQ(try_mutation(Mutation::kZeros, {a}, {}).outcome, Outcome::kPassed);
  EXPECT_EQ(try_mutation(Mutation::kZeros, {a, b}, {}).outcome, Outcome::kCaught);
  AuditedSite previous = b;
  previous.previous = &first;
  EXPECT_EQ(try_mutation(Mutation::kPrevious, {previous}, {}).outcome, Outcome::kCaught);
  EXPECT_EQ(try_mutation(Mutation::kPrevious, {a}, {}).outcome, Outcome::kNoMutant);
  const std::string longer = pickle_of(doubles({1, 2}));
  const inspect::StoredValue other{util::MappedFile(), pickle::read(as_span(longer)).value()};
  previous.previous = &other;
  EXPECT_EQ(try_mutation(Mutation::kPrevious, {previous}, {}).outcome, Outcome::kNoMutant) << "another length";
}

TEST(CaseAudits, Rounding_CountsForNothing) {
  CaseAudit audit;
  audit.trials = {{Mutation::kFloat32, Outcome::kPassed, Cause::kRtol, 0, 0}};
  EXPECT_FALSE(audit.insensitive());
  EXPECT_EQ(audit.sensitivity(), 1);
  audit.trials.push_back({Mutation::kZeros, Outcome::kPassed, Cause::kAtol, 0, 0});
  EXPECT_TRUE(audit.insensitive());
  EXPECT_EQ(audit.sensitivity(), 0);
  audit.trials.push_back({Mutation::kSign, Outcome::kCaught, Cause::kAtol, 0, 0});
  EXPECT_FALSE(audit.insensitive());
  EXPECT_EQ(audit.sensitivity(), 0.5);
}

TEST(CaseAudits, PreviousCase_OfACopyIsThatOfTheRecord) {
  store::Manifest manifest;
  for (std::size_t index : {1, 4, 6}) {
    store::CaseRecord& record = manifest.cases.emplace_back();
    record.index = index;
    record.status = model::CaptureStatus::kOuter;
    model::SiteValue& value = record.sites.emplace_back();
    value.object = std::string(64, 'a');
    value.meaningful = true;
  }
  // As verify has them where it compares the deepest call alone.
  const std::vector<store::CaseRecord> copies = manifest.cases;
  EXPECT_EQ(previous_of(manifest, copies[0]), &manifest.cases[2]);
  EXPECT_EQ(previous_of(manifest, copies[1]), &manifest.cases[0]);
  EXPECT_EQ(previous_of(manifest, copies[2]), &manifest.cases[1]);
}

TEST(DecidingSites, Result_GoesBeforeInnerCalls) {
  const auto site = [](model::SiteKind kind, int index = 0) {
    model::SiteValue value;
    value.site = {kind, index};
    value.meaningful = true;
    value.object = "0";
    return value;
  };
  store::CaseRecord record;
  record.sites = {site(model::SiteKind::kPath, 2), site(model::SiteKind::kDeepest), site(model::SiteKind::kPath, 1)};
  ASSERT_EQ(deciding_sites(record).size(), 1U);
  EXPECT_EQ(deciding_sites(record).front()->site.text(), "path[1]");
  record.sites.push_back(site(model::SiteKind::kReturn));
  record.sites.push_back(site(model::SiteKind::kState));
  EXPECT_EQ(deciding_sites(record).size(), 2U);
  record.sites[3].wholly_unstable = true;
  EXPECT_EQ(deciding_sites(record).front()->site.text(), "state");
}

}  // namespace
}  // namespace snapshot_test::audit
