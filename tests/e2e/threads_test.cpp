// What other threads than the benchmark's compute is seen, in an order of its own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "support/sandbox.hpp"

namespace snapshot_test::support {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

// As scipy's benchmark of medfilt2d: the pool works on chunks, and nobody returns what comes out.
constexpr const char* kSuite = "import lib\ndef time_pool(): lib.filter_all()\n";

std::string library(const std::string& smooth) {
  return "from concurrent.futures import ThreadPoolExecutor\n"
         "def smooth(chunk): return " +
         smooth +
         "\n"
         "def one(chunk):\n"
         "    smooth(chunk)\n"
         "def filter_all():\n"
         "    with ThreadPoolExecutor(4) as pool:\n"
         "        for chunk in range(12): pool.submit(one, chunk)\n";
}
constexpr const char* kSmooth = "[chunk * i + 0.5 for i in range(50)]";

TEST(Threads, WhatAPoolComputes_IsCheckedWhateverTheOrder) {
  const Sandbox box;
  box.write_suite(kSuite);
  box.write_library(library(kSmooth));
  const auto captured = box.capture();
  ASSERT_EQ(captured.run.status, 0) << captured.text();
  EXPECT_EQ(captured.of("bench.time_pool"), "inner") << captured.text();
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(box.verify().of("bench.time_pool"), "identical");
  }
}

TEST(Threads, OneWrongChunk_IsDifferent) {
  const Sandbox box;
  box.write_suite(kSuite);
  box.write_library(library(kSmooth));
  ASSERT_EQ(box.capture().run.status, 0);
  box.write_library(library("[chunk * i + 0.5 + (chunk == 7 and i == 49) for i in range(50)]"));
  const auto verified = box.verify();
  EXPECT_EQ(verified.of("bench.time_pool"), "different") << verified.text();
  EXPECT_EQ(verified.run.status, 1);
  box.write_library(library("[chunk * i + 0.5 for i in range(50)] if chunk != 7 else None"));
  EXPECT_EQ(box.verify().of("bench.time_pool"), "different");
}

TEST(Threads, RoundingInEveryChunk_IsClose) {
  const Sandbox box;
  box.write_suite(kSuite);
  box.write_library(library(kSmooth));
  ASSERT_EQ(box.capture().run.status, 0);
  box.write_library(library("[(chunk * i + 0.5) * (1 + 1e-12) for i in range(50)]"));
  const auto verified = box.verify();
  EXPECT_EQ(verified.of("bench.time_pool"), "close") << verified.text();
}

TEST(Threads, WhatTheBenchmarkReturns_DecidesBeforeItsThreads) {
  const Sandbox box;
  box.write_suite(
      "import threading, lib\n"
      "def time_it():\n"
      "    out = []\n"
      "    threads = [threading.Thread(target=lambda k=k: out.append(lib.f(k))) for k in range(3)]\n"
      "    for t in threads: t.start()\n"
      "    for t in threads: t.join()\n"
      "    return sorted(out)\n");
  box.write_library("def g(k): return k * 2\ndef f(k): return g(k)\n");
  ASSERT_EQ(box.capture().run.status, 0);
  // Other functions on the way to the same result.
  box.write_library("def f(k): return k + k\n");
  EXPECT_THAT(box.verify().of("bench.time_it"), AnyOf("identical", "inner-changed"));
  box.write_library("def f(k): return k + 1\n");
  EXPECT_EQ(box.verify().of("bench.time_it"), "different");
}

TEST(Threads, LookingAtValues_DoesNotCountAgainstTheBenchmark) {
  const Sandbox box;
  box.write_suite("import lib\ndef time_f(): return lib.Slow()\n");
  box.write_library(
      "import time\n"
      "class Slow:\n"
      "    def __reduce__(self):\n"
      "        time.sleep(1.5)\n"
      "        return (int, (7,))\n");
  const auto captured = box.capture({"--timeout", "1"});
  EXPECT_EQ(captured.run.status, 0) << captured.text();
  EXPECT_EQ(captured.of("bench.time_f"), "outer") << captured.text();
  EXPECT_EQ(box.verify({"--timeout", "1"}).of("bench.time_f"), "identical");
}

TEST(Threads, ATeardownThatHangs_StillTimesOut) {
  const Sandbox box;
  box.write_suite(
      "import time\ndef time_f(): return 1\n"
      "def teardown_it(): time.sleep(600)\n"
      "time_f.teardown = teardown_it\n");
  const auto captured = box.capture({"--timeout", "1"});
  EXPECT_EQ(captured.of("bench.time_f"), "failed") << captured.text();
  EXPECT_THAT(captured.entry("bench.time_f").value("reason", ""), HasSubstr("did not end within 1 s"));
}

}  // namespace
}  // namespace snapshot_test::support
