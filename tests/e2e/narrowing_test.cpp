// --filter imports only the modules that can match, and finds what an import of all of them would.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "support/sandbox.hpp"

namespace snapshot_test::support {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Not;

/// Every module says that it is imported.
constexpr const char* kSay =
    "import os\n"
    "def say(name):\n"
    "    if 'IMPORTS' in os.environ:\n"
    "        with open(os.environ['IMPORTS'], 'a') as file: file.write(name + '\\n')\n";
std::string first_line(const std::string& file) {
  const auto name = std::regex_replace(std::regex_replace(file, std::regex("/__init__$"), ""), std::regex("/"), ".");
  return "import said\nsaid.say('" + name + "')\n";
}

struct Module {
  const char* name;
  const char* text;
};

/// Plain modules, of which it can be said what they hold.
const std::vector<Module> kPlain{
    {"plain", "def time_plain(): return 1\n"},
    {"klass",
     "import random\nclass Group:\n    params = [[1, 2], ['red', 'green']]\n"
     "    def setup(self, n, c): self.n = n\n    def time_group(self, n, c): return self.n\n"},
    {"inherits", "from .klass import Group\nclass Derived(Group):\n    def time_derived(self, n, c): return 1\n"},
    {"sub/__init__", "def time_in_package(): return 1\n"},
    {"sub/deep",
     "import math\nVALUES = [10 ** n for n in range(3)]\ndef helper(x): return x\n"
     "class Deep:\n    params = VALUES\n    def time_deep(self, n): return helper(n)\n"},
};

/// What each finds is not all written in it.
const std::vector<Module> kTricky{
    {"named", "def time_it(): return 1\ntime_it.benchmark_name = 'plain.time_called'\n"},
    {"reexports", "from .plain import time_plain as time_again\nfrom .klass import Group as Other\n"},
    {"star", "from .klass import *\n"},
    {"generated", "Made = type('Made', (), {'time_' + 'made': lambda self: 1})\n"},
    {"sets", "class Target: pass\nfor word in ('one', 'two'): setattr(Target, 'time_' + word, lambda self: 1)\n"},
    {"into_globals", "for word in ('three', 'four'): globals()['time_' + word] = lambda: 1\n"},
    {"executes", "exec('def time_executed(): return 1')\n"},
    {"factory",
     "def make(name):\n    class Inner:\n        def time_inner(self): return 1\n    Inner.__name__ = name\n"
     "    return Inner\nProduct = make('Produced')\n"},
    {"outside_factory", "import lib\nThing = lib.make()\n"},
    {"outside_base", "import lib\nclass Own(lib.Base): pass\n"},
    {"outside_import", "from lib import Base\n"},
    {"outside_decorator", "import lib\n@lib.renamed\ndef time_x(): return 1\n"},
    {"aliased", "from .plain import time_plain\ndef _hidden(): return 1\ntime_shown = _hidden\n"},
    {"in_params",
     "class P:\n    params = ['red', 'time_special', 'plain.time_plain']\n"
     "    def time_p(self, x): return x\n"},
    {"computed_params", "import lib\nclass C:\n    params = lib.names()\n    def time_c(self, x): return str(x)\n"},
    {"pieced_params",
     "class J:\n    params = ['time_' + word for word in ('joined', 'together')]\n"
     "    def time_j(self, x): return x\n"},
    {"grown_params",
     "import lib\nWORDS = []\nWORDS.extend(lib.names())\nclass G:\n    params = WORDS\n"
     "    def time_g(self, x): return x\n"},
    {"shadowed_params",
     "WORDS = ['one']\nclass S:\n    WORDS = [each + '_longer' for each in ('short',)]\n"
     "    params = WORDS\n    def time_s(self, x): return x\n"},
    {"added_params",
     "FIRST, SECOND = 'over', 'lapping'\nclass A:\n    params = [FIRST + SECOND]\n"
     "    def time_added(self, x): return x\n"},
    {"imported_params",
     "from .klass import Group\nfrom .shared import WORDS\nclass I:\n    params = WORDS\n"
     "    def time_i(self, x): return x\n"},
    {"shared", "WORDS = ['shared_' + word for word in ('alpha', 'beta')]\n"},
    {"function_params", "def time_f(x): return x\ntime_f.params = [['violet'], ]\n"},
    {"module_params", "params = ['orange', 'indigo']\ndef time_m(x): return x\n"},
    {"class_params",
     "class Value:\n    pass\nclass V:\n    params = [Value, Value()]\n"
     "    def time_v(self, x): return 1\n"},
    {"listed_params",
     "import said\nclass L:\n    params = sorted(n for n in dir(said) if n.startswith('s'))\n"
     "    def time_l(self, x): return x\n"},
    {"a_patches", "from . import patched\npatched.Patched.time_patched_before = lambda self: 1\n"},
    {"patches", "from . import patched\npatched.Patched.time_patched = lambda self: 1\n"},
    {"patched", "class Patched: pass\n"},
    {"meta",
     "class Meta(type):\n    def __new__(meta, name, bases, space):\n        space['time_meta'] = lambda self: 1\n"
     "        return type.__new__(meta, name, bases, space)\nclass WithMeta(metaclass=Meta): pass\n"},
    {"moved/__init__", "import os\n__path__ = [os.path.join(os.path.dirname(__path__[0]), 'elsewhere')]\n"},
    {"elsewhere/behind", "def time_behind(): return 1\n"},
    {"zz_broken", "import not_there\ndef time_broken(): return 1\n"},
    {"zz_no_python", "def time_syntax(:\n"},
};

constexpr const char* kLibrary =
    "class Base:\n    def time_of_library(self): return 1\n"
    "def make():\n    class Outside:\n        def time_outside(self): return 1\n    return Outside\n"
    "def renamed(f):\n    def time_renamed(): return f()\n    return time_renamed\n"
    "def names(): return ['computed_' + word for word in ('gamma', 'time_plain')]\n";

class Narrowing : public ::testing::Test {
 protected:
  Narrowing() {
    box_.write("benchmarks/__init__.py", "");
    box_.write("project/said.py", kSay);
    box_.write_library(kLibrary);
    for (const auto* modules : {&kPlain, &kTricky}) {
      for (const Module& module : *modules) {
        box_.write(std::string("benchmarks/") + module.name + ".py", first_line(module.name) + module.text);
      }
    }
  }

  /// Labels that `list` names.
  [[nodiscard]] std::set<std::string> list(const std::vector<std::string>& extra = {}) const {
    std::vector<std::string> arguments{"list",          "benchmarks", "--python", test_python(),
                                       "--project-dir", "project",    "--json",   "--cases"};
    arguments.insert(arguments.end(), extra.begin(), extra.end());
    RunOptions options;
    options.environment = {{"IMPORTS", box_.path("imports").string()}};
    std::filesystem::remove(box_.path("imports"));
    const auto listing = nlohmann::json::parse(box_.run(arguments, options).out);
    std::set<std::string> labels;
    for (const auto& benchmark : listing["benchmarks"]) {
      for (const auto& each : benchmark["labels"]) labels.insert(each["label"].get<std::string>());
    }
    return labels;
  }
  [[nodiscard]] std::set<std::string> imported() const {
    std::ifstream file(box_.path("imports"));
    std::set<std::string> names;
    for (std::string name; std::getline(file, name);) names.insert(name);
    return names;
  }

  Sandbox box_;
};

TEST_F(Narrowing, Filter_FindsAllThatAFullImportFinds) {
  const auto all = list();
  ASSERT_THAT(all, Contains("plain.time_called"));
  ASSERT_THAT(all, Contains("patched.Patched.time_patched_before"));
  ASSERT_THAT(all, Contains("generated.Made.time_made"));
  ASSERT_THAT(all, Contains("moved.behind.time_behind"));
  ASSERT_THAT(all, Contains("computed_params.C.time_c('computed_gamma')"));
  std::set<std::string> filters{"red",   "violet", "orange", "time_joined", "short_longer", "overlapping", "special",
                                "alpha", "gamma",  "say",    "Value",       "time_plain",   "plain"};
  for (const char* name : {"plain.time_called", "reexports.Group", "generated.Made.time_made", "factory.Produced",
                           "outside_base.Own.time_of_library", "patched.Patched.time_patched_before",
                           "moved.behind.time_behind", "aliased._hidden", "meta.WithMeta.time_meta"}) {
    filters.insert(name);
  }
  for (const auto& filter : filters) {
    const auto found = list({"--filter", filter});
    std::set<std::string> expected;
    const std::regex regex(filter);
    for (const auto& label : all) {
      const auto name = label.substr(0, label.find('('));
      const auto parts = std::regex_replace(name, std::regex(R"(^(.*?)\.[A-Z]\w*\.(\w+)$)"), "$1.$2");
      if (std::regex_search(label, regex) || std::regex_search(parts, regex)) expected.insert(label);
    }
    EXPECT_THAT(found, IsSupersetOf(expected)) << filter;
  }
}

TEST_F(Narrowing, Filter_ImportsOnlyModulesThatCanMatch) {
  EXPECT_EQ(list({"--filter", "klass.Group.time_group"}).size(), 4u);
  const auto names = imported();
  EXPECT_THAT(names, Contains("klass"));
  for (const char* other : {"sub", "sub.deep", "in_params", "zz_broken", "function_params"}) {
    EXPECT_THAT(names, Not(Contains(other))) << "it cannot match";
  }
  EXPECT_EQ(list({"--filter", "sub.deep.Deep.time_deep"}).size(), 3u);
  EXPECT_THAT(imported(), Contains("sub")) << "the package of what matches";
  EXPECT_THAT(imported(), Not(Contains("in_params")));
}

TEST_F(Narrowing, ModuleNotImported_IsNeitherFailedNorObsolete) {
  const auto captured = box_.capture({"--no-stability-check"});
  EXPECT_EQ(captured.run.status, 0) << captured.text();
  const auto verified = box_.verify({"--filter", "klass.Group.time_group", "--strict"});
  EXPECT_EQ(verified.run.status, 0) << verified.text();
  EXPECT_EQ(verified.outcomes().size(), 4u);
  EXPECT_GT(verified.json["plan"]["not_imported"], 5);
  EXPECT_THAT(verified.json["plan"]["failures"], IsEmpty());
}

TEST_F(Narrowing, FilteredSnapshotWithoutItsBenchmark_IsObsolete) {
  (void)box_.capture({"--no-stability-check"});
  box_.write("benchmarks/plain.py", "def time_other(): return 1\n");
  EXPECT_EQ(box_.verify({"--filter", "^plain.time_plain"}).of("plain.time_plain"), "obsolete");
  box_.write("benchmarks/plain.py", "raise ValueError('now it does not')\n");
  EXPECT_EQ(box_.verify({"--filter", "^plain.time_plain"}).of("plain.time_plain"), "raised");
}

TEST_F(Narrowing, FilterThatMatchesNothing_SaysOfHowMany) {
  const auto verified = box_.run(
      {"list", "benchmarks", "--python", test_python(), "--project-dir", "project", "--filter", "time_typo_of_mine"});
  EXPECT_EQ(verified.status, 5);
  EXPECT_THAT(verified.err, HasSubstr("matches none of"));
  EXPECT_THAT(verified.err, Not(HasSubstr("none of 0")));
}

/// A suite of two modules, of which a filter imports one: the process that finds its benchmarks runs their cases, too.
class OneModule : public ::testing::Test {
 protected:
  OneModule() {
    box_.write("benchmarks/bench_other.py", "def time_other(): return 1\n");
    box_.write_library("A = 1\n");
  }
  void capture(const std::string& module) {
    box_.write("benchmarks/bench_one.py", module);
    EXPECT_EQ(box_.capture().run.status, 0);
  }

  Sandbox box_;
  const std::vector<std::string> one_{"--filter", "bench_one"};
};

TEST_F(OneModule, Unchanged_IsImportedOnce) {
  capture(
      "import os\nif 'LOG' in os.environ: open(os.environ['LOG'], 'a').write('imported\\n')\n"
      "class Many:\n    params = [1, 2, 3]\n    def time_p(self, n): return n\n");
  RunOptions options;
  options.environment["LOG"] = box_.path("log").string();
  const auto run = box_.run({"verify", "benchmarks", "--python", test_python(), "--filter", "bench_one"}, options);
  EXPECT_EQ(run.status, 0) << run.text();
  EXPECT_EQ(box_.read("log"), "imported\n");
}

TEST_F(OneModule, Changed_IsDifferentOnceEach) {
  capture(
      "import lib\nclass Many:\n    params = [1, 2, 3, 4]\n"
      "    def time_p(self, n): return lib.A if n > 2 else n\n    def time_q(self, n): return n\n");
  box_.write_library("A = 2\n");
  const auto run = box_.verify(one_);
  EXPECT_EQ(run.run.status, 1) << run.text();
  EXPECT_EQ(run.json["summary"]["failed"], 2) << run.text();
  EXPECT_EQ(run.json["summary"]["passed"], 6) << run.text();
  EXPECT_EQ(run.json["cases"].size(), 8U);
}

TEST_F(OneModule, ChangedWhileOthersRun_LeavesThemToTheirEnds) {
  capture(
      "import lib, os, time\nclass Many:\n    params = list(range(12))\n"
      "    def time_p(self, n):\n        if n % 4: time.sleep(0.4)\n        return n if n % 4 else lib.A + n\n"
      "def time_slow():\n    time.sleep(1)\n    return 1\ndef time_alone(): return lib.A\n");
  box_.write_library("A = 2\n");
  for (const std::string workers : {"2", "4"}) {
    const auto run = box_.verify({"--filter", "bench_one", "-j", workers});
    EXPECT_EQ(run.run.status, 1) << run.text();
    EXPECT_EQ(run.json["summary"]["failed"], 4) << run.text();
    EXPECT_EQ(run.json["summary"]["passed"], 10) << run.text();
    EXPECT_THAT(run.text(), Not(HasSubstr("took down")));
  }
}

TEST_F(OneModule, ValueThatLookingForBenchmarksChanges_IsIdentical) {
  capture(
      "LOOKED = []\nclass Looks:\n    def __get__(self, instance, owner):\n        LOOKED.append(1)\n"
      "        return [1, 2]\nclass Many:\n    params = Looks()\n    def time_p(self, n): return len(LOOKED)\n"
      "def time_it(): return len(LOOKED)\n");
  for (const std::vector<std::string>& options : {one_, std::vector<std::string>{}}) {
    const auto run = box_.verify(options);
    EXPECT_EQ(run.run.status, 0) << run.text();
    EXPECT_EQ(run.of("bench_one.time_it"), "identical") << run.text();
  }
}

TEST_F(OneModule, CrashesOrHangsOrExits_IsSaidOfThatCaseAlone) {
  capture(
      "import lib, os, signal, time\ndef time_a(): return 1\n"
      "def time_b():\n    if lib.A == 2: os.kill(os.getpid(), signal.SIGSEGV)\n    return 2\n"
      "def time_c():\n    if lib.A == 2: time.sleep(600)\n    return 3\n"
      "def time_d():\n    if lib.A == 2: os.kill(os.getppid(), signal.SIGKILL); time.sleep(5)\n    return 4\n");
  box_.write_library("A = 2\n");
  const auto run = box_.verify({"--filter", "bench_one", "--timeout", "2"});
  EXPECT_EQ(run.of("bench_one.time_a"), "identical") << run.text();
  EXPECT_EQ(run.of("bench_one.time_b"), "crashed") << run.text();
  EXPECT_EQ(run.of("bench_one.time_c"), "timed-out") << run.text();
  EXPECT_EQ(run.of("bench_one.time_d"), "crashed") << run.text();
}

}  // namespace
}  // namespace snapshot_test::support
