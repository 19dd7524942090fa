// Recursion under the hook ends where it ends without it.
#include "host/trace_support.hpp"

namespace snapshot_test::host::trace {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

class TracerRecursionTest : public TracerTest {};
INSTANTIATE_TEST_SUITE_P(Both, TracerRecursionTest, kBothMechanisms, mechanism_name);

struct Descent {
  const char* name;
  const char* source;  ///< down(n) goes on for ever and notes n
  bool constructs = false;
};

const Descent kDescents[] = {
    {"a function", R"py(
def down(n): note(n); down(n + 1)
)py"},
    {"through the standard library's frames and lambdas", R"py(
import contextlib
def down(n):
    note(n)
    with contextlib.suppress(KeyError): (lambda: down(n + 1))()
)py"},
    {"methods, properties and constructors", R"py(
class Thing:
    def __init__(self, n): note(n); self.n = n; self.next
    @property
    def next(self): return self.step()
    def step(self): return Thing(self.n + 1)
def down(n): Thing(n)
)py",
     true},
    {"with keyword and star arguments", R"py(
def down(n, *rest, key=None, **more): note(n); down(n + 1, 2, *rest[:3], key=n, other=1)
)py"},
    {"with finally blocks", R"py(
def leaf(n): return n
def down(n):
    note(n)
    try: down(n + 1)
    finally: leaf(n)
)py"},
};

// A program that swallows RecursionError may depend on where it was raised.
TEST_P(TracerRecursionTest, RecursionError_ComesAtTheSameDepth) {
  for (const Descent& descent : kDescents) {
    if (PY_VERSION_HEX >= 0x030D0000 && GetParam() == Mechanism::kProfile && descent.constructs) {
      continue;  // any profile function spares constructors a frame of CPython's own
    }
    SCOPED_TRACE(descent.name);
    const py::module_ project = folder_.import("project", std::string(R"py(
reached = [0]
note = reached.append  # no Python frame of its own
def bench():
    reached.clear()
    try: down(1)
    except RecursionError as error: return [max(reached), str(error)[:32]]
)py") + descent.source);
    const auto bench = project.attr("bench");
    const std::string expected = py::repr(bench()).cast<std::string>();
    for (const int quiet_calls : {0, 50}) {
      Options options;
      options.quiet_calls = quiet_calls;
      const Trace seen = trace(bench, options);
      EXPECT_EQ(exception_, "");
      EXPECT_EQ(py::repr(result_).cast<std::string>(), expected);
    }
  }
}

// Where C calls back, CPython 3.12 and later count the C stack as well. The hook gives back what its own frames take.
TEST_P(TracerRecursionTest, RecursionThroughC_EndsInRecursionError) {
  const Trace seen = trace(R"py(
import functools
def leaf(n): return n + 1
def sort(n): leaf(n); return sorted([1], key=lambda x: sort(n + 1))
def reduce(n): leaf(n); return functools.reduce(lambda a, b: reduce(n + 1), [1, 2])
def mapped(n): leaf(n); return list(map(mapped, [n + 1]))
class Attribute:
    def __getattr__(self, name): leaf(1); return getattr(self, name + "x")
def bench():
    seen = []
    for descend in (lambda: sort(0), lambda: reduce(0), lambda: mapped(0), lambda: Attribute().a):
        try: descend()
        except RecursionError as error: seen.append(type(error).__name__)
    return seen
)py");
  EXPECT_EQ(exception_, "");
  EXPECT_EQ(py::repr(result_).cast<std::string>(),
            "['RecursionError', 'RecursionError', 'RecursionError', 'RecursionError']");
  EXPECT_TRUE(seen.deepest);
}

TEST_P(TracerRecursionTest, HundredThousandDeepInAThread_ReturnsItsResult) {
  const py::module_ project = folder_.import("project", R"py(
import sys, threading
def down(n): return 0 if n == 0 else down(n - 1) + 1
def bench(): return down(100_000)
def in_thread(function):
    results = []
    def run():
        try: results.append(function())
        except BaseException as error: results.append(repr(error))
    limit, size = sys.getrecursionlimit(), threading.stack_size(512 << 20)
    sys.setrecursionlimit(100_200)
    try:
        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
    finally:
        sys.setrecursionlimit(limit)
        threading.stack_size(size)
    return results[0]
)py");
  ASSERT_EQ(py::str(project.attr("in_thread")(project.attr("bench"))).cast<std::string>(), "100000");
  for (const int quiet_calls : {0, 10'000}) {
    Options options;
    options.quiet_calls = quiet_calls;
    options.depth_limit = 1'000'000;
    Trace seen;
    const py::cpp_function traced([&] {
      seen = trace(project.attr("bench"), options);
      return result_;
    });
    EXPECT_EQ(py::str(project.attr("in_thread")(traced)).cast<std::string>(), "100000");
    EXPECT_EQ(exception_, "");
    ASSERT_TRUE(seen.deepest);
    if (seen.notes.empty()) {
      EXPECT_EQ(seen.deepest->depth, 100'000);
      EXPECT_THAT(seen.path, SizeIs(99'999));
    } else {
      EXPECT_THAT(seen.notes[0], HasSubstr("half of the C stack"));
      EXPECT_GT(seen.deepest->depth, 10'000);
    }
  }
}

}  // namespace
}  // namespace snapshot_test::host::trace
