// Set-up, call and teardown run in ASV's order, and setup_cache once for all that share it.
#include <gtest/gtest.h>

#include <string>

#include "support/sandbox.hpp"

namespace snapshot_test::support {
namespace {

/// Suites write lines to a log; the option tells them where.
RunOptions with_log(const Sandbox& box) {
  RunOptions options;
  options.environment = {{"LOG", box.path("log").string()}};
  return options;
}

constexpr const char* kLog =
    "import os\n"
    "def log(text):\n"
    "    with open(os.environ['LOG'], 'a') as f: f.write(text + '\\n')\n";

TEST(Order, SetupAndTeardown_RunModuleInstanceFunctionAndBack) {
  const Sandbox box;
  box.write_suite(std::string(kLog) +
                  "def setup(n): log(f'module setup {n}')\n"
                  "def teardown(n): log(f'module teardown {n}')\n"
                  "class Suite:\n"
                  "    params = [7]\n"
                  "    def setup(self, n): log(f'instance setup {n}')\n"
                  "    def teardown(self, n): log(f'instance teardown {n}')\n"
                  "    def time_f(self, n):\n"
                  "        log(f'run {n}')\n"
                  "        return n\n"
                  "    time_f.setup = lambda n: log(f'function setup {n}')\n"
                  "    time_f.teardown = lambda n: log(f'function teardown {n}')\n");
  const auto captured = box.capture({"--no-stability-check"}, with_log(box));
  ASSERT_EQ(captured.of("bench.Suite.time_f(7)"), "outer") << captured.text();
  EXPECT_EQ(box.read("log"),
            "module setup 7\ninstance setup 7\nfunction setup 7\nrun 7\n"
            "function teardown 7\ninstance teardown 7\nmodule teardown 7\n");
}

TEST(Order, SkipInSetup_StillTearsDown) {
  const Sandbox box;
  box.write_suite(std::string(kLog) +
                  "class Suite:\n"
                  "    def setup(self):\n        log('setup')\n        raise NotImplementedError\n"
                  "    def teardown(self): log('teardown')\n"
                  "    def time_f(self):\n        log('run')\n        return 1\n");
  const auto captured = box.capture({"--no-stability-check"}, with_log(box));
  ASSERT_EQ(captured.of("bench.Suite.time_f"), "skipped") << captured.text();
  EXPECT_EQ(box.read("log"), "setup\nteardown\n");
}

TEST(Order, SkippedParameters_RunNothing) {
  const Sandbox box;
  box.write_suite(std::string(kLog) +
                  "class Suite:\n"
                  "    params = [1, 2]\n    skip_params = [(2,)]\n"
                  "    def setup(self, n): log(f'setup {n}')\n"
                  "    def time_f(self, n): return n\n");
  const auto captured = box.capture({"--no-stability-check"}, with_log(box));
  ASSERT_EQ(captured.of("bench.Suite.time_f(2)"), "skipped") << captured.text();
  EXPECT_EQ(box.read("log"), "setup 1\n");
}

TEST(Order, SetupCacheOfSixCases_RunsOnceAndItsValueComesFirst) {
  const Sandbox box;
  box.write_suite(std::string(kLog) +
                  "class Suite:\n"
                  "    params = [1, 2, 3]\n"
                  "    def setup_cache(self):\n        log('cache')\n        return {'base': 10}\n"
                  "    def setup(self, cache, n): log(f\"setup {cache['base']}\")\n"
                  "    def time_f(self, cache, n): return cache['base'] + n\n"
                  "    def time_g(self, cache, n): return cache['base'] * n\n");
  const auto captured = box.capture({"--no-stability-check"}, with_log(box));
  ASSERT_EQ(captured.run.status, 0) << captured.text();
  std::string expected = "cache\n";
  for (int i = 0; i < 6; ++i) expected += "setup 10\n";
  EXPECT_EQ(box.read("log"), expected);
  EXPECT_EQ(box.verify({}, with_log(box)).of("bench.Suite.time_g(3)"), "identical");
}

TEST(Order, FilesOfSetupCache_AreThereForItsUsersAlone) {
  const Sandbox box;
  box.write_suite(
      "import os\n"
      "class Files:\n"
      "    def setup_cache(self):\n        open('data.txt', 'w').write('from the cache')\n"
      "    def setup(self): self.text = open('data.txt').read()\n"
      "    def time_f(self): return self.text\n"
      "def time_elsewhere(): return os.path.exists('data.txt')\n");
  const auto captured = box.capture();
  EXPECT_EQ(captured.of("bench.Files.time_f"), "outer") << captured.text();
  EXPECT_EQ(captured.of("bench.time_elsewhere"), "outer") << captured.text();
  EXPECT_EQ(box.verify().run.status, 0);
}

TEST(Order, CaseThatWritesAFile_IsNotSeenByAnother) {
  const Sandbox box;
  box.write_suite(
      "import os\n"
      "seen = []\n"
      "def time_f(n):\n"
      "    seen.append(n)\n"
      "    open('mark', 'a').write('x')\n"
      "    return list(seen), open('mark').read()\n"
      "time_f.params = [1, 2, 3]\n");
  ASSERT_EQ(box.capture().run.status, 0);
  for (const char* filter : {"time_f", R"(time_f\(3\))"}) {
    const auto verified = box.verify({"--filter", filter});
    EXPECT_EQ(verified.of("bench.time_f(3)"), "identical") << verified.text();
  }
}

TEST(Order, RelativeAndAbsoluteImports_WorkInEachModule) {
  const Sandbox box;
  box.write_suite("from . import helpers\nfrom benchmarks.helpers import VALUE\ndef time_f(): return VALUE\n");
  box.write("benchmarks/helpers.py", "VALUE = 5\n");
  box.write("benchmarks/nested/__init__.py", "def time_in_package(): return 1\n");
  box.write("benchmarks/nested/deep.py", "from ..helpers import VALUE\ndef time_deep(): return VALUE\n");
  const auto captured = box.capture();
  ASSERT_EQ(captured.run.status, 0) << captured.text();
  for (const char* label : {"bench.time_f", "nested.time_in_package", "nested.deep.time_deep"}) {
    EXPECT_EQ(captured.of(label), "outer") << captured.text();
  }
}

TEST(Order, RandomNumbers_AreTheSameInEveryRun) {
  const Sandbox box;
  box.write_suite(
      "import random\n"
      "class Suite:\n"
      "    def setup(self): self.x = random.random()\n"
      "    def time_f(self): return self.x, random.random(), hash('text')\n");
  const auto captured = box.capture();
  EXPECT_EQ(captured.of("bench.Suite.time_f"), "outer") << captured.text();
  const auto verified = box.verify();
  EXPECT_EQ(verified.of("bench.Suite.time_f"), "identical") << verified.text();
}

}  // namespace
}  // namespace snapshot_test::support
