// What continuous and bisect keep: compare reads it, cache lists and removes it, max_cache_bytes bounds it.
#include <gmock/gmock.h>

#include <chrono>
#include <filesystem>
#include <string>

#include "support/repository.hpp"

namespace snapshot_test::support {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class CommitCache : public RepositoryTest {
 protected:
  CommitCache() {
    commit("One");
    write("wavelab/__init__.py", "def total(n):\n    return n * (n - 1) // 2\n");
    commit("Two");
    write("wavelab/__init__.py", "def total(n):\n    return n * (n + 1) // 2\n");
    commit("Three");
  }
  [[nodiscard]] std::vector<fs::path> entries() const {
    std::vector<fs::path> found;
    if (!fs::exists(cache())) return found;
    for (const auto& each : fs::recursive_directory_iterator(cache())) {
      if (each.path().filename() == "entry.json") found.push_back(each.path());
    }
    return found;
  }
};

TEST_F(CommitCache, Compare_SaysWhatTwoCapturesSayAndRunsNothing) {
  const Report none = run({"compare", "HEAD~2", "HEAD~1"});
  EXPECT_EQ(none.run.status, 4) << none.text();
  EXPECT_THAT(none.run.err, AllOf(HasSubstr("nothing is cached of"), HasSubstr("One")));
  ASSERT_EQ(continuous({"HEAD~2", "HEAD~1"}).run.status, 0);
  ASSERT_EQ(continuous({"HEAD~1", "HEAD"}).run.status, 1);
  write("other.txt", "");
  commit("Four");
  ASSERT_EQ(continuous({"HEAD~1", "HEAD"}).run.status, 0);

  const auto before = bytes();
  const Report same = run({"compare", "HEAD~3", "HEAD~2"});
  EXPECT_EQ(same.run.status, 0) << same.text();
  EXPECT_EQ(same.of("bench.time_total"), "identical");
  const Report different = run({"compare", "HEAD~2", "HEAD~1"});
  EXPECT_EQ(different.run.status, 1) << different.text();
  EXPECT_EQ(different.of("bench.time_total"), "different");
  EXPECT_EQ(different.json.at("command"), "compare");
  EXPECT_EQ(bytes(), before);
}

TEST_F(CommitCache, CompareAfterContinuous_KnowsWhatBothComputed) {
  write("benchmarks/bench.py",
        "import wavelab\ndef time_total():\n    return wavelab.total(1000)\n"
        "def time_small():\n    return wavelab.total(1) // 2\n"
        "def time_raises():\n    assert wavelab.total(3) == 3\n    return 1\n");
  commit("More benchmarks");
  const auto before = bytes();
  ASSERT_EQ(continuous({"HEAD~2", "HEAD"}).run.status, 1);
  const Report report = run({"compare", "HEAD~2", "HEAD"});
  EXPECT_EQ(report.run.status, 1) << report.text();
  EXPECT_EQ(report.of("bench.time_total"), "different");
  EXPECT_EQ(report.of("bench.time_small"), "identical");
  EXPECT_EQ(report.of("bench.time_raises"), "raised");
  EXPECT_THAT(report.run.out, Not(HasSubstr("--filter"))) << "compare takes none";
  const Report reverse = run({"compare", "HEAD", "HEAD~2"});
  EXPECT_EQ(reverse.of("bench.time_total"), "different") << reverse.text();
  EXPECT_EQ(bytes(), before);
  // A second run has nothing to keep; one of other cases adds to what is there.
  EXPECT_THAT(continuous({"HEAD~2", "HEAD"}).run.out, Not(HasSubstr("not kept")));
  ASSERT_EQ(continuous({"HEAD~3", "HEAD", "--filter", "time_small"}).run.status, 0);
  ASSERT_EQ(continuous({"HEAD~3", "HEAD"}).run.status, 1);
  EXPECT_EQ(run({"compare", "HEAD~3", "HEAD"}).of("bench.time_small"), "identical");
}

TEST_F(CommitCache, List_NamesCommitsAndCleanRemovesThem) {
  EXPECT_THAT(run({"cache", "list"}).run.out, HasSubstr("0 entries"));
  ASSERT_EQ(continuous({"HEAD~2", "HEAD~1"}).run.status, 0);
  ASSERT_EQ(continuous({"HEAD~1", "HEAD"}).run.status, 1);
  const Report list = run({"cache", "list"});
  EXPECT_EQ(list.run.status, 0);
  EXPECT_THAT(list.run.out, AllOf(HasSubstr(box_.path("checkout/.git").string()), HasSubstr("baseline"),
                                  HasSubstr(id("HEAD~2").substr(0, 10) + " One"), HasSubstr("2 entries")));

  ASSERT_EQ(entries().size(), 2u);
  fs::last_write_time(entries().front(), fs::file_time_type::clock::now() - std::chrono::hours(24 * 9));
  EXPECT_THAT(run({"cache", "clean", "--older-than", "10"}).run.out, HasSubstr("removed 0 entries"));
  EXPECT_THAT(run({"cache", "clean", "--older-than", "7"}).run.out, HasSubstr("removed 1 entry"));
  EXPECT_EQ(entries().size(), 1u);
  EXPECT_THAT(run({"cache", "clean"}).run.out, HasSubstr("removed 1 entry"));
  EXPECT_TRUE(entries().empty());
  EXPECT_EQ(run({"cache"}).run.status, 2);
  EXPECT_EQ(run({"cache", "list", "--older-than", "3"}).run.status, 2);
}

TEST_F(CommitCache, MoreThanTheBound_RemovesWhatWasNotUsedForLongest) {
  write("snapshot_config.json", R"({"max_cache_bytes": 1000})");
  ASSERT_EQ(continuous({"HEAD~2", "HEAD~1"}).run.status, 0);
  EXPECT_EQ(entries().size(), 1u) << "what this run needs stays, whatever its size";
  const Report report = continuous({"HEAD~1", "HEAD"});
  EXPECT_EQ(report.run.status, 1);
  EXPECT_THAT(report.run.out, HasSubstr("max_cache_bytes"));
  EXPECT_EQ(entries().size(), 1u);
}

}  // namespace
}  // namespace snapshot_test::support
