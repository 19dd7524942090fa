// continuous where the disk of its cache is full: the run says so, keeps nothing that is half made, and goes on once
// there is room.
#include <gmock/gmock.h>

#include <filesystem>
#include <string>
#include <vector>

#include "support/repository.hpp"

namespace snapshot_test::support {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

/// The cache on a small file system, in a namespace of the command that uses it.
class CommitDisk : public RepositoryTest {
 protected:
  void SetUp() override {
    fs::create_directories(cache());
    ST_SKIP_UNLESS(on_small_disk("64k", ":").status == 0, "file systems cannot be mounted here");
  }
  [[nodiscard]] support::Run on_small_disk(const std::string& size, const std::string& script) const {
    RunOptions options;
    options.folder = folder_;
    options.deadline = std::chrono::seconds(120);
    options.environment["CACHE"] = cache().string();
    return box_.run_command({"/usr/bin/unshare", "--mount", "/bin/sh", "-c",
                             "mount -t tmpfs -o size=" + size + " none \"$CACHE\" || exit 99\n" + script},
                            options);
  }
  /// Runs twice; with more room the second time.
  [[nodiscard]] support::Run twice(const std::string& size, const std::vector<std::string>& arguments) const {
    std::string command = "'" + Sandbox::binary() + "' continuous --python '" + test_python() + "'";
    for (const std::string& each : arguments) command += " '" + each + "'";
    return on_small_disk(size, command +
                                   "\necho \"first $?\"\n"
                                   "find \"$CACHE\" -name entry.json -o -name store -o -name tree\n"
                                   "mount -o remount,size=64m \"$CACHE\"\n" +
                                   command + "\necho \"second $?\"");
  }
  static void expect_refused_then_done(const support::Run& run) {
    const std::string first = run.out.substr(0, run.out.find("second"));
    EXPECT_THAT(first, AllOf(HasSubstr("first 3"), Not(HasSubstr("entry.json")), Not(HasSubstr("/store")),
                             Not(HasSubstr("/tree\n"))))
        << run.text();
    EXPECT_THAT(run.err, HasSubstr("No space left on device")) << run.text();
    EXPECT_THAT(run.out, HasSubstr("second 0")) << run.text();
  }
  static std::string large(std::size_t bytes) {
    std::string text;
    for (std::size_t i = 0; text.size() < bytes; ++i) text += std::to_string(i * 2654435761U % 1000003U);
    return text;
  }
};

constexpr const char* kSameTotal = "def total(n):\n    return n * (n - 1) // 2\n";

TEST_F(CommitDisk, TreeThatDoesNotFit_IsRefused) {
  write("data.txt", large(3'000'000));
  commit("One");
  write("wavelab/__init__.py", kSameTotal);
  commit("Two");
  expect_refused_then_done(twice("2m", {"HEAD~1", "HEAD"}));
}

TEST_F(CommitDisk, ChangeInTheWorkTreeThatDoesNotFit_IsRefused) {
  commit("One");
  write("wavelab/__init__.py", kSameTotal);
  write("data.txt", large(6'000'000));
  expect_refused_then_done(twice("1m", {"HEAD"}));
}

TEST_F(CommitDisk, BuildThatDoesNotFit_IsRefusedAlsoWhereItsLogDoesNotFit) {
  commit("One");
  write("wavelab/__init__.py", kSameTotal);
  commit("Two");
  expect_refused_then_done(twice("3m", {"HEAD~1", "HEAD", "--build-command",
                                        "cp -r wavelab \"$PREFIX\" && head -c 6000000 /dev/zero > \"$PREFIX/large\""}));
}

TEST_F(CommitDisk, CaptureThatDoesNotFit_IsRefused) {
  write(
      "benchmarks/bench.py",
      "import random, wavelab\ndef time_total():\n    return wavelab.total(9), random.Random(1).randbytes(6000000)\n");
  commit("One");
  write("wavelab/__init__.py", kSameTotal);
  commit("Two");
  expect_refused_then_done(twice("3m", {"HEAD~1", "HEAD"}));
}

}  // namespace
}  // namespace snapshot_test::support
