// What the hook sees, on both mechanisms.
#include "host/trace_support.hpp"

namespace snapshot_test::host::trace {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

[[maybe_unused]] const auto* const kPython = ::testing::AddGlobalTestEnvironment(new test::PythonEnvironment);

struct Program {
  const char* name;
  const char* source;    ///< of a module that defines bench()
  const char* expected;  ///< as text() puts it
};

INSTANTIATE_TEST_SUITE_P(Both, TracerTest, kBothMechanisms, mechanism_name);

const Program kPrograms[] = {
    {"the deepest call, and the way to it",
     R"py(
def a(): return [b() + 1]
def b(): return c() * 10
def c(): return 7
def bench(): return a()
)py",
     "project.c@3=7 | project.a@1=[71] | project.b@2=70"},
    {"a benchmark that calls nothing",
     R"py(
def bench(): return 42
)py",
     "-"},
    {"the first at the greatest depth",
     R"py(
def one(): return leaf("one")
def two(): return leaf("two")
def leaf(x): return x
def bench(): one(); two()
)py",
     "project.leaf@2='one' | project.one@1='one'"},
    {"a deeper call later forgets the path of the first",
     R"py(
def shallow(): return "s"
def outer(): shallow(); return "outer"
def deep(n): return n if n == 0 or deep(n - 1) is None else n
def bench(): outer(); deep(3); outer()
)py",
     "project.deep@3=1 | project.deep@1=3 | project.deep@2=2"},
    {"what is None, empty or zero is no candidate",
     R"py(
def level(n, value):
    if n: level(n - 1, value); return None
    return value
def real(): return 5
def bench():
    for i, value in enumerate([None, 0, 0.0, 0j, False, "", b"", [], (), {}, set(), frozenset(), NotImplemented]):
        level(3 + i, value)
    real()
)py",
     "project.real@1=5"},
    {"an empty value on the path is there",
     R"py(
def leaf(): return 1
def outer(): leaf(); return []
def bench(): outer()
)py",
     "project.leaf@2=1 | project.outer@1=[]"},
    {"an object that would run code to say whether it is true",
     R"py(
calls = []
class Loud:
    def __bool__(self): calls.append("bool"); return False
    def __len__(self): calls.append("len"); return 0
    def __repr__(self): return "<Loud, asked %s>" % calls
def leaf(): return Loud()
def bench(): leaf()
)py",
     "project.leaf@1=<Loud, asked []>"},
    {"exceptions are not returns",
     R"py(
def fails(): raise ValueError
def caught():
    try: fails()
    except ValueError: return "caught"
def bench(): caught()
)py",
     "project.caught@1='caught'"},
    {"a call on the path that is left by an exception is missing",
     R"py(
def leaf(): return 1
def middle(): leaf(); raise ValueError
def outer():
    try: middle()
    except ValueError: return "outer"
def bench(): outer()
)py",
     "project.leaf@3=1 | project.outer@1='outer'"},
    {"generators are not calls, what they call is",
     R"py(
def leaf(x): return x + 100
def numbers():
    for i in range(3): yield leaf(i)
def total(): return sum(numbers())
def bench(): total()
)py",
     "project.leaf@2=100 | project.total@1=303"},
    {"a generator that is resumed elsewhere, closed and thrown into",
     R"py(
def leaf(x): return x
def numbers():
    try:
        while True: yield leaf(1)
    except KeyError:
        yield leaf(2)
    finally: leaf(3)
def start(): g = numbers(); next(g); return g
def use(g): return [next(g), g.throw(KeyError)]
def bench():
    g = start(); use(g); g.close(); h = start(); del h
    return after()
def after(): return deeper()
def deeper(): return deepest()
def deepest(): return "end"
)py",
     "project.deepest@3='end' | project.after@1='end' | project.deeper@2='end'"},
    {"coroutines",
     R"py(
import asyncio
def leaf(x): return x
async def inner(x): await asyncio.sleep(0); return leaf(x)
async def many():
    async for x in stream(): leaf(x)
    return [await inner(i) for i in range(3)]
async def stream():
    yield 1
    yield 2
def run(): return asyncio.run(many())
def bench(): return run()
)py",
     "project.leaf@2=1 | project.run@1=[0, 1, 2]"},
    {"comprehensions, lambdas and the standard library are not there",
     R"py(
import functools, json, copy
def leaf(x): return x + 1
class Copied:
    def __deepcopy__(self, memo): return helper()
def helper(): return leaf(41)
def bench():
    [leaf(x) for x in range(2)]
    {leaf(x): 1 for x in [5]}
    (lambda: leaf(9))()
    sorted([3, 1], key=leaf)
    functools.reduce(lambda a, b: a + b, [1, 2])
    json.dumps({"a": [1, {"b": 2}]}, indent=2)
    copy.deepcopy([[Copied()]])
)py",
     "project.leaf@2=42 | project.helper@1=42"},
    {"dunder methods are not there, properties and other methods are",
     R"py(
def leaf(x): return x
class Thing:
    def __init__(self): self.x = leaf(1)
    def __getitem__(self, i): return leaf(i)
    def __add__(self, other): return self.plus(other)
    def plus(self, other): return leaf(other)
    @property
    def size(self): return self._size()
    @staticmethod
    def _size(): return 12
    @classmethod
    def make(cls): return cls()
def bench():
    for _ in range(50):
        t = Thing.make(); t[5]; t.size; t + 3
)py",
     "project.leaf@2=1 | project.Thing.make@1=<project.Thing object at "},
    {"class bodies, exec and imports",
     R"py(
def leaf(x): return x
def decorate(cls): return cls
def bench():
    @decorate
    class Local:
        x = leaf("body")
        def __init__(self): super().__init__()
    exec("leaf('exec')", globals())
    import snapshot_test_imported
)py",
     "project.leaf@1='body'"},
    {"nested functions have qualified names",
     R"py(
def outer():
    def inner(): return 1
    return inner()
class Holder:
    class Nested:
        def method(self):
            def local(): return 2
            return local()
def bench(): outer(); Holder.Nested().method(); third()
def third(): return fourth()
def fourth(): return Deep().run()
class Deep:
    def run(self):
        def local(): return "x"
        return local()
)py",
     "project.Deep.run.<locals>.local@4='x' | project.third@1='x' | project.fourth@2='x' | project.Deep.run@3='x'"},
    {"decorated with functools.wraps",
     R"py(
import functools, contextlib
def twice(f):
    @functools.wraps(f)
    def wrapper(*args): return f(*args) * 2
    return wrapper
@twice
def leaf(x): return x
@functools.lru_cache(None)
def cached(x): return leaf(x)
@contextlib.contextmanager
def managed(): yield leaf(3)
def bench():
    with managed() as m: cached(m); cached(m)
)py",
     "project.leaf@3=6 | project.cached@1=12 | project.twice.<locals>.wrapper@2=12"},
    {"other threads",
     R"py(
import threading
def deep(n): return n if n == 0 else deep(n - 1) + 1
def leaf(): return "main"
def bench():
    threads = [threading.Thread(target=deep, args=(20,)) for _ in range(4)]
    for t in threads: t.start()
    leaf()
    for t in threads: t.join()
)py",
     "project.leaf@1='main'"},
    {"recursion up to the recursion limit",
     R"py(
import sys
def down(n): return down(n + 1) + 1
def limit():
    try: down(0)
    except RecursionError: return "limit"
def bench(): limit()
)py",
     "project.limit@1='limit'"},
    {"recursion in the standard library",
     R"py(
import copy
def leaf(): return 1
class End:
    def __deepcopy__(self, memo): leaf(); return self
def bench():
    nested = End()
    for _ in range(150): nested = [nested]
    copy.deepcopy(nested)
)py",
     "project.leaf@1=1"},
    {"destructors of what is let go",
     R"py(
def leaf(n): return Held(n)
class Held:
    def __init__(self, n): self.n = n
    def __del__(self): note(self.n)
    def __repr__(self): return "<Held %d>" % self.n
def note(n): return chain(n)
def chain(n): return n + 1000
def two(): return leaf(2)
def three(): return two()
def bench(): leaf(1); three(); leaf(4)
)py",
     "project.leaf@3=<Held 2> | project.three@1=<Held 2> | project.two@2=<Held 2>"},
};

TEST_P(TracerTest, EachProgram_HasItsDeepestCallAndPath) {
  folder_.write("snapshot_test_imported.py", "def at_import(): return down()\ndef down(): return 1\nat_import()\n");
  py::module_::import("sys").attr("path").attr("insert")(0, folder_.file("").string());
  for (const Program& program : kPrograms) {
    SCOPED_TRACE(program.name);
    exception_.clear();
    const Trace seen = trace(program.source);
    EXPECT_EQ(exception_, "");
    EXPECT_THAT(text(seen), ::testing::StartsWith(program.expected));
    EXPECT_THAT(seen.notes, IsEmpty());
    EXPECT_FALSE(seen.had_exception);
    py::module_::import("sys").attr("modules").attr("pop")("snapshot_test_imported", py::none());
  }
  py::module_::import("sys").attr("path").attr("pop")(0);
}

TEST_P(TracerTest, ReturnValue_ComesThrough) {
  EXPECT_FALSE(trace("def bench(): return {'a': 1}\n").had_exception);
  EXPECT_EQ(py::repr(result_).cast<std::string>(), "{'a': 1}");
}

TEST_P(TracerTest, Exception_ComesThroughWithWhatWasSeen) {
  const Trace seen = trace(R"py(
def leaf(): return 1
def bench():
    leaf()
    raise KeyError("gone")
)py");
  EXPECT_TRUE(seen.had_exception);
  EXPECT_THAT(exception_, HasSubstr("KeyError: 'gone'"));
  EXPECT_EQ(text(seen), "project.leaf@1=1");
}

TEST_P(TracerTest, EndOfATrace_LeavesNothingInstalled) {
  const py::object observe = folder_.import("project", R"py(
def leaf(): return 1
def bench(): leaf(); raise ValueError
def after(): return leaf()
)py");
  static_cast<void>(trace(observe.attr("bench")));
  EXPECT_TRUE(py::module_::import("sys").attr("getprofile")().is_none());
  const Trace again = trace(observe.attr("after"));
  EXPECT_EQ(text(again), "project.leaf@1=1");
  EXPECT_EQ(again.max_depth, 1);
}

TEST_P(TracerTest, Values_AreTheObjectsThemselves) {
  const py::module_ project = folder_.import("project", "kept = [1]\ndef leaf(): return kept\ndef bench(): leaf()\n");
  const auto before = Py_REFCNT(project.attr("kept").ptr());
  {
    const Trace seen = trace(project.attr("bench"));
    ASSERT_TRUE(seen.deepest);
    EXPECT_TRUE(seen.deepest->value.is(project.attr("kept")));
  }
  EXPECT_EQ(Py_REFCNT(project.attr("kept").ptr()), before);
}

TEST_P(TracerTest, FramesBelowTheDepthLimit_AreLeftOut) {
  const char* source = R"py(
def down(n): return n if n == 0 else down(n - 1) + 1
def bench(): down(50)
)py";
  Options options;
  options.depth_limit = 3;
  const Trace seen = trace(source, options);
  EXPECT_EQ(text(seen), "project.down@3=48 | project.down@1=50 | project.down@2=49");
  EXPECT_EQ(seen.max_depth, 4);
  options.depth_limit = 0;
  EXPECT_EQ(text(trace(source, options)), "-");
}

// 1,000 calls that show nothing new, then deeper ones of the same functions.
constexpr const char* kSteps = R"py(
def step(n): return step(n - 1) + 1 if n else 1
def nothing(): pass
def loop():
    for _ in range(500): step(1)
def failing_loop():
    loop()
    raise ValueError
def in_a_function(): loop(); step(5)
def left_by_an_exception():
    try: failing_loop()
    except ValueError: step(5)
def in_the_benchmark():
    for _ in range(500): step(1)
    step(5)
def nothing_before():
    for _ in range(1000): nothing()
    step(5)
def a_new_function():
    for _ in range(90): step(1)
    nothing()
    for _ in range(90): step(1)
    step(5)
def in_the_standard_library():
    import copy
    step(1)
    copy.deepcopy([[] for _ in range(1000)])
    step(5)
)py";

TEST_P(TracerTest, QuietCalls_PauseTheHook) {
  const py::module_ project = folder_.import("project", kSteps);
  Options options;
  options.quiet_calls = 200;
  const auto deepest = [&](const char* function) {
    const Trace seen = trace(project.attr(function), options);
    EXPECT_EQ(exception_, "");
    EXPECT_THAT(seen.notes, IsEmpty());
    return (seen.deepest ? text(*seen.deepest) : "-") + (seen.paused ? " paused" : "") + " path " +
           std::to_string(seen.path.size());
  };
  // The function below which it was quiet has returned: on it goes.
  EXPECT_EQ(deepest("in_a_function"), "project.step@6=1 paused path 5");
  EXPECT_EQ(deepest("left_by_an_exception"), "project.step@6=1 paused path 5");
  // The benchmark itself has not.
  EXPECT_EQ(deepest("in_the_benchmark"), "project.step@2=1 paused path 1");
  EXPECT_EQ(deepest("in_the_standard_library"), "project.step@2=1 paused path 1");
  // As long as there is nothing to check, nothing is left out.
  EXPECT_EQ(deepest("nothing_before"), "project.step@6=1 path 5");
  EXPECT_EQ(deepest("a_new_function"), "project.step@6=1 path 5");
  options.quiet_calls = 0;
  EXPECT_EQ(deepest("in_the_benchmark"), "project.step@6=1 path 5");
}

TEST_P(TracerTest, RecursionWithPauses_GivesTheSameTrace) {
  const py::module_ project = folder_.import("project", R"py(
def fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)
def bench(): return fib(18)
)py");
  Options options;
  std::string expected;
  for (const int quiet_calls : {0, 1, 2, 50, 1000}) {
    SCOPED_TRACE(quiet_calls);
    options.quiet_calls = quiet_calls;
    const Trace seen = trace(project.attr("bench"), options);
    if (expected.empty()) expected = text(seen);
    EXPECT_EQ(text(seen), expected);
    EXPECT_EQ(seen.paused, quiet_calls > 0);
    EXPECT_EQ(seen.max_depth, 18);
  }
  EXPECT_THAT(expected, ::testing::StartsWith("project.fib@18=1 | project.fib@1=2584 | project.fib@2=1597"));
}

TEST_P(TracerTest, DeepRecursionWithARaisedLimit_ReturnsItsResult) {
  // CPython 3.9 and 3.10 need the C stack for this, hook or not.
  const int depth = PY_VERSION_HEX >= 0x030B0000 ? 100'000 : 8'000;
  const py::module_ project = folder_.import("project", R"py(
import sys
def down(n): return 0 if n == 0 else down(n - 1) + 1
def bench(n):
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(n + 200)
    try: return down(n)
    finally: sys.setrecursionlimit(before)
)py");
  const py::object partial = py::module_::import("functools").attr("partial")(project.attr("bench"), depth);
  const Trace seen = trace(partial);
  EXPECT_EQ(exception_, "");
  ASSERT_TRUE(result_);
  EXPECT_EQ(result_.cast<int>(), depth);
  ASSERT_TRUE(seen.deepest);
  EXPECT_EQ(seen.deepest->depth, 100);
  EXPECT_THAT(seen.path, SizeIs(99));
}

TEST_P(TracerTest, RecursionThroughUncountedFrames_ReturnsItsResult) {
  // CPython 3.12.1 allows 1,500 levels of C recursion, of which every frame that the evaluator sees takes two.
  const Trace seen = trace(R"py(
import sys
down = lambda n: leaf() if n == 0 else down(n - 1)
def leaf(): return "bottom"
def bench(): return down(900)
)py");
  EXPECT_EQ(exception_, "");
  EXPECT_EQ(text(seen), "project.leaf@1='bottom'");
}

TEST_P(TracerTest, BenchmarkThatTracesItself_GetsItsEvents) {
  const Trace seen = trace(R"py(
import sys
events = []
def leaf(): return 1
def callback(frame, event, arg): events.append(describe(event)); return callback
def describe(event): return event.upper()
def bench():
    leaf()
    sys.settrace(callback); leaf(); sys.settrace(None)
    sys.setprofile(callback); leaf(); sys.setprofile(None)
    return len(events)
)py");
  EXPECT_EQ(exception_, "");
  EXPECT_GT(result_.cast<int>(), 3);
  EXPECT_EQ(text(seen), "project.leaf@1=1");
  EXPECT_TRUE(py::module_::import("sys").attr("getprofile")().is_none());
  if (GetParam() == Mechanism::kProfile) {
    ASSERT_THAT(seen.notes, SizeIs(1));
    EXPECT_THAT(seen.notes[0], HasSubstr("a profile function"));
  }
}

TEST_P(TracerTest, ProfileFunctionSetBefore_StaysAndSeesItsEvents) {
  const py::module_ project = folder_.import("project", R"py(
events = []
def profiler(frame, event, arg):
    if event == "return": events.append(note(frame.f_code.co_name))
def note(name): return [name]
def leaf(): return 1
def outer(): return leaf()
def bench(): return outer()
)py");
  const py::module_ sys = py::module_::import("sys");
  sys.attr("setprofile")(project.attr("profiler"));
  const Trace seen = trace(project.attr("bench"));
  const bool still_set = sys.attr("getprofile")().is(project.attr("profiler"));
  sys.attr("setprofile")(py::none());
  EXPECT_TRUE(still_set);
  EXPECT_EQ(text(seen), "project.leaf@2=1 | project.outer@1=1");
  EXPECT_THAT(py::str(project.attr("events")).cast<std::string>(), HasSubstr("['leaf'], ['outer'], ['bench']"));
}

TEST_P(TracerTest, TraceFunctionSetBefore_SeesItsEvents) {
  const py::module_ project = folder_.import("project", R"py(
lines = []
def tracer(frame, event, arg):
    if event == "line": lines.append(deep(3, frame.f_code.co_name))
    return tracer
def deep(n, name): return name if n == 0 else deep(n - 1, name)
def leaf():
    x = 1
    return x
def bench(): return leaf()
)py");
  const py::module_ sys = py::module_::import("sys");
  sys.attr("settrace")(project.attr("tracer"));
  const Trace seen = trace(project.attr("bench"));
  sys.attr("settrace")(py::none());
  EXPECT_EQ(text(seen), "project.leaf@1=1");
  EXPECT_THAT(py::str(project.attr("lines")).cast<std::string>(), HasSubstr("'bench', 'leaf', 'leaf'"));
}

TEST_P(TracerTest, CallableThatIsNoFunction_IsTraced) {
  const py::module_ project = folder_.import("project", R"py(
import functools
def leaf(x=1): return x
def outer(x=1): return leaf(x)
class Callable:
    def __call__(self): return outer()
instance = Callable()
partial = functools.partial(outer, 2)
anonymous = lambda: outer()
def generator(): yield outer()
)py");
  EXPECT_EQ(text(trace(project.attr("instance"))), "project.leaf@2=1 | project.outer@1=1");
  EXPECT_EQ(text(trace(project.attr("partial"))), "project.leaf@1=2");
  EXPECT_EQ(text(trace(project.attr("anonymous"))), "project.leaf@2=1 | project.outer@1=1");
  EXPECT_EQ(text(trace(project.attr("generator"))), "-");
  EXPECT_EQ(text(trace(py::module_::import("gc").attr("collect"))), "-");
}

TEST_P(TracerTest, PackageBelowTheStandardLibrary_IsTraced) {
  const py::object code = py::eval("compile")(
      "def leaf(): return 1\ndef bench(): leaf()\n",
      py::module_::import("sysconfig").attr("get_path")("stdlib") + py::str("/site-packages/pkg/mod.py"), "exec");
  py::dict globals;
  globals["__name__"] = "pkg.mod";
  py::eval("exec")(code, globals);
  EXPECT_EQ(text(trace(py::object(globals["bench"]))), "pkg.mod.leaf@1=1");
}

TEST(TracerNesting, InnerTrace_SeesNothingAndTheOuterGoesOn) {
  const test::PythonFolder folder;
  const Eligibility eligibility(Folders::of_interpreter());
  const py::module_ project = folder.import("project", "def leaf(): return 1\ndef outer(): return leaf()\n");
  Tracer outer(eligibility, {});
  Trace inner_trace;
  const py::cpp_function nested([&] {
    Tracer inner(eligibility, {});
    py::object value = inner.call(project.attr("outer"), py::tuple());
    inner_trace = inner.take();
    return value;
  });
  EXPECT_EQ(outer.call(nested, py::tuple()).cast<int>(), 1);
  EXPECT_EQ(inner_trace.used, Mechanism::kNone);
  ASSERT_THAT(inner_trace.notes, SizeIs(1));
  EXPECT_FALSE(inner_trace.deepest);
  EXPECT_EQ(text(outer.take()), "project.leaf@1=1");
}

TEST(TracerChoice, Default_IsTheFrameEvaluator) {
  const test::PythonFolder folder;
  const Eligibility eligibility(Folders::of_interpreter());
  Tracer tracer(eligibility, {});
  tracer.call(folder.import("project", "def bench(): pass\n").attr("bench"), py::tuple());
  EXPECT_EQ(tracer.take().used, Mechanism::kFrameEvaluator);
}

}  // namespace
}  // namespace snapshot_test::host::trace
