// What a case is checked by is said and counted: its result, part of it, the state it leaves, or only inner calls. What
// cannot be looked at never passes on something else.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>
#include <string>

#include "support/sandbox.hpp"

namespace snapshot_test::support {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// What a benchmark returns, or leaves in a name, that cannot be looked at. `make` is an expression of `lib`.
struct Unseen {
  const char* name;
  const char* library;
  const char* needs;  ///< a module, or ""
};
void PrintTo(const Unseen& tested, std::ostream* out) { *out << tested.name; }

class OpaqueResult : public ::testing::TestWithParam<Unseen> {};

/// An inner call whose return is the same whatever the result is.
constexpr const char* kTrivial = "def trivial(): return [1, 2, 3]\n";

TEST_P(OpaqueResult, UnpicklableWithAnInnerCall_IsOpaqueAndNotAPass) {
  ST_SKIP_UNLESS(*GetParam().needs == '\0' || python_has(GetParam().needs), "the test interpreter lacks a module");
  const Sandbox box;
  box.write_library(std::string(kTrivial) + GetParam().library);
  box.write_suite(
      "import lib\n"
      "def time_ok():\n    return 1\n"
      "def time_return():\n    return lib.make(1)\n"
      "def time_body():\n    made = lib.make(1)\n");
  const auto captured = box.capture();
  const auto verified = box.verify();
  for (const char* label : {"bench.time_return", "bench.time_body"}) {
    EXPECT_EQ(captured.of(label), "opaque") << captured.text();
    EXPECT_EQ(captured.entry(label).at("checked_by"), nullptr);
    EXPECT_EQ(verified.of(label), "opaque") << verified.text();
    EXPECT_EQ(verified.entry(label).at("standing"), "unverified");
    EXPECT_EQ(verified.entry(label).at("checked_by"), nullptr);
    EXPECT_THAT(verified.entry(label).at("reason").get<std::string>(), HasSubstr("cannot be pickled"));
  }
  EXPECT_EQ(verified.run.status, 0) << verified.text();
  EXPECT_EQ(box.verify({"--strict"}).run.status, 1);
  EXPECT_EQ(box.verify({"--min-verified", "34", "--min-verified-counts", "any"}).run.status, 1);
}

INSTANTIATE_TEST_SUITE_P(
    Unseen, OpaqueResult,
    ::testing::Values(Unseen{"Socket", "import socket\ndef make(n): trivial(); return socket.socket()\n", ""},
                      Unseen{"LockHolder",
                             "import threading\nclass Held:\n    def __init__(self): self.lock = threading.Lock()\n"
                             "    def __reduce__(self): raise TypeError('no')\ndef make(n): trivial(); return Held()\n",
                             ""},
                      Unseen{"SuperLU",
                             "import numpy as np, scipy.sparse as s, scipy.sparse.linalg as l\n"
                             "def make(n): trivial(); return l.splu(s.csc_matrix(np.eye(3) * n))\n",
                             "scipy"}),
    [](const auto& tested) { return tested.param.name; });

TEST(CheckedBy, InnerCallOfAnOpaqueCaseChanges_IsInItsReason) {
  const Sandbox box;
  box.write_suite("import lib\ndef time_ok(): return 1\ndef time_f():\n    return lib.make()\n");
  box.write_library("import threading\ndef inner(): return [1, 2]\ndef make(): inner(); return threading.Lock()\n");
  ASSERT_EQ(box.capture().of("bench.time_f"), "opaque");
  EXPECT_THAT(box.verify().entry("bench.time_f").at("reason").get<std::string>(), HasSubstr("inner calls"));
  box.write_library("import threading\ndef inner(): return [1, 9]\ndef make(): inner(); return threading.Lock()\n");
  const auto verified = box.verify();
  EXPECT_EQ(verified.of("bench.time_f"), "opaque") << verified.text();
  EXPECT_THAT(verified.entry("bench.time_f").at("reason").get<std::string>(), HasSubstr("but deepest differs"));
}

TEST(CheckedBy, UnstableResultWithAnInnerCall_IsUnstable) {
  const Sandbox box;
  box.write_suite("import lib\ndef time_ok(): return 1\ndef time_f():\n    return lib.make()\n");
  box.write_library("import os\ndef inner(): return [1, 2]\ndef make(): inner(); return os.getpid()\n");
  EXPECT_EQ(box.capture().of("bench.time_f"), "unstable");
  const auto verified = box.verify();
  EXPECT_EQ(verified.of("bench.time_f"), "unstable") << verified.text();
  EXPECT_EQ(verified.entry("bench.time_f").at("checked_by"), nullptr);
}

/// One benchmark of each sort.
constexpr const char* kSorts =
    "import os, threading\n"
    "import lib\n"
    "def time_result(): return [1, 2]\n"
    "def time_part():\n    made = threading.Lock()\n    return [1, 2]\n"
    "def time_masked(): return [3, os.getpid()]\n"
    "class State:\n    def setup(self): self.x = [2, 1]\n    def time_state(self): self.x.sort()\n"
    "def time_inner(): lib.outer()\n"
    "def time_opaque(): return threading.Lock()\n"
    "def time_vacuous(): lib.nothing()\n"
    "def time_noop(): pass\n";
constexpr const char* kSortsLibrary = "def inner(): return [1, 2]\ndef outer(): inner()\ndef nothing(): pass\n";

TEST(CheckedBy, OneCaseOfEachSort_IsCountedUnderItsSort) {
  const Sandbox box;
  box.write_suite(kSorts);
  box.write_library(kSortsLibrary);
  const auto captured = box.capture();
  const auto verified = box.verify();
  const nlohmann::json wanted{{"bench.time_result", "result"}, {"bench.time_part", "part"},
                              {"bench.time_masked", "part"},   {"bench.State.time_state", "state"},
                              {"bench.time_inner", "inner"},   {"bench.time_opaque", nullptr},
                              {"bench.time_vacuous", nullptr}, {"bench.time_noop", nullptr}};
  for (const auto& [label, sort] : wanted.items()) {
    EXPECT_EQ(captured.entry(label).at("checked_by"), sort) << label << captured.text();
    EXPECT_EQ(verified.entry(label).at("checked_by"), sort) << label << verified.text();
  }
  const nlohmann::json counts{{"result", 1}, {"part", 2}, {"state", 1}, {"inner", 1}};
  for (const auto* report : {&captured, &verified}) {
    const nlohmann::json& summary = report->json.at("summary");
    EXPECT_EQ(summary.at("checked_by"), counts) << report->text();
    EXPECT_THAT(report->run.out, HasSubstr("5 of 7 cases: 1 by their result (14.2 %), 2 by part of it, 2 by inner "
                                           "calls or state only"));
    EXPECT_THAT(report->run.out, HasSubstr("body[0] cannot be pickled"));
    EXPECT_THAT(report->run.out, HasSubstr("return is not the same in two runs at [1]"));
  }
  const nlohmann::json& summary = verified.json.at("summary");
  EXPECT_EQ(summary.at("unchecked"), 2);
  EXPECT_EQ(5 + summary.at("unchecked").get<int>() + summary.at("skipped").get<int>(), summary.at("total"));
  EXPECT_EQ(verified.json.at("cases").size(), summary.at("total").get<std::size_t>());
}

TEST(CheckedBy, MinVerified_CountsResultsUnlessToldOtherwise) {
  const Sandbox box;
  box.write_suite(
      "import threading, lib\n"
      "def time_result(): return [1, 2]\n"
      "def time_part():\n    made = threading.Lock()\n    return [1, 2]\n"
      "def time_inner(): lib.outer()\n"
      "class State:\n    def setup(self): self.x = [2, 1]\n    def time_state(self): self.x.sort()\n");
  box.write_library(kSortsLibrary);
  ASSERT_EQ(box.capture({"--strict"}).run.status, 0);
  const auto status = [&](const std::string& percent, const std::string& counts) {
    const int of_capture = box.capture({"--min-verified", percent, "--min-verified-counts", counts}).run.status;
    EXPECT_EQ(of_capture, box.verify({"--min-verified", percent, "--min-verified-counts", counts}).run.status);
    return of_capture;
  };
  EXPECT_EQ(status("25", "result"), 0);
  EXPECT_EQ(status("26", "result"), 1);
  EXPECT_EQ(status("50", "part"), 0);
  EXPECT_EQ(status("51", "part"), 1);
  EXPECT_EQ(status("100", "any"), 0);
  const auto verified = box.verify({"--min-verified", "100"});
  EXPECT_EQ(verified.run.status, 1) << verified.text();
  EXPECT_THAT(verified.run.out, HasSubstr("only 25.0 % of the cases were checked by their result"));
  EXPECT_THAT(verified.run.out, Not(HasSubstr("100.0 %")));
}

TEST(CheckedBy, TimedOutOrUnreadableCase_CountsAsUnchecked) {
  const Sandbox box;
  box.write_suite(
      "import lib\n"
      "def time_ok(): return 1\n"
      "def time_slow(): return lib.slow()\n"
      "def time_damaged(): return 'a value of its own'\n");
  box.write_library("def slow(): return 2\n");
  const auto captured = box.capture();
  ASSERT_EQ(captured.run.status, 0) << captured.text();
  const auto object = captured.entry("bench.time_damaged").at("sites")[0].at("object").get<std::string>();
  const std::string file = ".snapshots/objects/" + object.substr(0, 2) + "/" + object.substr(2) + ".pkl";
  box.write(file, std::string(box.read(file).size(), '\0'));
  box.write_library("import time\ndef slow():\n    time.sleep(60)\n");
  const auto verified = box.verify({"--timeout", "2", "--read-data"});
  EXPECT_EQ(verified.of("bench.time_slow"), "timed-out") << verified.text();
  EXPECT_EQ(verified.of("bench.time_damaged"), "unreadable") << verified.text();
  EXPECT_EQ(verified.json.at("summary").at("checked_by").at("result"), 1);
  EXPECT_EQ(verified.json.at("summary").at("unchecked"), 2);
  EXPECT_THAT(verified.run.out, HasSubstr("verified 1 of 3 cases (33.3 %)"));
}

/// An object that is not the same after it has been pickled, as figures and axes are not.
constexpr const char* kRestless =
    "class Axes:\n"
    "    def __init__(self): self.x, self.looked_at = [1, 2], 0\n"
    "    def __getstate__(self):\n        self.looked_at += 1\n        return dict(self.__dict__)\n"
    "class Figure:\n    def __init__(self): self.axes = [Axes()]\n"
    "def axes(): return Axes()\n"
    "def figure(): return Figure()\n";

TEST(SharedObjects, ObjectChangedByPickling_PassesStrictVerify) {
  const Sandbox box;
  box.write_suite(
      "import lib, os\n"
      "def time_same():\n    made = lib.plot()\n    again = made\n    return made\n"
      "def time_inside():\n    return lib.plot_inside()\n"
      "def time_around():\n    return lib.plot_around()\n"
      "def time_masked():\n    return lib.plot_masked()\n");
  box.write_library(std::string(kRestless) +
                    "import os\n"
                    "def plot(): return axes()\n"
                    "def plot_inside():\n    made = figure()\n    return pick(made)\n"
                    "def pick(made): return made.axes[0]\n"
                    "def plot_around():\n    made = Figure()\n    pick(made)\n    return made\n"
                    "def masked():\n    made = Axes()\n    made.pid = os.getpid()\n    return made\n"
                    "def plot_masked(): return masked()\n");
  const auto captured = box.capture();
  ASSERT_EQ(captured.run.status, 0) << captured.text();
  for (int i = 0; i < 2; ++i) {
    const auto verified = box.verify({"--strict"});
    EXPECT_EQ(verified.run.status, 0) << verified.text();
  }
}

TEST(SharedObjects, OnlyAnInnerCallChanges_IsInnerChanged) {
  const Sandbox box;
  box.write_suite("import lib\ndef time_f():\n    return lib.f()\ndef time_g():\n    return lib.g()\n");
  box.write_library(
      "def half(): return [21]\ndef f(): return half()[0] * 2\ndef small(): return 41\ndef g(): return small() + 1\n");
  ASSERT_EQ(box.capture().run.status, 0);
  box.write_library(
      "def half(): return [42]\ndef f(): return half()[0]\ndef small(): return 42\ndef g(): return small()\n");
  const auto verified = box.verify();
  EXPECT_EQ(verified.of("bench.time_f"), "inner-changed") << verified.text();
  EXPECT_EQ(verified.of("bench.time_g"), "inner-changed") << "42 is 42 by chance\n" << verified.text();
}

}  // namespace
}  // namespace snapshot_test::support
