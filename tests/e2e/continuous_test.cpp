// continuous: two commits of a repository that is made here, and what it says of them. Whatever it is asked, the
// checkout stays byte for byte what it was.
#include <gmock/gmock.h>

#include <csignal>
#include <filesystem>
#include <random>
#include <string>
#include <thread>

#include "support/repository.hpp"

namespace snapshot_test::support {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;
using testing::UnorderedElementsAre;

constexpr const char* kFaster = "def total(n):\n    return n * (n - 1) // 2\n";
constexpr const char* kWrong = "def total(n):\n    return n * (n + 1) // 2\n";

class Continuous : public RepositoryTest {
 protected:
  using RepositoryTest::RepositoryTest;
  /// Two commits, of which the second is faster and right.
  void make_faster() const {
    commit("Add total");
    write("wavelab/__init__.py", kFaster);
    commit("Make total faster");
  }
  [[nodiscard]] std::size_t baselines() const {
    std::size_t count = 0;
    for (const auto& repository : fs::directory_iterator(cache())) {
      std::error_code no_folder;
      for (const auto& each : fs::directory_iterator(repository.path() / "baselines", no_folder)) {
        count += fs::exists(each.path() / "entry.json") ? 1 : 0;
      }
    }
    return count;
  }
};

TEST_F(Continuous, FasterAndRight_PassesAndLeavesTheCheckoutAlone) {
  make_faster();
  const auto before = bytes();
  const Report report = continuous({"HEAD~1", "HEAD"});
  EXPECT_EQ(report.run.status, 0) << report.text();
  EXPECT_THAT(report.outcomes(), UnorderedElementsAre(Pair("bench.time_total", "identical")));
  EXPECT_THAT(report.run.out, AllOf(HasSubstr("BASE is " + id("HEAD~1").substr(0, 10) + " Add total"),
                                    HasSubstr("HEAD is " + id().substr(0, 10) + " Make total faster"),
                                    HasSubstr("time of the calls of 1 case"), Not(HasSubstr("warning"))));
  EXPECT_EQ(report.json.at("command"), "continuous");
  EXPECT_EQ(bytes(), before);
  EXPECT_THAT(git({"worktree", "list", "--porcelain"}).out, Not(HasSubstr(".cache")));
}

TEST_F(Continuous, Report_HasTheTimesOfBothSidesAsInformation) {
  write("benchmarks/bench.py",
        "import time, wavelab\ndef time_total():\n    time.sleep(wavelab.seconds)\n    return wavelab.total(9)\n");
  write("wavelab/__init__.py", "seconds = 0\ndef total(n):\n    return n\n");
  commit("Fast");
  write("wavelab/__init__.py", "seconds = 0.2\ndef total(n):\n    return n\n");
  commit("Slow");
  const Report report = continuous({"HEAD~1", "HEAD"});
  EXPECT_EQ(report.run.status, 0) << "a time is no verdict" << report.text();
  const auto& found = report.json.at("cases").at(0);
  EXPECT_LT(found.at("base_seconds"), 0.1);
  EXPECT_GT(found.at("seconds"), 0.15);
  EXPECT_THAT(report.run.out, AllOf(HasSubstr("time of the calls of 1 case"), HasSubstr("bench.time_total: ")));
}

TEST_F(Continuous, ExpectedChange_IsNoFailureAsLongAsItIsExpected) {
  make_faster();
  write("wavelab/__init__.py", kWrong);
  commit("Make it wrong");
  write("expected.toml",
        "[[expected]]\ncase = \"bench.time_total\"\nverdict = \"different\"\nreason = \"n is meant to count\"\n");
  const Report report = continuous({"HEAD~1", "HEAD", "--expected", "expected.toml"});
  EXPECT_EQ(report.of("bench.time_total"), "expected") << report.text();
  EXPECT_EQ(report.json.at("cases").at(0).at("expectation").at("reason"), "n is meant to count");
  write("snapshot_config.json", "{\"expected\": \"expected.toml\"}");
  EXPECT_EQ(continuous({"HEAD~1", "HEAD"}).of("bench.time_total"), "expected");
  const Report idle = continuous({"HEAD~2", "HEAD~1"});
  EXPECT_EQ(idle.of("bench.time_total"), "unexpected") << idle.text();
  EXPECT_EQ(idle.run.status, 1);
  fs::remove(box_.path("checkout/snapshot_config.json"));
  fs::remove(box_.path("checkout/expected.toml"));
  EXPECT_EQ(continuous({"HEAD~1", "HEAD"}).of("bench.time_total"), "different");
}

TEST_F(Continuous, SameBaseAgain_CapturesNothing) {
  make_faster();
  EXPECT_EQ(continuous({"HEAD~1"}).run.status, 0);
  write("wavelab/__init__.py", kWrong);
  const Report again = continuous({"HEAD~1"});
  EXPECT_EQ(again.run.status, 1) << again.text();
  EXPECT_THAT(again.run.out, AllOf(HasSubstr("BASE is in the cache"), HasSubstr("nothing is captured")));
  EXPECT_EQ(baselines(), 1u);
}

TEST_F(Continuous, ChangedValue_IsFoundAndNamed) {
  make_faster();
  write("wavelab/__init__.py", kWrong);
  const Report report = continuous();
  EXPECT_EQ(report.run.status, 1) << report.text();
  EXPECT_EQ(report.of("bench.time_total"), "different");
  EXPECT_THAT(report.run.out, AllOf(HasSubstr("what the work tree was changed from"), HasSubstr("the work tree: "),
                                    HasSubstr("1 file changed"), HasSubstr("again: snapshot_test continuous ")));
}

TEST_F(Continuous, WorkTree_IsWithWhatIsStagedAndUntrackedAndWithoutWhatIsIgnored) {
  make_faster();
  write("wavelab/__init__.py", "from wavelab.staged import total\nfrom wavelab.new import extra\n");
  write("wavelab/staged.py", kFaster);
  write("wavelab/new.py", "extra = 1\n");
  git({"add", "wavelab/staged.py"});
  write("wavelab/staged.py", kWrong);  // the file counts, not what the index has of it
  write("ignored/secret.txt", "");
  const auto before = bytes();
  const Report report = continuous({"HEAD~1"});
  EXPECT_EQ(report.of("bench.time_total"), "different") << report.text();
  EXPECT_THAT(report.run.out, HasSubstr("3 files changed"));
  EXPECT_EQ(bytes(), before);
}

TEST_F(Continuous, DirtyIndex_IsReadAsTheFilesAreAndLeftAsItIs) {
  make_faster();
  write("wavelab/__init__.py", "from wavelab.meant import total\n");
  write("wavelab/meant.py", kFaster);
  git({"add", "--intent-to-add", "wavelab/meant.py"});
  git({"rm", "--quiet", "--cached", "benchmarks/__init__.py"});  // the file is still there
  const auto before = bytes();
  const Report report = continuous({"HEAD"});
  EXPECT_EQ(report.run.status, 0) << report.text();
  EXPECT_EQ(report.of("bench.time_total"), "identical");
  EXPECT_THAT(report.run.out, HasSubstr("2 files changed"));
  EXPECT_EQ(bytes(), before);
}

TEST_F(Continuous, Benchmarks_ComeFromHeadOrBase) {
  make_faster();
  write("benchmarks/bench.py",
        "import wavelab\n"
        "def time_total():\n    return wavelab.total(1000)\n"
        "def time_mean():\n    return wavelab.mean(1000)\n");
  write("wavelab/__init__.py", std::string(kFaster) + "def mean(n):\n    return total(n) / n\n");
  const Report head = continuous({"HEAD"});
  EXPECT_EQ(head.run.status, 0) << head.text();
  EXPECT_THAT(head.outcomes(),
              UnorderedElementsAre(Pair("bench.time_total", "identical"), Pair("bench.time_mean", "capture-failed")));
  const Report base = continuous({"HEAD", "--benchmarks-from", "base"});
  EXPECT_THAT(base.outcomes(), UnorderedElementsAre(Pair("bench.time_total", "identical"))) << base.text();
}

TEST_F(Continuous, ModuleThatCannotBeImportedAtBase_HasNoSnapshots) {
  make_faster();
  write("benchmarks/bench_new.py", "from wavelab import mean\ndef time_mean():\n    return mean(10)\n");
  write("wavelab/__init__.py", std::string(kFaster) + "def mean(n):\n    return total(n) / n\n");
  environment_["CI"] = "true";  // where a lack of snapshots fails a verify run
  const Report report = continuous({"HEAD"});
  EXPECT_EQ(report.run.status, 0) << report.text();
  EXPECT_EQ(report.of("bench_new.time_mean"), "no-snapshot");
  EXPECT_THAT(report.run.out, HasSubstr("at BASE, bench_new does not import"));
}

TEST_F(Continuous, SourceLayoutAndSubfolder_AreFound) {
  make_faster();
  write("python/pkg/src/wavelab/__init__.py", kFaster);
  fs::remove_all(box_.path("checkout/wavelab"));
  write("asv.conf.json", R"({"version": 1, "repo": ".", "repo_subdir": "python/pkg", /* as asv has it */})");
  commit("Move");
  write("python/pkg/src/wavelab/__init__.py", kWrong);
  const Report report = continuous();
  EXPECT_EQ(report.of("bench.time_total"), "different") << report.text();
  EXPECT_THAT(report.run.out, HasSubstr("python/pkg/src/wavelab"));
}

// --- which code runs

TEST_F(Continuous, EditableInstallThatShadowsTheTree_IsAnErrorWithItsPath) {
  make_faster();
  const std::string installed = box_.path("elsewhere/wavelab/__init__.py").string();
  box_.write("elsewhere/wavelab/__init__.py", kFaster);
  box_.write("site/sitecustomize.py",
             "import sys, importlib.util\n"
             "class Finder:\n"
             "    @classmethod\n"
             "    def find_spec(cls, name, path=None, target=None):\n"
             "        if name == 'wavelab':\n"
             "            return importlib.util.spec_from_file_location(name, '" +
                 installed + "')\nsys.meta_path.insert(0, Finder)\n");
  environment_["PYTHONPATH"] = box_.path("site").string();
  const Report report = continuous({"HEAD~1"});
  EXPECT_EQ(report.run.status, 2) << report.text();
  EXPECT_THAT(report.run.err,
              AllOf(HasSubstr("is not the code that is to be tested"), HasSubstr("wavelab from " + installed)));
}

TEST_F(Continuous, StaleExtensionOfTheEnvironment_FailsTheCasesThatImportIt) {
  // What stands for a compiled module that only the environment has: the tree has its source.
  write("_fast.c", "/* */");
  write("wavelab/__init__.py", "def total(n):\n    import _fast\n    return _fast.total(n)\n");
  commit("Use _fast");
  write("wavelab/__init__.py", "def total(n):\n    import _fast\n    return _fast.total(n) + 0\n");
  box_.write("site/_fast.py", kFaster);
  environment_["PYTHONPATH"] = box_.path("site").string();
  const Report report = continuous();
  EXPECT_NE(report.run.status, 0) << report.text();
  EXPECT_EQ(report.of("bench.time_total"), "capture-failed");
  EXPECT_THAT(report.entry("bench.time_total").at("reason").get<std::string>(),
              HasSubstr("_fast was imported from " + box_.path("site/_fast.py").string()));
}

TEST_F(Continuous, CompiledFileLyingInTheWorkTree_IsNotTaken) {
  make_faster();
  write("wavelab/_stale.so", "built from something");
  const Report report = continuous({"HEAD~1"});
  EXPECT_EQ(report.run.status, 0) << report.text();
  EXPECT_THAT(report.run.out, HasSubstr("HEAD is " + id().substr(0, 10)));
}

TEST_F(Continuous, CompiledSourcesThatDiffer_MustBeBuilt) {
  write("wavelab/_fast.pyx", "one");
  make_faster();
  write("wavelab/_fast.pyx", "two");
  const Report report = continuous();
  EXPECT_EQ(report.run.status, 2) << report.text();
  EXPECT_THAT(report.run.err, AllOf(HasSubstr("wavelab/_fast.pyx"), HasSubstr("--build-command")));
}

TEST_F(Continuous, VersionInPyproject_IsNothingToCompile) {
  make_faster();
  write("pyproject.toml", "[project]\nname = 'wavelab'\nversion = '2'\n");
  EXPECT_EQ(continuous({"HEAD~1"}).run.status, 0);
}

TEST_F(Continuous, NoPackage_ProvesNothing) {
  write("odd/place/wavelab.py", kFaster);
  fs::remove_all(box_.path("checkout/wavelab"));
  commit("Hide it");
  write("odd/place/wavelab.py", kWrong);
  const Report report = continuous();
  EXPECT_EQ(report.run.status, 2) << report.text();
  EXPECT_THAT(report.run.err, HasSubstr("--project-dir"));
  const Report named = continuous({"--project-dir", "odd/place"});
  EXPECT_EQ(named.of("bench.time_total"), "different") << named.text();
}

// --- what it may be asked

TEST_F(Continuous, SameCode_IsNothingToCompare) {
  make_faster();
  const Report report = continuous({"HEAD"});
  EXPECT_EQ(report.run.status, 2);
  EXPECT_THAT(report.run.err, HasSubstr("the same, file by file"));
}

TEST_F(Continuous, Base_IsTheMergeBaseWithTheUpstream) {
  make_faster();
  git({"clone", "--quiet", ".", "../clone"});
  git({"checkout", "--quiet", "-b", "topic", "--track", "origin/main"}, "../clone");
  box_.write("clone/wavelab/__init__.py", kWrong);
  git({"commit", "--quiet", "-am", "One"}, "../clone");
  git({"commit", "--quiet", "--allow-empty", "-m", "Two"}, "../clone");
  folder_ = "clone";
  const Report report = continuous();
  EXPECT_EQ(report.run.status, 1) << report.text();
  EXPECT_THAT(report.run.out, HasSubstr("Make total faster, the merge base with origin/main"));
}

TEST_F(Continuous, DetachedHead_IsAnyOther) {
  make_faster();
  git({"checkout", "--quiet", "--detach"});
  const Report report = continuous();
  EXPECT_EQ(report.run.status, 0) << report.text();
  EXPECT_THAT(report.run.out, HasSubstr("Add total, the commit before"));
}

TEST_F(Continuous, BaseThatIsNoAncestor_IsSaid) {
  make_faster();
  git({"checkout", "--quiet", "--orphan", "other"});
  commit("Another beginning");
  const Report report = continuous({"main~1", "other"});
  EXPECT_EQ(report.run.status, 0) << report.text();
  EXPECT_THAT(report.run.out, HasSubstr("no history in common"));
}

TEST_F(Continuous, ShallowClone_SaysWhatBringsTheRest) {
  make_faster();
  git({"clone", "--quiet", "--depth=1", "file://" + box_.path("checkout").string(), "../shallow"});
  folder_ = "shallow";
  const Report report = continuous({"HEAD~1"});
  EXPECT_EQ(report.run.status, 2) << report.text();
  EXPECT_THAT(report.run.err, HasSubstr("git fetch --unshallow"));
  EXPECT_THAT(continuous().run.err, HasSubstr("git fetch --unshallow"));
  box_.write("shallow/wavelab/__init__.py", kWrong);
  EXPECT_EQ(continuous().run.status, 1) << "what there is can be compared";
}

TEST_F(Continuous, RepositoryWithoutCommits_IsSaid) {
  const Report report = continuous();
  EXPECT_EQ(report.run.status, 2);
  EXPECT_THAT(report.run.err, HasSubstr("no commits yet"));
}

TEST_F(Continuous, NoRepository_IsSaid) {
  box_.write("plain/benchmarks/bench.py", "def time_x(): return 1\n");
  folder_ = "plain";
  const Report report = continuous();
  EXPECT_EQ(report.run.status, 2);
  EXPECT_THAT(report.run.err, HasSubstr("no git repository"));
}

TEST_F(Continuous, UnknownCommit_IsSaid) {
  make_faster();
  const Report report = continuous({"nonsense"});
  EXPECT_EQ(report.run.status, 2);
  EXPECT_THAT(report.run.err, HasSubstr("there is no commit 'nonsense'"));
  EXPECT_EQ(continuous({"--", "--upload-pack=x"}).run.status, 2) << "no option for git";
}

TEST_F(Continuous, SuiteThatBaseDoesNotHave_IsSaidWhereItIsAskedFor) {
  const std::string suite = box_.read("checkout/benchmarks/bench.py");
  fs::remove_all(box_.path("checkout/benchmarks"));
  commit("Without a suite");
  write("benchmarks/__init__.py", "");
  write("benchmarks/bench.py", suite);
  EXPECT_EQ(continuous().run.status, 0) << "HEAD's runs on both";
  const Report base = continuous({"--benchmarks-from", "base"});
  EXPECT_EQ(base.run.status, 2) << base.text();
  EXPECT_THAT(base.run.err, HasSubstr("there is no folder 'benchmarks'"));
}

class ContinuousInAnOddPlace : public Continuous {
 protected:
  ContinuousInAnOddPlace() : Continuous("a check out: of 'mine'") {}
};

TEST_F(ContinuousInAnOddPlace, PathWithSpaces_IsAnyOther) {
  make_faster();
  write("wavelab/__init__.py", kWrong);
  const auto before = bytes();
  EXPECT_EQ(continuous().run.status, 1);
  EXPECT_EQ(continuous({"HEAD~1", "HEAD"}).run.status, 0);
  EXPECT_EQ(bytes(), before);
}

TEST_F(Continuous, MergeUnderWay_IsRefused) {
  make_faster();
  git({"checkout", "--quiet", "-b", "other", "HEAD~1"});
  write("wavelab/__init__.py", kWrong);
  commit("Otherwise");
  RunOptions options;
  options.folder = folder_;
  (void)box_.run_command({"/usr/bin/git", "-c", "user.name=n", "-c", "user.email=e", "merge", "main"}, options);
  const Report report = continuous();
  EXPECT_EQ(report.run.status, 2) << report.text();
  EXPECT_THAT(report.run.err, HasSubstr("a merge is under way"));
}

TEST_F(Continuous, Submodule_IsCheckedOutToo) {
  box_.write("part/value.py", "offset = 5\n");
  git({"init", "--quiet", "--initial-branch=main"}, "../part");
  git({"add", "."}, "../part");
  git({"commit", "--quiet", "-m", "part"}, "../part");
  git({"submodule", "--quiet", "add", "../part", "wavelab/part"});
  write("wavelab/__init__.py", "from wavelab.part.value import offset\ndef total(n):\n    return n + offset\n");
  commit("With a submodule");
  write("wavelab/__init__.py", "from wavelab.part.value import offset\ndef total(n):\n    return offset + n\n");
  const auto before = bytes();
  const Report report = continuous();
  EXPECT_EQ(report.run.status, 0) << report.text();
  EXPECT_EQ(bytes(), before);

  box_.write("checkout/wavelab/part/value.py", "offset = 6\n");
  const Report changed = continuous();
  EXPECT_EQ(changed.run.status, 2) << changed.text();
  EXPECT_THAT(changed.run.err, AllOf(HasSubstr("the submodule 'wavelab/part'"), HasSubstr("commit them")));
}

TEST_F(Continuous, SubmoduleThatIsNowhere_IsSaid) {
  make_faster();
  write(".gitmodules", "[submodule \"gone\"]\n\tpath = gone\n\turl = " + box_.path("nowhere").string() + "\n");
  git({"add", ".gitmodules"});
  git({"update-index", "--add", "--cacheinfo", "160000," + id() + ",gone"});
  git({"commit", "--quiet", "-m", "A submodule that is not there"});
  const Report report = continuous({"HEAD~1", "HEAD"});
  EXPECT_EQ(report.run.status, 2) << report.text();
  EXPECT_THAT(report.run.err, HasSubstr("submodules of the commit cannot be fetched"));
}

TEST_F(Continuous, PointerOfGitLfs_IsRefused) {
  make_faster();
  write(".gitattributes", "*.bin filter=lfs\n");
  write("wavelab/data.bin", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n");
  commit("Large");
  const Report report = continuous({"HEAD~1", "HEAD"});
  EXPECT_EQ(report.run.status, 2) << report.text();
  EXPECT_THAT(report.run.err, AllOf(HasSubstr("wavelab/data.bin"), HasSubstr("git lfs")));
}

TEST_F(Continuous, RepositoryInTheWorkTree_IsLeftOut) {
  make_faster();
  git({"init", "--quiet"}, "nested");
  box_.write("checkout/nested/file", "");
  git({"add", "."}, "nested");
  git({"commit", "--quiet", "-m", "nested"}, "nested");
  EXPECT_EQ(continuous({"HEAD~1"}).run.status, 0);
}

TEST_F(Continuous, RepositoryOfAsvConf_IsTheOneThatIsMeant) {
  make_faster();
  box_.write("suite/asv.conf.json", "{\"version\": 1, \"project\": \"wavelab\", \"repo\": \"../checkout\"}");
  box_.write("suite/benchmarks/__init__.py", "");
  box_.write("suite/benchmarks/bench.py", "import wavelab\ndef time_total():\n    return wavelab.total(10)\n");
  folder_ = "suite";
  const Report report = continuous({"main~1", "main"});
  EXPECT_EQ(report.run.status, 0) << report.text();
  EXPECT_EQ(report.of("bench.time_total"), "identical");
  box_.write("suite/asv.conf.json",
             "{\"version\": 1, \"project\": \"wavelab\", \"repo\": \"https://example.org/wavelab.git\"}");
  const Report remote = continuous({"main~1", "main"});
  EXPECT_EQ(remote.run.status, 2) << remote.text();
  box_.write("suite/asv.conf.json", "{\"version\": 1, \"dvcs\": \"hg\", \"repo\": \"../checkout\"}");
  EXPECT_THAT(continuous({"main~1", "main"}).run.err, HasSubstr("only git is supported"));
}

// --- others at the same time, and what is left of them

TEST_F(Continuous, TwoAtOnce_TheSecondIsTold) {
  write("benchmarks/bench.py",
        "import time, wavelab\ndef time_total():\n    time.sleep(3)\n    return wavelab.total(1000)\n");
  make_faster();
  RunOptions options;
  options.folder = folder_;
  const auto first = box_.start({"continuous", "HEAD~1", "--python", test_python()}, options);
  std::this_thread::sleep_for(std::chrono::seconds(1));
  const Report second = continuous({"HEAD~1"});
  EXPECT_EQ(second.run.status, 3) << second.text();
  EXPECT_THAT(second.run.err, HasSubstr("another run (pid "));
  EXPECT_EQ(first->wait(std::chrono::seconds(60)).status, 0);
}

TEST_F(Continuous, Interrupted_RemovesWhatItCheckedOut) {
  write("benchmarks/bench.py",
        "import time, wavelab\ndef time_total():\n    time.sleep(30)\n    return wavelab.total(1)\n");
  make_faster();
  const auto before = bytes();
  RunOptions options;
  options.folder = folder_;
  const auto program = box_.start({"continuous", "HEAD~1", "--python", test_python()}, options);
  std::this_thread::sleep_for(std::chrono::seconds(4));
  program->send(SIGINT);
  const support::Run run = program->wait(std::chrono::seconds(30));
  EXPECT_EQ(run.status, 130) << run.text();
  EXPECT_EQ(bytes(), before);
  EXPECT_EQ(baselines(), 0u);
  for (const auto& repository : fs::directory_iterator(cache())) {
    EXPECT_FALSE(fs::exists(repository.path() / "trees")) << run.text();
  }
}

TEST_F(Continuous, LocksThatAKilledGitHasLeft_AreRemoved) {
  make_faster();
  ASSERT_EQ(continuous({"HEAD~1", "HEAD"}).run.status, 0);
  for (const auto& repository : fs::directory_iterator(cache())) {
    if (!repository.is_directory()) continue;
    const std::string folder = repository.path().string();
    git({"--git-dir", folder + "/git", "worktree", "add", "--quiet", "--no-checkout", "--detach", "--lock",
         folder + "/trees/HEAD", id()});
    fs::remove_all(folder + "/trees");
    box_.write(fs::relative(repository.path() / "git/config.lock", box_.root()), "");
    box_.write(fs::relative(repository.path() / "git/packed-refs.lock", box_.root()), "");
  }
  const Report report = continuous({"HEAD~1", "HEAD"});
  EXPECT_EQ(report.run.status, 0) << report.text();
}

TEST_F(Continuous, KilledAtAnyMoment_LeavesTheCheckoutAloneAndTheNextRunGoesOn) {
  make_faster();
  write("wavelab/__init__.py", kWrong);
  write("new.txt", "");
  const auto before = bytes();
  RunOptions options;
  options.folder = folder_;
  std::mt19937 random(20);  // NOLINT(cert-msc51-cpp): the same moments in every run
  std::uniform_int_distribution<int> moments(0, 1500);
  for (int i = 0; i < 10; ++i) {
    const auto program = box_.start({"continuous", "HEAD~1", "--python", test_python()}, options);
    std::this_thread::sleep_for(std::chrono::milliseconds(moments(random)));
    program->send(SIGKILL);
    (void)program->wait(std::chrono::seconds(30));
    ASSERT_EQ(bytes(), before);
  }
  const Report report = continuous({"HEAD~1"});
  EXPECT_EQ(report.run.status, 1) << report.text();
  EXPECT_EQ(bytes(), before);
  for (const auto& repository : fs::directory_iterator(cache())) {
    if (repository.is_directory()) {
      EXPECT_FALSE(fs::exists(repository.path() / "trees")) << "what was checked out is gone";
    }
  }
}

}  // namespace
}  // namespace snapshot_test::support
