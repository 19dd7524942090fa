// Shards that were dropped, repeated, damaged, edited or mixed: what merge says of each, and that nothing is stored.
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <functional>
#include <map>
#include <random>
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

constexpr int kShards = 3;

class ShardDamage : public ::testing::Test {
 protected:
  void SetUp() override {
    box_.write("benchmarks/__init__.py", "");
    box_.write("benchmarks/bench.py",
               "import os\n"
               "def time_a(): return [1, os.environ.get('VALUE', '')]\n"
               "def time_b(n): return [n] * 3\n"
               "time_b.params = [1, 2, 3, 4]\n"
               "def time_c(): return 'c' * 4000\n");
    box_.write("benchmarks/bench_more.py",
               "class Cached:\n"
               "    def setup_cache(self): return {'x': 1}\n"
               "    def time_x(self, cache): return cache['x']\n"
               "    def time_y(self, cache): return cache['x'] + 1\n");
  }
  [[nodiscard]] Ended run(const std::string& command, const Words& extra = {}, const RunOptions& options = {}) const {
    Words words{command, "benchmarks", "--python", test_python()};
    words.insert(words.end(), extra.begin(), extra.end());
    return box_.run(words, options);
  }
  static std::string of(int number, int all = kShards) { return std::to_string(number) + "/" + std::to_string(all); }
  static std::string report_of(int number) { return "s" + std::to_string(number) + ".json"; }
  static std::string store_of(int number) { return "part" + std::to_string(number); }
  static Words all_reports() { return {report_of(1), report_of(2), report_of(3)}; }
  static Words all_stores() { return {store_of(1), store_of(2), store_of(3)}; }

  void verify_all() const {
    ASSERT_EQ(run("capture").status, 0);
    for (int i = 1; i <= kShards; ++i) {
      ASSERT_EQ(run("verify", {"--shard", of(i), "--json", report_of(i)}).status, 0);
    }
  }
  void capture_all() const {
    for (int i = 1; i <= kShards; ++i) {
      ASSERT_EQ(run("capture", {"--shard", of(i), "--snapshot-dir", store_of(i)}).status, 0);
    }
  }
  [[nodiscard]] Ended merge(Words parts, const Words& extra = {}, const RunOptions& options = {}) const {
    parts.insert(parts.begin(), "merge");
    parts.insert(parts.end(), extra.begin(), extra.end());
    return box_.run(parts, options);
  }
  /// Status 2, with what is wrong, and the file that it is wrong with.
  void expect_refused(const Words& parts, const std::string& file, const std::string& says,
                      const std::string& what) const {
    const Ended merged = merge(parts, {"--json", "merged.json"});
    EXPECT_EQ(merged.status, 2) << what << "\n" << merged.text();
    EXPECT_NE(merged.err.find("'" + file + "'"), std::string::npos) << what << "\n" << merged.text();
    EXPECT_NE(merged.err.find(says), std::string::npos) << what << "\n" << merged.text();
    EXPECT_TRUE(box_.read_json("merged.json")["summary"]["ok"].is_null()) << what;
  }
  /// As somebody would do it who knows the format.
  void forge(const std::string& file, const std::function<void(json&)>& change) const {
    json report = box_.read_json(file);
    change(report);
    report[report::kContentDigest] = report::content_digest(report);
    box_.write(file, report.dump());
  }
  /// Files below a store but for those that every command may make or remove.
  [[nodiscard]] std::map<std::string, std::string> content(const std::string& store) const {
    return fs::exists(box_.path(store + "/cases")) ? box_.tree(store + "/cases") : std::map<std::string, std::string>();
  }
  [[nodiscard]] std::vector<fs::path> files_in(const std::string& folder) const {
    std::vector<fs::path> files;
    for (const auto& entry : fs::recursive_directory_iterator(box_.path(folder))) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    return files;
  }

  Sandbox box_;
};

TEST_F(ShardDamage, EveryEditOfAReport_IsFound) {
  verify_all();
  const std::string good = box_.read("s2.json");
  const auto edited = [&](const char* what, const std::function<void(json&)>& change) {
    json report = json::parse(good);
    change(report);
    ASSERT_NE(report, json::parse(good)) << what;
    box_.write("s2.json", report.dump());
    expect_refused(all_reports(), "s2.json", "not as it was written", what);
  };
  edited("a verdict", [](json& report) { report["cases"][0]["verdict"] = "close"; });
  edited("a site's match", [](json& report) { report["cases"][0]["sites"][0]["match"] = "close"; });
  edited("what it is checked by", [](json& report) { report["cases"][0]["checked_by"] = nullptr; });
  edited("a reason", [](json& report) { report["cases"][0]["reason"] = "because"; });
  edited("the end", [](json& report) { report["summary"]["status"] = "failed"; });
  edited("the demands", [](json& report) { report["plan"]["shard"]["demands"]["strict"] = true; });
  edited("a case less", [](json& report) { report["cases"].erase(0); });
  edited("the time", [](json& report) { report["timestamp"] = "2020-01-01T00:00:00Z"; });
  edited("no digest", [](json& report) { report.erase(report::kContentDigest); });
  edited("another digest", [](json& report) { report[report::kContentDigest] = std::string(64, '0'); });
  // What means the same is the same.
  box_.write("s2.json", json::parse(good).dump(7));
  EXPECT_EQ(merge(all_reports()).status, 0);
}

TEST_F(ShardDamage, ReportWithWhateverBenchmarksPrint_IsAsItWasWritten) {
  box_.write("benchmarks/bench_odd.py",
             "import os\n"
             "def time_odd(n):\n"
             "    os.write(1, b'\\x7f\\x1b[31m\\xff\\xfe \\xe2\\x80\\xae\\xc2\\x85 end\\r\\n\\t\\0')\n"
             "    raise ValueError('\\x7f \\u202e \\ud800 \\x85')\n"
             "time_odd.params = ['\\u202e', '\\x7f']\n");
  ASSERT_LE(run("capture").status, 1);
  for (int i = 1; i <= kShards; ++i) {
    ASSERT_LE(run("verify", {"--shard", of(i), "--json", report_of(i)}).status, 1);
  }
  const Ended merged = merge(all_reports(), {"--json", "merged.json"});
  EXPECT_LE(merged.status, 1) << merged.text();
  EXPECT_EQ(box_.read_json("merged.json")["summary"]["total"], 10) << merged.text();
}

TEST_F(ShardDamage, ForgedReport_IsNamedWithWhatIsWrong) {
  verify_all();
  const std::string good = box_.read("s2.json");
  const json first = box_.read_json("s1.json");
  const auto forged = [&](const char* says, const std::function<void(json&)>& change) {
    box_.write("s2.json", good);
    forge("s2.json", change);
    expect_refused(all_reports(), "s2.json", says, says);
  };
  forged("the plan gives", [](json& report) { report["cases"].erase(0); });
  forged("twice", [](json& report) { report["cases"].push_back(report["cases"][0]); });
  forged("the plan gives", [&](json& report) { report["cases"].push_back(first["cases"][0]); });
  forged("not those that the plan gives", [&](json& report) { report["cases"][0] = first["cases"][0]; });
  forged("not those that the plan gives", [](json& report) { report["cases"][0]["label"] = "bench.time_z"; });
  forged("shard 1 of 3", [](json& report) { report["plan"]["shard"]["number"] = 1; });
  forged("has no shard 4", [](json& report) { report["plan"]["shard"]["number"] = 4; });
  forged("another digest", [](json& report) { report["plan"]["shard"]["plan"]["baseline"] = "0"; });
  forged("another digest", [](json& report) { report["plan"]["shard"]["plan"]["shares"].erase(0); });
  forged("demands", [](json& report) { report["plan"]["shard"]["demands"]["min_cases"] = 5; });
  forged("demands", [](json& report) { report["plan"]["shard"]["demands"].erase("strict"); });
  forged("numpy", [](json& report) {
    report["plan"]["shard"]["place"]["environment"]["OMP_NUM_THREADS"] = "9";
    report["plan"]["shard"]["place"]["python"]["version"] = "3.9.1, with numpy";
  });
  forged("is no report of a shard", [](json& report) { report["plan"].erase("shard"); });
  forged("is of verify", [](json& report) {
    report["command"] = "capture";
    report["cases"] = json::array();
  });
  forged("unknown to this version", [](json& report) { report["cases"][0]["verdict"] = "splendid"; });
  forged("as --json FILE writes it", [](json& report) { report["cases"][0].erase("label"); });
  forged("of format 99", [](json& report) { report["format"] = 99; });
}

/// Whatever a disk or a transfer leaves of a file.
TEST_F(ShardDamage, TruncatedOrGarbledReport_IsNamed) {
  verify_all();
  const std::string good = box_.read("s2.json");
  std::mt19937_64 random(3);
  for (int i = 0; i < 25; ++i) {
    box_.write("s2.json", good.substr(0, random() % (good.size() - 2)));
    expect_refused(all_reports(), "s2.json", "", "cut");
  }
  for (int i = 0; i < 25; ++i) {
    std::string text = good;
    const std::size_t at = random() % (text.size() - 1);
    text[at] = static_cast<char>(text[at] ^ (1 << (random() % 7)));
    box_.write("s2.json", text);
    const Ended merged = merge(all_reports());
    // A bit in white space changes nothing, or makes it no JSON.
    EXPECT_TRUE(merged.status == 2 || (merged.status == 0 && json::parse(text) == json::parse(good)))
        << at << merged.text();
  }
  for (const char* text : {"", "{}", "[]", "null", "{\"format\": 1}", "\xff\xfe", "{\"format\": 1, \"cases\": 3}"}) {
    box_.write("s2.json", text);
    expect_refused(all_reports(), "s2.json", "", text);
  }
}

TEST_F(ShardDamage, FileThatCannotBeRead_IsNamed) {
  verify_all();
  for (const char* file : {"gone.json", "benchmarks/bench.py"}) {
    const Ended merged = merge({"s1.json", file, "s3.json"});
    EXPECT_TRUE(merged.status == 2 || merged.status == 3) << merged.text();
    EXPECT_NE(merged.err.find(file), std::string::npos) << merged.text();
  }
}

TEST_F(ShardDamage, ReportOfAWholeRunAmongThem_IsNamed) {
  verify_all();
  ASSERT_EQ(run("verify", {"--json", "whole.json"}).status, 0);
  expect_refused({"s1.json", "s2.json", "s3.json", "whole.json"}, "whole.json", "is no report of a shard", "whole");
  ASSERT_EQ(merge(all_reports(), {"--json", "again.json"}).status, 0);
  expect_refused({"again.json"}, "again.json", "is no report of a shard", "what merge wrote");
}

TEST_F(ShardDamage, OtherBaseline_IsRefused) {
  verify_all();
  RunOptions other;
  other.environment["VALUE"] = "b";
  ASSERT_EQ(run("capture", {"--yes"}, other).status, 0);
  ASSERT_EQ(run("verify", {"--shard", of(2), "--json", "s2.json"}, other).status, 0);
  expect_refused(all_reports(), "s2.json", "other baselines", "another baseline");
}

TEST_F(ShardDamage, ReportsInEveryOrder_SayTheSame) {
  verify_all();
  Words files = all_reports();
  fs::copy_file(box_.path("s1.json"), box_.path("s4.json"));
  files.push_back("s4.json");
  std::set<std::string> seen;
  do {
    ASSERT_EQ(merge(files, {"--json", "merged.json"}).status, 0);
    json merged = box_.read_json("merged.json");
    EXPECT_EQ(merged["summary"]["total"], 8);
    seen.insert(merged.dump());
  } while (std::next_permutation(files.begin(), files.end()));
  EXPECT_EQ(seen.size(), 1u);
}

TEST_F(ShardDamage, ReportThatCannotBeWritten_IsAnError) {
  verify_all();
  const Ended merged = merge(all_reports(), {"--json", "nowhere/merged.json"});
  EXPECT_EQ(merged.status, 3) << merged.text();
  EXPECT_NE(merged.err.find("nowhere/merged.json"), std::string::npos) << merged.text();
  const Ended full = merge(all_reports(), {"--json", "/dev/full"});
  EXPECT_EQ(full.status, 3) << full.text();
}

TEST_F(ShardDamage, StoreThatWasChanged_IsNamedAndNothingIsStored) {
  capture_all();
  const fs::path part = box_.path("part2");
  fs::copy(part, box_.path("good"), fs::copy_options::recursive);
  const auto manifests = [&] { return files_in("part2/cases"); };
  const auto changed = [&](const char* what, const std::function<void()>& change) {
    fs::remove_all(part);
    fs::copy(box_.path("good"), part, fs::copy_options::recursive);
    change();
    const Ended merged = merge(all_stores());
    EXPECT_NE(merged.status, 0) << what;
    EXPECT_NE(merged.status, 1) << what << merged.text();
    EXPECT_NE(merged.err.find("part2"), std::string::npos) << what << "\n" << merged.text();
    EXPECT_TRUE(content(".snapshots").empty()) << what;
  };
  const auto edit = [&](const std::function<void(json&)>& change) {
    const fs::path file = fs::relative(manifests().at(0), box_.root());
    json manifest = box_.read_json(file);
    change(manifest);
    box_.write(file, manifest.dump());
  };
  ASSERT_FALSE(manifests().empty());
  changed("a manifest is gone", [&] { fs::remove(manifests().at(0)); });
  changed("a manifest is cut", [&] { fs::resize_file(manifests().at(0), fs::file_size(manifests().at(0)) / 2); });
  changed("a manifest is empty", [&] { fs::resize_file(manifests().at(0), 0); });
  changed("a case is gone", [&] { edit([](json& manifest) { manifest["cases"].erase(0); }); });
  changed("a status", [&] { edit([](json& manifest) { manifest["cases"][0]["status"] = "vacuous"; }); });
  changed("a value",
          [&] { edit([](json& manifest) { manifest["cases"][0]["sites"][0]["object"] = std::string(64, 'a'); }); });
  changed("a value that may vary",
          [&] { edit([](json& manifest) { manifest["cases"][0]["sites"][0]["wholly_unstable"] = true; }); });
  changed("objects are gone", [&] {
    for (const fs::path& file : files_in("part2/objects")) fs::remove(file);
  });
  changed("an object is cut", [&] { fs::resize_file(files_in("part2/objects").at(0), 3); });
  changed("an object is empty", [&] { fs::resize_file(files_in("part2/objects").at(0), 0); });
  changed("an object is another", [&] {
    const auto objects = files_in("part2/objects");
    fs::copy_file(files_in("part1/objects").at(0), objects.at(0), fs::copy_options::overwrite_existing);
  });
  changed("the run is gone", [&] { fs::remove_all(part / "runs"); });
  changed("the run is cut", [&] { fs::resize_file(files_in("part2/runs").at(0), 20); });
  changed("another format", [&] { box_.write("part2/format.json", "{\"format\": 99}"); });
  changed("not a store", [&] {
    fs::remove_all(part);
    box_.write("part2/file", "");
  });
  fs::remove_all(part);
  fs::copy(box_.path("good"), part, fs::copy_options::recursive);
  EXPECT_EQ(merge(all_stores()).status, 0) << "the unchanged ones are one baseline";
}

TEST_F(ShardDamage, StoresOfTwoPlans_AreRefused) {
  capture_all();
  ASSERT_EQ(run("capture", {"--shard", "2/4", "--snapshot-dir", "other"}).status, 0);
  Ended merged = merge({"part1", "other", "part3"});
  EXPECT_EQ(merged.status, 2) << merged.text();
  EXPECT_NE(merged.err.find("one is of 3 shards, the other of 4"), std::string::npos) << merged.text();
  ASSERT_EQ(run("capture", {"--shard", "2/3", "--snapshot-dir", "other", "--seed", "7"}).status, 0);
  merged = merge({"part1", "other", "part3"});
  EXPECT_EQ(merged.status, 2) << merged.text();
  EXPECT_NE(merged.err.find("other settings"), std::string::npos) << merged.text();
  EXPECT_TRUE(content(".snapshots").empty());
}

TEST_F(ShardDamage, StoreThatIsNamedTwice_CountsOnce) {
  capture_all();
  const Ended merged = merge({"part1", "part2", "part3", "part2", "./part2"});
  EXPECT_EQ(merged.status, 0) << merged.text();
  EXPECT_EQ(run("verify", {"--strict"}).status, 0);
}

/// Killed at any moment: the earlier baseline is there, or the new one, and the next merge makes the new one.
TEST_F(ShardDamage, MergeThatIsKilled_LeavesTheOldOrTheNewBaseline) {
  std::string bench = "import random\n";
  for (int i = 0; i < 60; ++i) {
    bench += "def time_" + std::to_string(i) + "(): return random.Random(" + std::to_string(i) + ").randbytes(60000)\n";
  }
  box_.write("benchmarks/bench_bytes.py", bench);
  RunOptions old;
  old.environment["VALUE"] = "old";
  ASSERT_EQ(run("capture", {}, old).status, 0);
  capture_all();
  fs::copy(box_.path(".snapshots"), box_.path("old"), fs::copy_options::recursive);
  const auto began = std::chrono::steady_clock::now();
  ASSERT_EQ(merge(all_stores(), {"--snapshot-dir", "new"}).status, 0);
  const auto whole = std::chrono::steady_clock::now() - began;
  int killed = 0;
  int olds = 0;
  std::mt19937_64 random(5);
  for (int i = 0; i < 12; ++i) {
    fs::remove_all(box_.path(".snapshots"));
    fs::copy(box_.path("old"), box_.path(".snapshots"), fs::copy_options::recursive);
    const auto program = box_.start({"merge", "part1", "part2", "part3"});
    std::this_thread::sleep_for(whole * static_cast<double>(random() % 1100) / 1000.0);
    program->send(SIGKILL);
    const Ended ended = program->wait(std::chrono::seconds(30));
    killed += ended.status != 0 ? 1 : 0;
    const bool is_old = box_.run({"diff", "old", ".snapshots"}).status == 0;
    const bool is_new = box_.run({"diff", "new", ".snapshots"}).status == 0;
    EXPECT_NE(is_old, is_new) << "neither of the two, after " << ended.text();
    const Ended checked = box_.run({"check"});
    EXPECT_EQ(checked.status, 0) << checked.text();
    olds += is_old ? 1 : 0;
    const Ended again = merge(all_stores());
    EXPECT_EQ(again.status, 0) << again.text();
    EXPECT_EQ(box_.run({"diff", "new", ".snapshots"}).status, 0);
  }
  EXPECT_GT(killed, 2) << "it ends before it is killed";
  EXPECT_GT(olds, 0);
}

TEST_F(ShardDamage, TwoMergesAtOnce_AreOneAfterTheOtherOrOneIsRefused) {
  capture_all();
  for (int i = 0; i < 8; ++i) {
    fs::remove_all(box_.path(".snapshots"));
    const auto one = box_.start({"merge", "part1", "part2", "part3"});
    const auto other = box_.start({"merge", "part3", "part2", "part1"});
    const Ended first = one->wait(std::chrono::seconds(60));
    const Ended second = other->wait(std::chrono::seconds(60));
    EXPECT_TRUE(first.status == 0 || second.status == 0) << first.text() << second.text();
    for (const Ended& each : {first, second}) {
      if (each.status != 0) {
        EXPECT_NE(each.err.find(".snapshots"), std::string::npos) << each.text();
        EXPECT_TRUE(each.status == 2 || each.status == 3) << each.text();
      }
    }
    EXPECT_EQ(run("verify", {"--strict"}).status, 0);
  }
}

TEST_F(ShardDamage, StoreThatCannotBeWritten_IsAnErrorAndStays) {
  capture_all();
  box_.write("file", "");
  const Ended file = merge(all_stores(), {"--snapshot-dir", "file/store"});
  EXPECT_EQ(file.status, 3) << file.text();
  EXPECT_NE(file.err.find("file/store"), std::string::npos) << file.text();
  RunOptions old;
  old.environment["VALUE"] = "old";
  ASSERT_EQ(run("capture", {}, old).status, 0);
  const auto before = content(".snapshots");
  for (const auto& entry : fs::recursive_directory_iterator(box_.path(".snapshots"))) {
    if (entry.is_directory()) fs::permissions(entry.path(), fs::perms::owner_read | fs::perms::owner_exec);
  }
  fs::permissions(box_.path(".snapshots"), fs::perms::owner_read | fs::perms::owner_exec);
  RunOptions unprivileged;
  unprivileged.privileges = Privileges::kBoundByPermissions;
  const Ended refused = merge(all_stores(), {}, unprivileged);
  EXPECT_EQ(refused.status, 3) << refused.text();
  fs::permissions(box_.path(".snapshots"), fs::perms::owner_all);
  for (const auto& entry : fs::recursive_directory_iterator(box_.path(".snapshots"))) {
    if (entry.is_directory()) fs::permissions(entry.path(), fs::perms::owner_all);
  }
  EXPECT_EQ(content(".snapshots"), before);
}

TEST_F(ShardDamage, FullDisk_LeavesTheEarlierBaseline) {
  box_.write("benchmarks/bench_bytes.py",
             "import random\ndef time_bytes(n): return random.Random(n).randbytes(300000)\ntime_bytes.params = "
             "[1, 2, 3, 4, 5, 6, 7, 8]\n");
  ASSERT_EQ(run("capture", {"--filter", "bench.time_b", "--snapshot-dir", "earlier"}).status, 0);
  capture_all();
  fs::create_directory(box_.path("disk"));
  const Words alone{"/usr/bin/env", "unshare", "--map-root-user", "--mount", "sh", "-c"};
  const std::string program = Sandbox::binary();
  const auto in_small_disk = [&](const std::string& script) {
    Words words = alone;
    words.push_back("mount -t tmpfs -o size=1m small disk && cp -r earlier disk/store && " + script);
    return box_.run_command(words);
  };
  if (in_small_disk("true").status != 0) GTEST_SKIP() << "this machine gives no mount namespaces";
  const Ended merged = in_small_disk(program + " merge part1 part2 part3 --snapshot-dir disk/store; status=$?; " +
                                     program + " diff earlier disk/store >/dev/null || exit 90; " + program +
                                     " check --snapshot-dir disk/store >/dev/null || exit 91; exit $status");
  EXPECT_EQ(merged.status, 3) << merged.text();
  EXPECT_NE(merged.err.find("o space left"), std::string::npos) << merged.text();
  EXPECT_EQ(merge(all_stores(), {"--snapshot-dir", "roomy"}).status, 0) << "where there is room";
}

}  // namespace
}  // namespace snapshot_test::support
