// The suite in examples/, as its README says.
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "support/sandbox.hpp"

namespace snapshot_test::support {
namespace {

namespace fs = std::filesystem;

class Examples : public ::testing::Test {
 protected:
  void SetUp() override {
    ST_NEEDS_NUMPY();
    fs::remove(box_.path("benchmarks"));
    fs::copy(fs::path(SNAPSHOT_TEST_SOURCE_DIR) / "examples", box_.path("examples"), fs::copy_options::recursive);
    fs::remove_all(box_.path("examples/.snapshots"));
  }

  /// snapshot_test COMMAND in examples/, with no other arguments than a user there needs.
  [[nodiscard]] Report run(const std::string& command, std::vector<std::string> extra = {}) const {
    RunOptions options;
    options.folder = "examples";
    std::vector<std::string> arguments{command, "--python", test_python()};
    if (command != "list") arguments.insert(arguments.end(), {"--json", box_.path("report.json").string()});
    arguments.insert(arguments.end(), extra.begin(), extra.end());
    Report report{box_.run(arguments, options), nullptr};
    if (command != "list" && fs::exists(box_.path("report.json"))) report.json = box_.read_json("report.json");
    return report;
  }

  /// Replaces text in a file of the library; it must be there.
  void change(const char* file, const std::string& from, const std::string& to) const {
    const auto path = std::string("examples/wavelab/") + file;
    auto text = box_.read(path);
    const auto at = text.find(from);
    ASSERT_NE(at, std::string::npos) << from << " is not in " << path;
    box_.write(path, text.replace(at, from.size(), to));
  }

  Sandbox box_;
};

TEST_F(Examples, ListCaptureAndVerify_Pass) {
  const auto listed = run("list");
  ASSERT_EQ(listed.run.status, 0) << listed.run.text();
  for (const char* name : {"bench_filters.time_smoothing", "bench_spectrum.Spectrum.time_power",
                           "bench_cache.Files.time_histogram", "images.bench_resample.Noise.time_edges"}) {
    EXPECT_NE(listed.run.out.find(name), std::string::npos) << listed.run.text();
  }
  EXPECT_EQ(listed.run.out.find("ImageBenchmarks"), std::string::npos) << "an abstract class is no benchmark";

  const auto captured = run("capture");
  ASSERT_EQ(captured.run.status, 0) << captured.text();
  EXPECT_EQ(captured.outcomes().size(), 42U) << captured.text();
  EXPECT_EQ(captured.of("bench_filters.time_reference"), "no-op");
  EXPECT_EQ(captured.of("bench_spectrum.Median.time_median(4)"), "skipped");
  EXPECT_EQ(captured.of("bench_spectrum.Windows.time_spectrum('boxcar', 128)"), "skipped");

  for (int i = 0; i < 2; ++i) {
    const auto verified = run("verify");
    EXPECT_EQ(verified.run.status, 0) << verified.text();
    std::size_t identical = 0;
    for (const auto& [label, verdict] : verified.outcomes()) {
      if (verdict == "identical") ++identical;
      EXPECT_NE(verdict, "unstable") << label;
    }
    // All but the no-op, two skips, the in-place one and timeraw.
    EXPECT_GE(identical, 37U) << verified.text();
  }
}

TEST_F(Examples, ChangesOfTheReadme_HaveTheVerdictsItNames) {
  ASSERT_EQ(run("capture").run.status, 0);

  change("filters.py", "level = alpha * sample + (1 - alpha) * level", "level += alpha * (sample - level)");
  auto verified = run("verify", {"--filter", "time_smoothing_twice"});
  EXPECT_EQ(verified.of("bench_spectrum.Slow.time_smoothing_twice"), "close") << verified.text();
  EXPECT_EQ(verified.run.status, 0);

  change("spectrum.py", " ** 2 / np.sum", " / np.sum");
  change("statistics.py", "        \"samples\": len(signal),\n", "        \"samples\": len(signal) + 1,\n");
  change("statistics.py", "    counts, edges = np.histogram",
         "    import os\n    os._exit(0)\n    counts, edges = np.histogram");
  change("images.py", "    down, right", "    raise RuntimeError('no edges today')\n    down, right");
  verified = run("verify");
  EXPECT_EQ(verified.run.status, 1) << verified.text();
  EXPECT_EQ(verified.of("bench_spectrum.Spectrum.time_power(256, 'hann')"), "different") << verified.text();
  EXPECT_EQ(verified.of("bench_cache.Recordings.time_summary('short')"), "different") << verified.text();
  EXPECT_EQ(verified.of("bench_cache.Files.time_histogram"), "crashed") << verified.text();
  EXPECT_EQ(verified.of("images.bench_resample.Noise.time_edges"), "raised") << verified.text();
  EXPECT_EQ(verified.of("images.bench_resample.Noise.time_downsample"), "identical") << verified.text();
  EXPECT_EQ(verified.of("bench_filters.time_moving_average"), "identical") << verified.text();
}

TEST_F(Examples, TypeWithAReducer_IsStableAndABrokenReducerIsRefused) {
  const auto unstable_places = [&] {
    std::size_t places = 0;
    const auto captured = run("capture", {"--filter", "bench_recording"});
    EXPECT_EQ(captured.run.status, 0) << captured.text();
    for (const auto& site : captured.entry("bench_recording.time_resample").value("sites", nlohmann::json::array())) {
      places += site.contains("unstable") ? site["unstable"].size() : 0;
    }
    return places;
  };
  EXPECT_EQ(unstable_places(), 0U);
  EXPECT_EQ(run("verify", {"--filter", "bench_recording"}).of("bench_recording.time_resample"), "identical");

  const std::string reducers = box_.read("examples/snapshot_reducers.py");
  box_.write("examples/snapshot_reducers.py", "REDUCERS = {}\n");
  EXPECT_NE(unstable_places(), 0U) << "the example shows nothing";

  box_.write("examples/snapshot_reducers.py", reducers + "\nfor each in None:\n    pass\n");
  const auto refused = run("verify");
  EXPECT_EQ(refused.run.status, 2) << refused.run.text();
  EXPECT_NE(refused.run.text().find("snapshot_reducers.py', line 11: TypeError"), std::string::npos)
      << refused.run.text();
}

}  // namespace
}  // namespace snapshot_test::support
