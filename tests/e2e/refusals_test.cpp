// A machine that refuses descriptors, processes, memory or space: nothing is known of the cases then, so the baseline
// stays as it is, and verify says neither that they pass nor that they fail.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "support/leftovers.hpp"
#include "support/sandbox.hpp"

namespace snapshot_test::support {
namespace {

namespace fs = std::filesystem;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* kSuite =
    "import lib\n"
    "class Suite:\n"
    "    params = [[1, 2, 3]]\n"
    "    def setup_cache(self): return {'base': 10}\n"
    "    def time_of_cache(self, cache, n): return lib.f(cache['base'] + n)\n"
    "class InPlace:\n"
    "    def setup(self): self.values = [3, 2, 1]\n"
    "    def time_sort(self): self.values.sort()\n"
    "def time_f(): return lib.f(1)\n"
    "def time_large(): return bytes(range(256)) * 400\n";

constexpr const char* kLibrary = "def f(n): return {'n': n, 'square': n * n}\n";

std::string quoted(const std::vector<std::string>& words) {
  std::string line;
  for (const auto& word : words) line += " '" + word + "'";
  return line;
}

class Refusals : public ::testing::Test {
 protected:
  void SetUp() override {
    box_.write_suite(kSuite);
    box_.write_library(kLibrary);
    ASSERT_EQ(box_.capture().run.status, 0);
    before_ = baseline();
  }

  /// What a capture that stored nothing leaves as it was.
  [[nodiscard]] std::map<std::string, std::string> baseline() const {
    auto files = box_.tree(".snapshots");
    files.erase("lock");
    files.erase("staging/");
    return files;
  }

  /// capture or verify, started by a shell that has done `first` before.
  [[nodiscard]] support::Run run_after(const std::string& first, const std::string& command,
                                       std::vector<std::string> extra = {}) const {
    auto words = box_.suite_arguments(command);
    words.insert(words.begin(), Sandbox::binary());
    words.insert(words.end(), extra.begin(), extra.end());
    return box_.run_command({"/bin/bash", "-c", first + "\nexec" + quoted(words)});
  }

  /// Either all is well, or the machine has refused and nothing has changed.
  void expect_done_or_refused(const std::string& first, std::vector<std::string> extra = {}) {
    SCOPED_TRACE(first);
    const support::Run captured = run_after(first, "capture", extra);
    EXPECT_THAT(captured.status, AnyOf(0, 3)) << captured.text();
    if (captured.status == 0) {
      const auto verified = box_.verify({"--strict"});
      EXPECT_EQ(verified.run.status, 0) << captured.text() << verified.text();
      before_ = baseline();
    } else {
      EXPECT_THAT(captured.err, HasSubstr("error: ")) << captured.text();
      EXPECT_EQ(baseline(), before_) << captured.text();
    }
    extra.insert(extra.end(), {"--json", box_.path("refused.json").string()});
    const support::Run verified = run_after(first, "verify", extra);
    EXPECT_THAT(verified.status, AnyOf(0, 3)) << verified.text();
    EXPECT_THAT(verified.out, Not(HasSubstr("unreadable"))) << verified.text();
    EXPECT_THAT(verified.out, Not(HasSubstr("crashed"))) << verified.text();
    EXPECT_EQ(baseline(), before_) << verified.text();
    EXPECT_THAT(files_left(box_), IsEmpty());
    EXPECT_THAT(processes_left(box_), IsEmpty());
  }

  Sandbox box_;
  std::map<std::string, std::string> before_;
};

TEST_F(Refusals, FewOpenFiles_StoreNothingOrAll) {
  for (int files = 8; files <= 64; files += 8) {
    for (const char* workers : {"1", "4"}) {
      expect_done_or_refused("ulimit -n " + std::to_string(files), {"-j", workers});
    }
  }
  const support::Run run = run_after("ulimit -n 16", "capture");
  EXPECT_EQ(run.status, 3) << run.text();
  EXPECT_THAT(run.err, HasSubstr("ulimit -n")) << run.text();
}

TEST_F(Refusals, LittleMemory_StoresNothingOrAll) {
  for (const int mebibytes : {50, 150, 300, 600, 900}) {
    expect_done_or_refused("ulimit -v " + std::to_string(mebibytes * 1024));
  }
}

TEST_F(Refusals, SmallFileSizeLimit_StoresNothingOrAll) {
  for (const int blocks : {1, 4, 8}) {
    expect_done_or_refused("ulimit -f " + std::to_string(blocks));
  }
  const support::Run run = run_after("ulimit -f 1", "capture");
  EXPECT_EQ(run.status, 3) << run.text();
  EXPECT_THAT(run.err, HasSubstr("ulimit -f")) << run.text();
}

/// A limit on processes binds no root, so the program runs as somebody else who has no processes yet.
TEST_F(Refusals, FewProcesses_StoreNothingOrAll) {
  ST_SKIP_UNLESS(::getuid() == 0, "a limit on processes needs a user of its own");
  fs::permissions(box_.root(), fs::perms::all);
  const support::Run owned = box_.run_command({"/bin/bash", "-c", "chown -R 54321 " + box_.root().string()});
  ASSERT_EQ(owned.status, 0) << owned.text();
  for (int processes = 1; processes <= 12; ++processes) {
    auto words = box_.suite_arguments("capture");
    words.insert(words.begin(), Sandbox::binary());
    for (const std::string command : {"capture", "verify"}) {
      words[1] = command;
      const support::Run run =
          box_.run_command({"/bin/bash", "-c",
                            "exec setpriv --reuid=54321 --clear-groups prlimit --nproc=" + std::to_string(processes) +
                                quoted(words) + " -j 3"});
      SCOPED_TRACE(run.text());
      EXPECT_THAT(run.status, AnyOf(0, 3)) << processes << " processes";
      if (run.status == 3) {
        EXPECT_EQ(baseline(), before_);
      } else if (command == "capture") {
        EXPECT_EQ(box_.verify({"--strict"}).run.status, 0);
        before_ = baseline();
      }
    }
  }
}

/// A small file system for this program alone, where a namespace may be made.
class RefusalsOfSpace : public Refusals {
 protected:
  [[nodiscard]] support::Run with_tmpfs(const std::string& folder, const std::string& size,
                                        const std::string& then) const {
    return box_.run_command(
        {"/bin/bash", "-c",
         "unshare -m /bin/bash -c \"mount -t tmpfs -o size=" + size + " tmpfs '" + folder + "' && " + then + "\""});
  }
  void SetUp() override {
    Refusals::SetUp();
    fs::create_directory(box_.path("small"));
    const support::Run able = with_tmpfs(box_.path("small").string(), "64k", "true");
    ST_SKIP_UNLESS(able.status == 0, "file systems cannot be mounted here");
  }
};

TEST_F(RefusalsOfSpace, FullScratchFolder_LeavesTheBaselineAsItWas) {
  const auto small = box_.path("small").string();
  for (const char* size : {"16k", "128k", "300k", "600k", "4m"}) {
    for (const char* command : {"capture", "verify"}) {
      auto words = box_.suite_arguments(command);
      words.insert(words.begin(), Sandbox::binary());
      const support::Run run = with_tmpfs(small, size, "TMPDIR='" + small + "'" + quoted(words));
      EXPECT_THAT(run.status, AnyOf(0, 3)) << size << run.text();
      if (run.status == 3) {
        EXPECT_EQ(baseline(), before_) << run.text();
        EXPECT_THAT(run.out, Not(HasSubstr("unreadable"))) << run.text();
      }
      before_ = baseline();
    }
  }
}

/// The store lies in the small file system, which is gone afterwards: all is looked at inside.
TEST_F(RefusalsOfSpace, FullStore_LeavesTheBaselineAsItWas) {
  const auto small = box_.path("small").string();
  auto words = box_.suite_arguments("capture");
  words.insert(words.begin(), Sandbox::binary());
  for (auto& word : words) {
    if (word == box_.path(".snapshots").string()) word = small + "/store";
  }
  // A baseline that fits; then the room is taken away by another file, and it must stay as it is.
  const std::string capture = quoted(words);
  const std::string sums = "(cd '" + small + "/store' && find cases objects runs -type f | sort | xargs sha256sum)";
  const std::string script = capture + " >/dev/null && " + sums + " >'" + small + "/before' && { dd if=/dev/zero of='" +
                             small + "/filler' bs=4k status=none 2>/dev/null; rm -rf '" + small + "'/store/staging; " +
                             capture + " --no-stability-check; echo status \\$?; rm '" + small + "/filler'; " + sums +
                             " | diff '" + small + "/before' - && echo unchanged; }";
  const support::Run run = with_tmpfs(small, "2m", script);
  EXPECT_THAT(run.out, HasSubstr("status 3")) << run.text();
  EXPECT_THAT(run.out, HasSubstr("unchanged")) << run.text();
  EXPECT_THAT(run.err, HasSubstr("No space left on device")) << run.text();
}

TEST_F(Refusals, LimitReachedByTheBenchmarkItself_FailsThatCaseAlone) {
  box_.write_suite(
      "import resource\n"
      "def time_a(): return 1\n"
      "def time_b():\n"
      "    global files\n"
      "    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]\n"
      "    resource.setrlimit(resource.RLIMIT_NOFILE, (200, hard))\n"
      "    files = []\n"
      "    while True: files.append(open('/dev/null'))\n"
      "def time_c(): return bytearray(1 << 62)\n"
      "def time_z(): return 2\n");
  const auto captured = box_.capture();
  EXPECT_EQ(captured.run.status, 0) << captured.text();
  EXPECT_EQ(captured.of("bench.time_a"), "outer") << captured.text();
  EXPECT_EQ(captured.of("bench.time_b"), "failed") << captured.text();
  EXPECT_EQ(captured.of("bench.time_c"), "failed") << captured.text();
  EXPECT_EQ(captured.of("bench.time_z"), "outer") << captured.text();
}

TEST_F(Refusals, RefusedCase_IsListedByVerifyAsRefused) {
  // What is refused between two cases is as if it had been refused from the start: the case takes it all itself.
  box_.write_library(
      "import resource, os\n"
      "def f(n): return {'n': n, 'square': n * n}\n"
      "os.register_at_fork(before=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (12, 12)))\n");
  const auto verified = box_.verify();
  EXPECT_EQ(verified.run.status, 3) << verified.text();
  EXPECT_THAT(verified.of("bench.time_f"), "refused") << verified.text();
  EXPECT_THAT(verified.run.out, HasSubstr("ulimit -n")) << verified.text();
}

}  // namespace
}  // namespace snapshot_test::support
