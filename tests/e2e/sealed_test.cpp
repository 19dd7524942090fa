// verify --sealed: the same verdicts as without it, by each way to keep the store from the cases.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "support/sandbox.hpp"

namespace snapshot_test::support {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

/// Values of all kinds of site: small and large ones, rounds, state, threads, inner calls, what is opaque, and what is
/// not the same twice.
constexpr const char* kSuite = R"(
import random, threading, time, lib

class Box:
    def setup(self): self.items = [3, 1, 2]
    def time_sort(self): self.items.sort(); lib.touch(self.items)

def time_small(): return lib.small()
def time_large(): return lib.large()
def time_loop():
    for i in range(4):
        x = lib.term(i)
def time_inner(): lib.outer()
def time_close(): return lib.near()
def time_lock(): return threading.Lock()
def time_text(): return lib.text()
def time_nothing(): pass
def time_pair():
    a = lib.small()
    b = a
    return [a, b, lib.large()]
def track_sum(): return lib.total()
def time_part(): return {"value": lib.small(), "when": time.time_ns()}
def time_threads():
    threads = [threading.Thread(target=lib.small) for _ in range(3)]
    for each in threads: each.start()
    for each in threads: each.join()
)";

constexpr const char* kLibrary = R"(
def small(): return [1.5, 2.5, "three"]
def large(): return list(range(200_000))
def term(i): return i * 0.1
def leaf(): return (1, 2, 3)
def outer(): return leaf() and None
def near(): return [0.1 + 0.2, 1.0]
def text(): return "a\nb\nc\n" * 50
def total(): return 42.0
def touch(items): items.append(7)
)";

/// Differs, is close, raises, is missing.
constexpr const char* kChanged = R"(
def small(): return [1.5, 2.25, "three"]
def large(): return list(range(199_999)) + [0]
def term(i): return i * 0.1 + (1 if i == 2 else 0)
def leaf(): return (1, 2, 4)
def outer(): return leaf() and None
def near(): return [0.3, 1.0]
def text(): raise ValueError("no")
def total(): return 42.0
def touch(items): items.append(8)
)";

/// Of every case what a report says, without what a clock or a process decides.
std::map<std::string, nlohmann::json> essence(const nlohmann::json& report) {
  std::map<std::string, nlohmann::json> cases;
  for (nlohmann::json each : report.at("cases")) {
    for (const char* varying : {"seconds", "total_seconds", "traceback", "output"}) each.erase(varying);
    cases[each.at("label")] = each;
  }
  return cases;
}

class Sealed : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    box_.write_suite(kSuite);
    box_.write_library(kLibrary);
    ASSERT_EQ(box_.capture().run.status, 0);
    fs::permissions(box_.root(), fs::perms(0755));
    fs::permissions(box_.path("home"), fs::perms(0700));  // where the cache is
    fs::permissions(box_.path(".snapshots"), fs::perms(0700));
  }
  [[nodiscard]] Report verify_sealed(std::vector<std::string> extra = {}, const RunOptions& options = {}) const {
    extra.insert(extra.end(), {"--sealed", "--seal-by", GetParam()});
    return box_.verify(extra, options);
  }
  [[nodiscard]] static bool is_refused(const Report& report) {
    return report.run.status == 2 && report.run.err.find("the store cannot be kept") != std::string::npos;
  }
  void expect_same_verdicts(const std::vector<std::string>& extra) const {
    const auto open = box_.verify(extra);
    const auto sealed = verify_sealed(extra);
    if (is_refused(sealed)) GTEST_SKIP() << sealed.run.err;
    ASSERT_FALSE(open.json.is_null()) << open.text();
    ASSERT_FALSE(sealed.json.is_null()) << sealed.text();
    EXPECT_EQ(sealed.run.status, open.run.status) << sealed.text();
    EXPECT_EQ(essence(sealed.json), essence(open.json));
  }

  Sandbox box_;
};

TEST_P(Sealed, UnchangedCode_HasTheVerdictsOfAnUnsealedRun) { expect_same_verdicts({}); }

TEST_P(Sealed, ChangedCode_HasTheVerdictsOfAnUnsealedRun) {
  box_.write_library(kChanged);
  expect_same_verdicts({});
}

TEST_P(Sealed, ChangedCode_InOneProcess_HasTheSameVerdicts) {
  box_.write_library(kChanged);
  expect_same_verdicts({"-j", "1"});
}

TEST_P(Sealed, ChangedCode_InInterpretersOfTheirOwn_HasTheSameVerdicts) {
  box_.write_library(kChanged);
  expect_same_verdicts({"--isolation", "spawn", "-j", "2"});
}

TEST_P(Sealed, ChangedCode_ReadingAllData_HasTheSameVerdicts) {
  box_.write_library(kChanged);
  expect_same_verdicts({"--read-data"});
}

TEST_P(Sealed, ModeDeepest_HasTheSameVerdicts) {
  box_.write_library(kChanged);
  expect_same_verdicts({"--mode", "deepest"});
}

TEST_P(Sealed, DamagedValue_IsUnreadableAndNamed) {
  for (const auto& entry : fs::recursive_directory_iterator(box_.path(".snapshots/objects"))) {
    if (entry.is_regular_file()) fs::resize_file(entry.path(), fs::file_size(entry.path()) / 2);
  }
  box_.write_library(kChanged);
  const auto open = box_.verify();
  const auto sealed = verify_sealed();
  if (is_refused(sealed)) GTEST_SKIP() << sealed.run.err;
  EXPECT_EQ(sealed.of("bench.time_small"), "unreadable") << sealed.text();
  EXPECT_EQ(essence(sealed.json), essence(open.json));
}

TEST_P(Sealed, StoreElsewhere_ReachedByALink_IsKeptFromTheCases) {
  fs::create_directories(box_.path("data/deep"));
  fs::rename(box_.path(".snapshots"), box_.path("data/deep/store"));
  fs::create_symlink(box_.path("data/deep/store"), box_.path(".snapshots"));
  box_.write_library(std::string(kLibrary) +
                     "def small():\n"
                     "    import os\n"
                     "    names = []\n"
                     "    for folder in ('" +
                     box_.path(".snapshots").string() + "', '" + box_.path("data/deep/store").string() +
                     "'):\n"
                     "        for top, _, files in os.walk(folder):\n"
                     "            names += files\n"
                     "    return names or [1.5, 2.5, 'three']\n");
  const auto sealed = verify_sealed();
  if (is_refused(sealed)) GTEST_SKIP() << sealed.run.err;
  EXPECT_EQ(sealed.of("bench.time_small"), "identical") << sealed.text();
  EXPECT_EQ(box_.verify().of("bench.time_small"), "different") << "the attack finds nothing to begin with";
}

/// What a case may write keeps working.
TEST_P(Sealed, Case_WritesItsOwnFolderTheTemporaryOneAndTheProjects) {
  fs::create_directory(box_.path("project/data"));
  if (std::string(GetParam()) == "uid") fs::permissions(box_.path("project/data"), fs::perms(0777));
  box_.write_library(std::string(kLibrary) +
                     "def small():\n"
                     "    import multiprocessing.shared_memory, os, pathlib, socket, subprocess, sys, tempfile\n"
                     "    here = pathlib.Path(__file__).parent\n"
                     "    pathlib.Path('mine').write_text('x')\n"
                     "    os.rename('mine', 'yours')\n"
                     "    (here / 'data' / 'file').write_text('x')\n"
                     "    (here / 'data' / 'file').unlink()\n"
                     "    with tempfile.TemporaryDirectory() as folder:\n"
                     "        os.replace('yours', os.path.join(folder, 'z'))\n"
                     "    one, other = socket.socketpair(); one.send(b'x'); other.recv(1)\n"
                     "    block = multiprocessing.shared_memory.SharedMemory(create=True, size=8)\n"
                     "    block.close(); block.unlink()\n"
                     "    assert subprocess.run([sys.executable, '-c', 'print(1)'], capture_output=True).stdout\n"
                     "    assert 'lib.py' in os.listdir(here)\n"
                     "    assert 'project' in os.listdir(here.parent)\n"
                     "    assert any(e.is_dir() for e in os.scandir(here.parent) if e.name == 'project')\n"
                     "    assert any(p.name == 'benchmarks' for p in here.parent.iterdir())\n"
                     "    return [1.5, 2.5, 'three']\n");
  const auto sealed = verify_sealed();
  if (is_refused(sealed)) GTEST_SKIP() << sealed.run.err;
  EXPECT_EQ(sealed.of("bench.time_small"), "identical") << sealed.entry("bench.time_small").dump(1) << sealed.text();
}

/// Packages beside the store are imported, although the folder that holds both cannot be listed.
TEST_P(Sealed, StoreInTheProjectsFolder_ItsPackagesAreImported) {
  box_.write("flat/package/__init__.py", "def f(): return [1, 2, 3]\n");
  box_.write("flat/benchmarks/__init__.py", "");
  box_.write("flat/benchmarks/bench.py", "import package\ndef time_f(): return package.f()\n");
  RunOptions options;
  options.folder = "flat";
  const std::vector<std::string> with{"--project-dir", ".", "--snapshot-dir", ".snapshots", "--python", test_python()};
  std::vector<std::string> arguments{"capture"};
  arguments.insert(arguments.end(), with.begin(), with.end());
  ASSERT_EQ(box_.run(arguments, options).status, 0);
  fs::permissions(box_.path("flat/.snapshots"), fs::perms(0700));
  arguments[0] = "verify";
  arguments.insert(arguments.end(), {"--sealed", "--seal-by", GetParam()});
  const auto run = box_.run(arguments, options);
  if (run.status == 2 && run.err.find("cannot be kept") != std::string::npos) GTEST_SKIP() << run.err;
  EXPECT_EQ(run.status, 0) << run.text();
  EXPECT_THAT(run.out, HasSubstr("verified 1 of 1 case (100.0 %)"));
}

TEST_P(Sealed, OrdinaryUser_HasTheVerdictsOfAnUnsealedRun) {
  ST_SKIP_UNLESS(::geteuid() == 0, "only root can become another user");
  for (const auto& entry : fs::recursive_directory_iterator(box_.root())) {
    ASSERT_EQ(::chown(entry.path().c_str(), 65534, 65534), 0);
  }
  ASSERT_EQ(::chown(box_.root().c_str(), 65534, 65534), 0);
  const std::vector<std::string> as_nobody{"/usr/bin/setpriv", "--reuid", "65534",
                                           "--regid",          "65534",   "--clear-groups"};
  const auto verify = [&](std::vector<std::string> extra) {
    std::vector<std::string> command = as_nobody;
    command.push_back(Sandbox::binary());
    for (const auto& each : box_.suite_arguments("verify")) command.push_back(each);
    command.insert(command.end(), {"--json", box_.path("report.json").string()});
    command.insert(command.end(), extra.begin(), extra.end());
    Report report{box_.run_command(command), nullptr};
    if (fs::exists(box_.path("report.json"))) report.json = box_.read_json("report.json");
    return report;
  };
  const auto open = verify({});
  if (open.run.status != 0) GTEST_SKIP() << "another user cannot run it from here: " << open.text();
  const auto sealed = verify({"--sealed", "--seal-by", GetParam()});
  if (std::string(GetParam()) == "uid") {
    EXPECT_TRUE(is_refused(sealed)) << sealed.text();
    return;
  }
  if (is_refused(sealed)) GTEST_SKIP() << sealed.run.err;
  EXPECT_EQ(sealed.run.status, 0) << sealed.text();
  EXPECT_EQ(essence(sealed.json), essence(open.json));
}

INSTANTIATE_TEST_SUITE_P(By, Sealed, ::testing::Values("landlock", "mount", "uid"),
                         [](const auto& tested) { return std::string(tested.param); });

class Sealing : public ::testing::Test {
 protected:
  void SetUp() override {
    box_.write_suite("import lib\ndef time_f(): return lib.f()\n");
    box_.write_library("def f(): return 1\n");
    ASSERT_EQ(box_.capture().run.status, 0);
  }
  Sandbox box_;
};

/// Where no method works nothing runs: here one is asked for with which everybody may still read the store.
TEST_F(Sealing, MethodThatDoesNotWork_IsRefusedAndNothingRuns) {
  fs::permissions(box_.root(), fs::perms(0755));
  fs::permissions(box_.path(".snapshots"), fs::perms(0755));
  box_.write_library("def f(): open('" + box_.path("ran").string() + "', 'w'); return 1\n");
  fs::permissions(box_.root(), fs::perms(0777));
  const auto report = box_.verify({"--sealed", "--seal-by", "uid"});
  EXPECT_EQ(report.run.status, 2) << report.text();
  EXPECT_THAT(report.run.err, HasSubstr("--sealed: the store cannot be kept from the cases here (uid: "));
  EXPECT_FALSE(fs::exists(box_.path("ran")));
}

TEST_F(Sealing, StoreInTheBenchmarkFolder_IsNotSealedByLandlock) {
  fs::rename(box_.path(".snapshots"), box_.path("benchmarks/.snapshots"));
  fs::create_symlink(box_.path("benchmarks/.snapshots"), box_.path(".snapshots"));
  const auto report = box_.verify({"--sealed", "--seal-by", "landlock"});
  EXPECT_EQ(report.run.status, 2) << report.text();
  EXPECT_THAT(report.run.err, HasSubstr("whose files have to be listed"));
}

TEST_F(Sealing, WhatWritesToTheStore_IsRefused) {
  for (const std::vector<std::string>& each :
       {std::vector<std::string>{"--missing", "capture"}, {"--obsolete", "delete"}, {"--pending", "always"}}) {
    std::vector<std::string> extra = each;
    extra.push_back("--sealed");
    const auto report = box_.verify(extra);
    EXPECT_EQ(report.run.status, 2) << report.text();
    EXPECT_THAT(report.run.err, HasSubstr(each[0] + " " + each[1] + " writes to the store"));
  }
}

TEST_F(Sealing, SealBy_Alone_IsRefused) {
  const auto report = box_.verify({"--seal-by", "landlock"});
  EXPECT_EQ(report.run.status, 2) << report.text();
  EXPECT_THAT(report.run.err, HasSubstr("--sealed"));
}

TEST_F(Sealing, BaselineInARemoteFolder_IsReadLazilyAndKeptFromTheCases) {
  const std::string remote = box_.path("remote").string();
  const auto pushed = box_.run({"push", remote, "--snapshot-dir", box_.path(".snapshots").string()});
  ASSERT_EQ(pushed.status, 0) << pushed.text();
  fs::remove_all(box_.path(".snapshots"));
  for (const char* value : {"1", "1.0", "2"}) {
    box_.write_library(std::string("import os\ndef f():\n    assert not any(f for _, _, f in os.walk('") + remote +
                       "'))\n    return " + value + "\n");
    const auto sealed = box_.verify({"--baseline", remote, "--sealed"});
    box_.write_library(std::string("def f(): return ") + value + "\n");
    const auto open = box_.verify({"--baseline", remote});
    EXPECT_EQ(sealed.of("bench.time_f"), open.of("bench.time_f")) << sealed.text();
    EXPECT_EQ(sealed.run.status, open.run.status);
  }
}

/// A baseline that is named by its digest is that one or none.
TEST_F(Sealing, BaselineByDigest_IsWhatIsComparedWith) {
  const std::string remote = box_.path("remote").string();
  ASSERT_EQ(box_.run({"push", remote, "--snapshot-dir", box_.path(".snapshots").string()}).status, 0);
  const auto captured = box_.capture();
  const std::string text = captured.text();
  const std::size_t at = text.find("baseline sha256:");
  ASSERT_NE(at, std::string::npos) << text;
  const std::string pinned = text.substr(at + 9, 7 + 64);
  const std::string other = "sha256:" + std::string(64, 'a');
  for (const std::string& before : {std::string(), remote + "@"}) {
    EXPECT_EQ(box_.verify({"--baseline", before + pinned, "--sealed"}).of("bench.time_f"), "identical");
    const auto refused = box_.verify({"--baseline", before + other, "--sealed"});
    EXPECT_EQ(refused.run.status, 4) << refused.text();
  }
  const auto wrong = box_.verify({"--baseline", "sha256:abc"});
  EXPECT_EQ(wrong.run.status, 2) << wrong.text();
}

}  // namespace
}  // namespace snapshot_test::support
