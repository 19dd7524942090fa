// Processes that benchmarks start find the project and the suite.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "support/sandbox.hpp"

namespace snapshot_test::support {
namespace {

using ::testing::AnyOf;

void expect_checked(const Sandbox& box, const std::vector<std::string>& labels, const RunOptions& options = {}) {
  const auto captured = box.capture({}, options);
  for (const auto& label : labels) {
    // A pool that is left in a local name is compared in part.
    EXPECT_THAT(captured.of(label), AnyOf("outer", "part")) << captured.text();
  }
  EXPECT_EQ(captured.run.status, 0) << captured.text();
  const auto verified = box.verify({}, options);
  EXPECT_EQ(verified.run.status, 0) << verified.text();
}

TEST(Children, ChildInterpreter_ImportsTheProject) {
  const Sandbox box;
  box.write_library("value = 3\n");
  box.write_suite(
      "import os, subprocess, sys\n"
      "def ask(code): return subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, "
      "check=True).stdout\n"
      "def time_child(): return ask('import lib; print(lib.value)')\n"
      "def time_elsewhere():\n    os.chdir('/')\n    return ask('import lib; print(lib.value)')\n"
      "def timeraw_it(): return 'import lib\\nfound = lib.value'\n");
  const auto captured = box.capture();
  EXPECT_EQ(captured.of("bench.time_child"), "outer") << captured.text();
  EXPECT_EQ(captured.of("bench.time_elsewhere"), "outer") << captured.text();
  EXPECT_EQ(captured.of("bench.timeraw_it"), "state") << captured.text();
}

TEST(Children, ChildWithPythonpathSet_ImportsFromThereAndTheProject) {
  const Sandbox box;
  box.write_library("value = 3\n");
  box.write("more/other.py", "value = 4\n");
  box.write_suite(
      "import subprocess, sys\n"
      "import other\n"
      "def time_child():\n"
      "    code = 'import lib, other; print(lib.value, other.value)'\n"
      "    return subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True).stdout\n");
  RunOptions options;
  options.environment = {{"PYTHONPATH", "more"}};  // relative to where the program is started
  expect_checked(box, {"bench.time_child"}, options);
}

constexpr const char* kPools =
    "import concurrent.futures, multiprocessing, os\n"
    "import lib\n"
    "def twice(x): return lib.value * x\n"
    "class Pools:\n"
    "    params = ['fork', 'spawn', 'forkserver']\n"
    "    def time_pool(self, method):\n"
    "        with multiprocessing.get_context(method).Pool(2) as pool:\n"
    "            return pool.map(twice, [1, 2, 3])\n"
    "    def time_executor(self, method):\n"
    "        context = multiprocessing.get_context(method)\n"
    "        with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as pool:\n"
    "            return list(pool.map(twice, [1, 2, 3]))\n"
    "    def time_process(self, method):\n"
    "        context = multiprocessing.get_context(method)\n"
    "        queue = context.Queue()\n"
    "        process = context.Process(target=send, args=(queue,))\n"
    "        process.start()\n"
    "        result = queue.get()\n"
    "        process.join()\n"
    "        return result\n"
    "def send(queue): queue.put(twice(5))\n"
    "def nested(x):\n"
    "    with multiprocessing.get_context('spawn').Pool(1) as pool: return pool.apply(twice, (x,))\n"
    "def time_nested():\n"
    "    with concurrent.futures.ProcessPoolExecutor(1, mp_context=multiprocessing.get_context('spawn')) as pool:\n"
    "        return pool.submit(nested, 4).result()\n";

const std::vector<std::string> kLabels{
    "bench.Pools.time_pool('fork')",          "bench.Pools.time_pool('spawn')",
    "bench.Pools.time_pool('forkserver')",    "bench.Pools.time_executor('fork')",
    "bench.Pools.time_executor('spawn')",     "bench.Pools.time_executor('forkserver')",
    "bench.Pools.time_process('fork')",       "bench.Pools.time_process('spawn')",
    "bench.Pools.time_process('forkserver')", "bench.time_nested"};

TEST(Children, ProcessPool_ImportsTheSuite) {
  const Sandbox box;
  box.write_library("value = 3\n");
  box.write_suite(kPools);
  expect_checked(box, kLabels);
}

TEST(Children, ProcessPoolOfASuiteWithoutInit_ImportsTheSuite) {
  const Sandbox box;
  box.write_library("value = 3\n");
  box.write_suite(kPools);
  std::filesystem::remove(box.path("benchmarks/__init__.py"));
  expect_checked(box, kLabels);
}

TEST(Children, ProcessPoolThatComputesAnotherValue_IsDifferent) {
  const Sandbox box;
  box.write_library("value = 3\n");
  box.write_suite(kPools);
  ASSERT_EQ(box.capture().run.status, 0);
  box.write_library("value = 4\n");
  const auto verified = box.verify();
  for (const auto& label : kLabels) {
    EXPECT_EQ(verified.of(label), "different") << verified.text();
  }
}

}  // namespace
}  // namespace snapshot_test::support
