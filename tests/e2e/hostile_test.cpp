// Whatever a case does, it has its named verdict, every other case has the right one, and nothing is left behind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

#include "support/hostile_suite.hpp"
#include "support/leftovers.hpp"
#include "support/sandbox.hpp"

namespace snapshot_test::support {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const Deeds kEnds = {
    {"segfault", "ctypes.string_at(0)", "crashed", "SIGSEGV"},
    {"abort", "os.abort()", "crashed", "SIGABRT"},
    {"exit_zero", "os._exit(0)", "crashed", "status 0"},
    {"sys_exit", "sys.exit(0)", "crashed", "SystemExit"},
    {"sys_exit_in_a_thread", "t = threading.Thread(target=sys.exit); t.start(); t.join()", "identical"},
    {"interrupt", "raise KeyboardInterrupt", "raised", "KeyboardInterrupt"},
    {"interrupts_itself", "os.kill(os.getpid(), signal.SIGINT); time.sleep(9)", "raised", "KeyboardInterrupt"},
    {"kills_its_group", "os.killpg(0, signal.SIGKILL)", "crashed", "SIGKILL"},
    {"kills_group_zero", "os.kill(0, signal.SIGKILL)", "crashed", "SIGKILL"},
    {"alarm", "signal.alarm(1); time.sleep(9)", "crashed", "SIGALRM"},
    {"cpu_limit", "resource.setrlimit(resource.RLIMIT_CPU, (1, 2))\n    while True: pass", "crashed", "SIGXCPU"},
};

const Deeds kHangs = {
    {"loop_in_python", "\n    while True: pass", "timed-out", "1.5 s"},
    {"loop_in_c", "sum(range(10**15))", "timed-out", "1.5 s"},
    {"regular_expression", "re.match('(a+)+$', 'a' * 60 + 'b')", "timed-out", "1.5 s"},
    {"swallows_everything", "\n    while True:\n        try: time.sleep(1)\n        except BaseException: pass",
     "timed-out", "1.5 s"},
    {"ignores_signals",
     "for s in (signal.SIGTERM, signal.SIGABRT, signal.SIGINT): signal.signal(s, signal.SIG_IGN)\n    time.sleep(99)",
     "timed-out", "1.5 s"},
    {"blocks_signals", "signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65)); time.sleep(99)", "timed-out", "1.5 s"},
    {"stops_itself", "os.kill(os.getpid(), signal.SIGSTOP)", "timed-out", "1.5 s"},
    {"leaves_its_group", "os.setpgid(0, os.getppid()); time.sleep(99)", "timed-out", "1.5 s"},
    {"prints_for_ever", "\n    while True: os.write(1, b'x' * 65536)", "timed-out", "1.5 s"},
    {"garbage_for_ever", "\n    while True: spray(b'garbage' * 9999)", "timed-out", "1.5 s"},
};

struct Group {
  const char* name;
  const Deeds& deeds;
  const char* timeout;
  std::vector<const char*> workers;
};
void PrintTo(const Group& group, std::ostream* out) { *out << group.name; }

class Hostile : public ::testing::TestWithParam<Group> {};

TEST_P(Hostile, MisbehavingCases_HaveTheirVerdictsAndOthersPass) {
  const auto& [name, deeds, timeout, all_workers] = GetParam();
  const Sandbox box;
  write_hostile_suite(box, deeds);
  write_library_of(box, deeds, Manners::kGood);
  ASSERT_EQ(box.capture({"--no-stability-check"}).run.status, 0);
  write_library_of(box, deeds, Manners::kHostile);
  const auto before = places(box);
  for (const char* workers : all_workers) {
    SCOPED_TRACE(std::string("-j ") + workers);
    expect_verdicts(box.verify({"--timeout", timeout, "-j", workers}), deeds);
    EXPECT_THAT(processes_left(box), IsEmpty());
    EXPECT_THAT(files_left(box), IsEmpty());
    EXPECT_EQ(places(box), before);
  }
}

TEST_P(Hostile, MisbehavingCasesWhenSpawned_HaveTheSameVerdicts) {
  const auto& [name, deeds, timeout, workers] = GetParam();
  const Sandbox box;
  write_hostile_suite(box, deeds);
  write_library_of(box, deeds, Manners::kGood);
  ASSERT_EQ(box.capture({"--no-stability-check"}).run.status, 0);
  write_library_of(box, deeds, Manners::kHostile);
  const auto before = places(box);
  expect_verdicts(box.verify({"--timeout", timeout, "-j", workers.back(), "--isolation", "spawn"}), deeds);
  EXPECT_THAT(processes_left(box), IsEmpty());
  EXPECT_THAT(files_left(box), IsEmpty());
  EXPECT_EQ(places(box), before);
}

TEST_P(Hostile, MisbehavingCases_AreNotCapturedAndOthersAre) {
  const auto& [name, deeds, timeout, workers] = GetParam();
  const Sandbox box;
  write_hostile_suite(box, deeds);
  write_library_of(box, deeds, Manners::kHostile);
  expect_captured(box.capture({"--timeout", timeout, "-j", workers.back()}), deeds);
  EXPECT_THAT(processes_left(box), IsEmpty());
  EXPECT_THAT(files_left(box), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(All, Hostile,
                         ::testing::Values(Group{"Ends", kEnds, "20", {"4"}}, Group{"Hangs", kHangs, "1.5", {"4"}},
                                           Group{"Leaves", kLeaves, "20", {"1", "4"}},
                                           Group{"Descriptors", kDescriptors, "20", {"1", "4"}},
                                           Group{"Changes", kChanges, "20", {"1", "4"}}),
                         [](const auto& tested) { return std::string(tested.param.name); });

struct Leftover {
  Deed deed;
  std::string note;  ///< what is said of it
};

TEST(HostileLeftovers, ProcessOrThreadLeftRunning_IsEndedAndNoted) {
  const std::vector<Leftover> leftovers = {
      {{"child", "subprocess.Popen(['sleep', '98'])", "identical"}, "left 1 process running: sleep"},
      {{"own_session", "subprocess.Popen(['sleep', '98'], start_new_session=True)", "identical"},
       "left 1 process running: sleep"},
      {{"daemons", "for i in range(3): daemon(os.environ)", "identical"}, "left 3 processes running"},
      {{"daemon_without_environment", "daemon({})", "identical"}, "left 1 process running"},
      {{"stopped_child", "os.kill(subprocess.Popen(SLEEP, start_new_session=True).pid, signal.SIGSTOP)", "identical"},
       "left 1 process running"},
      {{"deaf_child",
        "for s in (signal.SIGTERM, signal.SIGHUP): signal.signal(s, signal.SIG_IGN)\n"
        "    subprocess.Popen(SLEEP, start_new_session=True)",
        "identical"},
       "left 1 process running"},
      {{"named_thread", "threading.Thread(target=time.sleep, args=(98,), name='pump').start()", "identical"},
       "left 1 thread running: pump"},
      {{"ended_ones",
        "subprocess.Popen(['true']).wait(); subprocess.run(['true']); t = threading.Thread(target=int)\n"
        "    t.start(); t.join()",
        "identical"},
       ""},
      // These end otherwise, with a daemon behind them.
      {{"daemon_and_segfault", "daemon({}); ctypes.string_at(0)", "crashed", "SIGSEGV"}, ""},
      {{"daemon_and_exit", "daemon({}); os._exit(0)", "crashed", "status 0"}, ""},
      {{"daemon_and_hang", "daemon({}); time.sleep(98)", "timed-out", "3 s"}, ""},
      {{"daemon_and_error", "daemon({}); raise ValueError('after all')", "raised", "after all"}, "left 1 process"},
  };
  Deeds deeds;
  for (const auto& leftover : leftovers) deeds.push_back(leftover.deed);
  const Sandbox box;
  write_hostile_suite(box, deeds);
  write_library_of(box, deeds, Manners::kGood);
  ASSERT_EQ(box.capture({"--no-stability-check"}).run.status, 0);
  write_library_of(box, deeds, Manners::kHostile);
  for (const char* isolation : {"case", "spawn"}) {
    SCOPED_TRACE(isolation);
    const auto verified = box.verify({"--timeout", "3", "-j", "4", "--isolation", isolation});
    expect_verdicts(verified, deeds);
    for (const auto& [deed, note] : leftovers) {
      const auto notes = verified.entry("deeds.time_" + deed.name)["observation"]["notes"].dump();
      if (note.empty()) {
        EXPECT_THAT(notes, Not(HasSubstr("left "))) << deed.name;
      } else {
        EXPECT_THAT(notes, HasSubstr(note)) << deed.name;
      }
    }
    EXPECT_THAT(processes_left(box), IsEmpty());
    EXPECT_THAT(files_left(box), IsEmpty());
  }
}

TEST(HostileMemory, CaseAboveMaxMemory_CrashesOutOfMemoryAndOthersPass) {
  const Deeds deeds = {
      {"at_once", "HELD.append(bytearray(10**12))", "crashed", "out of memory"},
      {"little_by_little", "\n    while True: HELD.append(bytearray(10**7))", "crashed", "out of memory"},
      {"many_small_ones", "HELD.append([(i, str(i)) for i in range(10**8)])", "crashed", "out of memory"},
      {"does_without", "\n    try: bytearray(10**12)\n    except MemoryError: pass", "identical"},
      {"takes_less", "HELD.append(bytearray(10**8))", "identical"},
  };
  const Sandbox box;
  write_hostile_suite(box, deeds);
  write_library_of(box, deeds, Manners::kGood);
  ASSERT_EQ(box.capture({"--no-stability-check"}).run.status, 0);
  write_library_of(box, deeds, Manners::kHostile);
  for (const char* workers : {"1", "4"}) {
    const auto verified = box.verify({"--max-memory", "500M", "-j", workers});
    expect_verdicts(verified, deeds);
    EXPECT_THAT(verified.entry("deeds.time_at_once").value("reason", ""), ContainsRegex("500|524288000"));
    EXPECT_THAT(processes_left(box), IsEmpty());
  }
  EXPECT_THAT(files_left(box), IsEmpty());
}

/// The limits that a case sets for itself also hold for what stores or compares its values.
TEST(HostileLimits, CaseThatLowersItsLimits_AffectsNoOtherCase) {
  const Deeds deeds = {
      {"opens_all", "resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256)); open_all()", "", "limit of open files"},
      {"may_open_none", "resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))", "", "limit of open files"},
      {"may_write_none", "resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))", "", "limit of file size"},
      {"may_have_no_memory", "resource.setrlimit(resource.RLIMIT_AS, (1, 1))", "", "memory|SIGABRT"},
  };
  const Sandbox box;
  write_hostile_suite(box, deeds);
  const auto expect_named = [&](const Report& report, const std::string& good, int status) {
    EXPECT_EQ(report.outcomes().size(), 18 + deeds.size()) << report.text();
    for (const auto& [label, outcome] : report.outcomes()) {
      if (label.rfind("deeds.", 0) == 0) continue;
      EXPECT_EQ(outcome, good) << report.entry(label).dump(1);
    }
    for (const auto& deed : deeds) {
      const auto entry = report.entry("deeds.time_" + deed.name);
      // Either the limit does not matter, or it is what is said.
      if (report.of("deeds.time_" + deed.name) == good) continue;
      EXPECT_THAT(entry.value("reason", ""), ContainsRegex(deed.reason));
    }
    EXPECT_EQ(report.run.status, status) << report.run.text();
    EXPECT_THAT(processes_left(box), IsEmpty());
    EXPECT_THAT(files_left(box), IsEmpty());
  };
  write_library_of(box, deeds, Manners::kHostile);
  expect_named(box.capture({"-j", "4"}), "outer", 0);
  write_library_of(box, deeds, Manners::kGood);
  ASSERT_EQ(box.capture({"--no-stability-check"}).run.status, 0);
  write_library_of(box, deeds, Manners::kHostile);
  expect_named(box.verify({"-j", "4", "--read-data"}), "identical", 1);
  expect_named(box.verify({"-j", "4"}), "identical", 0);  // it opens and writes no file
}

/// What dies only in a forked process is right in an interpreter of its own.
TEST(HostileForks, CaseThatDiesOnlyWhenForked_IsIdentical) {
  const Deeds deeds = {
      {"dies_once",
       "\n    if not os.path.exists(os.environ['MARK']): open(os.environ['MARK'], 'w').close(); ctypes.string_at(0)",
       "identical"},
      {"dies_always", "ctypes.string_at(0)", "crashed", "SIGSEGV"},
  };
  const Sandbox box;
  RunOptions options;
  options.environment = {{"MARK", box.path("mark").string()}};
  write_hostile_suite(box, deeds);
  write_library_of(box, deeds, Manners::kGood);
  ASSERT_EQ(box.capture({"--no-stability-check"}, options).run.status, 0);
  write_library_of(box, deeds, Manners::kHostile);
  expect_verdicts(box.verify({"-j", "4"}, options), deeds);
  EXPECT_THAT(processes_left(box), IsEmpty());
  EXPECT_THAT(files_left(box), IsEmpty());
}

const Deeds kOneGigabyte = {
    {"prints_1_gb", "\n    for i in range(16384): os.write(1, b'x' * 65536)", "identical"},
    {"complains_1_gb", "\n    for i in range(16384): os.write(2, b'x' * 65536)\n    raise ValueError('said enough')",
     "raised", "said enough"},
};

/// Runs a command, and writes the largest resident size of it and of all that it waited for, in KiB, into a file.
constexpr const char* kMeasured =
    "import resource, subprocess, sys\n"
    "status = subprocess.call(sys.argv[2:])\n"
    "open(sys.argv[1], 'w').write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))\n"
    "sys.exit(status)\n";

TEST(HostileOutput, GigabyteOfOutput_TakesLessThan400MB) {
  const Sandbox box;
  write_hostile_suite(box, kOneGigabyte);
  write_library_of(box, kOneGigabyte, Manners::kGood);
  ASSERT_EQ(box.capture({"--no-stability-check"}).run.status, 0);
  write_library_of(box, kOneGigabyte, Manners::kHostile);
  auto command = box.suite_arguments("verify");
  command.insert(command.begin(), {test_python(), "-c", kMeasured, box.path("size").string(), Sandbox::binary()});
  command.insert(command.end(), {"--timeout", "50", "--json", box.path("report.json").string()});
  const auto run = box.run_command(command);
  expect_verdicts({run, box.read_json("report.json")}, kOneGigabyte);
  EXPECT_LT(std::stol(box.read("size")), 400'000) << "KiB in one process";
  EXPECT_LT(run.out.size() + run.err.size(), 1'000'000U);
}

TEST(HostileDisk, DiskFilledByACase_IsEmptyForTheNext) {
  const Deeds deeds = {{"fills_the_disk",
                        "\n    with open('big', 'wb') as f:\n        while True: f.write(bytes(65536))", "raised",
                        "No space left"}};
  const Sandbox box;
  write_hostile_suite(box, deeds);
  write_library_of(box, deeds, Manners::kGood);
  ASSERT_EQ(box.capture({"--no-stability-check"}).run.status, 0);
  write_library_of(box, deeds, Manners::kHostile);
  // Only the temporary files are there; one case at a time, since a full disk is everybody's.
  auto command = box.suite_arguments("verify");
  const std::string script =
      "mount -t tmpfs -o size=4m none \"$0\" || exit 99; \"$@\"; status=$?; ls -A \"$0\" >&2; "
      "exit $status";
  command.insert(command.begin(),
                 {"/usr/bin/unshare", "--mount", "/bin/sh", "-c", script, box.path("tmp").string(), Sandbox::binary()});
  command.insert(command.end(), {"-j", "1", "--json", box.path("report.json").string()});
  const auto run = box.run_command(command);
  if (run.status == 99 || run.status == 127 || run.err.find("unshare:") != std::string::npos) {
    GTEST_SKIP() << "a small disk needs the right to mount";
  }
  expect_verdicts({run, box.read_json("report.json")}, deeds);
  EXPECT_EQ(run.err, "") << "files are left";
}

}  // namespace
}  // namespace snapshot_test::support
