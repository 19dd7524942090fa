// A baseline that is missing, damaged, read-only, interrupted: what capture and verify make of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <regex>
#include <string>
#include <thread>

#include "support/sandbox.hpp"

namespace snapshot_test::support {
namespace {

namespace fs = std::filesystem;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kSuite =
    "import hashlib\n"
    // Does not compress, and is larger than anything else in the store.
    "def time_big(): return b''.join(hashlib.sha256(bytes([i])).digest() for i in range(200))\n"
    "def time_small(): return 1\n";

/// The stored object of time_big.
fs::path largest_object(const Sandbox& box) {
  fs::path largest;
  for (const auto& entry : fs::recursive_directory_iterator(box.path(".snapshots/objects"))) {
    if (entry.is_regular_file() && (largest.empty() || entry.file_size() > fs::file_size(largest))) largest = entry;
  }
  fs::permissions(largest, fs::perms::owner_write, fs::perm_options::add);
  return largest;
}

void expect_no_baseline(const Report& verified) {
  EXPECT_EQ(verified.run.status, 4) << verified.text();
  EXPECT_THAT(verified.run.err, HasSubstr(".snapshots"));
}

TEST(Store, NoFolder_IsNoBaseline) {
  const Sandbox box;
  box.write_suite(kSuite);
  expect_no_baseline(box.verify());
}

TEST(Store, EmptyFolder_IsNoBaseline) {
  const Sandbox box;
  box.write_suite(kSuite);
  fs::create_directory(box.path(".snapshots"));
  expect_no_baseline(box.verify());
}

TEST(Store, FileInsteadOfAFolder_IsRefusedAndLeftAlone) {
  const Sandbox box;
  box.write_suite(kSuite);
  box.write(".snapshots", "not a folder");
  EXPECT_THAT(box.verify().run.status, AnyOf(2, 4));
  EXPECT_NE(box.capture().run.status, 0);
  EXPECT_EQ(box.read(".snapshots"), "not a folder");
}

TEST(Store, OtherFormatVersion_IsRefused) {
  const Sandbox box;
  box.write_suite(kSuite);
  ASSERT_EQ(box.capture().run.status, 0);
  const auto format = box.read(".snapshots/format.json");
  const auto altered = std::regex_replace(format, std::regex("[0-9]+"), "9999");
  ASSERT_NE(format, altered);
  fs::permissions(box.path(".snapshots/format.json"), fs::perms::owner_write, fs::perm_options::add);
  box.write(".snapshots/format.json", altered);
  const auto verified = box.verify();
  EXPECT_EQ(verified.run.status, 4) << verified.text();
  EXPECT_THAT(verified.run.err, HasSubstr("version"));
  EXPECT_THAT(verified.run.err, HasSubstr("9999"));
  EXPECT_NE(box.capture().run.status, 0) << "must not overwrite what it does not understand";
}

TEST(Store, TruncatedObject_FailsItsCaseAlone) {
  const Sandbox box;
  box.write_suite(kSuite);
  ASSERT_EQ(box.capture().run.status, 0);
  const auto object = largest_object(box);
  fs::resize_file(object, fs::file_size(object) / 2);
  const auto verified = box.verify();
  EXPECT_EQ(verified.of("bench.time_big"), "unreadable") << verified.text();
  EXPECT_EQ(verified.of("bench.time_small"), "identical") << verified.text();
  EXPECT_EQ(verified.run.status, 1);
}

/// The bytes of objects are other ones, their sizes are what they were.
void alter(const Sandbox& box, const fs::path& object) {
  fs::permissions(object, fs::perms::owner_write, fs::perm_options::add);
  box.write(fs::relative(object, box.root()), std::string(fs::file_size(object), '\x55'));
}

TEST(Store, AlteredObjectWithReadData_FailsItsCaseAlone) {
  const Sandbox box;
  box.write_suite(kSuite);
  ASSERT_EQ(box.capture().run.status, 0);
  alter(box, largest_object(box));
  const auto verified = box.verify({"--read-data"});
  EXPECT_EQ(verified.of("bench.time_big"), "unreadable") << verified.text();
  EXPECT_EQ(verified.of("bench.time_small"), "identical") << verified.text();
  EXPECT_EQ(verified.run.status, 1);
}

constexpr const char* kChangingSuite =
    "import lib\n"
    "def time_changed(): return lib.f()\n"
    "def time_large(): return [i * 0.5 for i in range(100_000)]\n"
    "def time_small(): return {'a': 1}\n"
    "class Held:\n"
    "    def setup(self): self.data = []\n"
    "    def time_state(self): self.data.append(bytes(range(256)) * 5000)\n";

/// What is in them then shows only where somebody looks.
TEST(Store, AlteredObjectOfAnUnchangedValue_IsReadOnlyWithReadData) {
  const Sandbox box;
  box.write_suite(kChangingSuite);
  box.write_library("def f(): return 'before'\n");
  ASSERT_EQ(box.capture().run.status, 0);
  for (const auto& entry : fs::recursive_directory_iterator(box.path(".snapshots/objects"))) {
    if (entry.is_regular_file()) alter(box, entry.path());
  }
  const auto unchanged = box.verify({"--strict"});
  EXPECT_EQ(unchanged.run.status, 0) << unchanged.text();
  for (const char* name : {"time_changed", "time_large", "time_small", "Held.time_state"}) {
    EXPECT_EQ(unchanged.of(std::string("bench.") + name), "identical") << unchanged.text();
  }
  const auto read = box.verify({"--read-data"});
  for (const char* name : {"time_changed", "time_large", "time_small", "Held.time_state"}) {
    EXPECT_EQ(read.of(std::string("bench.") + name), "unreadable") << read.text();
  }
  box.write_library("def f(): return 'after'\n");
  const auto changed = box.verify();
  EXPECT_EQ(changed.of("bench.time_changed"), "unreadable") << "nothing passes or is explained by altered bytes";
  EXPECT_EQ(changed.of("bench.time_small"), "identical") << changed.text();
}

TEST(Store, UnchangedCode_OpensNoObjectUnlessReadData) {
  ST_SKIP_UNLESS(fs::exists("/usr/bin/strace"), "strace is not installed");
  const Sandbox box;
  box.write_suite(kChangingSuite);
  box.write_library("def f(): return 'before'\n");
  ASSERT_EQ(box.capture().run.status, 0);
  const auto calls_of = [&](const std::vector<std::string>& options) {
    std::vector<std::string> words{"/usr/bin/strace",
                                   "-f",
                                   "-qq",
                                   "-e",
                                   "trace=open,openat,openat2",
                                   "-o",
                                   box.path("calls").string(),
                                   Sandbox::binary(),
                                   "verify",
                                   box.path("benchmarks").string(),
                                   "--project-dir",
                                   box.path("project").string(),
                                   "--snapshot-dir",
                                   box.path(".snapshots").string(),
                                   "--python",
                                   test_python()};
    words.insert(words.end(), options.begin(), options.end());
    const auto run = box.run_command(words);
    EXPECT_EQ(run.status, 0) << run.text();
    return box.read("calls");
  };
  const auto calls = calls_of({});
  if (calls.find("PTRACE") != std::string::npos) GTEST_SKIP() << "strace may not trace here";
  EXPECT_THAT(calls, HasSubstr(".snapshots/cases"));
  EXPECT_THAT(calls, Not(HasSubstr(".snapshots/objects")));
  EXPECT_THAT(calls_of({"--read-data"}), HasSubstr(".snapshots/objects"));
}

/// As the program before wrote it.
TEST(Store, OlderFormat_IsReadAndRenewedByACapture) {
  const Sandbox box;
  box.write_suite(kChangingSuite);
  box.write_library("def f(): return 'before'\n");
  ASSERT_EQ(box.capture().run.status, 0);
  const auto age = [&](const fs::path& file) {
    auto text = std::regex_replace(box.read(file), std::regex(R"x(,\s*"xxh3": "[0-9a-f]*")x"), "");
    text = std::regex_replace(text, std::regex(R"x("(format|version)": 2)x"), R"x("$1": 1)x");
    fs::permissions(box.path(file), fs::perms::owner_write, fs::perm_options::add);
    box.write(file, text);
  };
  age(".snapshots/format.json");
  for (const auto& entry : fs::recursive_directory_iterator(box.path(".snapshots"))) {
    const auto folder = entry.path().parent_path().filename();
    if (entry.path().extension() == ".json" && folder != ".snapshots") age(fs::relative(entry.path(), box.root()));
  }
  EXPECT_THAT(box.read(".snapshots/cases/bench/time_small.json"), Not(HasSubstr("xxh3")));
  const auto verified = box.verify({"--strict"});
  EXPECT_EQ(verified.run.status, 0) << verified.text();
  EXPECT_THAT(box.read(".snapshots/format.json"), HasSubstr("1"));
  ASSERT_EQ(box.capture({"--filter", "time_small"}).run.status, 0);
  EXPECT_THAT(box.read(".snapshots/format.json"), HasSubstr("2"));
  EXPECT_THAT(box.read(".snapshots/cases/bench/time_small.json"), HasSubstr("xxh3"));
  EXPECT_THAT(box.read(".snapshots/cases/bench/time_large.json"), Not(HasSubstr("xxh3")));
  EXPECT_EQ(box.verify({"--strict"}).run.status, 0);
  EXPECT_EQ(box.run({"capture", "--undo", "--snapshot-dir", box.path(".snapshots").string()}).status, 0);
  EXPECT_EQ(box.verify({"--strict"}).run.status, 0);
}

TEST(Store, MissingObject_FailsItsCaseAlone) {
  const Sandbox box;
  box.write_suite(kSuite);
  ASSERT_EQ(box.capture().run.status, 0);
  fs::remove(largest_object(box));
  const auto verified = box.verify();
  EXPECT_EQ(verified.of("bench.time_big"), "unreadable") << verified.text();
  EXPECT_EQ(verified.of("bench.time_small"), "identical") << verified.text();
  EXPECT_EQ(verified.run.status, 1);
}

TEST(Store, ReadOnlyStore_CanBeVerified) {
  const Sandbox box;
  box.write_suite("import lib\ndef time_f(): return lib.f()\n");
  box.write_library("def f(): return 1\n");
  ASSERT_EQ(box.capture().run.status, 0);
  for (const auto& entry : fs::recursive_directory_iterator(box.path(".snapshots"))) {
    fs::permissions(entry, fs::perms::owner_write | fs::perms::group_write, fs::perm_options::remove);
  }
  fs::permissions(box.path(".snapshots"), fs::perms::owner_write, fs::perm_options::remove);
  RunOptions options;
  options.privileges = Privileges::kBoundByPermissions;
  auto verified = box.verify({}, options);
  EXPECT_EQ(verified.run.status, 0) << verified.text();
  box.write_library("def f(): return 2\n");
  verified = box.verify({}, options);
  EXPECT_EQ(verified.of("bench.time_f"), "different") << verified.text();
  EXPECT_EQ(verified.run.status, 1) << verified.text();
}

TEST(Store, FolderThatCannotBeWritten_FailsCapture) {
  const Sandbox box;
  box.write_suite(kSuite);
  box.write("locked/keep", "");
  fs::permissions(box.path("locked"), fs::perms::owner_read | fs::perms::owner_exec);
  RunOptions options;
  options.privileges = Privileges::kBoundByPermissions;
  const auto run = box.run({"capture", box.path("benchmarks").string(), "--python", test_python(), "--snapshot-dir",
                            box.path("locked/.snapshots").string()},
                           options);
  EXPECT_THAT(run.status, AnyOf(2, 3)) << run.text();
  EXPECT_THAT(run.err, HasSubstr("locked/.snapshots")) << run.text();
}

TEST(Store, FullDisk_FailsCaptureAndSaysSo) {
  const Sandbox box;
  box.write_suite(kSuite);
  fs::create_directory(box.path("small"));
  std::string command = "mount -t tmpfs -o size=16k none \"$0\" || exit 99; exec \"$@\"";
  const auto run = box.run_command({"/usr/bin/unshare", "--mount", "/bin/sh", "-c", command, box.path("small").string(),
                                    Sandbox::binary(), "capture", box.path("benchmarks").string(), "--python",
                                    test_python(), "--snapshot-dir", box.path("small/.snapshots").string()});
  if (run.status == 99 || run.status == 127 || run.err.find("unshare:") != std::string::npos) {
    GTEST_SKIP() << "a small disk needs the right to mount";
  }
  EXPECT_THAT(run.status, AnyOf(2, 3)) << run.text();
  EXPECT_THAT(run.err, HasSubstr("No space left")) << run.text();
}

TEST(Store, EqualValues_AreStoredOnce) {
  const Sandbox box;
  box.write_suite("def time_f(n): return b'x' * 100000\ntime_f.params = list(range(10))\n");
  ASSERT_EQ(box.capture().run.status, 0);
  std::uintmax_t bytes = 0;
  for (const auto& entry : fs::recursive_directory_iterator(box.path(".snapshots/objects"))) {
    if (entry.is_regular_file()) bytes += entry.file_size();
  }
  EXPECT_LT(bytes, 200000U);
}

TEST(Store, SecondCapture_ReplacesTheValue) {
  const Sandbox box;
  box.write_suite("import lib\ndef time_f(): return lib.f()\n");
  box.write_library("def f(): return 'first'\n");
  ASSERT_EQ(box.capture().run.status, 0);
  ASSERT_EQ(box.capture().run.status, 0);
  EXPECT_EQ(box.verify().of("bench.time_f"), "identical");
  box.write_library("def f(): return 'second'\n");
  ASSERT_EQ(box.capture().run.status, 0);
  EXPECT_EQ(box.verify().of("bench.time_f"), "identical");
}

TEST(Store, CaptureOfOneCase_KeepsTheOthers) {
  const Sandbox box;
  box.write_suite("def time_a(): return 1\ndef time_b(n): return n\ntime_b.params = [1, 2]\n");
  ASSERT_EQ(box.capture().run.status, 0);
  ASSERT_EQ(box.capture({"--filter", R"(time_b\(2\))"}).run.status, 0);
  const auto verified = box.verify({"--strict"});
  EXPECT_EQ(verified.run.status, 0) << verified.text();
  EXPECT_EQ(verified.outcomes().size(), 3U) << verified.text();
}

/// A suite whose second case, once `hold` exists, tells so in `held` and waits.
constexpr const char* kHoldingSuite =
    "import lib, os, time\n"
    "def time_a(): return lib.f()\n"
    "def time_b():\n"
    "    if os.path.exists(os.environ['BOX'] + '/hold'):\n"
    "        open(os.environ['BOX'] + '/held', 'w').write(str(os.getpid()))\n"
    "        time.sleep(600)\n"
    "    return 2\n";

class Interrupted : public ::testing::TestWithParam<int> {};

TEST_P(Interrupted, CaptureEndedBySignal_LeavesTheOldBaseline) {
  const Sandbox box;
  RunOptions options;
  options.environment = {{"BOX", box.root().string()}};
  box.write_suite(kHoldingSuite);
  box.write_library("def f(): return 'good'\n");
  ASSERT_EQ(box.capture({}, options).run.status, 0);

  box.write_library("def f(): return 'changed'\n");
  box.write("hold", "");
  const auto capture = box.start(box.suite_arguments("capture"), options);
  for (int i = 0; i < 1500 && !fs::exists(box.path("held")); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  ASSERT_TRUE(fs::exists(box.path("held"))) << "the case to be interrupted never started";
  capture->send(GetParam());
  const auto run = capture->wait(std::chrono::seconds(20));
  EXPECT_EQ(run.status, GetParam() == SIGKILL ? 128 + SIGKILL : 130) << run.text();

  fs::remove(box.path("hold"));
  auto verified = box.verify({}, options);
  EXPECT_EQ(verified.of("bench.time_a"), "different") << "the baseline is the old one\n" << verified.text();
  EXPECT_EQ(verified.of("bench.time_b"), "identical") << verified.text();
  box.write_library("def f(): return 'good'\n");
  verified = box.verify({"--strict"}, options);
  EXPECT_EQ(verified.run.status, 0) << verified.text();

  const auto again = box.capture({}, options);
  EXPECT_EQ(again.run.status, 0) << "a dead process must hold no lock\n" << again.text();
}

INSTANTIATE_TEST_SUITE_P(Signals, Interrupted, ::testing::Values(SIGINT, SIGTERM, SIGKILL), [](const auto& tested) {
  return tested.param == SIGINT ? "Interrupt" : tested.param == SIGTERM ? "Terminate" : "Kill";
});

TEST(Store, InterruptedVerify_EndsItsCases) {
  const Sandbox box;
  RunOptions options;
  options.environment = {{"BOX", box.root().string()}};
  box.write_suite(kHoldingSuite);
  box.write_library("def f(): return 'good'\n");
  ASSERT_EQ(box.capture({}, options).run.status, 0);
  box.write("hold", "");
  const auto verify = box.start(box.suite_arguments("verify"), options);
  for (int i = 0; i < 1500 && !fs::exists(box.path("held")); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  ASSERT_TRUE(fs::exists(box.path("held")));
  std::this_thread::sleep_for(std::chrono::milliseconds(100));  // until the pid is written
  const auto held = "/proc/" + box.read("held");
  verify->send(SIGINT);
  EXPECT_EQ(verify->wait(std::chrono::seconds(20)).status, 130);
  for (int i = 0; i < 100 && fs::exists(held); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_FALSE(fs::exists(held)) << "the case still runs";
}

TEST(Store, Capture_RecordsItsInterpreter) {
  const Sandbox box;
  box.write_suite(kSuite);
  ASSERT_EQ(box.capture().run.status, 0);
  std::size_t runs = 0;
  for (const auto& entry : fs::directory_iterator(box.path(".snapshots/runs"))) {
    const auto run = box.read_json(fs::relative(entry.path(), box.root()));
    EXPECT_THAT(run.dump(), HasSubstr("python"));
    ++runs;
  }
  EXPECT_EQ(runs, 1U);
}

}  // namespace
}  // namespace snapshot_test::support
