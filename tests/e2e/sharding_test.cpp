// Runs that several machines share: plan, --shard and merge.
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "report/content_digest.hpp"
#include "support/sandbox.hpp"

namespace snapshot_test::support {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using Ended = Run;  // a test has a Run of its own
using Words = std::vector<std::string>;

/// What is not the same in two runs of the same: times, and who ran it.
void drop_times(json& value) {
  if (value.is_object()) {
    for (const char* key : {"seconds", "total_seconds", "timestamp", "command_line", "time", "run", "run_id"}) {
      value.erase(key);
    }
  }
  if (value.is_structured()) {
    for (json& each : value) {
      drop_times(each);
    }
  }
}

class Sharding : public ::testing::Test {
 protected:
  void write_small_suite() const {
    box_.write("benchmarks/__init__.py", "");
    box_.write("benchmarks/bench.py",
               "def time_a(): return 1\n"
               "def time_b(n): return [n] * 3\n"
               "time_b.params = [1, 2, 3, 4]\n"
               "def time_c(): return 'c'\n");
    box_.write("benchmarks/bench_more.py",
               "class Cached:\n"
               "    def setup_cache(self): return {'x': 1}\n"
               "    def time_x(self, cache): return cache['x']\n"
               "    def time_y(self, cache): return cache['x'] + 1\n");
  }
  [[nodiscard]] Ended shard(const std::string& command, const std::string& which, Words extra = {},
                            const RunOptions& options = {}) const {
    Words arguments{command,   "benchmarks", "--python", test_python(),
                    "--shard", which,        "--json",   json_of(which.substr(0, which.find('/')))};
    arguments.insert(arguments.end(), extra.begin(), extra.end());
    return box_.run(arguments, options);
  }
  [[nodiscard]] std::string json_of(const std::string& number) const {
    return box_.path("shard" + number + ".json").string();
  }
  void verify_all(int count, const Words& extra = {}) const {
    for (int i = 1; i <= count; ++i) {
      const Ended run = shard("verify", std::to_string(i) + "/" + std::to_string(count), extra);
      ASSERT_LE(run.status, 1) << run.text();
    }
  }
  [[nodiscard]] Words reports(std::set<int> numbers) const {
    Words files;
    for (const int each : numbers) {
      files.push_back(json_of(std::to_string(each)));
    }
    return files;
  }
  [[nodiscard]] Ended merge(Words parts, const Words& extra = {}) const {
    parts.insert(parts.begin(), "merge");
    parts.insert(parts.end(), {"--json", box_.path("merged.json").string()});
    parts.insert(parts.end(), extra.begin(), extra.end());
    return box_.run(parts);
  }
  [[nodiscard]] json merged() const { return box_.read_json("merged.json"); }
  void capture() const {
    const Ended run = box_.run({"capture", "benchmarks", "--python", test_python()});
    ASSERT_EQ(run.status, 0) << run.text();
  }
  void edit(const std::string& file, const std::function<void(json&)>& change) const {
    json report = box_.read_json(file);
    change(report);
    report[report::kContentDigest] = report::content_digest(report);  // who knows the format can do that
    box_.write(file, report.dump());
  }

  Sandbox box_;
};

class ShardedExamples : public Sharding {
 protected:
  void SetUp() override {
    ST_NEEDS_NUMPY();
    fs::copy(fs::path(SNAPSHOT_TEST_SOURCE_DIR) / "examples", box_.path("examples"), fs::copy_options::recursive);
    fs::remove_all(box_.path("examples/.snapshots"));
    options_.folder = "examples";
    options_.deadline = std::chrono::seconds(120);
  }
  [[nodiscard]] Ended run(Words arguments) const {
    arguments.insert(arguments.begin() + 1, {"--python", test_python()});
    return box_.run(arguments, options_);
  }
  RunOptions options_;
};

TEST_F(ShardedExamples, EightShardsMerged_AreTheUnshardedRun) {
  ASSERT_EQ(run({"capture"}).status, 0);
  // Failures, a snapshot whose case is gone, a case that is new, and one that is expected to differ.
  std::string spectrum = box_.read("examples/wavelab/spectrum.py");
  const std::string square = "/ np.sum(weights**2)";
  ASSERT_NE(spectrum.find(square), std::string::npos);
  box_.write("examples/wavelab/spectrum.py",
             spectrum.replace(spectrum.find(square), square.size(), "/ np.sum(weights) ** 2"));
  box_.write("examples/benchmarks/bench_new.py", "def time_new(): return 1\n");
  std::string suite = box_.read("examples/benchmarks/bench_spectrum.py");
  const std::string name = "def time_smoothing_twice(";
  ASSERT_NE(suite.find(name), std::string::npos);
  box_.write("examples/benchmarks/bench_spectrum.py",
             suite.replace(suite.find(name), name.size(), "def time_smoothing_renamed("));
  box_.write("examples/expected.toml",
             "[[expected]]\ncase = \"bench_spectrum.Spectrum.time_power(256, 'hann')\"\nverdict = \"different\"\n"
             "reason = \"known\"\n[[expected]]\ncase = \"bench_gone.*\"\nverdict = \"raised\"\nreason = \"gone\"\n");
  const Ended whole = run({"verify", "--json", "whole.json", "--min-verified", "99", "--obsolete", "fail"});
  ASSERT_EQ(whole.status, 1) << whole.text();
  Words parts{"merge"};
  std::size_t cases = 0;
  for (int i = 1; i <= 8; ++i) {
    const std::string file = "shard" + std::to_string(i) + ".json";
    const Ended part = run(
        {"verify", "--json", file, "--min-verified", "99", "--obsolete", "fail", "--shard", std::to_string(i) + "/8"});
    ASSERT_LE(part.status, 1) << part.text();
    const json report = box_.read_json("examples/" + file);
    cases += report["cases"].size();
    EXPECT_EQ(report["summary"]["obsolete"], 0) << "no shard judges what has no case";
    parts.push_back(file);
  }
  parts.insert(parts.end(), {"--json", "merged.json"});
  const Ended all = box_.run(parts, options_);
  EXPECT_EQ(all.status, whole.status) << all.text();
  json one = box_.read_json("examples/whole.json");
  json other = box_.read_json("examples/merged.json");
  EXPECT_GT(one["summary"]["obsolete"], 0) << "there is something to judge";
  EXPECT_EQ(one["summary"]["idle_expectations"].size(), 1u);
  EXPECT_EQ(one["summary"]["expected"], 1);
  drop_times(one);
  drop_times(other);
  EXPECT_EQ(one.dump(1), other.dump(1));
  // No line but that of the failed cases' own times differs for people either.
  EXPECT_NE(all.out.find("FAILED (exit status 1)"), std::string::npos) << all.text();
}

TEST_F(ShardedExamples, EightStoresMerged_AreTheUnshardedBaseline) {
  ASSERT_EQ(run({"capture", "--snapshot-dir", "whole"}).status, 0);
  Words parts{"merge"};
  for (int i = 1; i <= 8; ++i) {
    const std::string folder = "part" + std::to_string(i);
    const Ended part = run({"capture", "--snapshot-dir", folder, "--shard", std::to_string(i) + "/8"});
    ASSERT_EQ(part.status, 0) << part.text();
    parts.push_back(folder);
  }
  parts.insert(parts.end(), {"--snapshot-dir", "merged"});
  const Ended all = box_.run(parts, options_);
  ASSERT_EQ(all.status, 0) << all.text();
  const auto whole = box_.tree("examples/whole");
  const auto merged = box_.tree("examples/merged");
  std::set<std::string> names;
  for (const auto& [name, text] : whole) {
    if (!name.starts_with("runs/")) names.insert(name);
  }
  std::set<std::string> others;
  for (const auto& [name, text] : merged) {
    if (!name.starts_with("runs/")) others.insert(name);
  }
  EXPECT_EQ(names, others);
  for (const std::string& name : names) {
    if (name.ends_with(".json")) {
      json one = json::parse(whole.at(name));
      json other = json::parse(merged.at(name));
      drop_times(one);
      drop_times(other);
      for (json* each : {&one, &other}) {
        for (json& record : each->contains("cases") ? (*each)["cases"] : *each) {
          // Which cases are long enough for a process of their own depends on the time that they took.
          if (record.is_object()) record.erase("context_free");
        }
      }
      EXPECT_EQ(one.dump(1), other.dump(1)) << name;
    } else {
      EXPECT_EQ(whole.at(name), merged.at(name)) << name;
    }
  }
  const Ended verified = run({"verify", "--snapshot-dir", "merged", "--json", "verified.json"});
  EXPECT_EQ(verified.status, 0) << verified.text();
  EXPECT_EQ(box_.read_json("examples/verified.json")["summary"]["passed"], 38);
}

TEST_F(Sharding, MissingShard_IsIncompleteAndFails) {
  write_small_suite();
  capture();
  verify_all(3);
  const Ended run = merge(reports({1, 3}));
  EXPECT_EQ(run.status, 1) << run.text();
  EXPECT_NE(run.out.find("incomplete: shard 2 of 3 is missing"), std::string::npos) << run.text();
  EXPECT_TRUE(merged()["summary"]["ok"].is_null());
  EXPECT_EQ(merged()["summary"]["status"], "failed");
  EXPECT_EQ(merge(reports({1, 2, 3})).status, 0);
  EXPECT_EQ(merged()["summary"]["ok"], true);
  EXPECT_EQ(merged()["summary"]["total"], 8);
}

TEST_F(Sharding, OrderOfReports_DoesNotMatter) {
  write_small_suite();
  capture();
  verify_all(3);
  ASSERT_EQ(merge({json_of("1"), json_of("2"), json_of("3")}).status, 0);
  json one = merged();
  ASSERT_EQ(merge({json_of("3"), json_of("1"), json_of("2")}).status, 0);
  json other = merged();
  drop_times(one);
  drop_times(other);
  EXPECT_EQ(one, other);
}

TEST_F(Sharding, ShardThatWasRunAgain_CountsOnce) {
  write_small_suite();
  capture();
  verify_all(2);
  fs::copy_file(json_of("1"), json_of("9"));
  ASSERT_EQ(shard("verify", "1/2").status, 0);
  const Ended run = merge(reports({1, 2, 9}));
  EXPECT_EQ(run.status, 0) << run.text();
  EXPECT_EQ(merged()["summary"]["total"], 8);
}

TEST_F(Sharding, TwoRunsOfAShardThatDiffer_AreAConflict) {
  write_small_suite();
  capture();
  verify_all(2);
  fs::copy_file(json_of("1"), json_of("9"));
  std::string changed;
  edit("shard9.json", [&](json& report) {
    changed = report["cases"][0]["label"];
    report["cases"][0]["verdict"] = "different";
  });
  const Ended run = merge(reports({1, 2, 9}));
  EXPECT_EQ(run.status, 1) << run.text();
  EXPECT_NE(run.out.find("shard 1 of 2 was run twice, with different results"), std::string::npos) << run.text();
  EXPECT_NE(run.out.find(changed + ": identical and different"), std::string::npos) << run.text();
  EXPECT_EQ(merged()["summary"]["ok"], false);
}

TEST_F(Sharding, ReportsThatWereChanged_AreNamed) {
  write_small_suite();
  capture();
  verify_all(2);
  const std::string good = box_.read("shard2.json");
  const auto refused = [&](const char* why, const std::function<void(json&)>& change) {
    box_.write("shard2.json", good);
    edit("shard2.json", change);
    const Ended run = merge(reports({1, 2}));
    EXPECT_EQ(run.status, 2) << why << run.text();
    EXPECT_NE(run.err.find("shard2.json"), std::string::npos) << why << run.text();
    EXPECT_TRUE(merged()["summary"]["ok"].is_null()) << "a report never looks like an earlier success";
  };
  refused("a case is gone", [](json& report) { report["cases"].erase(0); });
  refused("a case is there twice", [](json& report) { report["cases"].push_back(report["cases"][0]); });
  refused("another case", [](json& report) {
    report["cases"][0]["label"] = "bench.time_z";
    report["cases"][0]["benchmark"] = "bench.time_z";
  });
  refused("another number", [](json& report) { report["plan"]["shard"]["number"] = 1; });
  refused("no such number", [](json& report) { report["plan"]["shard"]["number"] = 3; });
  refused("another plan", [](json& report) { report["plan"]["shard"]["plan"]["baseline"] = "0"; });
  refused("another digest", [](json& report) { report["plan"]["shard"]["plan"]["digest"] = "0"; });
  refused("no shard", [](json& report) { report["plan"].erase("shard"); });
  refused("another command", [](json& report) { report["command"] = "capture"; });
  refused("other demands", [](json& report) { report["plan"]["shard"]["demands"]["strict"] = true; });
  refused("another environment", [](json& report) { report["plan"]["shard"]["place"]["python"]["version"] = "3.0"; });
  box_.write("shard2.json", good.substr(0, good.size() / 2));
  const Ended cut = merge(reports({1, 2}));
  EXPECT_EQ(cut.status, 2) << cut.text();
  EXPECT_NE(cut.err.find("shard2.json"), std::string::npos) << cut.text();
}

TEST_F(Sharding, OtherEnvironment_IsMergedWhereThatIsAllowed) {
  write_small_suite();
  capture();
  verify_all(2);
  edit("shard2.json", [](json& report) { report["plan"]["shard"]["place"]["python"]["version"] = "3.0"; });
  const Ended refused = merge(reports({1, 2}));
  EXPECT_NE(refused.err.find("python"), std::string::npos) << refused.text();
  EXPECT_NE(refused.err.find("--allow-mixed"), std::string::npos) << refused.text();
  EXPECT_EQ(merge(reports({1, 2}), {"--allow-mixed"}).status, 0);
}

TEST_F(Sharding, ShardsOfTwoPlans_AreRefusedWithWhatDiffers) {
  write_small_suite();
  capture();
  verify_all(2);
  fs::rename(json_of("1"), json_of("9"));
  ASSERT_EQ(shard("verify", "1/2", {"--tolerance", "0.5", "0"}).status, 0);
  const Ended settings = merge(reports({1, 2}));
  EXPECT_EQ(settings.status, 2) << settings.text();
  EXPECT_NE(settings.err.find("other settings"), std::string::npos) << settings.text();
  ASSERT_EQ(shard("verify", "1/3").status, 0);
  const Ended number = merge(reports({1, 2}));
  EXPECT_NE(number.err.find("one is of 3 shards, the other of 2"), std::string::npos) << number.text();
  EXPECT_EQ(merge(reports({2, 9})).status, 0);
}

TEST_F(Sharding, InterruptedShard_GivesWayToACompleteOne) {
  write_small_suite();
  box_.write("benchmarks/bench_slow.py",
             "import os, time\n"
             "def time_slow():\n"
             "    if 'SLOW' in os.environ:\n"
             "        open(os.environ['SLOW'], 'w').close()\n"
             "        time.sleep(60)\n"
             "    return 1\n");
  capture();
  verify_all(1);
  RunOptions slow;
  slow.environment["SLOW"] = box_.path("begun").string();
  const Words arguments{"verify", "benchmarks", "--python", test_python(), "--shard", "1/1", "--json", json_of("9")};
  const auto program = box_.start(arguments, slow);
  for (int i = 0; i < 500 && !fs::exists(box_.path("begun")); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  program->send(SIGINT);
  const Ended interrupted = program->wait(std::chrono::seconds(30));
  ASSERT_EQ(interrupted.status, 130) << interrupted.text();
  const Ended alone = merge(reports({9}));
  EXPECT_EQ(alone.status, 1) << alone.text();
  EXPECT_NE(alone.out.find("incomplete: shard 1 of 1 was interrupted"), std::string::npos) << alone.text();
  for (const Words& order : {reports({1, 9}), Words{json_of("9"), json_of("1")}}) {
    const Ended both = merge(order);
    EXPECT_EQ(both.status, 0) << both.text();
    EXPECT_EQ(merged()["summary"]["total"], 9);
  }
}

TEST_F(Sharding, EmptyShard_SucceedsAndSaysSo) {
  write_small_suite();
  capture();
  const Ended run = shard("verify", "40/40");
  EXPECT_EQ(run.status, 0) << run.text();
  EXPECT_NE(run.out.find("shard 40 of 40 has no cases"), std::string::npos) << run.text();
  const Ended captured = shard("capture", "40/40", {"--snapshot-dir", "part"});
  EXPECT_EQ(captured.status, 0) << captured.text();
  EXPECT_NE(captured.out.find("shard 40 of 40 has no cases"), std::string::npos) << captured.text();
}

TEST_F(Sharding, Demands_AreJudgedWhereAllAreMerged) {
  write_small_suite();
  box_.write("benchmarks/bench_nothing.py", "def time_nothing(): len([])\ndef time_none(): [].clear()\n");
  capture();
  for (int i = 1; i <= 3; ++i) {
    const Ended run = shard("verify", std::to_string(i) + "/3", {"--min-cases", "100", "--strict"});
    EXPECT_EQ(run.status, 0) << run.text();
  }
  const Ended run = merge(reports({1, 2, 3}));
  EXPECT_EQ(run.status, 1) << run.text();
  EXPECT_NE(run.out.find("--strict"), std::string::npos) << run.text();
  EXPECT_TRUE(merged()["summary"]["ok"].is_null());
}

TEST_F(Sharding, PlanFile_IsWhatShardsWithoutItDo) {
  write_small_suite();
  capture();
  const Ended planned =
      box_.run({"plan", "benchmarks", "--python", test_python(), "--shards", "3", "--json", "plan.json"});
  ASSERT_EQ(planned.status, 0) << planned.text();
  const json plan = box_.read_json("plan.json");
  ASSERT_EQ(shard("verify", "2/3").status, 0);
  EXPECT_EQ(box_.read_json("shard2.json")["plan"]["shard"]["plan"]["digest"], plan["plan"]["digest"]);
  const Ended with_file = shard("verify", "3/3", {"--plan", "plan.json"});
  ASSERT_EQ(with_file.status, 0) << with_file.text();
  EXPECT_EQ(box_.read_json("shard3.json")["cases"].size(), plan["shards"][2]["cases"].size());
  const Ended other = shard("verify", "1/4", {"--plan", "plan.json"});
  EXPECT_EQ(other.status, 2) << other.text();
  EXPECT_NE(other.err.find("it has 3 shards, and --shard says 4"), std::string::npos) << other.text();
  const Ended settings = shard("verify", "1/3", {"--plan", "plan.json", "--tolerance", "0.1", "0"});
  EXPECT_EQ(settings.status, 2) << settings.text();
  const Ended filtered = shard("verify", "1/3", {"--plan", "plan.json", "--filter", "time_a"});
  EXPECT_EQ(filtered.status, 2) << filtered.text();
  box_.write("benchmarks/bench.py", box_.read("benchmarks/bench.py") + "def time_d(): return 1\n");
  const Ended grown = shard("verify", "1/3", {"--plan", "plan.json"});
  EXPECT_EQ(grown.status, 2) << grown.text();
  EXPECT_NE(grown.err.find("bench.time_d"), std::string::npos) << grown.text();
}

/// The recipes of docs/sharding.md, with the variables that each system sets.
TEST_F(Sharding, JobsOfEachBatchSystem_AreOneRun) {
  write_small_suite();
  capture();
  struct System {
    const char* which;
    std::function<std::map<std::string, std::string>(int)> variables;
  };
  const auto text = [](int number) { return std::to_string(number); };
  const std::vector<System> systems = {
      {"auto",
       [&](int i) {
         return std::map<std::string, std::string>{{"CI_NODE_INDEX", text(i + 1)}, {"CI_NODE_TOTAL", "3"}};
       }},
      {"auto",
       [&](int i) {
         return std::map<std::string, std::string>{{"SLURM_ARRAY_TASK_ID", text(5 + 2 * i)},
                                                   {"SLURM_ARRAY_TASK_MIN", "5"},
                                                   {"SLURM_ARRAY_TASK_MAX", "9"},
                                                   {"SLURM_ARRAY_TASK_STEP", "2"},
                                                   {"SLURM_ARRAY_TASK_COUNT", "3"}};
       }},
      {"auto/3",
       [&](int i) {
         return std::map<std::string, std::string>{{"JOB_COMPLETION_INDEX", text(i)}};
       }},
      {"auto", [&](int i) {
         return std::map<std::string, std::string>{{"TEST_SHARD_INDEX", text(i)}, {"TEST_TOTAL_SHARDS", "3"}};
       }}};
  for (const System& system : systems) {
    Words parts;
    for (int i = 0; i < 3; ++i) {
      RunOptions options;
      options.environment = system.variables(i);
      parts.push_back("job" + text(i) + ".json");
      const Ended run =
          box_.run({"verify", "benchmarks", "--python", test_python(), "--shard", system.which, "--json", parts.back()},
                   options);
      ASSERT_EQ(run.status, 0) << run.text();
      EXPECT_EQ(box_.read_json(parts.back())["plan"]["shard"]["number"], i + 1);
    }
    const Ended all = merge(parts);
    EXPECT_EQ(all.status, 0) << all.text();
    EXPECT_EQ(merged()["summary"]["passed"], 8);
  }
  const Ended none = shard("verify", "auto");
  EXPECT_EQ(none.status, 2) << none.text();
}

TEST_F(Sharding, ShardsOfTwoStores_BecomeOneBaselineOrNone) {
  write_small_suite();
  for (const char* which : {"1", "2", "3"}) {
    const Ended run = shard("capture", which + std::string("/3"), {"--snapshot-dir", "part" + std::string(which)});
    ASSERT_EQ(run.status, 0) << run.text();
  }
  const Ended missing = box_.run({"merge", "part1", "part3"});
  EXPECT_EQ(missing.status, 1) << missing.text();
  EXPECT_NE(missing.out.find("incomplete: shard 2 of 3 is missing"), std::string::npos) << missing.text();
  EXPECT_FALSE(fs::exists(box_.path(".snapshots"))) << "nothing is stored of a part";
  const Ended all = box_.run({"merge", "part3", "part1", "part2"});
  EXPECT_EQ(all.status, 0) << all.text();
  const Ended verified = box_.run({"verify", "benchmarks", "--python", test_python(), "--strict"});
  EXPECT_EQ(verified.status, 0) << verified.text();
  // A damaged value is found on the way, and the baseline stays.
  const auto before = box_.tree(".snapshots/cases");
  for (const auto& entry : fs::recursive_directory_iterator(box_.path("part2/objects"))) {
    if (entry.is_regular_file()) {
      fs::resize_file(entry.path(), entry.file_size() / 2);
    }
  }
  const Ended damaged = box_.run({"merge", "part1", "part2", "part3", "--snapshot-dir", "other"});
  EXPECT_NE(damaged.status, 0) << damaged.text();
  EXPECT_EQ(before, box_.tree(".snapshots/cases"));
  EXPECT_FALSE(fs::exists(box_.path("other/cases/bench"))) << damaged.text();
}

TEST_F(Sharding, CapturesIntoOneStore_AreProvedByTheirReports) {
  write_small_suite();
  ASSERT_EQ(box_.run({"plan", "benchmarks", "--python", test_python(), "--shards", "3", "--json", "plan.json"}).status,
            0);
  for (const char* which : {"1/3", "2/3", "3/3"}) {
    const Ended run = shard("capture", which, {"--plan", "plan.json"});
    ASSERT_EQ(run.status, 0) << run.text();
  }
  const Ended all = merge(reports({1, 2, 3}));
  EXPECT_EQ(all.status, 0) << all.text();
  EXPECT_EQ(merged()["summary"]["captured"], 8);
  const Ended some = merge(reports({1, 3}));
  EXPECT_EQ(some.status, 1) << some.text();
  const Ended verified = box_.run({"verify", "benchmarks", "--python", test_python(), "--strict"});
  EXPECT_EQ(verified.status, 0) << verified.text();
}

TEST_F(Sharding, TwoCapturesOfAShardThatDiffer_AreAConflict) {
  write_small_suite();
  box_.write("benchmarks/bench_variable.py", "import os\ndef time_v(): return os.environ.get('VALUE', 'a')\n");
  RunOptions other;
  other.environment["VALUE"] = "b";
  ASSERT_EQ(shard("capture", "1/1", {"--snapshot-dir", "part"}).status, 0);
  ASSERT_EQ(shard("capture", "1/1", {"--snapshot-dir", "same"}).status, 0);
  ASSERT_EQ(shard("capture", "1/1", {"--snapshot-dir", "changed"}, other).status, 0);
  const Ended conflict = box_.run({"merge", "part", "changed"});
  EXPECT_EQ(conflict.status, 1) << conflict.text();
  EXPECT_NE(conflict.out.find("shard 1 of 1 was captured twice, with different values"), std::string::npos)
      << conflict.text();
  EXPECT_NE(conflict.out.find("bench_variable.time_v"), std::string::npos) << conflict.text();
  EXPECT_FALSE(fs::exists(box_.path(".snapshots")));
  const Ended again = box_.run({"merge", "part", "same"});
  EXPECT_EQ(again.status, 0) << again.text();
}

TEST_F(Sharding, DemandsOfMerge_TakeThePlaceOfTheShards) {
  write_small_suite();
  capture();
  verify_all(2, {"--min-cases", "100"});
  EXPECT_EQ(merge(reports({1, 2})).status, 1);
  const Ended fewer = merge(reports({1, 2}), {"--min-cases", "8"});
  EXPECT_EQ(fewer.status, 0) << fewer.text();
}

TEST_F(Sharding, ReportOfSeveralShards_PointsToMerge) {
  write_small_suite();
  capture();
  verify_all(2);
  const Ended run = box_.run({"report", json_of("1"), json_of("2"), "--junit", "junit.xml"});
  EXPECT_EQ(run.status, 2) << run.text();
  EXPECT_NE(run.err.find("snapshot_test merge"), std::string::npos) << run.text();
}

TEST_F(Sharding, StoresOfAnotherKind_AreRefused) {
  write_small_suite();
  capture();
  const Ended whole = box_.run({"merge", ".snapshots"});
  EXPECT_EQ(whole.status, 2) << whole.text();
  EXPECT_NE(whole.err.find("was of no shard"), std::string::npos) << whole.text();
  EXPECT_EQ(box_.run({"merge", "nowhere"}).status, 3);
  ASSERT_EQ(shard("verify", "1/1").status, 0);
  EXPECT_EQ(box_.run({"merge", ".snapshots", json_of("1")}).status, 2);
  EXPECT_EQ(box_.run({"merge"}).status, 2);
}

}  // namespace
}  // namespace snapshot_test::support
