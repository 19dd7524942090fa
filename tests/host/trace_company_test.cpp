// The hook beside others that look at the same frames, or that switch between them.
#include "host/trace_support.hpp"

namespace snapshot_test::host::trace {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class TracerCompanyTest : public TracerTest {
 public:
  static void SetUpTestSuite() { test::add_packages_of_test_python(); }
};
INSTANTIATE_TEST_SUITE_P(Both, TracerCompanyTest, kBothMechanisms, mechanism_name);

constexpr const char* kChain = R"py(
def a(): return [b() + 1]
def b(): return c() * 10
def c(): return 7
def bench(): return a()
)py";
constexpr const char* kChainSeen = "project.c@3=7 | project.a@1=[71] | project.b@2=70";

// ------------------------------------------------------------------------------------------------------- C callers ---

TEST_P(TracerCompanyTest, CallbackFromC_AddsNoDepth) {
  const py::module_ project = folder_.import("project", R"py(
import ctypes, functools, itertools, re, weakref
def leaf(x, *rest): return x
def is_so(x, *rest): leaf(x); return True
def by_sorted(): return sorted([3, 1, 2], key=is_so)
def by_list_sort(): numbers = [2, 1]; numbers.sort(key=is_so); return numbers
def by_reduce(): return functools.reduce(is_so, [1, 2, 3])
def by_map(): return list(map(is_so, [1, 2]))
def by_filter(): return list(filter(is_so, [1, 2]))
def by_max(): return max([1, 2], key=is_so)
def by_regular_expression(): return re.sub("x", lambda match: is_so(match) and "y", "axb")
def by_groupby(): return [key for key, _ in itertools.groupby([1, 1, 2], is_so)]
def by_partial(): return functools.partial(is_so, 1)()
def by_join(): return "".join(str(is_so(x)) for x in "ab")
def by_dict_missing():
    class Missing(dict):
        def __missing__(self, key): return is_so(key)
    return Missing()["a"]
def by_hash_and_equal():
    class Key:
        def __hash__(self): return int(is_so(1))
        def __eq__(self, other): return is_so(2)
    return len({Key(): 1, Key(): 2})
def by_ctypes():
    return ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)(is_so)(5)
def by_lru_cache(): return functools.lru_cache(is_so)(1)
def by_failing_key():
    def fails(x): is_so(x); raise KeyError
    try: sorted([1, 2], key=fails)
    except KeyError: return "caught"
)py");
  for (const char* way :
       {"by_sorted", "by_list_sort", "by_reduce", "by_map", "by_filter", "by_max", "by_regular_expression",
        "by_groupby", "by_partial", "by_join", "by_dict_missing", "by_hash_and_equal", "by_ctypes", "by_lru_cache"}) {
    SCOPED_TRACE(way);
    // From the outermost frame, a lambda: bench() itself would be one more.
    const py::dict scope;
    scope["f"] = project.attr(way);
    const Trace seen = trace(py::eval("lambda: f()", scope));
    EXPECT_EQ(exception_, "");
    ASSERT_TRUE(seen.deepest);
    EXPECT_EQ(seen.deepest->function, "project.leaf");
    EXPECT_EQ(seen.deepest->depth, 3);
    ASSERT_THAT(seen.path, SizeIs(2));
    EXPECT_EQ(seen.path[0].function, std::string("project.") + way);
    EXPECT_EQ(seen.path[1].function, "project.is_so");
  }
  const Trace failing = trace(project.attr("by_failing_key"));
  EXPECT_EQ(text(failing), "project.leaf@3=1 | project.is_so@2=True");
}

TEST_P(TracerCompanyTest, ExceptionsThroughFramesAndGenerators_KeepTheDepth) {
  const Trace seen = trace(R"py(
import contextlib
def leaf(x): return x
def cleanup(x): return leaf(x)
def down(n):
    try:
        if n == 0: raise ValueError
        down(n - 1)
    finally:
        cleanup(n + 100)
def numbers():
    try: yield from inner()
    except KeyError: yield leaf("handled")
    finally: cleanup("closed")
def inner():
    while True: yield leaf(1)
def thrown():
    g = numbers(); next(g)
    try: return g.throw(KeyError)
    finally: g.close()
@contextlib.contextmanager
def managed():
    try: yield
    except ValueError: cleanup("managed")
def outer():
    with managed(): down(3)
    return thrown()
def bench(): return outer()
)py");
  EXPECT_EQ(exception_, "");
  EXPECT_EQ(py::str(result_).cast<std::string>(), "handled");
  // down(3) is at 2, down(0) at 5, its cleanup at 6 and leaf at 7; the downs were left by an exception.
  EXPECT_EQ(text(seen), "project.leaf@7=100 | project.outer@1='handled' | project.cleanup@6=100");
}

// --------------------------------------------------------------------------------------------------------- threads ---

TEST_P(TracerCompanyTest, ThreadsThatRunBeforeDuringAndAfter_DoNotDisturb) {
  const py::module_ project = folder_.import("project", R"py(
import threading, concurrent.futures
stop = threading.Event()
rounds = [0] * 3
def deep(n): return n if n == 0 else deep(n - 1) + 1
def work(i):
    while not stop.is_set(): rounds[i] += deep(30) // 30
threads = [threading.Thread(target=work, args=(i,)) for i in range(3)]
def begin():
    for t in threads: t.start()
def end():
    stop.set()
    for t in threads: t.join()
    return min(rounds) > 0
def leaf(x): return x
def outer():
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        others = list(pool.map(deep, [20] * 50))
    return [leaf(7), sum(others)]
def bench(): return outer()
)py");
  project.attr("begin")();
  for (int round = 0; round < 4; ++round) {
    Options options;
    options.quiet_calls = round % 2 == 0 ? 1 : 10'000;
    const Trace seen = trace(project.attr("bench"), options);
    EXPECT_EQ(exception_, "");
    EXPECT_EQ(text(seen), "project.leaf@2=7 | project.outer@1=[7, 1000]");
    EXPECT_THAT(seen.notes, IsEmpty());
  }
  EXPECT_TRUE(project.attr("end")().cast<bool>());
}

// Without the values, some of which have an address.
std::string functions(const Trace& trace) {
  std::string line;
  if (trace.deepest) line += trace.deepest->function + "@" + std::to_string(trace.deepest->depth);
  for (const TracedCall& call : trace.path) line += " | " + call.function + "@" + std::to_string(call.depth);
  return line;
}

TEST_P(TracerCompanyTest, Greenlets_RunAsWithoutTheHook) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "greenlet copies pieces of the stack, which AddressSanitizer takes for an error";
#endif
  ST_NEEDS_PACKAGE("greenlet");
  const py::module_ project = folder_.import("project", R"py(
import greenlet
def leaf(x): return x
def down(n, to): return to(n) if n == 0 else down(n - 1, to) + 1
def producer(consumer):
    def run(first):
        for i in range(200): down(i % 7, lambda n: consumer.switch(leaf(i)) or 0)
        return "end"
    return run
def talk():
    got = []
    here = greenlet.getcurrent()
    other = greenlet.greenlet(producer(here), here)
    while True:
        value = down(3, lambda n: got.append(other.switch(0)) or 0)
        if other.dead: break
    never_ended = greenlet.greenlet(lambda: down(2, lambda n: here.switch(leaf("suspended"))))
    never_ended.switch()
    kept.append(never_ended)
    return [len(got), got[-1], leaf("after")]
kept = []
def bench(): return talk()
def again(): return kept.pop().switch(0)
def simple(): return down(3, int)
)py");
  const std::string expected = py::repr(project.attr("bench")()).cast<std::string>();
  project.attr("kept").attr("clear")();
  for (const int quiet_calls : {0, 1, 40, 10'000}) {
    SCOPED_TRACE(quiet_calls);
    Options options;
    options.quiet_calls = quiet_calls;
    const std::string first = functions(trace(project.attr("bench"), options));
    EXPECT_EQ(exception_, "");
    EXPECT_EQ(py::repr(result_).cast<std::string>(), expected);
    // A greenlet that slept through the end of one observation wakes up in another.
    static_cast<void>(trace(project.attr("again"), options));
    EXPECT_EQ(exception_, "");
    EXPECT_EQ(text(trace(project.attr("simple"))), "project.down@3=1 | project.down@1=3 | project.down@2=2");
    EXPECT_EQ(functions(trace(project.attr("bench"), options)), first) << "the same every time";
    project.attr("kept").attr("clear")();
  }
}

// ------------------------------------------------------------------------------------------------------- observers ---

TEST_P(TracerCompanyTest, CoverageBeside_MeasuresTheSame) {
  ST_NEEDS_PACKAGE("coverage");
  const py::module_ project = folder_.import("project", kChain);
  const py::module_ measure = folder_.import("measure", R"py(
import os, coverage
def start(file, core):
    global measuring
    os.environ["COVERAGE_CORE"] = core
    measuring = coverage.Coverage(data_file=None, include=[file], config_file=False)
    measuring.start()
def stop(file):
    measuring.stop()
    return sorted(measuring.get_data().lines(file))
)py");
  const std::string file = folder_.file("project.py").string();
  for (const char* core : {"ctrace", "pytrace", "sysmon"}) {
    if (core == std::string("sysmon") && PY_VERSION_HEX < 0x030C0000) continue;
    SCOPED_TRACE(core);
    measure.attr("start")(file, core);
    static_cast<void>(project.attr("bench")());
    const std::string expected = py::str(measure.attr("stop")(file)).cast<std::string>();
    measure.attr("start")(file, core);
    const Trace seen = trace(project.attr("bench"));
    EXPECT_EQ(py::str(measure.attr("stop")(file)).cast<std::string>(), expected);
    EXPECT_EQ(text(seen), kChainSeen);
  }
}

TEST_P(TracerCompanyTest, MonitoringTool_SeesTheSameEvents) {
  if (PY_VERSION_HEX < 0x030C0000) GTEST_SKIP() << "sys.monitoring came with CPython 3.12";
  const py::module_ tool = folder_.import("tool", R"py(
import sys
seen = []
def describe(name): return name.upper()
def note(kind):
    def callback(code, *rest):
        if code.co_filename.endswith("project.py"): seen.append(kind + describe(code.co_name))
    return callback
def start():
    m = sys.monitoring
    m.use_tool_id(3, "test")
    for kind, event in (("+", m.events.PY_START), ("-", m.events.PY_RETURN), ("|", m.events.LINE), ("!", m.events.CALL)):
        m.register_callback(3, event, note(kind))
    m.set_events(3, m.events.PY_START | m.events.PY_RETURN | m.events.LINE | m.events.CALL)
def stop():
    sys.monitoring.set_events(3, 0)
    sys.monitoring.free_tool_id(3)
    result = " ".join(seen)
    seen.clear()
    return result
)py");
  const py::module_ project = folder_.import("project", kChain);
  tool.attr("start")();
  static_cast<void>(project.attr("bench")());
  const std::string expected = tool.attr("stop")().cast<std::string>();
  ASSERT_THAT(expected, HasSubstr("+C |C -C -B -A"));
  tool.attr("start")();
  const Trace seen = trace(project.attr("bench"));
  EXPECT_EQ(tool.attr("stop")().cast<std::string>(), expected);
  EXPECT_EQ(text(seen), kChainSeen);
  // And a benchmark that does it itself.
  const py::module_ own = folder_.import("project", std::string(kChain) + R"py(
import tool
def monitored():
    tool.start()
    try: return a()
    finally: seen.append(tool.stop())
seen = []
)py");
  EXPECT_EQ(text(trace(own.attr("monitored"))), kChainSeen);
  EXPECT_THAT(py::str(own.attr("seen")).cast<std::string>(), HasSubstr("+C |C -C -B -A"));
}

// A compiler that installs an evaluator of its own, as torch does.
int foreign_frames = 0;

#if PY_VERSION_HEX >= 0x030B0000
PyObject* foreign_evaluator(PyThreadState* thread, struct _PyInterpreterFrame* frame, int throwing) {
#else
PyObject* foreign_evaluator(PyThreadState* thread, PyFrameObject* frame, int throwing) {
#endif
  ++foreign_frames;
  return _PyEval_EvalFrameDefault(thread, frame, throwing);
}

void set_evaluator(_PyFrameEvalFunction evaluator) {
  _PyInterpreterState_SetEvalFrameFunc(PyThreadState_Get()->interp, evaluator);
}

bool is_evaluator(_PyFrameEvalFunction evaluator) {
  return _PyInterpreterState_GetEvalFrameFunc(PyThreadState_Get()->interp) == evaluator;
}

TEST(TracerBesideACompiler, FrameEvaluatorInstalledBefore_StaysAndProfileIsUsed) {
  const test::PythonFolder folder;
  const Eligibility eligibility(Folders::of_interpreter());
  const py::module_ project = folder.import("project", kChain);
  foreign_frames = 0;
  set_evaluator(foreign_evaluator);
  Tracer tracer(eligibility, {});
  tracer.call(project.attr("bench"), py::tuple());
  const bool stayed = is_evaluator(foreign_evaluator);
  set_evaluator(_PyEval_EvalFrameDefault);
  EXPECT_TRUE(stayed);
  EXPECT_EQ(foreign_frames, 4);
  const Trace seen = tracer.take();
  EXPECT_EQ(seen.used, Mechanism::kProfile);
  ASSERT_THAT(seen.notes, SizeIs(1));
  EXPECT_THAT(seen.notes[0], HasSubstr("another frame evaluator is installed"));
  EXPECT_EQ(text(seen), kChainSeen);
}

TEST_P(TracerCompanyTest, FrameEvaluatorInstalledByTheBenchmark_Stays) {
  const py::module_ project = folder_.import("project", std::string(kChain) + R"py(
def compiled():
    first = a()
    for _ in range(quiet): c()
    install()
    return [first, down(5)]
def for_a_while():
    install()
    down(5)
    remove()
    return a()
def down(n): return 1 if n == 0 else down(n - 1)
quiet = 0
)py");
  project.attr("install") = py::cpp_function([] { set_evaluator(foreign_evaluator); });
  project.attr("remove") = py::cpp_function([] { set_evaluator(_PyEval_EvalFrameDefault); });
  for (const int quiet : {0, 300}) {  // while the hook looks, and while it pauses
    SCOPED_TRACE(quiet);
    project.attr("quiet") = quiet;
    foreign_frames = 0;
    Options options;
    options.quiet_calls = 100;
    const Trace seen = trace(project.attr("compiled"), options);
    const bool stayed = is_evaluator(foreign_evaluator);
    set_evaluator(_PyEval_EvalFrameDefault);
    EXPECT_EQ(exception_, "");
    EXPECT_TRUE(stayed);
    EXPECT_EQ(foreign_frames, 6);
    EXPECT_EQ(seen.paused, quiet > 0);
    if (GetParam() == Mechanism::kProfile) {
      EXPECT_EQ(seen.deepest->function, quiet > 0 ? "project.c" : "project.down");
      EXPECT_THAT(seen.notes, IsEmpty());
    } else {
      EXPECT_EQ(text(seen), kChainSeen);
      ASSERT_THAT(seen.notes, SizeIs(1));
      EXPECT_THAT(seen.notes[0], HasSubstr("frame evaluator of its own"));
    }
  }
  foreign_frames = 0;
  const Trace seen = trace(project.attr("for_a_while"));
  EXPECT_EQ(exception_, "");
  EXPECT_EQ(foreign_frames, 6);
  EXPECT_TRUE(is_evaluator(_PyEval_EvalFrameDefault));
  EXPECT_EQ(seen.notes.size(), GetParam() == Mechanism::kProfile ? 0u : 1u);
}

}  // namespace
}  // namespace snapshot_test::host::trace
