// A process from which cases are forked ends before its time: what comes of the cases below it, and of all others.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "support/hostile_suite.hpp"
#include "support/leftovers.hpp"
#include "support/sandbox.hpp"

namespace snapshot_test::support {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::size_t kCasesOfAModule = 3;
constexpr std::size_t kOtherCases = 18;

enum class Where { kImport, kSetupCache };

std::string module_of(const Deed& deed) { return "does_" + deed.name; }

/// A module for each deed, of which three cases depend on the import and on a setup_cache.
void write_modules(const Sandbox& box, const Deeds& deeds, Where where, Manners manners) {
  for (const auto& deed : deeds) {
    const auto statement = manners == Manners::kHostile ? deed.body : "pass";
    box.write("benchmarks/" + module_of(deed) + ".py",
              "import lib\nfrom lib import *\n" + (where == Where::kImport ? statement : "pass") +
                  "\nclass Suite:\n"
                  "    params = [[1, 2, 3]]\n"
                  "    def setup_cache(self):\n        " +
                  (where == Where::kSetupCache ? statement : "pass") +
                  "\n        return {'base': 10}\n"
                  "    def time_f(self, cache, n): return lib.good(cache['base'] + n)\n");
  }
}

void expect_loss_of_modules(const Report& verified, const Deeds& deeds) {
  auto outcomes = verified.outcomes();
  EXPECT_EQ(outcomes.size(), kOtherCases + kCasesOfAModule * deeds.size()) << verified.text();
  for (const auto& deed : deeds) {
    for (const char* parameter : {"1", "2", "3"}) {
      const auto label = module_of(deed) + ".Suite.time_f(" + parameter + ")";
      EXPECT_EQ(outcomes[label], deed.verdict) << verified.entry(label).dump(1);
      EXPECT_THAT(verified.entry(label).value("reason", ""), HasSubstr(deed.reason)) << label;
      outcomes.erase(label);
    }
  }
  for (const auto& [label, outcome] : outcomes) EXPECT_EQ(outcome, "identical") << verified.entry(label).dump(1);
  EXPECT_EQ(verified.run.status, 1) << verified.run.text();
}

void check_loss_of_modules(const Deeds& deeds, Where where) {
  const Sandbox box;
  write_hostile_suite(box, {});
  write_library_of(box, {}, Manners::kGood);
  write_modules(box, deeds, where, Manners::kGood);
  ASSERT_EQ(box.capture({"--no-stability-check"}).run.status, 0);
  write_modules(box, deeds, where, Manners::kHostile);
  const auto before = places(box);
  for (const char* workers : {"1", "4"}) {
    SCOPED_TRACE(std::string("-j ") + workers);
    expect_loss_of_modules(box.verify({"--timeout", "3", "-j", workers}), deeds);
    EXPECT_THAT(processes_left(box), IsEmpty());
    EXPECT_EQ(places(box), before) << "files are left, or the user's were changed";
  }
}

TEST(Losses, OfAnImportFailItsModuleAlone) {
  check_loss_of_modules({{"segfault", "ctypes.string_at(0)", "raised", "SIGSEGV"},
                         {"exit_zero", "os._exit(0)", "raised", "status 0"},
                         {"sys_exit", "sys.exit(0)", "raised", "SystemExit"},
                         {"interrupt", "raise KeyboardInterrupt", "raised", "KeyboardInterrupt"},
                         {"kill", "os.kill(os.getpid(), signal.SIGKILL)", "raised", "SIGKILL"},
                         {"syntax_error", "def f(:", "raised", "SyntaxError"},
                         {"close_descriptors", "os.closerange(0, 4096)", "raised"},
                         {"garbage", "spray(b'garbage')", "raised", "descriptor"}},
                        Where::kImport);
}

TEST(Losses, OfASetupCacheFailItsUsersAlone) {
  check_loss_of_modules({{"segfault", "ctypes.string_at(0)", "crashed", "SIGSEGV"},
                         {"exit_zero", "os._exit(0)", "crashed", "status 0"},
                         {"sys_exit", "sys.exit(0)", "crashed", "SystemExit"},
                         {"interrupt", "raise KeyboardInterrupt", "raised", "KeyboardInterrupt"},
                         {"kill", "os.kill(os.getpid(), signal.SIGKILL)", "crashed", "SIGKILL"},
                         {"hang", "time.sleep(99)", "timed-out", "3 s"},
                         {"close_descriptors", "os.closerange(0, 4096)", "crashed"},
                         {"garbage", "spray(b'garbage')", "crashed", "descriptor"}},
                        Where::kSetupCache);
}

}  // namespace
}  // namespace snapshot_test::support
