// What calls inside a benchmark return where its result decides: it informs, and costs little.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "support/sandbox.hpp"

namespace snapshot_test::support {
namespace {

std::uintmax_t bytes_below(const std::filesystem::path& folder) {
  std::uintmax_t bytes = 0;
  for (const auto& each : std::filesystem::recursive_directory_iterator(folder)) {
    bytes += each.is_regular_file() ? each.file_size() : 0;
  }
  return bytes;
}

constexpr const char* kSuite = "import lib\ndef time_f(): return lib.total()\n";

TEST(Inner, LargeData_IsKnownByItsDigest) {
  ST_NEEDS_NUMPY();
  const Sandbox box;
  const std::string library =
      "import numpy as np\n"
      "def noise(): return np.random.default_rng(1).random(1_000_000)\n"
      "def total(): return float(noise()[:10].sum())\n";
  box.write_suite(kSuite);
  box.write_library(library);
  const auto captured = box.capture();
  EXPECT_EQ(captured.of("bench.time_f"), "outer") << captured.text();
  EXPECT_LT(bytes_below(box.path(".snapshots/objects")), 100'000U);
  EXPECT_EQ(box.verify({"--strict"}).of("bench.time_f"), "identical");

  box.write_library(library + "def noise(): return np.random.default_rng(1).random(1_000_000) * (1 + 1e-12)\n");
  EXPECT_EQ(box.verify({"--strict"}).of("bench.time_f"), "close");
  box.write_library(library +
                    "def noise():\n"
                    "    a = np.random.default_rng(1).random(1_000_000)\n"
                    "    a[500_000] += 1\n"
                    "    return a\n");
  EXPECT_EQ(box.verify().of("bench.time_f"), "inner-changed");
}

TEST(Inner, LargeObjects_AreNotKept) {
  const Sandbox box;
  box.write_suite(kSuite);
  box.write_library(
      "class Node:\n"
      "    def __init__(self, i): self.i = i\n"
      "def nodes(): return [Node(i) for i in range(200_000)]\n"
      "def total(): return len(nodes()[:10])\n");
  const auto captured = box.capture();
  EXPECT_EQ(captured.of("bench.time_f"), "outer") << captured.text();
  EXPECT_LT(bytes_below(box.path(".snapshots/objects")), 100'000U);
  EXPECT_EQ(box.verify({"--strict"}).of("bench.time_f"), "identical");
}

TEST(Inner, LargeDataThatDecides_IsKept) {
  ST_NEEDS_NUMPY();
  const Sandbox box;
  box.write_suite("import lib\ndef time_f(): lib.outer()\n");
  box.write_library(
      "import numpy as np\n"
      "def noise(): return np.random.default_rng(1).random(300_000)\n"
      "def outer(): noise()\n");
  EXPECT_EQ(box.capture().of("bench.time_f"), "inner");
  EXPECT_GT(bytes_below(box.path(".snapshots/objects")), 1'000'000U);
}

}  // namespace
}  // namespace snapshot_test::support
