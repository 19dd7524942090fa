// What in a suite is a benchmark, under which name, and with which metadata.
#include "host/suite_on_disk.hpp"

namespace snapshot_test::testing {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

class Discovery : public SuiteTest {};

TEST_F(Discovery, FunctionName_DecidesTheType) {
  suite({{"bench.py", R"(
class Suite:
    def time_a(self): pass
    def TimeXY(self): pass
    def Time_x(self): pass
    def timeraw_a(self): return "pass"
    def TimerawXY(self): return "pass"
    def mem_a(self): return []
    def MemXY(self): return []
    def peakmem_a(self): pass
    def PeakMemXY(self): pass
    def track_a(self): return 1
    def TrackXY(self): return 1
    def time_(self): pass
    def TimeX(self): pass
    def Timex(self): pass
    def atime_x(self): pass
    def helper(self): pass
)"}});
  std::map<std::string, std::string> types;
  for (const model::Benchmark& benchmark : discover_all().benchmarks) {
    types[benchmark.function] = benchmark.type;
  }
  EXPECT_EQ(types, (std::map<std::string, std::string>{{"time_a", "time"},
                                                       {"TimeXY", "time"},
                                                       {"Time_x", "time"},
                                                       {"timeraw_a", "timeraw"},
                                                       {"TimerawXY", "timeraw"},
                                                       {"mem_a", "mem"},
                                                       {"MemXY", "mem"},
                                                       {"peakmem_a", "peakmem"},
                                                       {"PeakMemXY", "peakmem"},
                                                       {"track_a", "track"},
                                                       {"TrackXY", "track"}}));
}

TEST_F(Discovery, AbstractClass_IsLeftOutAndAConcreteBaseIsNot) {
  suite({{"bench.py", R"(
import abc
class Abstract(abc.ABC):
    @abc.abstractmethod
    def data(self): ...
    def time_data(self): return self.data()
class Concrete(Abstract):
    def data(self): return 1
class Base:
    def time_base(self): return 1
class Derived(Base):
    pass
)"}});
  EXPECT_THAT(names(discover_all()),
              ElementsAre("bench.Concrete.time_data", "bench.Base.time_base", "bench.Derived.time_base"));
}

TEST_F(Discovery, StarImport_HasTheParamsOfTheImporter) {
  suite({{"base.py", "def setup(n): pass\ndef time_it(n): return n\nparams = [1]\n"},
         {"user.py", "from .base import *\nparams = ['a', 'b']\n"}});
  const model::Suite found = discover_all();
  EXPECT_THAT(ids(named(found, "base.time_it")), ElementsAre(ElementsAre("1")));
  EXPECT_THAT(ids(named(found, "user.time_it")), ElementsAre(ElementsAre("'a'", "'b'")));
}

TEST_F(Discovery, PackageInit_HoldsBenchmarksAndReexports) {
  suite({{"__init__.py", "from .inner.deep import time_deep\ndef time_root(): return 1\n"},
         {"inner/__init__.py", "def time_inner(): return 1\n"},
         {"inner/deep.py", "def time_deep(): return 1\n"}});
  EXPECT_THAT(names(discover_all()), ElementsAre("time_deep", "time_root", "inner.time_inner", "inner.deep.time_deep"));
}

TEST_F(Discovery, ModuleThatDoesNotImport_IsReportedAndTheRestFound) {
  suite(
      {{"a_missing.py", "import no_such_module_anywhere\n"},
       {"b_syntax.py", "def broken(:\n"},
       {"c_exits.py", "import sys\nsys.exit(2)\n"},
       {"d_argparse.py", "import argparse\np = argparse.ArgumentParser()\np.add_argument('x')\np.parse_args(['-y'])\n"},
       {"e_package/__init__.py", "raise RuntimeError('first line\\nsecond line')\n"},
       {"e_package/child.py", "def time_child(): return 1\n"},
       {"f_good.py", "def time_good(): return 1\n"}});
  const model::Suite found = discover();
  EXPECT_THAT(names(found), ElementsAre("f_good.time_good"));
  ASSERT_THAT(found.failures, SizeIs(5));
  EXPECT_EQ(found.failures[0].where, "a_missing");
  EXPECT_EQ(found.failures[0].cause, "ModuleNotFoundError: No module named 'no_such_module_anywhere'");
  EXPECT_THAT(found.failures[0].traceback, AllOf(HasSubstr("a_missing.py\", line 1"), Not(HasSubstr("importlib"))));
  EXPECT_THAT(found.failures[1].cause, AllOf(HasSubstr("SyntaxError"), HasSubstr("b_syntax.py, line 1")));
  EXPECT_EQ(found.failures[2].cause, "SystemExit: 2");
  EXPECT_EQ(found.failures[3].where, "d_argparse");
  EXPECT_EQ(found.failures[4].where, "e_package");
  EXPECT_EQ(found.failures[4].cause, "RuntimeError: first line");
}

TEST_F(Discovery, KeyboardInterruptOfAModule_IsItsFailure) {
  suite({{"a_interrupts.py", "raise KeyboardInterrupt\n"}, {"b_good.py", "def time_good(): return 1\n"}});
  const model::Suite found = discover();
  EXPECT_THAT(names(found), ElementsAre("b_good.time_good"));
  ASSERT_THAT(found.failures, SizeIs(1));
  EXPECT_EQ(found.failures[0].cause, "KeyboardInterrupt");
}

TEST_F(Discovery, LostModule_IsListedAndNotImported) {
  suite({{"a_lost.py", "raise RuntimeError('imported after all')\n"}, {"b_good.py", "def time_good(): return 1\n"}});
  const std::string root = path().filename().string();
  const auto found = host::discovery::discover(path(), {}, {{root + ".a_lost", "killed by SIGSEGV"}});
  ASSERT_TRUE(found);
  EXPECT_THAT(names(*found), ElementsAre("b_good.time_good"));
  ASSERT_THAT(found->failures, SizeIs(1));
  EXPECT_EQ(found->failures[0].where, "a_lost");
  EXPECT_EQ(found->failures[0].cause, "killed by SIGSEGV");
}

TEST_F(Discovery, Progress_NamesEachModuleBeforeItsImport) {
  suite({{"a.py", ""}, {"broken.py", "1/0\n"}, {"package/__init__.py", ""}, {"package/child.py", ""}});
  std::vector<std::string> imported;
  (void)host::discovery::discover(path(), [&imported](const std::string& module) {
    EXPECT_FALSE(py::module_::import("sys").attr("modules").contains(module)) << module;
    imported.push_back(module);
  });
  EXPECT_THAT(imported, ElementsAre("suite", "suite.a", "suite.broken", "suite.package", "suite.package.child"));
}

TEST_F(Discovery, Module_KeepsItsFullName) {
  suite({{"bench.py",
          "WHO = __name__\nif __name__ == '__main__':\n    1/0\ndef time_x(): return 1\ntime_x.version = WHO\n"}});
  EXPECT_EQ(named(discover_all(), "bench.time_x").version, "suite.bench");
}

TEST_F(Discovery, NoPlainFunction_IsIgnored) {
  suite({{"bench.py", R"(
import functools, collections
from unittest import mock
def helper(): return 1
time_partial = functools.partial(helper)
time_cached = functools.lru_cache(helper)
time_builtin = len
class Callable:
    def __call__(self): return 1
time_instance = Callable()
time_mock = mock.MagicMock()
time_module = collections
_time_private = helper
)"}});
  EXPECT_THAT(names(discover_all()), IsEmpty());
}

TEST_F(Discovery, EveryKindOfMethod_IsFound) {
  suite({{"bench.py", R"(
import functools
class Suite:
    @staticmethod
    def time_static(): return 1
    @classmethod
    def time_class(cls): return 1
    time_lambda = lambda self: 1
    time_partial = functools.partialmethod(lambda self, n: n, 1)
    async def time_async(self): pass
    def time_generator(self): yield 1
    @property
    def time_property(self): return 1
    time_cached = functools.lru_cache(lambda self: 1)
    class time_Nested:
        def time_x(self): pass
)"}});
  EXPECT_THAT(names(discover_all()),
              ElementsAre("bench.Suite.time_async", "bench.Suite.time_class", "bench.Suite.time_generator",
                          "bench.Suite.time_lambda", "bench.Suite.time_partial", "bench.Suite.time_static"));
}

TEST_F(Discovery, RaisingDescriptor_FailsItsClassAndHidesNothing) {
  suite({{"bench.py", R"(
class Raising:
    def __get__(self, instance, owner):
        raise RuntimeError("not here")
class ThirdParty:
    weird = Raising()
    def time_still_found(self): return 1
class Other:
    def time_other(self): return 1
)"}});
  const model::Suite found = discover();
  EXPECT_THAT(names(found), ElementsAre("bench.ThirdParty.time_still_found", "bench.Other.time_other"));
  ASSERT_THAT(found.failures, SizeIs(1));
  EXPECT_EQ(found.failures[0].where, "bench.ThirdParty");
  EXPECT_EQ(found.failures[0].cause, "RuntimeError: not here");
}

TEST_F(Discovery, Class_IsInstantiatedOnlyForItsBenchmarks) {
  suite({{"bench.py", R"(
class NotASuite:
    def __init__(self): raise AssertionError("never made")
    def run(self): pass
class NeedsArguments:
    def __init__(self, size): pass
    def time_it(self): return 1
class Fine:
    def time_it(self): return 1
)"}});
  const model::Suite found = discover();
  EXPECT_THAT(names(found), ElementsAre("bench.Fine.time_it"));
  ASSERT_THAT(found.failures, SizeIs(1));
  EXPECT_EQ(found.failures[0].where, "bench.NeedsArguments.time_it");
  EXPECT_THAT(found.failures[0].cause, HasSubstr("size"));
}

TEST_F(Discovery, AliasAndBenchmarkName_DecideTheName) {
  suite({{"bench.py", R"(
def helper(): return 1
time_alias = helper
class Suite:
    def _hidden(self): return 1
    _hidden.benchmark_name = "elsewhere.track_hidden"
    _hidden.pretty_name = "The hidden one"
)"}});
  const model::Suite found = discover_all();
  EXPECT_THAT(names(found), ElementsAre("bench.helper", "elsewhere.track_hidden"));
  EXPECT_EQ(named(found, "elsewhere.track_hidden").type, "track");
  EXPECT_EQ(named(found, "elsewhere.track_hidden").pretty_name, "The hidden one");
}

TEST_F(Discovery, TwoBenchmarksOfOneName_GiveTheLastAndANote) {
  suite({{"bench.py", "time_a = lambda: 1\ntime_b = lambda: 2\ntime_b.timeout = 5\n"}});
  const model::Suite found = discover_all();
  EXPECT_THAT(names(found), ElementsAre("bench.<lambda>"));
  EXPECT_EQ(found.benchmarks[0].timeout, 5.0);
  EXPECT_THAT(found.notes, Contains(HasSubstr("two benchmarks are called bench.<lambda>")));
  py::object function = resolve("bench.<lambda>").function();
  EXPECT_EQ(function().cast<int>(), 2);
}

TEST_F(Discovery, SkippedBenchmark_IsNotFound) {
  suite({{"bench.py",
          "def time_a(): return 1\ntime_a.skip_benchmark = True\ndef time_b(): return 1\n"
          "time_b.skip_benchmark = False\n"}});
  EXPECT_THAT(names(discover_all()), ElementsAre("bench.time_b"));
}

TEST_F(Discovery, Attribute_ComesFromFunctionThenInstanceThenModule) {
  suite({{"bench.py", R"(
timeout = 30
class Suite:
    timeout = 20
    def time_own(self): return 1
    time_own.timeout = 10
    def time_class(self): return 1
class Bare:
    timeout = None
    def time_module(self): return 1
)"}});
  const model::Suite found = discover_all();
  EXPECT_EQ(named(found, "bench.Suite.time_own").timeout, 10.0);
  EXPECT_EQ(named(found, "bench.Suite.time_class").timeout, 20.0);
  EXPECT_EQ(named(found, "bench.Bare.time_module").timeout, 30.0);
}

TEST_F(Discovery, TimeoutThatIsNoNumber_IsNotedAndInfinityIsLong) {
  suite({{"bench.py",
          "def time_a(): return 1\ntime_a.timeout = 'long'\n"
          "def time_b(): return 1\ntime_b.timeout = float('inf')\n"}});
  const model::Suite found = discover_all();
  EXPECT_EQ(named(found, "bench.time_a").timeout, std::nullopt);
  EXPECT_THAT(found.notes, Contains(HasSubstr("bench.time_a")));
  EXPECT_EQ(named(found, "bench.time_b").timeout, 1e9);
}

TEST_F(Discovery, RaisingAttributeOrTwoSpellings_FailTheirBenchmark) {
  suite({{"bench.py", R"(
class Raising:
    @property
    def timeout(self): raise RuntimeError("no timeout")
    def time_it(self): return 1
class Twice:
    def setup(self): pass
    def setUp(self): pass
    def time_it(self): return 1
class Dynamic:
    def __getattr__(self, name): raise AttributeError(name)
    def time_it(self): return 1
)"},
         {"dynamic.py", "def __getattr__(name):\n    raise AttributeError(name)\ndef time_it(): return 1\n"}});
  const model::Suite found = discover();
  EXPECT_THAT(names(found), ElementsAre("bench.Dynamic.time_it", "dynamic.time_it"));
  ASSERT_THAT(found.failures, SizeIs(2));
  EXPECT_EQ(found.failures[0].cause, "RuntimeError: no timeout");
  EXPECT_THAT(found.failures[1].cause, AllOf(HasSubstr("setUp"), HasSubstr("setup")));
}

TEST_F(Discovery, SetupCacheKey_IsSharedBySubclassesAndHasModuleAndLine) {
  suite({{"__init__.py",
          "class Root:\n    def setup_cache(self): return 1\n    def time_root(self, cache): return cache\n"},
         {"bench.py", R"(
class Base:
    def setup_cache(self): return 1
    setup_cache.timeout = 7
    def time_it(self, cache): return cache
class Derived(Base):
    pass
)"}});
  const model::Suite found = discover_all();
  EXPECT_EQ(named(found, "bench.Base.time_it").setup_cache_key, "bench:3");
  EXPECT_EQ(named(found, "bench.Derived.time_it").setup_cache_key, "bench:3");
  EXPECT_EQ(named(found, "bench.Base.time_it").setup_cache_timeout, 7.0);
  EXPECT_EQ(named(found, "Root.time_root").setup_cache_key, path("suite/__init__.py").string() + ":2");
}

TEST_F(Discovery, Version_IsTheHashOfBenchmarkAndSetupSources) {
  suite({{"bench.py", R"(
class Suite:
    def setup(self): pass
    def time_it(self): return 1
def time_numbered(): return 1
time_numbered.version = 3
)"}});
  const model::Suite found = discover_all();
  // sha256("class Suite:\n    def time_it(self): return 1\n\n    def setup(self): pass"): as asv_runner 0.3.2 has it.
  const std::string text = "class Suite:\n    def time_it(self): return 1\n\n    def setup(self): pass";
  const std::string expected =
      py::module_::import("hashlib").attr("sha256")(py::bytes(text)).attr("hexdigest")().cast<std::string>();
  EXPECT_EQ(named(found, "bench.Suite.time_it").version, expected);
  EXPECT_EQ(named(found, "bench.time_numbered").version, "3");
}

TEST_F(Discovery, FileAndLine_LeadToTheBenchmark) {
  suite({{"bench.py", "\n\ndef time_it():\n    return 1\nclass Suite:\n    def time_it(self):\n        return 1\n"}});
  const model::Suite found = discover_all();
  EXPECT_EQ(named(found, "bench.time_it").file, path("suite/bench.py").string());
  EXPECT_EQ(named(found, "bench.time_it").line, 3);
  EXPECT_EQ(named(found, "bench.Suite.time_it").line, 6);
}

TEST_F(Discovery, BenchmarkWithoutSource_IsFound) {
  suite({{"bench.py", "exec('def time_made(): return 1')\n"}});
  const model::Suite found = discover_all();
  EXPECT_THAT(names(found), ElementsAre("bench.time_made"));
  EXPECT_EQ(found.benchmarks[0].line, 0);
  EXPECT_THAT(found.benchmarks[0].version, SizeIs(64));
}

TEST_F(Discovery, BodyThatDoesNothing_IsANoOp) {
  suite({{"bench.py", R"(
import functools
def noisy(function):
    @functools.wraps(function)
    def wrapper():
        return [1]
    return wrapper
def time_pass(): pass
def time_passes():
    pass
    pass
def time_docstring(): "Only words."
def time_documented():
    "Words."
    return None
def time_ellipsis(): ...
def time_return(): return
def peakmem_arguments(a=1, *b, **c): pass
def track_value(): return 0
def time_docstring_and_value():
    "Words."
    return 5
def time_call(): print
def time_local(): x = None
def time_generator():
    return
    yield
async def time_async(): pass
@noisy
def time_wrapped(): pass
)"}});
  std::vector<std::string> idle;
  for (const model::Benchmark& benchmark : discover_all().benchmarks) {
    if (benchmark.no_op) {
      idle.push_back(benchmark.function);
    }
  }
  EXPECT_THAT(idle, UnorderedElementsAre("time_pass", "time_passes", "time_docstring", "time_documented",
                                         "time_ellipsis", "time_return", "peakmem_arguments"));
}

TEST_F(Discovery, ModuleWithAMissingImport_FailsAlone) {
  suite({{"plain.py", "def time_x(): return 1\n"}, {"marked.py", "import asv_runner_that_is_not_installed\n"}});
  const model::Suite found = discover();
  EXPECT_THAT(names(found), ElementsAre("plain.time_x"));
  EXPECT_THAT(found.failures, SizeIs(1));
}

TEST_F(Discovery, AsvPlugin_BringsItsType) {
  write("site/asv_bench_ray-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: asv_bench_ray\nVersion: 1.0\n");
  write("site/asv_bench_ray/__init__.py", "");
  write("site/asv_bench_ray/benchmarks/__init__.py", "");
  write("site/asv_bench_ray/benchmarks/ray.py", R"(
import re
class RayBenchmark:
    name_regex = re.compile("^ray_.+$")
    def __init__(self, name, func, attr_sources):
        self.type, self.unit = "ray", "photons"
export_as_benchmark = [RayBenchmark]
)");
  write("site/asv_bench_broken-1.0.dist-info/METADATA",
        "Metadata-Version: 2.1\nName: asv_bench_broken\nVersion: 1.0\n");
  py::module_::import("sys").attr("path").attr("append")(path("site").string());
  suite({{"bench.py", "def ray_light(): return 1\ndef time_x(): return 1\n"}});
  const model::Suite found = discover_all();
  EXPECT_THAT(names(found), ElementsAre("bench.ray_light", "bench.time_x"));
  EXPECT_EQ(found.benchmarks[0].type, "ray");
  EXPECT_EQ(found.benchmarks[0].unit, "photons");
}

TEST_F(Discovery, ModuleThatChangesTheFolder_DoesNotDisturbTheRest) {
  suite({{"a_moves.py", "import os\nos.chdir('/')\ndef time_a(): return 1\n"}, {"b.py", "def time_b(): return 1\n"}});
  const fs::path before = fs::current_path();
  EXPECT_THAT(names(discover_all()), ElementsAre("a_moves.time_a", "b.time_b"));
  fs::current_path(before);
}

}  // namespace
}  // namespace snapshot_test::testing
