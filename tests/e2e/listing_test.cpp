// `list` where a baseline is: what it knows of each benchmark.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support/sandbox.hpp"

namespace snapshot_test::support {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kSuite =
    "import os\n"
    "def time_stamped(n): return {'n': n, 'pid': os.getpid() if n > 1 else 0}\n"
    "time_stamped.params = [1, 2, 3]\n"
    "def time_pid(): return os.getpid()\n"
    "def time_value(): return 1\n";

class Listed : public ::testing::Test {
 protected:
  void SetUp() override { box_.write_suite(kSuite); }

  [[nodiscard]] support::Run list(std::vector<std::string> extra = {}) const {
    auto arguments = box_.suite_arguments("list");
    arguments.insert(arguments.end(), extra.begin(), extra.end());
    return box_.run(arguments);
  }
  /// The benchmarks of `list --json`, by name.
  [[nodiscard]] std::map<std::string, json> benchmarks(std::vector<std::string> extra = {}) const {
    extra.push_back("--json");
    std::map<std::string, json> found;
    const json listing = json::parse(list(extra).out);
    for (const json& each : listing.at("benchmarks")) {
      found[each["name"]] = each;
    }
    return found;
  }

  Sandbox box_;
};

TEST_F(Listed, UnstableLeaves_AreListedUnderTheirBenchmark) {
  const support::Run before = list();
  EXPECT_EQ(before.status, 0) << before.text();
  EXPECT_EQ(before.err, "") << "no baseline is nothing to mention";
  EXPECT_FALSE(benchmarks().at("bench.time_stamped").contains("unstable"));

  ASSERT_EQ(box_.capture().run.status, 0);
  const support::Run after = list();
  EXPECT_EQ(after.status, 0) << after.text();
  EXPECT_THAT(after.out, HasSubstr("    unstable: return at ['pid'] (2 of 3 cases)\n"));
  EXPECT_THAT(after.out, HasSubstr("    unstable: return, all of it (1 of 1 case)\n"));
  EXPECT_THAT(list({"--filter", "time_value"}).out, Not(HasSubstr("unstable")));
  EXPECT_THAT(list({"--filter", "time_stamped\\(3\\)"}).out, HasSubstr("return at ['pid'] (1 of 1 case)"));

  const auto known = benchmarks();
  EXPECT_EQ(known.at("bench.time_value")["stored"], 1);
  EXPECT_EQ(known.at("bench.time_value")["unstable"], json::array());
  const json& stamped = known.at("bench.time_stamped");
  EXPECT_EQ(stamped["stored"], 3);
  const json leaf = {{"site", "return"}, {"path", "['pid']"}, {"indices", {1, 2}}};
  EXPECT_THAT(stamped["unstable"], ::testing::Contains(leaf)) << stamped;
}

TEST_F(Listed, DamagedManifest_IsANote) {
  ASSERT_EQ(box_.capture().run.status, 0);
  std::string damaged;
  for (const auto& [name, text] : box_.tree(".snapshots")) {
    if (name.find("time_pid") != std::string::npos) {
      damaged = ".snapshots/" + name;
    }
  }
  ASSERT_NE(damaged, "");
  box_.write(damaged, "{");
  const support::Run run = list();
  EXPECT_EQ(run.status, 0) << run.text();
  EXPECT_THAT(run.err, HasSubstr("note: "));
  EXPECT_THAT(run.err, HasSubstr("time_pid"));
  EXPECT_THAT(run.out, HasSubstr("bench.time_pid"));
  EXPECT_THAT(run.out, HasSubstr("unstable: return at ['pid'] (2 of 3 cases)"));
  EXPECT_THAT(json::parse(list({"--json"}).out)["notes"].dump(), HasSubstr("time_pid"));
}

TEST_F(Listed, DamagedStore_IsANote) {
  box_.write(".snapshots/format.json", "[]");
  box_.write(".snapshots/cases/bench/time_value.json", "{}");
  const support::Run run = list();
  EXPECT_EQ(run.status, 0) << run.text();
  EXPECT_THAT(run.err, HasSubstr("note: "));
  EXPECT_THAT(run.out, HasSubstr("bench.time_value"));
}

}  // namespace
}  // namespace snapshot_test::support
