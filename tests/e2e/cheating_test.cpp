// The cheating suite: what a change could do to pass without computing anything. Each test is named in SECURITY.md
// beside the sentence that it is of. The attacks are in cheating/attacks.py.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "support/sandbox.hpp"

namespace snapshot_test::support {
namespace {

namespace fs = std::filesystem;
using ::testing::AnyOf;
using ::testing::HasSubstr;

/// One benchmark of a function whose result cannot be guessed: what the good code computes is in the baseline.
constexpr const char* kGood = "import hashlib\ndef f(): return hashlib.sha256(b'good').hexdigest()\n";

class Cheating : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    box_.write_suite("import lib\ndef time_f(): return lib.f()\n");
    box_.write_library(kGood);
    ASSERT_EQ(box_.capture().run.status, 0);
    fs::copy(fs::path(SNAPSHOT_TEST_SOURCE_DIR) / "tests/e2e/cheating/attacks.py", box_.path("project/attacks.py"));
    fs::permissions(box_.root(), fs::perms(0755));
    fs::permissions(box_.path("home"), fs::perms(0700));  // where the cache is
    fs::permissions(store(), fs::perms(0700));
  }
  [[nodiscard]] std::string store() const { return box_.path(".snapshots").string(); }

  /// The library becomes this: `body` is that of f(), in which `where` is the store and `a` has the attacks.
  void cheat(const std::string& body) const {
    std::string text = "import os, sys, pickle\nimport attacks as a\nwhere = '" + store() + "'\ndef f():\n";
    std::string line;
    for (const char each : body + "\n") {
      if (each == '\n') {
        text += "    " + line + "\n";
        line.clear();
      } else {
        line += each;
      }
    }
    box_.write_library(text);
  }
  [[nodiscard]] Report sealed(std::vector<std::string> extra = {}, const RunOptions& options = {}) const {
    extra.push_back("--sealed");
    if (GetParam() != std::string("default")) extra.insert(extra.end(), {"--seal-by", GetParam()});
    return box_.verify(extra, options);
  }
  [[nodiscard]] static bool is_refused(const Report& report) {
    return report.run.err.find("cannot be kept from the cases") != std::string::npos;
  }
  /// The attack comes to nothing: the case does not pass, nothing of the store has changed, and nobody took a signal.
  void expect_caught(const std::string& body) const {
    cheat(body);
    const auto before = box_.tree(".snapshots");
    const auto report = sealed();
    if (is_refused(report)) GTEST_SKIP() << report.run.err;
    EXPECT_THAT(report.of("bench.time_f"), AnyOf("different", "raised", "crashed")) << report.text();
    EXPECT_EQ(report.run.status, 1) << report.text();
    EXPECT_EQ(box_.tree(".snapshots"), before);
  }
  /// What an attack found: the value of f() is a text that says so.
  void expect_finds_nothing(const std::string& attack) const {
    cheat("found = " + attack + "\nprint('FOUND', found)\nreturn a.wrong() if not found else 'found'");
    const auto before = box_.tree(".snapshots");
    const auto report = sealed();
    if (is_refused(report)) GTEST_SKIP() << report.run.err;
    const auto entry = report.entry("bench.time_f");
    EXPECT_EQ(report.of("bench.time_f"), "different") << report.text();
    EXPECT_THAT(entry.at("observation").value("output", ""), AnyOf(HasSubstr("FOUND []"), HasSubstr("FOUND None")))
        << entry.dump(1);
    EXPECT_EQ(box_.tree(".snapshots"), before);
  }
  /// Without --sealed the same passes, so that the test shows something.
  void expect_passes_unsealed(const std::string& body) const {
    cheat(body);
    // What calls inside return is another thing: the result agrees.
    EXPECT_THAT(box_.verify().of("bench.time_f"), AnyOf("identical", "inner-changed"));
  }

  Sandbox box_;
};

// The store.

TEST_P(Cheating, StoredValue_ReadAndReturned_IsNotThere) {
  const std::string attack = "return a.first(a.stored_values(where)) or a.wrong()";
  expect_passes_unsealed(attack);
  expect_caught(attack);
}

TEST_P(Cheating, NamesInTheStore_WhichAreDigests_AreNotThere) {
  expect_finds_nothing("[each for each in os.walk(where) if each[1] or each[2]]");
}

TEST_P(Cheating, Store_WrittenRemovedAndReplaced_IsAsItWas) { expect_finds_nothing("a.write_into(where)"); }

TEST_P(Cheating, Store_MountedAside_IsNotThere) { expect_finds_nothing("a.mount_aside(where)"); }

TEST_P(Cheating, Store_ByAFileHandle_IsNotThere) { expect_finds_nothing("a.open_by_handle(where)"); }

TEST_P(Cheating, Disks_CannotBeRead) { expect_finds_nothing("a.raw_disks()"); }

/// A folder above the store is moved away, and another store put in its place, while the run goes on.
TEST_P(Cheating, FolderAboveTheStore_Exchanged_ChangesNothing) {
  fs::create_directories(box_.path("data/deep"));
  fs::rename(box_.path(".snapshots"), box_.path("data/deep/store"));
  fs::permissions(box_.path("data"), fs::perms(0777));
  const std::string data = box_.path("data/deep").string();
  box_.write_library(
      "import os, pickle\ndef f():\n"
      "    try:\n"
      "        os.rename('" +
      data + "', '" + data +
      "-old')\n"
      "        os.makedirs('" +
      data +
      "/store/objects')\n"
      "    except OSError:\n"
      "        pass\n"
      "    return 'wrong'\n");
  fs::create_symlink(data + "/store", box_.path(".snapshots"));
  const auto report = sealed();
  if (is_refused(report)) GTEST_SKIP() << report.run.err;
  EXPECT_EQ(report.of("bench.time_f"), "different") << report.text();
}

TEST_P(Cheating, Descriptors_OfWhoeverStartedTheRun_AreNotInherited) {
  cheat("found = a.inherited_descriptors(where)\nprint('FOUND', found)\nreturn a.wrong()");
  std::vector<std::string> command{"/bin/sh", "-c", "exec 9< '" + store() + "/format.json'; exec \"$@\"", "sh",
                                   Sandbox::binary()};
  for (const auto& each : box_.suite_arguments("verify")) command.push_back(each);
  command.insert(command.end(), {"--json", box_.path("report.json").string(), "--sealed"});
  if (GetParam() != std::string("default")) command.insert(command.end(), {"--seal-by", GetParam()});
  ASSERT_TRUE(fs::exists(store() + "/format.json"));
  const auto run = box_.run_command(command);
  if (run.err.find("cannot be kept") != std::string::npos) GTEST_SKIP() << run.err;
  ASSERT_EQ(run.status, 1) << run.text();
  EXPECT_THAT(box_.read("report.json"), HasSubstr("FOUND []"));
}

// The process that compares, and its memory.

TEST_P(Cheating, Parent_Traced_Refuses) { expect_finds_nothing("a.ptrace_parent()"); }

TEST_P(Cheating, Parent_ItsMemory_CannotBeRead) { expect_finds_nothing("a.read_parents_memory()"); }

TEST_P(Cheating, Processes_TheirRootsAndFiles_ShowNoStore) { expect_finds_nothing("a.look_through_parent(where)"); }

// What compares.

TEST_P(Cheating, Functions_ThatCompareAndPickle_Replaced_DecideNothing) {
  const std::string attack =
      "import builtins, copyreg, hashlib, types\n"
      "try:\n"
      "    import numpy\n"
      "    for name in ('allclose', 'array_equal', 'isclose'): setattr(numpy, name, lambda *a, **k: True)\n"
      "except ImportError: pass\n"
      "for name in ('dump', 'dumps', 'load', 'loads', 'Pickler', 'Unpickler'): setattr(pickle, name, lambda *a, **k: "
      "b'')\n"
      "sys.modules['diff_tester._core'] = sys.modules['_pickle'] = types.ModuleType('fake')\n"
      "copyreg.dispatch_table[str] = lambda value: (str, ('',))\n"
      "hashlib.sha256 = None\n"
      "builtins.open = os.open = lambda *a, **k: 0\n"
      "return a.wrong()";
  expect_caught(attack);
}

TEST_P(Cheating, Value_ThatClaimsToBeAnything_IsWhatItsPickleSays) {
  expect_caught(
      "class Equal(str):\n"
      "    def __eq__(self, other): return True\n"
      "    def __hash__(self): return 0\n"
      "    def __reduce_ex__(self, protocol): return (str, ('claimed',))\n"
      "return Equal('wrong')");
}

// The link.

TEST_P(Cheating, Reply_WrittenOntoTheLink_CountsForNothing) { expect_caught("a.reply_at_once()"); }

TEST_P(Cheating, Digest_ThatIsMadeUp_HasToBeKept) { expect_caught("a.offer_and_send([pickle.dumps('wrong')])"); }

TEST_P(Cheating, Digest_ThatIsMadeUp_AndNothingSent_CountsForNothing) { expect_caught("a.offer_and_send([])"); }

TEST_P(Cheating, Offer_MadeTwice_CountsForNothing) { expect_caught("a.offer_and_send([pickle.dumps('wrong')], 2)"); }

TEST_P(Cheating, Value_ThatIsNoPickle_EndsNothing) {
  expect_caught("a.offer_and_send([b'\\x80\\x05' + b'(' * 1000000])");
}

// What the run writes and reads besides.

TEST_P(Cheating, ReportAndExpectations_Written_StayTheSupervisors) {
  box_.write("snapshot_config.json", R"({"expected": "expected.toml"})");
  box_.write("expected.toml", "");
  const std::string report_file = box_.path("report.json").string();
  cheat("for name in ('" + report_file + "', '" + box_.path("expected.toml").string() + "', '" +
        box_.path("snapshot_config.json").string() +
        "'):\n"
        "    try:\n"
        "        with open(name, 'w') as file: file.write('forged')\n"
        "    except OSError: pass\n"
        "return a.wrong()");
  const auto report = sealed(
      {"--config", box_.path("snapshot_config.json").string(), "--expected", box_.path("expected.toml").string()});
  if (is_refused(report)) GTEST_SKIP() << report.run.err;
  EXPECT_EQ(report.of("bench.time_f"), "different") << report.text();
  EXPECT_EQ(report.run.status, 1);
  EXPECT_EQ(box_.read("expected.toml"), "");
  EXPECT_EQ(box_.read("snapshot_config.json"), R"({"expected": "expected.toml"})");
}

TEST_P(Cheating, Process_LeftBehind_DoesNotOutliveTheRun) {
  cheat(
      "import subprocess\n"
      "subprocess.Popen(['sh', '-c', 'sleep 2; echo forged > " +
      box_.path("tmp/forged").string() +
      "'], start_new_session=True)\n"
      "return a.wrong()");
  const auto report = sealed();
  if (is_refused(report)) GTEST_SKIP() << report.run.err;
  EXPECT_EQ(report.of("bench.time_f"), "different") << report.text();
  ::sleep(3);
  EXPECT_FALSE(fs::exists(box_.path("tmp/forged")));
}

INSTANTIATE_TEST_SUITE_P(By, Cheating, ::testing::Values("landlock", "mount", "uid"),
                         [](const auto& tested) { return std::string(tested.param); });

/// What is stated as not defended: each of these passes, or is only said in a note.
class NotDefended : public Cheating {};

TEST_P(NotDefended, Value_ThatIsHardCoded_Passes) {
  const auto baseline = box_.run({"show", "time_f", "--snapshot-dir", store()});
  const std::size_t at = baseline.out.find_first_of("'\"");
  ASSERT_NE(at, std::string::npos) << baseline.text();
  cheat("return " + baseline.out.substr(at, 66));
  EXPECT_EQ(sealed().of("bench.time_f"), "identical") << baseline.out;
}

TEST_P(NotDefended, CopyOfTheBaseline_InAReadablePlace_IsFound) {
  fs::copy(store(), box_.path("history"), fs::copy_options::recursive);
  cheat("return a.first(a.stored_values('" + box_.path("history").string() + "'))");
  EXPECT_THAT(sealed().of("bench.time_f"), AnyOf("identical", "inner-changed"));
}

TEST_P(NotDefended, CacheFile_FilledByAnEarlierRun_IsUsed) {
  const std::string cache = box_.path("project/cache").string();
  fs::create_directory(cache);
  box_.write_library(std::string(kGood) + "good = f\ndef f():\n    value = good()\n    open('" + cache +
                     "/value', 'w').write(value)\n    return value\n");
  ASSERT_EQ(sealed().of("bench.time_f"), "identical");
  box_.write_library("def f(): return open('" + cache + "/value').read()\n");
  EXPECT_EQ(sealed().of("bench.time_f"), "identical");
}

TEST_P(NotDefended, ResultMemoisedById_IsRightTheFirstTime) {
  box_.write_library(std::string(kGood) +
                     "good, seen = f, {}\ndef f(key=[]):\n    return seen.setdefault(id(key), good())\n");
  EXPECT_EQ(sealed().of("bench.time_f"), "identical");
}

TEST_P(NotDefended, Process_FromBeforeTheRun_ReadsForACase) {
  const std::string path = box_.path("tmp/oracle").string();
  box_.write("oracle.py", "import os, pickle, socket, sys\nsys.path.insert(0, '" + box_.path("project").string() +
                              "')\nimport attacks\nserver = socket.socket(socket.AF_UNIX)\nserver.bind('" + path +
                              "')\nserver.listen()\nlink, _ = server.accept()\n"
                              "link.sendall(attacks.first(attacks.stored_values('" +
                              store() + "')).encode())\n");
  Program oracle({test_python(), box_.path("oracle.py").string()}, {box_.root(), {}, Privileges::kInherited});
  for (int i = 0; i < 200 && !fs::exists(path); ++i) ::usleep(50'000);
  cheat("import socket\nlink = socket.socket(socket.AF_UNIX)\nlink.connect('" + path +
        "')\nreturn link.recv(1000).decode()");
  EXPECT_EQ(sealed().of("bench.time_f"), "identical");
}

/// A case that is run again by itself may have learned from that that its first value was not right; it is said.
TEST_P(NotDefended, SecondGuess_IsSaidInANote) {
  box_.write_suite("import lib\ndef time_a(): return 1\ndef time_f(): return lib.f()\n");
  box_.write_library("def f(): return True\n");
  ASSERT_EQ(box_.capture().run.status, 0);
  const std::string flag = box_.path("tmp/guessed").string();
  cheat("if not os.path.exists('" + flag + "'):\n    open('" + flag + "', 'w')\n    return False\nreturn True");
  const auto report = sealed({"-j", "1"});
  EXPECT_EQ(report.of("bench.time_f"), "identical") << report.text();
  EXPECT_THAT(report.entry("bench.time_f").dump(),
              AnyOf(HasSubstr("in a process in which other cases had run it was different"),
                    HasSubstr("in the process that had looked for benchmarks it was different")));
}

INSTANTIATE_TEST_SUITE_P(By, NotDefended, ::testing::Values("default"),
                         [](const auto& tested) { return std::string(tested.param); });

}  // namespace
}  // namespace snapshot_test::support
