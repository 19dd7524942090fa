// What is kept of the rounds of a loop, and of what they computed.
#include "host/trace/round_log.hpp"

#include <gmock/gmock.h>
#include <pybind11/embed.h>
#include <pybind11/eval.h>

#include "host/python_program.hpp"

namespace snapshot_test::host::trace {
namespace py = pybind11;
namespace {

using ::testing::HasSubstr;

[[maybe_unused]] const auto* const kPython = ::testing::AddGlobalTestEnvironment(new test::PythonEnvironment);

py::object value(const std::string& expression) { return py::eval(expression); }
std::string text(const py::handle& object) { return py::repr(object).cast<std::string>(); }

TEST(RoundLog, EqualRounds_AreOneObject) {
  PlainValues plain;
  RoundLog log(plain, {});
  for (int i = 0; i < 3; ++i) log.add(value("[1, 'a', (2.5, {3})]"));
  log.add(value("[1, 'a', (2.5, {4})]"));
  const LoggedRounds rounds = log.take();
  EXPECT_EQ(rounds.count, 4U);
  EXPECT_EQ(text(rounds.list),
            "[[1, 'a', (2.5, {3})], [1, 'a', (2.5, {3})], [1, 'a', (2.5, {3})], [1, 'a', (2.5, {4})]]");
  EXPECT_TRUE(rounds.list[0].is(rounds.list[2]));
  EXPECT_FALSE(rounds.list[2].is(rounds.list[3]));
}

TEST(RoundLog, MutableRound_IsCopiedAndItsChangeKnown) {
  PlainValues plain;
  RoundLog log(plain, {});
  const py::list changing = value("[bytearray(b'x'), {'k': [1]}]");
  log.add(changing);
  EXPECT_TRUE(log.still_holds(changing));
  changing[1]["k"].attr("append")(2);
  EXPECT_FALSE(log.still_holds(changing));
  EXPECT_EQ(text(log.take().list), "[[bytearray(b'x'), {'k': [1]}]]");
}

TEST(RoundLog, RoundsBeyondTheBudget_AreDigests) {
  PlainValues plain;
  RoundLog log(plain, {.bytes = 250, .atoms = 100, .rounds = 100, .digests = 2});
  for (int i = 0; i < 9; ++i) log.add(value("['" + std::to_string(i) + "', 0.5, float('nan')]"));
  const LoggedRounds rounds = log.take();
  EXPECT_EQ(rounds.count, 9U);
  EXPECT_THAT(rounds.unseen, HasSubstr("of 9 rounds are known by their digests only"));
  const std::size_t size = rounds.list.size();
  EXPECT_EQ(text(rounds.list[0]), "['0', 0.5, nan]");
  EXPECT_EQ(text(rounds.list[size - 1]), "['8', 0.5, nan]");
  const py::dict rest = rounds.list[size - 2];
  EXPECT_EQ(text(rest["type"]), "'rounds'");
  EXPECT_EQ(rest["rounds"].cast<std::size_t>() + size - 2, 9U);
  const py::dict one = rounds.list[size - 3];
  EXPECT_EQ(text(one["type"]), "'builtins.list'");
  EXPECT_EQ(one["sum"].cast<double>(), 0.5);
  EXPECT_EQ(one["count"].cast<int>(), 2);
}

TEST(RoundLog, PlainNumbers_HaveALimitOfTheirOwn) {
  PlainValues plain;
  RoundLog log(plain, {.bytes = 1 << 20, .atoms = 50, .rounds = 5, .digests = 100});
  for (int i = 0; i < 60; ++i) log.add(py::int_(i));
  const LoggedRounds rounds = log.take();
  EXPECT_EQ(rounds.list.size(), 52U);  // 50, the digest of the rest, the last
  EXPECT_EQ(text(rounds.list[49]), "49");
  EXPECT_EQ(text(rounds.list[50]["rounds"]), "10");
  EXPECT_EQ(text(rounds.list[51]), "59");
}

TEST(RoundLog, ObjectsBeyondTheBudget_AreNotLookedAt) {
  PlainValues plain;
  RoundLog log(plain, {.bytes = 2000, .atoms = 50, .rounds = 50, .digests = 100});
  py::list all;
  for (int i = 0; i < 40; ++i) {
    all.append(value("__import__('types').SimpleNamespace(a='" + std::string(100, 'x') + "')"));
    log.add(all[all.size() - 1]);
    log.add(all[all.size() - 1]);
  }
  const LoggedRounds rounds = log.take();
  EXPECT_TRUE(rounds.list[0].is(all[0]));
  EXPECT_TRUE(rounds.list[1].is(all[0]));
  EXPECT_TRUE(rounds.list[rounds.list.size() - 1].is(all[39]));
  EXPECT_THAT(rounds.unseen, HasSubstr("to 80 of 80 were not looked at"));
}

// The digest says the same whatever lies where in memory; and one number, or two that changed places, make it another.
TEST(ValueDigest, EqualValuesElsewhereInMemory_HaveTheSameDigest) {
  test::add_packages_of_test_python();
  if (!test::importable("numpy")) GTEST_SKIP() << "needs numpy";
  PlainValues plain;
  const auto digest = [&](const std::string& expression) {
    ValueDigest one(plain);
    one.add(py::eval(expression, py::dict(py::arg("np") = py::module_::import("numpy"))).ptr());
    return one.finish("x");
  };
  const auto same = [&](const std::string& a, const std::string& b, const char* field) {
    return digest(a)[field].equal(digest(b)[field]);
  };
  const std::string plane = "np.arange(12.0).reshape(3, 4)";
  EXPECT_TRUE(same(plane, "np.asfortranarray(" + plane + ")", "sha256"));
  EXPECT_TRUE(same(plane, "np.repeat(" + plane + ", 2, axis=0)[::2]", "sha256"));
  EXPECT_TRUE(same("{1, 'a', (2, 3)}", "{(2, 3), 'a', 1}", "sha256"));
  EXPECT_FALSE(same(plane, plane + ".T", "exact"));
  EXPECT_FALSE(same(plane, plane + ".astype('f4')", "exact"));
  EXPECT_TRUE(same(plane, plane + " + 1e-9", "exact"));
  EXPECT_FALSE(same(plane, plane + " + 1e-9", "sha256"));
  EXPECT_FALSE(same("[1, 2]", "[2, 1]", "exact"));
  EXPECT_FALSE(same("np.array([1, np.nan])", "np.array([np.nan, 1])", "exact"));
  EXPECT_TRUE(same("np.array([1, np.nan])", "np.array([1, -np.nan])", "exact"));
  EXPECT_FALSE(same("np.array([1.0, 2.0])", "np.array([2.0, 1.0])", "signed"));
  EXPECT_TRUE(same("np.array([1.0, 2.0])", "np.array([2.0, 1.0])", "sum"));
}

}  // namespace
}  // namespace snapshot_test::host::trace
