// verify --last-failed and --failed-first: what failed last is run alone, or before the others.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <string>

#include "support/sandbox.hpp"

namespace snapshot_test::support {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using Outcomes = std::map<std::string, std::string>;

class LastFailed : public ::testing::Test {
 protected:
  LastFailed() {
    box_.write_suite(
        "import lib\n"
        "def time_one(): return lib.A\n"
        "def time_two(): return lib.A + lib.B\n"
        "class Many:\n"
        "    params = [1, 2, 3]\n"
        "    def time_p(self, n): return n * lib.B\n"
        "def time_zero(): return 'zero'\n");
    box_.write_library("A, B = 1, 1\n");
    EXPECT_EQ(box_.capture().run.status, 0);
  }

  Sandbox box_;
};

TEST_F(LastFailed, SomeFailed_ThoseAloneAreRun) {
  box_.write_library("A, B = 2, 1\n");
  const auto first = box_.verify();
  EXPECT_EQ(first.run.status, 1) << first.text();
  const auto again = box_.verify({"--last-failed"});
  EXPECT_EQ(again.run.status, 1) << again.text();
  EXPECT_EQ(again.outcomes(), (Outcomes{{"bench.time_one", "different"}, {"bench.time_two", "different"}}));

  // One is mended, and a filter judges that one alone: the other stays known.
  box_.write_library("A, B = 1, 5\n");
  EXPECT_EQ(box_.verify({"--filter", "time_one"}).run.status, 0);
  const auto one = box_.verify({"--last-failed"});
  EXPECT_EQ(one.outcomes(), (Outcomes{{"bench.time_two", "different"}})) << one.text();
  EXPECT_EQ(box_.verify().run.status, 1);
  EXPECT_EQ(box_.verify({"--last-failed"}).outcomes().size(), 4U);
  EXPECT_EQ(box_.verify({"--last-failed", "--filter", "Many"}).outcomes().size(), 3U);

  box_.write_library("A, B = 1, 1\n");
  const auto mended = box_.verify({"--last-failed"});
  EXPECT_EQ(mended.run.status, 0) << mended.text();
  EXPECT_EQ(mended.outcomes().size(), 4U);
}

TEST_F(LastFailed, NoneIsKnown_AllAreRunAndThatIsSaid) {
  const auto run = box_.verify({"--last-failed"});
  EXPECT_EQ(run.run.status, 0) << run.text();
  EXPECT_EQ(run.outcomes().size(), 6U);
  EXPECT_THAT(run.text(), HasSubstr("no case is known that failed"));
  EXPECT_FALSE(fs::exists(box_.path("home/.cache"))) << "nothing failed: nothing is written";
}

TEST_F(LastFailed, ModuleDoesNotImport_ItsCasesRaise) {
  box_.write_library("A, B = 2, 1\n");
  EXPECT_EQ(box_.verify().run.status, 1);
  box_.write_library("raise ValueError('no')\n");
  const auto broken = box_.verify({"--last-failed"});
  EXPECT_EQ(broken.run.status, 1) << broken.text();
  EXPECT_EQ(broken.outcomes(), (Outcomes{{"bench.time_one", "raised"}, {"bench.time_two", "raised"}}));
}

TEST_F(LastFailed, FailedCaseIsGone_OthersAreRun) {
  box_.write_library("A, B = 2, 1\n");
  EXPECT_EQ(box_.verify({"--filter", "time_one"}).run.status, 1);
  box_.write_suite("def time_zero(): return 'zero'\n");
  const auto run = box_.verify({"--last-failed"});
  EXPECT_EQ(run.of("bench.time_zero"), "identical") << run.text();
}

TEST_F(LastFailed, FailedFirst_RunsThemBeforeTheOthers) {
  box_.write_library("A, B = 1, 2\n");
  EXPECT_EQ(box_.verify({"--filter", "time_two"}).run.status, 1);
  const auto stopped = box_.verify({"--failed-first", "-x", "-j", "1"});
  EXPECT_EQ(stopped.run.status, 1) << stopped.text();
  EXPECT_EQ(stopped.of("bench.time_two"), "different") << stopped.text();
  EXPECT_EQ(stopped.json["summary"]["failed"], 1);
  EXPECT_EQ(box_.verify({"--failed-first"}).outcomes().size(), 6U);
}

TEST_F(LastFailed, StoreMayOnlyBeRead_NothingIsWrittenThere) {
  box_.write_library("A, B = 2, 1\n");
  const auto before = box_.tree(".snapshots");
  EXPECT_EQ(box_.verify().run.status, 1);
  EXPECT_EQ(box_.tree(".snapshots"), before);
  EXPECT_EQ(box_.verify({"--last-failed"}).outcomes().size(), 2U);
  EXPECT_EQ(box_.tree(".snapshots"), before);
}

TEST_F(LastFailed, FileIsDamaged_AllAreRunAndThatIsSaid) {
  box_.write_library("A, B = 2, 1\n");
  EXPECT_EQ(box_.verify().run.status, 1);
  for (const auto& entry : fs::recursive_directory_iterator(box_.path("home/.cache/snapshot_test"))) {
    if (entry.is_regular_file()) box_.write(fs::relative(entry.path(), box_.root()), "{");
  }
  const auto run = box_.verify({"--last-failed"});
  EXPECT_EQ(run.outcomes().size(), 6U) << run.text();
  EXPECT_THAT(run.text(), HasSubstr("is damaged"));
}

}  // namespace
}  // namespace snapshot_test::support
