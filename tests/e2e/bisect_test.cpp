// bisect: a history of 64 commits with three changes in it, and some that cannot be run.
#include <gmock/gmock.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <string>
#include <thread>

#include "support/repository.hpp"

namespace snapshot_test::support {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class Bisect : public RepositoryTest {
 protected:
  /// Commit 0 is good; 10 changes `a`, 40 `b`, 55 `c`; 20 to 27 do not import.
  void make_history(int last = 64) const {
    write("benchmarks/bench.py",
          "import wavelab\n"
          "class Values:\n"
          "    params = [1, 2]\n"
          "    def time_a(self, n):\n        return wavelab.a(n)\n"
          "    def time_b(self, n):\n        return wavelab.b(n)\n"
          "def time_c():\n    return wavelab.c()\n"
          "def time_same():\n    return wavelab.c() - wavelab.c()\n");
    for (int i = 0; i <= last; ++i) {
      write("wavelab/__init__.py", std::string("def a(n): return n + ") + (i >= 10 ? "1" : "0") +
                                       "\ndef b(n): return n * " + (i >= 40 ? "3" : "2") + "\ndef c(): return " +
                                       (i >= 55 ? "7" : "6") + "\n" +
                                       (i >= 20 && i < 28 ? "import nothing_like_this\n" : ""));
      write("count.txt", std::to_string(i));
      commit("Commit " + std::to_string(i));
    }
  }
  static std::string paragraph(const std::string& text, const std::string& heading) {
    const std::size_t at = text.find(heading);
    return at == std::string::npos ? "" : text.substr(at, text.find("changed by", at + heading.size()) - at);
  }
};

TEST_F(Bisect, ThreeChangesIn64Commits_AreFoundInOneSearch) {
  make_history();
  const auto before = bytes();
  const Report report = run({"bisect", "HEAD~64", "HEAD", "--json", box_.path("found.json").string()});
  EXPECT_EQ(report.run.status, 0) << report.text();
  const auto json = box_.read_json("found.json");
  EXPECT_EQ(json.at("exit_status"), 0);
  ASSERT_EQ(json.at("cases").size(), 5u);
  for (const auto& each : json.at("cases")) {
    const auto label = each.at("label").get<std::string>();
    const std::string first = label.find("time_a") != std::string::npos   ? "HEAD~54"
                              : label.find("time_b") != std::string::npos ? "HEAD~24"
                                                                          : "HEAD~9";
    EXPECT_EQ(each.at("first").at("id"), id(first)) << label;
    EXPECT_EQ(each.at("first").at("author"), "n <e>");
    EXPECT_EQ(each.at("verdict"), "different");
    EXPECT_TRUE(each.at("among").empty());
  }
  EXPECT_EQ(json.at("commits"), 64);
  EXPECT_EQ(json.at("captures"), 1);
  EXPECT_EQ(json.at("builds"), 0);
  EXPECT_EQ(json.at("steps"), json.at("runs"));
  for (const auto& each : json.at("skipped")) {
    EXPECT_THAT(each.at("why").get<std::string>(), HasSubstr("nothing_like_this"));
  }
  const std::string& out = report.run.out;
  EXPECT_THAT(paragraph(out, "Commit 10\n"),
              AllOf(HasSubstr("bench.Values.time_a(1): different"), HasSubstr("bench.Values.time_a(2): different"),
                    Not(HasSubstr("time_b"))));
  EXPECT_THAT(paragraph(out, "Commit 40\n"), HasSubstr("bench.Values.time_b(2): different"));
  EXPECT_THAT(paragraph(out, "Commit 55\n"), HasSubstr("bench.time_c: different"));
  EXPECT_THAT(out, Not(HasSubstr("time_same")));
  // Six steps a change at most, less what they share, and what cannot be imported.
  const auto steps = std::count(out.begin(), out.end(), '\n');
  EXPECT_LE(steps, 45) << out;
  EXPECT_EQ(bytes(), before);

  const Report again = run({"bisect", "HEAD~64", "HEAD"});
  EXPECT_EQ(again.run.status, 0);
  EXPECT_THAT(again.run.out, AllOf(HasSubstr("GOOD is in the cache"), HasSubstr("an earlier search goes on"),
                                   HasSubstr("Commit 40\n"), Not(HasSubstr(" for 1 case"))));
}

TEST_F(Bisect, OneCase_TakesNoMoreThanSixCommits) {
  make_history();
  const Report report = run({"bisect", "HEAD~64", "HEAD", "bench.time_c"});
  EXPECT_EQ(report.run.status, 0) << report.text();
  EXPECT_THAT(report.run.out, AllOf(HasSubstr("Commit 55\n"), Not(HasSubstr("time_a"))));
  std::size_t runs = 0;
  for (std::size_t at = 0; (at = report.run.out.find(" for 1 case\n", at)) != std::string::npos; ++at) ++runs;
  EXPECT_LE(runs, 6u) << report.run.out;
}

TEST_F(Bisect, ChangeBehindCommitsThatDoNotRun_IsARange) {
  for (int i = 0; i < 6; ++i) {
    write("wavelab/__init__.py", std::string("def total(n): return n + ") + (i >= 3 ? "1" : "0") + "\n" +
                                     (i == 2 || i == 3 ? "import nothing_like_this\n" : ""));
    write("count.txt", std::to_string(i));
    commit("Commit " + std::to_string(i));
  }
  const Report report = run({"bisect", "HEAD~5", "HEAD", "--json", "-"});
  EXPECT_EQ(report.run.status, 1) << report.text();
  const auto json = nlohmann::json::parse(report.run.out);
  ASSERT_EQ(json.at("cases").size(), 1u);
  EXPECT_TRUE(json.at("cases")[0].at("first").is_null());
  EXPECT_EQ(json.at("cases")[0].at("among").size(), 3u);
  EXPECT_EQ(json.at("skipped").size(), 2u);
  EXPECT_THAT(report.run.err, AllOf(HasSubstr("changed by one of 3 commits"), HasSubstr("Commit 2\n"),
                                    HasSubstr("Commit 3\n"), HasSubstr("Commit 4\n")));
}

TEST_F(Bisect, NothingDiffers_IsSaid) {
  make_history(3);
  const Report report = run({"bisect", "HEAD~3", "HEAD"});
  EXPECT_EQ(report.run.status, 5) << report.text();
  EXPECT_THAT(report.run.out, HasSubstr("no case differs"));
  const std::string file = box_.path("found.json").string();
  EXPECT_EQ(run({"bisect", "HEAD", "HEAD~3", "--json", file}).run.status, 2) << "the wrong way round";
  EXPECT_EQ(box_.read_json("found.json").at("exit_status"), 2);
  EXPECT_THAT(box_.read_json("found.json").at("failure").get<std::string>(), HasSubstr("no ancestor"));
}

TEST_F(Bisect, FirstParent_LooksAtTheBranchAlone) {
  write("wavelab/__init__.py", "def total(n): return n\n");
  commit("Good");
  git({"checkout", "--quiet", "-b", "side"});
  write("wavelab/__init__.py", "def total(n): return n + 1\n");
  commit("On the side");
  git({"checkout", "--quiet", "main"});
  write("other.txt", "");
  commit("Meanwhile");
  git({"merge", "--quiet", "--no-ff", "side", "-m", "Merge it"});
  write("more.txt", "");
  commit("After");
  EXPECT_THAT(run({"bisect", "HEAD~3", "HEAD", "--first-parent"}).run.out, HasSubstr(" Merge it\n"));
  EXPECT_THAT(run({"bisect", "HEAD~3", "HEAD"}).run.out, HasSubstr(" On the side\n"));
}

TEST_F(Bisect, Killed_GoesOnWhereItWas) {
  make_history();
  RunOptions options;
  options.folder = folder_;
  const std::vector<std::string> command = {"bisect", "HEAD~64", "HEAD", "bench.time_c", "--python", test_python()};
  const auto program = box_.start(command, options);
  const auto wrote = [&] {
    if (!fs::exists(cache())) return false;
    for (const auto& each : fs::recursive_directory_iterator(cache())) {
      if (each.path().parent_path().filename() == "bisections" && each.path().extension() == ".json") return true;
    }
    return false;
  };
  for (int i = 0; i < 600 && !wrote(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  program->send(SIGKILL);
  (void)program->wait(std::chrono::seconds(30));
  const Report report = run({"bisect", "HEAD~64", "HEAD", "bench.time_c"});
  EXPECT_EQ(report.run.status, 0) << report.text();
  EXPECT_THAT(report.run.out, AllOf(HasSubstr("an earlier search goes on"), HasSubstr("Commit 55\n")));
}

}  // namespace
}  // namespace snapshot_test::support
