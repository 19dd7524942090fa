// Real suites: discovery is compared with asv_runner's own, and numpy's suite is captured and verified.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <ostream>
#include <string>

#include "support/sandbox.hpp"

namespace snapshot_test::support {
namespace {

namespace fs = std::filesystem;

const fs::path kSource = SNAPSHOT_TEST_SOURCE_DIR;

/// The folder that scripts/test unpacks numpy's and scikit-image's benchmarks into; empty where nobody did.
fs::path real_suites() {
  const char* folder = std::getenv("SNAPSHOT_TEST_REAL_SUITES");
  return folder != nullptr ? folder : "";
}
constexpr const char* kNoSuites = "SNAPSHOT_TEST_REAL_SUITES does not name a folder with real suites";

struct Suite {
  const char* name;
  fs::path benchmarks;
  fs::path project;  ///< for --project-dir; empty where what it imports is installed
  bool fetched;      ///< below real_suites()
};
void PrintTo(const Suite& param, std::ostream* out) { *out << param.name; }
class Discovery : public ::testing::TestWithParam<Suite> {};

TEST_P(Discovery, RealSuite_FindsWhatAsvRunnerFinds) {
  const auto& suite = GetParam();
  ST_SKIP_UNLESS(python_has("asv_runner, pympler, numpy"), "the test interpreter lacks asv_runner, pympler or numpy");
  const auto folder = (suite.fetched ? real_suites() : kSource) / suite.benchmarks;
  if (suite.fetched) {
    ST_SKIP_UNLESS(!real_suites().empty() && fs::is_directory(folder), kNoSuites);
  }
  const Sandbox box;
  RunOptions options;
  options.deadline = std::chrono::seconds(300);
  std::vector<std::string> list{"list", folder.string(), "--json", "--python", test_python()};
  if (!suite.project.empty()) {
    list.insert(list.end(), {"--project-dir", (kSource / suite.project).string()});
    options.environment["PYTHONPATH"] = (kSource / suite.project).string();  // for asv_runner
  }
  const auto script = [&](const char* name) { return (kSource / "tests/support" / name).string(); };
  const auto reference = box.run_command(
      {test_python(), script("asv_reference.py"), folder.string(), box.path("reference.json").string()}, options);
  ASSERT_EQ(reference.status, 0) << reference.text();
  options.environment.erase("PYTHONPATH");
  const auto listed = box.run(list, options);
  ASSERT_EQ(listed.status, 0) << listed.text();
  box.write("listing.json", listed.out);
  const auto compared = box.run_command({test_python(), script("compare_discovery.py"),
                                         box.path("reference.json").string(), box.path("listing.json").string()});
  EXPECT_EQ(compared.status, 0) << compared.text();
}

INSTANTIATE_TEST_SUITE_P(All, Discovery,
                         ::testing::Values(Suite{"Numpy", "numpy/benchmarks/benchmarks", "", true},
                                           Suite{"ScikitImage", "scikit-image/benchmarks", "", true},
                                           Suite{"Examples", "examples/benchmarks", "examples", false},
                                           Suite{"Corners", "tests/support/corner_suite", "", false}),
                         [](const auto& tested) { return tested.param.name; });

TEST(NumpySuite, UnchangedCode_PassesVerify) {
  ST_NEEDS_NUMPY();
  const auto folder = real_suites() / "numpy/benchmarks/benchmarks";
  ST_SKIP_UNLESS(!real_suites().empty() && fs::is_directory(folder), kNoSuites);
  const Sandbox box;
  RunOptions options;
  options.deadline = std::chrono::seconds(600);
  // Some hundred quick cases of many kinds: scalars, strings, records, indexing, set-ups that skip, parameters.
  const std::string filter = R"(^bench_(core|itemselection|trim_zeros|records|strings|scalar|lib|ma|shape_base)\.)";
  const auto run = [&](const std::string& command) {
    Report report{
        box.run({command, folder.string(), "--filter", filter, "--snapshot-dir", box.path(".snapshots").string(),
                 "--python", test_python(), "--json", box.path("report.json").string()},
                options),
        nullptr};
    if (fs::exists(box.path("report.json"))) report.json = box.read_json("report.json");
    return report;
  };
  const auto captured = run("capture");
  ASSERT_EQ(captured.run.status, 0) << captured.run.text();
  const auto verified = run("verify");
  EXPECT_EQ(verified.run.status, 0) << verified.run.text();
  std::size_t passed = 0;
  std::size_t counted = 0;
  for (const auto& item : verified.json.at("cases")) {
    const auto standing = item.at("standing").get<std::string>();
    EXPECT_NE(standing, "failed") << item.dump(1);
    if (standing == "passed") ++passed;
    if (standing != "skipped") ++counted;
  }
  EXPECT_GT(counted, 300U) << "the filter no longer fits the suite";
  EXPECT_GE(static_cast<double>(passed), 0.93 * static_cast<double>(counted)) << verified.run.text();
}

TEST(NumpySuite, EightShardsMerged_AreTheRunWithoutShards) {
  ST_NEEDS_NUMPY();
  const auto folder = real_suites() / "numpy/benchmarks/benchmarks";
  ST_SKIP_UNLESS(!real_suites().empty() && fs::is_directory(folder), kNoSuites);
  const Sandbox box;
  RunOptions options;
  options.deadline = std::chrono::seconds(900);
  // A part of what the script is run on by hand (docs/performance.md): cases with long doubles, random numbers, text.
  const auto agreed = box.run_command(
      {test_python(), (kSource / "tests/support/shard_agreement.py").string(), Sandbox::binary(), folder.string(),
       "--python", test_python(), "--", "--filter", R"(^bench_(itemselection|scalar|trim_zeros)\.)"},
      options);
  EXPECT_EQ(agreed.status, 0) << agreed.text();
  EXPECT_NE(agreed.out.find("capture: 252 cases in 8 shards"), std::string::npos) << agreed.text();
}

}  // namespace
}  // namespace snapshot_test::support
