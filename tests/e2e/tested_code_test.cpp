// Which copy of the project was tested, and which suite is meant, is said.
#include <gmock/gmock.h>

#include <filesystem>
#include <string>

#include "support/sandbox.hpp"

namespace snapshot_test::support {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

/// A checkout of `wave` with a suite, beside an "environment" that has another copy of it installed.
class TestedCode : public testing::Test {
 protected:
  TestedCode() {
    box_.write("checkout/pyproject.toml", "");
    box_.write("checkout/src/wave/__init__.py", "__version__ = '2.0'\ndef f(): return 2\n");
    box_.write("checkout/benchmarks/__init__.py", "");
    box_.write("checkout/benchmarks/bench.py", "import wave\ndef time_f(): return wave.f()\n");
    box_.write("env/site-packages/wave/__init__.py", "__version__ = '1.5'\ndef f(): return 1\n");
  }

  support::Run run(const std::string& command, const std::vector<std::string>& extra = {}) {
    RunOptions options;
    options.folder = "checkout";
    options.environment["PYTHONPATH"] = python_path_;
    std::vector<std::string> arguments = {command, "benchmarks", "--python", test_python()};
    arguments.insert(arguments.end(), extra.begin(), extra.end());
    return box_.run(arguments, options);
  }
  support::Run git(const std::vector<std::string>& arguments) {
    std::vector<std::string> command = {"/usr/bin/git", "-c", "user.name=n", "-c", "user.email=e"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    RunOptions options;
    options.folder = "checkout";
    return box_.run_command(command, options);
  }

  Sandbox box_;
  std::string python_path_ = box_.path("env/site-packages").string();
};

TEST_F(TestedCode, InstalledCopyUnlikeTheRepositorys_IsAWarning) {
  const support::Run captured = run("capture");
  EXPECT_EQ(captured.status, 0);
  EXPECT_THAT(captured.out, HasSubstr("testing wave 1.5 from " + box_.path("env/site-packages/wave").string()));
  EXPECT_THAT(captured.out,
              AllOf(HasSubstr("warning: wave is imported from"), HasSubstr("1 Python file is not the same"),
                    HasSubstr("--project-dir " + box_.path("checkout/src").string() + " tests them")));
  const support::Run quiet = run("verify", {"-q"});
  EXPECT_EQ(quiet.status, 0);
  EXPECT_THAT(quiet.out, HasSubstr("warning: wave is imported from")) << "also where little is said";
  EXPECT_THAT(quiet.out, HasSubstr("not the copy in the suite's own repository was tested"));
  const support::Run strict = run("verify", {"--strict"});
  EXPECT_EQ(strict.status, 1) << strict.text();

  const support::Run own = run("verify", {"--project-dir", "src", "--strict"});
  EXPECT_EQ(own.status, 1) << "it computes something else";
  EXPECT_THAT(own.out, AllOf(HasSubstr("testing wave 2.0 from"), HasSubstr("different: bench.time_f")));
  EXPECT_THAT(own.out, HasSubstr(": wave 1.5\n")) << "what the baseline is of";
  EXPECT_THAT(own.out, Not(HasSubstr("warning")));
}

TEST_F(TestedCode, InstalledCopyLikeTheRepositorys_GivesNoWarning) {
  box_.write("env/site-packages/wave/__init__.py", box_.read("checkout/src/wave/__init__.py"));
  box_.write("env/site-packages/wave/_version.py", "made by the build");
  const support::Run captured = run("capture", {"--strict"});
  EXPECT_EQ(captured.status, 0) << captured.text();
  EXPECT_THAT(captured.out, Not(HasSubstr("warning")));
}

TEST_F(TestedCode, RepositorysCopyWithPyx_IsToBeInstalled) {
  box_.write("checkout/src/wave/fast.pyx", "");
  EXPECT_THAT(run("capture").out, AllOf(HasSubstr("install that copy"), Not(HasSubstr("--project-dir"))));
}

TEST_F(TestedCode, GitCheckout_HasItsCommitAndChangedFiles) {
  python_path_ = "src";  // relative to where the program is started, as for Python
  git({"init", "-q"});
  git({"add", "-A"});
  git({"commit", "-qm", "x"});
  const std::string commit = git({"rev-parse", "HEAD"}).out.substr(0, 10);
  EXPECT_THAT(run("capture").out, HasSubstr("checkout/src/wave, commit " + commit + "\n"));
  EXPECT_THAT(run("verify").out, HasSubstr(": wave 2.0, commit " + commit + ", the same code\n"));
  box_.write("checkout/src/wave/__init__.py", "__version__ = '2.0'\ndef f(): return 1 + 1\n");
  EXPECT_THAT(run("verify").out,
              AllOf(HasSubstr("commit " + commit + ", 1 file changed\n"), Not(HasSubstr("same code"))));
}

TEST_F(TestedCode, JsonPlan_HasTheTestedAndTheBaselinesPackage) {
  run("capture");
  const std::string report = box_.path("report.json").string();
  run("verify", {"--json", report});
  const nlohmann::json plan = box_.read_json("report.json")["plan"];
  EXPECT_EQ(plan["tested"][0]["name"], "wave");
  EXPECT_EQ(plan["tested"][0]["other_copy"], box_.path("checkout/src/wave").string());
  EXPECT_EQ(plan["baseline"]["tested"][0]["version"], "1.5");
}

TEST_F(TestedCode, SuiteFromAnotherFolder_HasTheSameNamesAndStore) {
  box_.write("checkout/asv/asv.conf.json", R"({"project": "wave", "benchmark_dir": "suite"})");
  box_.write("checkout/asv/suite/__init__.py", "");
  box_.write("checkout/asv/suite/bench.py", "def time_g(): return 3\n");
  RunOptions options;
  options.folder = "checkout";
  ASSERT_EQ(box_.run({"capture", "asv", "--python", test_python()}, options).status, 0);
  EXPECT_THAT(box_.run({"verify", "asv/suite", "--python", test_python()}, options).out, HasSubstr("verified 1 of 1"));
  options.folder = "checkout/asv/suite";
  const support::Run inside = box_.run({"verify", "--python", test_python()}, options);
  EXPECT_EQ(inside.status, 0) << inside.text();
  EXPECT_THAT(inside.out, HasSubstr("verified 1 of 1 case"));
  EXPECT_FALSE(std::filesystem::exists(box_.path("checkout/asv/suite/.snapshots")));
}

/// A suite of two modules that both use `lib`, of which PYTHONPATH has another copy.
class ImportedCopy : public testing::Test {
 protected:
  ImportedCopy() {
    box_.write("other/lib.py", "WHERE = 'other'\n");
    box_.write("mine/lib.py", "WHERE = 'mine'\n");
    box_.write("benchmarks/__init__.py", "");
    options_.environment["PYTHONPATH"] = box_.path("other").string();
  }
  void write_modules(const std::string& beginning, const std::string& end) {
    for (const std::string name : {"a", "b"}) {
      box_.write("benchmarks/bench_" + name + ".py", "import os, sys\n" + beginning + "\nimport lib\n" + end +
                                                         "\ndef time_" + name + "():\n    return lib.WHERE\n");
    }
  }
  /// What the stored value of a benchmark in bench_a is.
  std::string captured() {
    const auto run = box_.run({"capture", "benchmarks", "--python", test_python()}, options_);
    EXPECT_EQ(run.status, 0) << run.text();
    return box_.run({"show", "bench_a.time_a"}, options_).out;
  }

  Sandbox box_;
  RunOptions options_;
  std::string folder_ = "'" + box_.path("mine").string() + "'";
};

TEST_F(ImportedCopy, PathChangedByTheRootPackage_IsTheOneThatRuns) {
  box_.write("benchmarks/__init__.py", "import sys\nsys.path.insert(0, " + folder_ + ")\n");
  write_modules("", "");
  EXPECT_THAT(captured(), HasSubstr("'mine'"));
}

TEST_F(ImportedCopy, PathChangedByEachModule_IsTheOneThatRuns) {
  write_modules("sys.path.insert(0, " + folder_ + ")", "");
  EXPECT_THAT(captured(), HasSubstr("'mine'"));
}

TEST_F(ImportedCopy, PathChangedForOneImport_IsTheOneThatRuns) {
  write_modules("sys.path.insert(0, " + folder_ + ")", "sys.path.pop(0)");
  EXPECT_THAT(captured(), HasSubstr("'mine'"));
}

TEST_F(ImportedCopy, OfADependency_IsTheOneThatRuns) {
  box_.write("other/lib.py", "import part\nWHERE = part.WHERE\n");
  fs::remove(box_.path("mine/lib.py"));
  box_.write("other/part.py", "WHERE = 'other'\n");
  box_.write("mine/part.py", "WHERE = 'mine'\n");
  write_modules("sys.path.insert(0, " + folder_ + ")", "sys.path.pop(0)");
  EXPECT_THAT(captured(), HasSubstr("'mine'"));
}

TEST_F(ImportedCopy, ReadsAVariableThatEachModuleSets_HasIt) {
  box_.write("other/lib.py", "import os\nWHERE = os.environ.get('THREADS', 'unset')\n");
  write_modules("os.environ['THREADS'] = 'one'", "");
  EXPECT_THAT(captured(), HasSubstr("'one'"));
}

TEST_F(ImportedCopy, WithoutAModuleThatEachModuleHides_DoesNotHaveIt) {
  box_.write("other/lib.py", "try:\n    import fast\n    WHERE = 'fast'\nexcept ImportError:\n    WHERE = 'slow'\n");
  box_.write("other/fast.py", "");
  write_modules("sys.modules['fast'] = None", "");
  EXPECT_THAT(captured(), HasSubstr("'slow'"));
}

}  // namespace
}  // namespace snapshot_test::support
