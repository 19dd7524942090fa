#include "support/hostile_suite.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace snapshot_test::support {

const Deeds kLeaves = {
    {"forked_child", "\n    if os.fork() == 0: time.sleep(99)", "identical"},
    {"forked_twin", "os.fork()", "identical"},
    {"subprocess_sleep", "subprocess.Popen(['sleep', '99'])", "identical"},
    {"threads", "for i in range(3): threading.Thread(target=time.sleep, args=(99,)).start()", "identical"},
    {"spinning_thread", "threading.Thread(target=lambda: [0 for i in itertools.count() if i < 0]).start()",
     "identical"},
    {"exit_handler", "atexit.register(time.sleep, 99)", "identical"},
    {"files",
     "for d in ('.', os.environ['TMPDIR'], tempfile.mkdtemp()):\n"
     "        os.makedirs(d + '/x/y', 0o700); open(d + '/x/y/z', 'w').write('z')\n"
     "        os.chmod(d + '/x/y', 0o500); os.chmod(d + '/x', 0)\n",
     "identical"},
};

const Deeds kDescriptors = {
    {"closes_all", "os.closerange(0, 4096)", "crashed", "descriptor"},
    {"closes_standard_ones", "os.close(0); os.close(1); os.close(2)", "identical"},
    {"garbage_to_all", "spray(b'garbage' * 9)", "crashed", "descriptor"},
};

const Deeds kChanges = {
    {"folder_gone", "shutil.rmtree(os.getcwd())", "identical"},
    {"temporary_folder_gone", "shutil.rmtree(os.environ['TMPDIR'])", "identical"},
    {"folder_left_and_gone", "d = os.getcwd(); os.chdir('/'); shutil.rmtree(d)", "identical"},
    {"environment", "os.environ.clear()", "identical"},
    {"umask", "os.umask(0o777)", "identical"},
    {"sys_path", "sys.path.clear(); sys.path_hooks.clear(); sys.meta_path.clear()", "identical"},
    {"some_modules", "for m in ('numpy', 'json', 'pickle', 'os', 'lib', 'copyreg'): sys.modules.pop(m, None)",
     "identical"},
    {"all_modules", "sys.modules.clear()", "identical"},
    {"streams", "sys.stdout = sys.stderr = sys.__stdout__ = None", "identical"},
    {"streams_closed", "sys.stdout.close(); sys.stderr.close()", "identical"},
    {"language", "change_locale()", "identical"},
    {"signal_handlers", "for s in (signal.SIGCHLD, signal.SIGTERM, signal.SIGPIPE): signal.signal(s, signal.SIG_IGN)",
     "identical"},
    {"timer", "signal.signal(signal.SIGALRM, lambda *_: None); signal.setitimer(signal.ITIMER_REAL, 1e-4, 1e-4)",
     "identical"},
    {"file_size_limit", "resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))", "identical"},
    {"recursion_limit", "sys.setrecursionlimit(20)", "identical"},
    {"builtins_replaced", "builtins.open = builtins.print = builtins.isinstance = builtins.len = None", "identical"},
    {"import_replaced", "builtins.__import__ = None", "identical"},
    {"os_replaced", "os.fork = os.write = os.environ = os.getcwd = None", "identical"},
    {"pickle_replaced", "pickle.Pickler = pickle.dumps = pickle.loads = copyreg.dispatch_table = None", "identical"},
    {"collector", "gc.freeze(); gc.disable(); gc.enable = gc.disable = gc.collect = None", "identical"},
    {"trace_function", "sys.settrace(broken); threading.settrace(broken)", "raised", "broken"},
    {"profile_function", "sys.setprofile(lambda *_: None); threading.setprofile(broken)", "identical"},
    {"warnings_are_errors", "warnings.simplefilter('error'); warnings.warn = broken", "identical"},
    {"switch_interval", "sys.setswitchinterval(1e9)", "identical"},
};
namespace {

using ::testing::HasSubstr;

constexpr std::size_t kGoodCases = 18;

constexpr const char* kLibrary =
    "import atexit, builtins, copyreg, ctypes, gc, itertools, locale, os, pickle, re, resource, shutil, signal\n"
    "import socket, subprocess, sys, tempfile, threading, time, warnings\n"
    "HELD = []\n"
    "def good(n): return [n / 7, {'n': str(n)}, (n, None)]\n"
    "def broken(*_): raise ValueError('broken')\n"
    "def spray(data):\n"
    "    for fd in range(256):\n"
    "        try: os.write(fd, data)\n"
    "        except OSError: pass\n"
    "def change_locale():\n"
    "    for name in ('C', 'POSIX', 'tr_TR.UTF-8', 'fr_FR.UTF-8', 'de_DE.UTF-8'):\n"
    "        try: locale.setlocale(locale.LC_ALL, name)\n"
    "        except locale.Error: pass\n"
    "def open_all():\n"
    "    try:\n"
    "        while True: HELD.append(open('/dev/null'))\n"
    "    except OSError: pass\n"
    // A command line that names the sandbox is all that tells these from anybody else's processes.
    "SLEEP = [sys.executable, '-c', 'import time; time.sleep(99)', os.path.abspath(__file__)]\n"
    "def daemon(environment):\n"
    "    if os.fork() == 0:\n"
    "        os.setsid()\n"
    "        if os.fork() == 0: os.execve(SLEEP[0], SLEEP, environment)\n"
    "        os._exit(0)\n"
    "    os.wait()\n"
    // The processes that this one was forked from, up to the one that was started by the supervisor.
    "def ancestors():\n"
    "    pid, found = os.getppid(), []\n"
    "    while b'\\0host\\0' in open(f'/proc/{pid}/cmdline', 'rb').read():\n"
    "        found.append(pid)\n"
    "        pid = int(open(f'/proc/{pid}/stat').read().rsplit(')', 1)[1].split()[1])\n"
    "    return found\n";

/// All that is not the deed's is identical; the exit status of verify is 1 if anything is not.
bool ends_well(const Deed& deed) { return deed.verdict == "identical"; }

void expect_outcomes(const Report& report, const Deeds& deeds, const std::string& failure, const std::string& success) {
  auto outcomes = report.outcomes();
  EXPECT_EQ(outcomes.size(), kGoodCases + deeds.size()) << report.text();
  for (const auto& deed : deeds) {
    const auto label = "deeds.time_" + deed.name;
    const auto wanted = ends_well(deed) ? success : failure.empty() ? deed.verdict : failure;
    EXPECT_EQ(outcomes[label], wanted) << report.entry(label).dump(1);
    EXPECT_THAT(report.entry(label).value("reason", ""), HasSubstr(deed.reason)) << deed.name;
    outcomes.erase(label);
  }
  for (const auto& [label, outcome] : outcomes) EXPECT_EQ(outcome, success) << report.entry(label).dump(1);
}

}  // namespace

void write_hostile_suite(const Sandbox& box, const Deeds& deeds) {
  box.write_suite(
      "import lib\n"
      "def time_first(): return lib.good(1)\n"
      "def time_last(): return lib.good(2)\n"
      "class Suite:\n"
      "    params = [[1, 2, 3, 4]]\n"
      "    def time_good(self, n): return lib.good(n)\n");
  box.write("benchmarks/cached.py",
            "import lib\n"
            "class Suite:\n"
            "    params = [[1, 2, 3, 4]]\n"
            "    def setup_cache(self):\n"
            "        open('cached.txt', 'w').write('cached')\n"
            "        return {'base': 10}\n"
            "    def time_first(self, cache, n): return lib.good(cache['base'] + n), open('cached.txt').read()\n"
            "    def time_second(self, cache, n): return lib.good(cache['base'] * n)\n");
  box.write("benchmarks/slow.py",
            "import lib, time\n"
            "class Suite:\n"
            "    params = [[1, 2, 3, 4]]\n"
            "    def time_good(self, n):\n"
            "        time.sleep(0.1)\n"
            "        return lib.good(n)\n");
  std::string module = "import lib\n";
  for (const auto& deed : deeds) module += "def time_" + deed.name + "(): return lib." + deed.name + "()\n";
  box.write("benchmarks/deeds.py", module);
}

void write_library_of(const Sandbox& box, const Deeds& deeds, Manners manners) {
  std::string library = kLibrary;
  for (const auto& deed : deeds) {
    const auto& body = manners == Manners::kHostile ? deed.body : "pass";
    library += "def " + deed.name + "():\n    " + body + "\n    return good(3)\n";
  }
  box.write_library(library);
}

void expect_verdicts(const Report& verified, const Deeds& deeds) {
  expect_outcomes(verified, deeds, "", "identical");
  const bool all_well = std::all_of(deeds.begin(), deeds.end(), ends_well);
  EXPECT_EQ(verified.run.status, all_well ? 0 : 1) << verified.run.text();
}

void expect_captured(const Report& captured, const Deeds& deeds) {
  expect_outcomes(captured, deeds, "failed", "outer");
  EXPECT_EQ(captured.run.status, 0) << captured.run.text();
}

}  // namespace snapshot_test::support
