// Benchmarks as they are handed to execution.
#include "host/suite_on_disk.hpp"

namespace snapshot_test::testing {
namespace {

using host::discovery::is_skip_exception;
using host::discovery::LiveBenchmark;
using host::discovery::SetUp;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

// What asv_runner.benchmarks.mark does, as far as it matters here.
constexpr const char* kMark = R"(
import functools
class SkipNotImplemented(NotImplementedError):
    pass
def skip_for_params(skipped):
    def decorator(func):
        @functools.wraps(func)
        def wrapper(*args, **kwargs):
            return func(*args, **kwargs)
        wrapper.skip_params = skipped
        return wrapper
    return decorator
)";

class Live : public SuiteTest {
 protected:
  void provide_asv_runner() {
    write("site/asv_runner/__init__.py", "");
    write("site/asv_runner/benchmarks/__init__.py", "");
    write("site/asv_runner/benchmarks/mark.py", kMark);
    py::module_::import("sys").attr("path").attr("insert")(0, path("site").string());
  }

  /// The suite module's `calls` list.
  [[nodiscard]] static std::vector<std::string> calls(const LiveBenchmark& live) {
    return live.module().attr("calls").cast<std::vector<std::string>>();
  }

  [[nodiscard]] static bool is_imported(const std::string& module) {
    return py::module_::import("sys").attr("modules").contains(module);
  }
};

TEST_F(Live, Resolving_ImportsItsModuleOnly) {
  suite({{"bench.py", "class Suite:\n    def time_it(self): return 3\ndef time_f(): return 4\n"},
         {"broken.py", "1/0\n"}});
  EXPECT_EQ(resolve("bench.Suite.time_it").function()().cast<int>(), 3);
  EXPECT_EQ(resolve("bench.time_f").function()().cast<int>(), 4);
  EXPECT_FALSE(is_imported("suite.broken"));
}

TEST_F(Live, BenchmarkOfAPackageOrTheRoot_IsResolved) {
  suite({{"__init__.py", "def time_root(): return 1\nclass Root:\n    def time_it(self): return 2\n"},
         {"package/__init__.py", "def time_package(): return 3\n"},
         {"broken.py", "1/0\n"}});
  EXPECT_EQ(resolve("time_root").function()().cast<int>(), 1);
  EXPECT_EQ(resolve("Root.time_it").function()().cast<int>(), 2);
  EXPECT_EQ(resolve("package.time_package").function()().cast<int>(), 3);
  EXPECT_FALSE(is_imported("suite.broken"));
}

TEST_F(Live, NameThatIsNoPath_IsSearchedInTheWholeSuite) {
  suite({{"bench.py", "def odd(): return 5\nodd.benchmark_name = 'x.y.time_odd'\n"}, {"broken.py", "1/0\n"}});
  EXPECT_EQ(resolve("x.y.time_odd").function()().cast<int>(), 5);
}

TEST_F(Live, UnknownName_IsAnErrorThatNamesUnreadableModules) {
  suite({{"bench.py", "def time_it(): return 1\n"}, {"broken.py", "1/0\n"}});
  const Result<LiveBenchmark> found = LiveBenchmark::resolve(path(), std::string("bench.time_other"));
  ASSERT_FALSE(found.has_value());
  EXPECT_EQ(found.error().kind, ErrorKind::kUsage);
  EXPECT_THAT(found.error().message, HasSubstr("bench.time_other"));
  EXPECT_THAT(found.error().message, HasSubstr("broken could not be read: ZeroDivisionError"));
}

TEST_F(Live, ImportErrorOfItsModule_IsThrown) {
  suite({{"broken.py", "1/0\n"}});
  try {
    (void)resolve("broken.time_it");
    FAIL() << "no error";
  } catch (const py::error_already_set& error) {
    EXPECT_TRUE(error.matches(PyExc_ZeroDivisionError));
  }
}

TEST_F(Live, DiscoveredBenchmark_IsResolvedWhereItWasFound) {
  suite({{"bench.py", R"(
def make(value):
    class Made:
        def time_it(self): return value
    return Made
One = make(1)
time_alias = lambda: 2
def odd(): return 3
odd.benchmark_name = "x.y.time_odd"
)"}});
  std::map<std::string, int> values;
  for (const model::Benchmark& benchmark : discover_all().benchmarks) {
    Result<LiveBenchmark> live = LiveBenchmark::resolve(path(), benchmark);
    ASSERT_TRUE(live.has_value()) << live.error().message;
    values[benchmark.name] = live->function()().cast<int>();
  }
  EXPECT_EQ(values,
            (std::map<std::string, int>{{"bench.Made.time_it", 1}, {"bench.<lambda>", 2}, {"x.y.time_odd", 3}}));
}

TEST_F(Live, BenchmarkGoneAtRunTime_IsAnError) {
  suite({{"bench.py",
          "import os\nif 'GONE' not in os.environ:\n    def time_it(): return 1\ndef time_other(): return 1\n"}});
  const model::Benchmark found = named(discover_all(), "bench.time_it");
  const py::module_ sys = py::module_::import("sys");
  sys.attr("modules").attr("pop")("suite.bench");
  py::module_::import("os").attr("environ")["GONE"] = "1";
  const Result<LiveBenchmark> live = LiveBenchmark::resolve(path(), found);
  py::module_::import("os").attr("environ").attr("pop")("GONE");
  ASSERT_FALSE(live.has_value());
  EXPECT_THAT(live.error().message, HasSubstr("bench.time_it"));
}

TEST_F(Live, ParametersChangedSinceDiscovery_AreAnError) {
  suite({{"bench.py", "params = [1, 2]\ndef time_it(n): return n\n"}});
  const LiveBenchmark live = resolve("bench.time_it");
  EXPECT_TRUE(live.check_ids(1, {"2"}).has_value());
  EXPECT_THAT(live.check_ids(1, {"3"}).error().message, HasSubstr("was (3) and is (2) now"));
  EXPECT_FALSE(live.check_ids(1, {"2", "1"}).has_value());
  EXPECT_FALSE(live.check_ids(2, {"3"}).has_value());
}

TEST_F(Live, Hooks_RunFromModuleToFunctionAndBack) {
  suite({{"bench.py", R"(
calls = []
def setUp(*args): calls.append(f"module setup {args}")
def teardown(*args): calls.append("module teardown")
def hook(*args): calls.append(f"function setup {args}")
def unhook(*args): calls.append("function teardown")
class Suite:
    params = [5, 6]
    def setup(self, n): calls.append(f"instance setup {n}")
    def tearDown(self, n): calls.append("instance teardown")
    def time_it(self, n): return n
    time_it.setup = hook
    time_it.teardown = unhook
)"}});
  LiveBenchmark live = resolve("bench.Suite.time_it");
  EXPECT_EQ(live.set_up(*live.param_values(1)), SetUp::kReady);
  live.tear_down(*live.param_values(1));
  EXPECT_THAT(calls(live), ElementsAre("module setup (6,)", "instance setup 6", "function setup (6,)",
                                       "function teardown", "instance teardown", "module teardown"));
}

TEST_F(Live, NoneAsSetup_DisablesThatLevel) {
  suite({{"bench.py",
          "def setup(): raise AssertionError\nclass Suite:\n    setup = None\n    def time_it(self): return 1\n"
          "setup = None\n"}});
  EXPECT_THAT(resolve("bench.Suite.time_it").setups(), SizeIs(0));
}

TEST_F(Live, NotImplementedInSetup_SkipsAndOtherErrorsAreThrown) {
  suite({{"bench.py", R"(
class Skips:
    def setup(self): raise NotImplementedError("needs a GPU")
    def time_it(self): return 1
class Fails:
    def setup(self): raise ValueError("broken")
    def time_it(self): return 1
)"}});
  LiveBenchmark skips = resolve("bench.Skips.time_it");
  EXPECT_EQ(skips.set_up(py::tuple()), SetUp::kSkipped);
  EXPECT_EQ(skips.skip_reason(), "NotImplementedError: needs a GPU");
  LiveBenchmark fails = resolve("bench.Fails.time_it");
  EXPECT_THROW((void)fails.set_up(py::tuple()), py::error_already_set);
}

TEST_F(Live, ErrorInTeardown_IsThrown) {
  suite({{"bench.py", "def teardown(): 1/0\ndef time_it(): return 1\n"}});
  EXPECT_THROW(resolve("bench.time_it").tear_down(py::tuple()), py::error_already_set);
}

TEST_F(Live, SkipParams_NameCombinationsWithoutTheCache) {
  suite({{"bench.py", R"(
class Suite:
    params = [[1, 2], ["a", "b"]]
    skip_params = [(1, "b"), (2, "a")]
    def setup_cache(self): return {"some": "cache"}
    def time_it(self, cache, n, letter): return n
)"}});
  const LiveBenchmark live = resolve("bench.Suite.time_it");
  EXPECT_FALSE(live.is_skip_params(0));
  EXPECT_TRUE(live.is_skip_params(1));
  EXPECT_TRUE(live.is_skip_params(2));
  EXPECT_FALSE(live.is_skip_params(3));
}

TEST_F(Live, SetupCache_HasItsKeyAndTheFreeSetups) {
  suite({{"bench.py", R"(
def setup(*args): pass
class Suite:
    def setup(self): pass
    def setup_cache(self): return 7
    def time_it(self, cache): return cache
class Plain:
    def time_it(self): return 1
)"}});
  const LiveBenchmark live = resolve("bench.Suite.time_it");
  ASSERT_TRUE(live.setup_cache().has_value());
  EXPECT_EQ(live.setup_cache()->key, "bench:5");
  EXPECT_EQ(live.setup_cache()->function().cast<int>(), 7);
  EXPECT_THAT(live.setup_cache()->free_setups, SizeIs(1)) << "the module's, not the bound method";
  EXPECT_FALSE(resolve("bench.Plain.time_it").setup_cache().has_value());
}

TEST_F(Live, ReadingTheSetupCache_LeavesParamsGeneratorsUnused) {
  suite({{"bench.py",
          "class Suite:\n    params = (n for n in (1, 2))\n    def setup_cache(self): return 7\n"
          "    def time_it(self, cache, n): return n\n"}});
  EXPECT_TRUE(resolve("bench.Suite.time_it").setup_cache().has_value());
  EXPECT_EQ(resolve("bench.Suite.time_it").case_count(), 2U);
}

TEST_F(Live, EachResolution_HasAFreshInstance) {
  suite({{"bench.py", "class Suite:\n    def setup(self): self.n = 1\n    def time_it(self): return self.n\n"}});
  LiveBenchmark first = resolve("bench.Suite.time_it");
  (void)first.set_up(py::tuple());
  EXPECT_EQ(first.function()().cast<int>(), 1);
  EXPECT_FALSE(py::hasattr(resolve("bench.Suite.time_it").instance(), "n"));
}

TEST_F(Live, UnderlyingFunction_IsTheOneWithTheBody) {
  provide_asv_runner();
  suite({{"bench.py", R"(
import functools
from asv_runner.benchmarks.mark import skip_for_params
def other(function):
    @functools.wraps(function)
    def outer(*args): return function(*args)
    return outer
class Suite:
    params = [1, 2]
    def time_method(self, n): return n
    @skip_for_params([(2,)])
    def time_marked(self, n): return n
    @other
    def time_wrapped(self, n): return n
    time_partial = functools.partialmethod(time_method, 1)
)"}});
  const auto code_name = [this](const std::string& name) {
    return resolve(name).underlying_function().attr("__code__").attr("co_name").cast<std::string>();
  };
  EXPECT_EQ(code_name("bench.Suite.time_method"), "time_method");
  EXPECT_EQ(code_name("bench.Suite.time_marked"), "time_marked");
  EXPECT_EQ(code_name("bench.Suite.time_wrapped"), "outer") << "a wrapper of the suite's own may do more than call";
  EXPECT_TRUE(resolve("bench.Suite.time_partial").underlying_function().is_none());
  EXPECT_TRUE(resolve("bench.Suite.time_marked").is_skip_params(1));
}

TEST_F(Live, OnlySkipNotImplementedInTheCall_Skips) {
  provide_asv_runner();
  suite({{"bench.py", R"(
from asv_runner.benchmarks.mark import SkipNotImplemented
def time_skips(): raise SkipNotImplemented("not here")
def time_fails(): raise NotImplementedError("a defect")
)"}});
  const auto skips = [this](const std::string& name) {
    try {
      (void)resolve(name).function()();
    } catch (const py::error_already_set& error) {
      return is_skip_exception(error);
    }
    throw std::logic_error("nothing was raised");
  };
  EXPECT_TRUE(skips("bench.time_skips"));
  EXPECT_FALSE(skips("bench.time_fails"));
}

TEST_F(Live, MissingAsvRunner_NoExceptionSkips) {
  suite({{"bench.py", "def time_fails(): raise NotImplementedError\n"}});
  try {
    (void)resolve("bench.time_fails").function()();
    FAIL() << "nothing was raised";
  } catch (const py::error_already_set& error) {
    EXPECT_FALSE(is_skip_exception(error));
  }
}

TEST_F(Live, OtherAttributes_AreLookedUpLikeTheKnownOnes) {
  suite({{"bench.py", "env = {'A': '1'}\ntimeout = 4\ndef timeraw_it(): return 'pass'\n"}});
  const LiveBenchmark live = resolve("bench.timeraw_it");
  EXPECT_EQ(live.type(), "timeraw");
  EXPECT_EQ(live.timeout(), 4.0);
  EXPECT_EQ(live.attribute("env")["A"].cast<std::string>(), "1");
  EXPECT_TRUE(live.attribute("nothing").is_none());
}

}  // namespace
}  // namespace snapshot_test::testing
