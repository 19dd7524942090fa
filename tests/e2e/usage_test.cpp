// What people type wrongly gets a clear message and the right exit status.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <ostream>
#include <string>

#include "support/sandbox.hpp"

namespace snapshot_test::support {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Ne;

constexpr const char* kSuite = "def time_first(): return 1\ndef time_second(): return 2\n";

TEST(Usage, MissingOrUnknownCommandOrOption_HasStatus2) {
  const Sandbox box;
  EXPECT_EQ(box.run({}).status, 2);
  EXPECT_EQ(box.run({"captrue"}).status, 2);
  EXPECT_EQ(box.run({"verify", "--no-such-option"}).status, 2);
}

TEST(Usage, HelpAndVersion_Succeed) {
  const Sandbox box;
  const auto help = box.run({"--help"});
  EXPECT_EQ(help.status, 0) << help.text();
  EXPECT_THAT(help.out, AllOf(HasSubstr("list"), HasSubstr("capture"), HasSubstr("verify"), HasSubstr("config")));
  EXPECT_EQ(box.run({"--version"}).status, 0);
  const auto verify = box.run({"verify", "--help"});
  EXPECT_EQ(verify.status, 0);
  EXPECT_THAT(verify.out, AllOf(HasSubstr("--filter"), HasSubstr("--tolerance"), HasSubstr("--snapshot-dir")));
}

struct BadDirectory {
  const char* name;
  const char* path;  ///< in a sandbox with benchmarks/bench.py, empty/ and nothing_here/__init__.py
  int status;
};
void PrintTo(const BadDirectory& param, std::ostream* out) { *out << param.name; }
class BadBenchmarkDirectory : public ::testing::TestWithParam<BadDirectory> {};

TEST_P(BadBenchmarkDirectory, UnusableFolder_IsNamedWithItsStatus) {
  const Sandbox box;
  box.write_suite(kSuite);
  std::filesystem::create_directory(box.path("empty"));
  box.write("nothing_here/__init__.py", "x = 1\n");
  for (const char* command : {"list", "capture", "verify"}) {
    const auto run = box.run({command, GetParam().path, "--python", test_python()});
    // Where the folder is fine and only lacks benchmarks, verify may find first that there is no baseline.
    if (GetParam().status == 5 && std::string(command) == "verify") {
      EXPECT_THAT(run.status, AnyOf(4, 5)) << run.text();
      continue;
    }
    EXPECT_EQ(run.status, GetParam().status) << command << ": " << run.text();
    EXPECT_THAT(run.err, HasSubstr(GetParam().path)) << command << ": " << run.text();
  }
}

INSTANTIATE_TEST_SUITE_P(All, BadBenchmarkDirectory,
                         ::testing::Values(BadDirectory{"Missing", "no_such_folder", 2},
                                           BadDirectory{"File", "benchmarks/bench.py", 2},
                                           BadDirectory{"Empty", "empty", 2},
                                           BadDirectory{"WithoutBenchmarks", "nothing_here", 5}),
                         [](const auto& tested) { return tested.param.name; });

TEST(Usage, NoBenchmarkFolder_HasStatus2) {
  const Sandbox box;
  RunOptions options;
  options.folder = "home";
  const auto run = box.run({"list", "--python", test_python()}, options);
  EXPECT_EQ(run.status, 2) << run.text();
  EXPECT_THAT(run.err, HasSubstr("benchmark")) << run.text();
}

TEST(Filter, PatternThatMatchesNothing_HasStatus5AndKeepsTheBaseline) {
  const Sandbox box;
  box.write_suite(kSuite);
  ASSERT_EQ(box.capture().run.status, 0);
  const auto verified = box.verify({"--filter", "no_such_name"});
  EXPECT_EQ(verified.run.status, 5) << verified.text();
  EXPECT_THAT(verified.run.err + verified.run.out, HasSubstr("no_such_name"));
  EXPECT_EQ(box.capture({"--filter", "no_such_name"}).run.status, 5);
  EXPECT_EQ(box.verify().run.status, 0) << "a capture of nothing leaves the baseline alone";
}

TEST(Filter, InvalidExpression_HasStatus2) {
  const Sandbox box;
  box.write_suite(kSuite);
  ASSERT_EQ(box.capture().run.status, 0);
  for (const char* command : {"list", "capture", "verify"}) {
    const auto run = box.run({command, "benchmarks", "--filter", "time_(", "--python", test_python()});
    EXPECT_EQ(run.status, 2) << command << ": " << run.text();
    EXPECT_THAT(run.err, HasSubstr("time_(")) << run.text();
  }
}

TEST(Filter, PythonExpression_MatchesNamesAndParameters) {
  const Sandbox box;
  box.write_suite(
      "class Suite:\n    params = [['x', 'y'], [1, 2]]\n"
      "    def time_f(self, a, n): return a * n\n"
      "def time_g(): return 0\n");
  const auto labels = [&](const char* filter) {
    std::string result;
    for (const auto& [label, status] : box.capture({"--filter", filter}).outcomes()) result += label + ";";
    return result;
  };
  EXPECT_EQ(labels(R"(\('x', [12]\)$)"), "bench.Suite.time_f('x', 1);bench.Suite.time_f('x', 2);");
  EXPECT_EQ(labels("(?<!Suite\\.)time_g"), "bench.time_g;");
  EXPECT_EQ(labels(R"(^bench\.time_f$)"),
            "bench.Suite.time_f('x', 1);bench.Suite.time_f('x', 2);"
            "bench.Suite.time_f('y', 1);bench.Suite.time_f('y', 2);");
}

TEST(Imports, ModuleThatDoesNotImport_IsListedAndTheRestRuns) {
  const Sandbox box;
  box.write_suite(kSuite);
  box.write("benchmarks/broken.py", "import no_such_library\ndef time_never(): return 1\n");
  const auto captured = box.capture();
  EXPECT_EQ(captured.of("bench.time_first"), "outer") << captured.text();
  EXPECT_EQ(captured.run.status, 0) << captured.text();
  EXPECT_THAT(captured.run.out, HasSubstr("CAPTURED: the baseline was stored; 1 module could not be imported or read"));
  EXPECT_THAT(captured.run.out + captured.run.err, AllOf(HasSubstr("broken"), HasSubstr("no_such_library")));
  const auto verified = box.verify();
  EXPECT_EQ(verified.of("bench.time_first"), "identical") << verified.text();
  EXPECT_EQ(verified.run.status, 0) << "the baseline has nothing of it\n" << verified.text();
  EXPECT_THAT(verified.run.out, HasSubstr("1 module could not be imported or read"));
  EXPECT_EQ(box.verify({"--strict"}).run.status, 1);
  const auto without = box.verify({"--strict", "--exclude", "broken.*"});
  EXPECT_EQ(without.run.status, 0) << without.text();
  EXPECT_THAT(without.text(), Not(HasSubstr("no_such_library")));
  const auto listed = box.run({"list", box.path("benchmarks").string(), "--python", test_python()});
  EXPECT_THAT(listed.status, Ne(0)) << listed.text();
  EXPECT_THAT(listed.out, HasSubstr("time_second"));
  EXPECT_THAT(listed.out + listed.err, AllOf(HasSubstr("broken"), HasSubstr("no_such_library")));
}

TEST(Imports, FailureAfterTheCapture_FailsUnlessExcluded) {
  const Sandbox box;
  box.write_suite(kSuite);
  box.write("benchmarks/sometimes.py", "def time_it(): return 1\n");
  ASSERT_EQ(box.capture().run.status, 0);
  box.write("benchmarks/sometimes.py", "import no_such_library\ndef time_it(): return 1\n");
  const auto verified = box.verify();
  EXPECT_EQ(verified.run.status, 1) << verified.text();
  EXPECT_EQ(verified.of("sometimes.time_it"), "raised");
  const auto captured = box.capture();
  EXPECT_EQ(captured.run.status, 1) << captured.text();
  EXPECT_THAT(captured.text(), HasSubstr("1 snapshot of them could not be captured again"));
  EXPECT_EQ(box.verify({"--exclude", "sometimes.*"}).run.status, 0);
  EXPECT_EQ(box.verify({"--filter", "bench.time_first"}).run.status, 0);
  box.write("benchmarks/sometimes.py", "def time_it(): return 1\n");
  EXPECT_EQ(box.verify().of("sometimes.time_it"), "identical") << "its snapshot was not lost";
}

TEST(Imports, FailureBesideADamagedSnapshot_IsUnreadable) {
  const Sandbox box;
  box.write_suite(kSuite);
  box.write("benchmarks/sometimes.py", "def time_it(): return 1\n");
  ASSERT_EQ(box.capture().run.status, 0);
  box.write("benchmarks/sometimes.py", "import no_such_library\ndef time_it(): return 1\n");
  box.write(".snapshots/cases/sometimes/time_it.json", "{");
  const auto verified = box.verify();
  EXPECT_EQ(verified.run.status, 1) << verified.text();
  EXPECT_EQ(verified.of("sometimes.time_it"), "unreadable") << verified.text();
}

TEST(Imports, ModuleThatKillsTheProcess_IsListedAndTheRestRuns) {
  const Sandbox box;
  box.write_suite("def time_good(): return 1\n");
  box.write("benchmarks/a_crash.py", "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n");
  box.write("benchmarks/b_leave.py", "import os\nos._exit(0)\n");
  box.write("benchmarks/c_interrupt.py", "raise KeyboardInterrupt\n");
  const auto captured = box.capture();
  EXPECT_EQ(captured.run.status, 0) << captured.text();
  EXPECT_THAT(captured.run.out, HasSubstr("3 modules could not be imported or read"));
  EXPECT_EQ(captured.of("bench.time_good"), "outer");
  for (const char* expected : {"a_crash", "SIGSEGV", "b_leave", "c_interrupt", "KeyboardInterrupt"}) {
    EXPECT_THAT(captured.text(), HasSubstr(expected));
  }
}

TEST(Imports, ModuleThatExits_IsListedAndTheRestRuns) {
  const Sandbox box;
  box.write_suite(kSuite);
  box.write("benchmarks/exits.py", "import sys\nsys.exit(0)\n");
  const auto captured = box.capture();
  EXPECT_EQ(captured.of("bench.time_second"), "outer") << captured.text();
  EXPECT_EQ(captured.run.status, 0) << captured.text();
  EXPECT_THAT(captured.run.out,
              AllOf(HasSubstr("1 module could not be imported or read: exits"), HasSubstr("SystemExit")));
}

TEST(Suite, NameOfAnInstalledModule_IsListedOrNamedInTheError) {
  const Sandbox box;
  box.write("json/__init__.py", "");
  box.write("json/bench.py", "import collections\ndef time_f(): return 1\n");
  const auto run = box.run({"list", box.path("json").string(), "--python", test_python()});
  // json may be imported already; then the message must say so instead of listing nothing.
  if (run.status == 0) {
    EXPECT_THAT(run.out, HasSubstr("time_f")) << run.text();
  } else {
    EXPECT_THAT(run.err, HasSubstr("json")) << run.text();
  }
}

TEST(List, Benchmarks_HaveTypesParametersAndCases) {
  const Sandbox box;
  box.write_suite(
      "class Suite:\n"
      "    params = [[1, 2], ['a', 'b', 'c']]\n    param_names = ['size', 'kind']\n    timeout = 12.5\n"
      "    def track_f(self, size, kind): return size\n"
      "def mem_g(): return []\n");
  const auto listed = box.run({"list", box.path("benchmarks").string(), "--python", test_python()});
  ASSERT_EQ(listed.status, 0) << listed.text();
  EXPECT_THAT(listed.out, AllOf(HasSubstr("bench.Suite.track_f"), HasSubstr("track"), HasSubstr("size"),
                                HasSubstr("kind"), HasSubstr("6"), HasSubstr("bench.mem_g")));
  const auto cases = box.run({"list", "--cases", box.path("benchmarks").string(), "--python", test_python()});
  EXPECT_EQ(cases.status, 0);
  EXPECT_THAT(cases.out, HasSubstr("bench.Suite.track_f(2, 'c')")) << cases.text();
}

TEST(Config, Init_WritesAUsableFileAndDoesNotOverwrite) {
  const Sandbox box;
  box.write_suite(kSuite);
  auto run = box.run({"config", "--init"});
  ASSERT_EQ(run.status, 0) << run.text();
  EXPECT_EQ(box.read_json("snapshot_config.json").at("tolerance").at("rtol"), 1e-5);
  EXPECT_EQ(box.run({"capture", "--python", test_python()}).status, 0);

  box.write("snapshot_config.json", "{\"quiet\": false}");
  run = box.run({"config", "--init"});
  EXPECT_EQ(run.status, 2) << run.text();
  EXPECT_THAT(run.err, HasSubstr("--force"));
  EXPECT_EQ(box.read("snapshot_config.json"), "{\"quiet\": false}");
  EXPECT_EQ(box.run({"config", "--init", "--force"}).status, 0);
  EXPECT_NE(box.read("snapshot_config.json"), "{\"quiet\": false}");
}

TEST(Config, Show_HasValuesAndWhereTheyComeFrom) {
  const Sandbox box;
  box.write("snapshot_config.json", R"({"tolerance": {"rtol": 0.125}})");
  const auto run = box.run({"config", "--show"});
  EXPECT_EQ(run.status, 0) << run.text();
  EXPECT_THAT(run.out, AllOf(HasSubstr("rtol"), HasSubstr("0.125"), HasSubstr("snapshot_config.json"),
                             HasSubstr("atol"), HasSubstr("default")));
}

struct BadConfig {
  const char* name;
  const char* text;
  const char* shown;
};
void PrintTo(const BadConfig& param, std::ostream* out) { *out << param.name; }
class BadConfiguration : public ::testing::TestWithParam<BadConfig> {};

TEST_P(BadConfiguration, InvalidFile_IsExplainedWithStatus2) {
  const Sandbox box;
  box.write_suite(kSuite);
  box.write("snapshot_config.json", GetParam().text);
  const auto run = box.run({"list", "benchmarks", "--python", test_python()});
  EXPECT_EQ(run.status, 2) << run.text();
  EXPECT_THAT(run.err, AllOf(HasSubstr("snapshot_config.json"), HasSubstr(GetParam().shown))) << run.text();
}

INSTANTIATE_TEST_SUITE_P(All, BadConfiguration,
                         ::testing::Values(BadConfig{"UnknownKey", R"({"snapshots_dir": "x"})", "snapshot_dir"},
                                           BadConfig{"UnknownNestedKey", R"({"tolerance": {"rtoll": 1}})", "rtol"},
                                           BadConfig{"WrongType", R"({"tolerance": {"rtol": "tight"}})",
                                                     "tolerance.rtol"},
                                           BadConfig{"Malformed", "{\n  \"verbose\": true,\n  \"quiet\" false\n}", "3"},
                                           BadConfig{"Empty", "", "snapshot_config.json"}),
                         [](const auto& tested) { return tested.param.name; });

TEST(Config, BenchmarkDirInTheFile_IsUsed) {
  const Sandbox box;
  box.write("suite/__init__.py", "");
  box.write("suite/bench.py", kSuite);
  box.write("snapshot_config.json", R"({"benchmark_dir": "suite"})");
  const auto run = box.run({"list", "--python", test_python()});
  EXPECT_EQ(run.status, 0) << run.text();
  EXPECT_THAT(run.out, HasSubstr("bench.time_first"));
}

TEST(Config, BenchmarkDirInAsvConf_IsUsed) {
  const Sandbox box;
  box.write("suite/__init__.py", "");
  box.write("suite/bench.py", kSuite);
  box.write("asv.conf.json", "{\n  // a comment\n  \"version\": 1,\n  'benchmark_dir': \"suite\",\n}\n");
  const auto run = box.run({"list", "--python", test_python()});
  EXPECT_EQ(run.status, 0) << run.text();
  EXPECT_THAT(run.out, HasSubstr("bench.time_first"));
}

TEST(Config, CommandLine_OverridesTheFile) {
  const Sandbox box;
  box.write_suite("import lib\ndef time_f(): return lib.f()\n");
  box.write_library("def f(): return 1.0\n");
  box.write("snapshot_config.json", R"({"tolerance": {"rtol": 0.5}, "snapshot_dir": "from_config"})");
  const std::vector<std::string> common{"benchmarks", "--project-dir", "project", "--python", test_python()};
  const auto with = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), common.begin(), common.end());
    return box.run(arguments).status;
  };
  ASSERT_EQ(with({"capture"}), 0);
  EXPECT_TRUE(std::filesystem::exists(box.path("from_config/format.json")));
  box.write_library("def f(): return 1.2\n");
  EXPECT_EQ(with({"verify"}), 0) << "the file's tolerance";
  EXPECT_EQ(with({"verify", "--tolerance", "0.01", "0"}), 1) << "the command line's tolerance";
}

TEST(Selection, FilterAndExclude_TakeTheSameExpressions) {
  const Sandbox box;
  box.write_suite("class Many:\n    params = [1, 2, 3]\n    def time_p(self, n): return n\ndef time_one(): return 1\n");
  ASSERT_EQ(box.capture().run.status, 0);
  const auto verified = box.verify({"--filter", "Many", "--exclude", R"(\((1|3)\))"});
  EXPECT_EQ(verified.run.status, 0) << verified.text();
  EXPECT_EQ(verified.json["summary"]["by_verdict"]["identical"], 1) << verified.text();
  EXPECT_EQ(verified.of("bench.Many.time_p(2)"), "identical");
  EXPECT_EQ(box.verify({"--exclude", "Many", "--exclude", "one"}).run.status, 5) << "nothing is left";
  const auto wrong = box.verify({"--exclude", "*Many*"});
  EXPECT_EQ(wrong.run.status, 2);
  EXPECT_THAT(wrong.run.err, HasSubstr("--exclude '*Many*' is not a valid regular expression at position 0"));
  box.write_suite("class Many:\n    params = [2]\n    def time_p(self, n): return n\n");
  const auto gone = box.verify({"--exclude", R"(\(1\))", "--exclude", "time_one"});
  EXPECT_EQ(gone.of("bench.Many.time_p(3)"), "obsolete");
  EXPECT_EQ(gone.of("bench.Many.time_p(1)"), "(not reported)");
}

TEST(Config, ExcludeBenchmarksInTheFile_LeavesThemOut) {
  const Sandbox box;
  box.write_suite(kSuite);
  box.write("snapshot_config.json", R"({"exclude_benchmarks": ["time_sec*"]})");
  const auto captured = box.capture();
  EXPECT_EQ(captured.of("bench.time_first"), "outer") << captured.text();
  EXPECT_EQ(captured.of("bench.time_second"), "(not reported)") << captured.text();
}

TEST(Python, UnusableInterpreter_IsNamedWithStatus2) {
  const Sandbox box;
  box.write_suite(kSuite);
  for (const std::string python : {"/no/such/python3", "/bin/false"}) {
    const auto run = box.run({"list", "benchmarks", "--python", python});
    EXPECT_EQ(run.status, 2) << run.text();
    EXPECT_THAT(run.err, HasSubstr(python)) << run.text();
  }
}

}  // namespace
}  // namespace snapshot_test::support
