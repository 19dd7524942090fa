// Which statements' values are recorded, and that nothing else changes.
#include "host/trace/body_rewriter.hpp"

#include <gmock/gmock.h>
#include <pybind11/embed.h>

#include "host/python_program.hpp"

namespace snapshot_test::host::trace {
namespace py = pybind11;
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

[[maybe_unused]] const auto* const kPython = ::testing::AddGlobalTestEnvironment(new test::PythonEnvironment);

class BodyRewriterTest : public ::testing::Test {
 protected:
  py::module_ load(std::string_view source) { return folder_.import("project", source); }

  /// Rewrites `benchmark`, calls `called` (or itself), and describes body: "i count source -> value".
  std::vector<std::string> body_of(const py::object& benchmark, const py::object& called = {}) {
    Result<RewrittenBody> body = rewriter_.prepare(benchmark);
    if (!body) return {body.error().message};
    body->install();
    result_ = (called ? called : benchmark)();
    body->restore();
    std::vector<std::string> lines;
    for (const BodyValue& value : body->take_values()) {
      if (value.at_once && !value.changed) continue;
      lines.push_back(std::to_string(value.index) + " " + std::to_string(value.count) + " " + value.source + " -> " +
                      py::repr(value.value).cast<std::string>());
    }
    return lines;
  }
  std::vector<std::string> body_of(std::string_view source) { return body_of(load(source).attr("bench")); }

  std::string refusal(const py::object& benchmark) {
    const Result<RewrittenBody> body = rewriter_.prepare(benchmark);
    EXPECT_FALSE(body);
    if (body) return {};
    EXPECT_EQ(body.error().kind, ErrorKind::kUnsupported);
    return body.error().message;
  }

  test::PythonFolder folder_;
  BodyRewriter rewriter_;
  py::object result_;
};

TEST_F(BodyRewriterTest, ExpressionStatements_AreSites) {
  EXPECT_THAT(
      body_of(R"py(
items = [3, 1]
def bench():
    "a docstring"
    len(items)
    items
    42
    ...
    items[0]
    items.append
    items[0] < 2
    sorted(items)
    items.sort()
)py"),
      ElementsAre("0 1 len(items) -> 2", "1 1 items[0] -> 3", HasSubstr("2 1 items.append -> <built-in method append"),
                  "3 1 items[0] < 2 -> False", "4 1 sorted(items) -> [1, 3]", "5 1 items.sort() -> None"));
}

TEST_F(BodyRewriterTest, WhatOnlyTheLengthIsTakenOf_IsKept) {
  EXPECT_THAT(body_of(R"py(
def f(x): return x * x
def bench():
    n = len([f(x) for x in (2, 3)])
    len(sorted("ba")) + len("given")
)py"),
              ElementsAre("0 1 n = len([f(x) for x in (2, 3)]) -> 2", "1 1 len(sorted(\"ba\")) + len(\"given\") -> 7",
                          "2 1 [f(x) for x in (2, 3)] -> [4, 9]", "3 1 sorted(\"ba\") -> ['a', 'b']"));
}

TEST_F(BodyRewriterTest, Assignments_AreSites) {
  EXPECT_THAT(
      body_of(R"py(
class Box: pass
box = Box()
def pair(): return iter((1, 2))
def bench():
    x = len("abc")
    y = z = len("abcd")
    a, b = pair()
    [c, (d, *e)] = 1, iter("xyz")
    box.value = len("ab")
    box.value, f = [len("x"), 8]
    box.value, g = pair()
    n: int = len("abcde")
    m: int
    x += len("ab")
    (w := len("w"))
    return a + b
)py"),
      ElementsAre("0 1 x = len(\"abc\") -> 3", "1 1 y = z = len(\"abcd\") -> 4", "2 1 a, b = pair() -> (1, 2)",
                  "3 1 [c, (d, *e)] = 1, iter(\"xyz\") -> (1, ('x', ['y', 'z']))", "4 1 box.value = len(\"ab\") -> 2",
                  "5 1 box.value, f = [len(\"x\"), 8] -> [1, 8]", "7 1 n: int = len(\"abcde\") -> 5",
                  "8 1 x += len(\"ab\") -> 5", "9 1 (w := len(\"w\")) -> 1"));
  EXPECT_EQ(result_.cast<int>(), 3);
}

TEST_F(BodyRewriterTest, SubscriptTargets_AreNotSites) {
  EXPECT_THAT(body_of(R"py(
array = [0, 0]
def bench():
    array[0] = len("abc")
    array[0], b = 1, len("x")
    array[1] += len("abc")
)py"),
              IsEmpty());
}

TEST_F(BodyRewriterTest, GivenValues_AreNotSites) {
  EXPECT_THAT(body_of(R"py(
class Box: n = 5; data = [1]
box = Box()
def bench():
    n = 1000
    shape = (100, 100)
    k = 10 * 100
    options = {"a": 1, "b": [n]}
    m = box.n
    i, j = box.n, box.n
    add = box.data.append
    make = box.__class__
    n += 1
    half = n / 2
    third = half / n
    data = box.data
    more = data + data
    third
)py"),
              ElementsAre("7 1 data = box.data -> [1]", "8 1 more = data + data -> [1, 1]"));
}

// numpy's own ScalarMath.time_addition is of this kind.
TEST_F(BodyRewriterTest, PlainNumberThatNothingReads_IsAResult) {
  EXPECT_THAT(body_of(R"py(
class Box: n = 5
box = Box()
def bench():
    n = box.n
    sum_of_all = n + n + n
    pair = n ** 2, -n
    a, b = n - 1, n // 2
    step = n * 2
    for i in range(step): pass
    total = 3
    total += n
)py"),
              ElementsAre("1 1 sum_of_all = n + n + n -> 15", "2 1 pair = n ** 2, -n -> (25, -5)",
                          "3 1 a, b = n - 1, n // 2 -> (4, 2)", "5 1 total += n -> 8"));
}

TEST_F(BodyRewriterTest, NestedStatements_RecordEachRound) {
  EXPECT_THAT(
      body_of(R"py(
import contextlib
def f(x): return x
def bench():
    for i in range(3):
        f(i)
        if i > 5:
            f("never")
        elif i == 1:
            f("once")
        else:
            f("twice")
    else:
        f("else")
    while True:
        f("while")
        break
    with contextlib.nullcontext():
        f("with")
    try:
        f("try")
        raise ValueError
    except ValueError:
        f("except")
    finally:
        f("finally")
    def inner():
        f("inner")
    class Local:
        x = f("class")
    inner()
    (lambda: f("lambda"))
    if False:
        f("dropped by the compiler")
    f("last")
)py"),
      ElementsAre("0 3 f(i) -> [0, 1, 2]", "2 1 f(\"once\") -> ['once']", "3 2 f(\"twice\") -> ['twice', 'twice']",
                  "4 1 f(\"else\") -> 'else'", "5 1 f(\"while\") -> ['while']", "6 1 f(\"with\") -> 'with'",
                  "7 1 f(\"try\") -> 'try'", "8 1 f(\"except\") -> 'except'", "9 1 f(\"finally\") -> 'finally'",
                  "10 1 inner() -> None", "12 1 f(\"last\") -> 'last'"));
}

TEST_F(BodyRewriterTest, MatchStatement_RecordsTheCaseTaken) {
  if (PY_VERSION_HEX < 0x030A0000) GTEST_SKIP() << "from 3.10 on";
  EXPECT_THAT(body_of(R"py(
def bench():
    match [1, 2]:
        case [a, b]:
            len("two")
        case _:
            len("other")
)py"),
              ElementsAre("0 1 len(\"two\") -> 3"));
}

TEST_F(BodyRewriterTest, ClosuresSuperAndPrivateNames_AreRecorded) {
  const py::module_ project = load(R"py(
def make(n):
    total = [n]
    def bench():
        nonlocal n
        n = len(total) + n
        total.append(n)
        return n
    return bench
closure = make(5)
class Base:
    def value(self): return "base"
class Suite(Base):
    __secret = 9
    def __hidden(self): return self.__secret
    def time_it(self):
        super().value()
        self.__hidden()
        x = __class__
        self.__cache = len("abc")
        return x
    @classmethod
    def time_class(cls): cls.mro()[0]
    @staticmethod
    def time_static(): len("static")
class Child(Suite): pass
suite = Child()
)py");
  EXPECT_THAT(body_of(project.attr("closure")),
              ElementsAre("0 1 n = len(total) + n -> 6", "1 1 total.append(n) -> None"));
  EXPECT_THAT(
      body_of(project.attr("suite").attr("time_it")),
      ElementsAre("0 1 super().value() -> 'base'", "1 1 self.__hidden() -> 9", "2 1 self.__cache = len(\"abc\") -> 3"));
  EXPECT_TRUE(result_.is(project.attr("Suite")));
  EXPECT_THAT(body_of(project.attr("suite").attr("time_class")),
              ElementsAre("0 1 cls.mro()[0] -> <class 'project.Child'>"));
  EXPECT_THAT(body_of(project.attr("suite").attr("time_static")), ElementsAre("0 1 len(\"static\") -> 6"));
  EXPECT_THAT(body_of(project.attr("Suite").attr("__dict__")["time_static"], project.attr("Suite").attr("time_static")),
              ElementsAre("0 1 len(\"static\") -> 6"));
}

TEST_F(BodyRewriterTest, DecoratedFunction_RecordsItsOwnBody) {
  const py::module_ project = load(R"py(
import functools
def twice(f):
    @functools.wraps(f)
    def wrapper(*args, **kwargs):
        f(*args, **kwargs)
        return f(*args, **kwargs)
    return wrapper
@twice
@twice
def bench(x=2, *, y=3):
    len("a" * x * y)
partial = functools.partial(bench, 1)
@functools.lru_cache(None)
def cached(): len("abc")
)py");
  EXPECT_THAT(body_of(project.attr("bench")), ElementsAre("0 4 len(\"a\" * x * y) -> 6"));
  EXPECT_THAT(body_of(project.attr("partial")), ElementsAre("0 4 len(\"a\" * x * y) -> 3"));
  EXPECT_THAT(body_of(project.attr("cached")), ElementsAre("0 1 len(\"abc\") -> 3"));
}

TEST_F(BodyRewriterTest, FutureImportAndAnnotations_StayUnevaluated) {
  EXPECT_THAT(body_of(R"py(from __future__ import annotations
def bench(x: Undefined = 3):
    y: AlsoUndefined = len("ab")
    return y
)py"),
              ElementsAre("0 1 y: AlsoUndefined = len(\"ab\") -> 2"));
}

TEST_F(BodyRewriterTest, Traceback_StaysAsItWas) {
  const py::module_ project = load(R"py(
import traceback
def fails(): raise ValueError("x")
@staticmethod
def bench():
    a = 1

    (
        fails()
    )
def describe():
    try: bench.__func__()
    except ValueError as error: return "".join(traceback.format_exception(type(error), error, error.__traceback__))
)py");
  const auto plain = project.attr("describe")().cast<std::string>();
  EXPECT_THAT(plain, HasSubstr("line 9, in bench"));
  Result<RewrittenBody> body = rewriter_.prepare(project.attr("bench"));
  ASSERT_TRUE(body);
  body->install();
  EXPECT_EQ(project.attr("describe")().cast<std::string>(), plain);
}

TEST_F(BodyRewriterTest, Restore_BringsTheOriginalCodeBack) {
  const py::module_ project = load("def bench(): len('abc')\n");
  const py::object original = project.attr("bench").attr("__code__");
  {
    Result<RewrittenBody> body = rewriter_.prepare(project.attr("bench"));
    ASSERT_TRUE(body);
    EXPECT_TRUE(py::object(project.attr("bench").attr("__code__")).is(original));
    body->install();
    EXPECT_FALSE(py::object(project.attr("bench").attr("__code__")).is(original));
  }
  EXPECT_TRUE(py::object(project.attr("bench").attr("__code__")).is(original));
}

TEST_F(BodyRewriterTest, Rounds_AreReleasedOnceTaken) {
  const py::module_ project = load(R"py(
import weakref
class Value: pass
alive = weakref.WeakSet()
def make():
    value = Value(); alive.add(value)
    return value
def bench():
    for i in range(10):
        make()
)py");
  Result<RewrittenBody> body = rewriter_.prepare(project.attr("bench"));
  ASSERT_TRUE(body);
  body->install();
  project.attr("bench")();
  {
    const std::vector<BodyValue> values = body->take_values();
    ASSERT_EQ(values.size(), 1U);
    EXPECT_EQ(values[0].count, 10U);
    EXPECT_TRUE(values[0].rounds);
    EXPECT_EQ(py::len(values[0].value), 10U);
  }
  EXPECT_EQ(py::len(project.attr("alive")), 0U);
  EXPECT_THAT(body->take_values(), IsEmpty());
}

TEST_F(BodyRewriterTest, RoundsOfAMutableValue_AreCopies) {
  EXPECT_THAT(
      body_of(R"py(
def put(x, out):
    out[0] = x
    return out
def bench():
    out = [0, [0]]
    for i in range(3):
        put(i, out)
    for i in range(3):
        put([i, {"k": {i}}, bytearray(1)], out)
)py"),
      ElementsAre("0 3 put(i, out) -> [[0, [0]], [1, [0]], [2, [0]]]",
                  "1 3 put([i, {\"k\": {i}}, bytearray(1)], out) -> [[[0, {'k': {0}}, bytearray(b'\\x00')], [0]], "
                  "[[1, {'k': {1}}, bytearray(b'\\x00')], [0]], [[2, {'k': {2}}, bytearray(b'\\x00')], [0]]]"));
}

TEST_F(BodyRewriterTest, ValueChangedLater_IsRecordedBeforeAndAfter) {
  EXPECT_THAT(body_of(R"py(
def bench():
    x = sorted([2, 1])
    for i in range(2):
        y = sorted([i, 3, 2])
        y.reverse()
    x.clear()
    z = list()
    z.append(1)
)py"),
              ElementsAre("0 1 x = sorted([2, 1]) -> []", "1 2 y = sorted([i, 3, 2]) -> [[3, 2, 0], [3, 2, 1]]",
                          "3 1 x.clear() -> None", "4 1 z = list() -> [1]", "5 1 z.append(1) -> None",
                          "6 1 x = sorted([2, 1]) (when it had run) -> [1, 2]",
                          "7 2 y = sorted([i, 3, 2]) (when it had run) -> [[0, 2, 3], [1, 2, 3]]"));
}

TEST_F(BodyRewriterTest, Iteration_RecordsTheItemsThatPassed) {
  EXPECT_THAT(
      body_of(R"py(
import contextlib, itertools
DATA = [1, 2]
def gen():
    yield from "ab"
def bench():
    for x in gen(): pass
    for x in DATA: pass
    for i, x in enumerate(gen()):
        break
    for i, x in enumerate(DATA): pass
    g = gen()
    for x in g: pass
    d = iter(DATA)
    for x in d: pass
    for i, x in enumerate(gen(), 1): pass
    h = gen()
    for i, x in zip([1, 2, 3], h): pass
    for k, group in itertools.groupby(gen()): pass
    any(x == "a" for x in gen())
    with contextlib.nullcontext([5]) as x: pass
    return [0 for x in gen()]
)py"),
      ElementsAre(HasSubstr("0 1 g = gen() -> <generator"), HasSubstr("1 1 d = iter(DATA) -> <list_iterator"),
                  HasSubstr("2 1 h = gen() -> <generator"), "3 1 any(x == \"a\" for x in gen()) -> True",
                  "4 2 for x in gen() -> ['a', 'b']", "6 1 for i, x in enumerate(gen()) -> [(0, 'a')]",
                  "8 2 for x in g -> ['a', 'b']", "10 2 for i, x in enumerate(gen(), 1) -> [(1, 'a'), (2, 'b')]",
                  "11 2 for i, x in zip([1, 2, 3], h) -> ['a', 'b']",
                  "12 2 for k, group in itertools.groupby(gen()) -> [('a', None), ('b', None)]",
                  "13 1 x in gen() -> ['a']", "14 1 any(x == \"a\" for x in gen()) -> [True]",
                  "15 1 with contextlib.nullcontext([5]) as x -> [5]", "16 2 x in gen() -> ['a', 'b']"));
}

TEST_F(BodyRewriterTest, IterationOverAList_RecordsTheItemsThatPassed) {
  EXPECT_THAT(body_of(R"py(
queue = [1]
def made(of, items): return of(items)
def bench(n=1):
    for x in made(sorted, [3, 1, 2]): pass
    for x in made(list, [3, 1, 2]):
        if x == 1: break
    for x in made(lambda q: q, queue):
        if n and len(queue) < 4: queue.append(x + 10)
    for x in made(list, "ab"):
        if n: bench(n - 1)
    for x in made(dict.fromkeys, "cd"): pass
    for x in made(range, 2): pass
    for x in made(list, [[7]]): x.append(n)
    for x in made(list, ()): pass
)py"),
              ElementsAre("3 9 for x in made(sorted, [3, 1, 2]) -> [1, 2, 3, 1, 2, 3, 1, 2, 3]",
                          "4 6 for x in made(list, [3, 1, 2]) -> [3, 1, 3, 1, 3, 1]",
                          "5 12 for x in made(lambda q: q, queue) -> [1, 11, 21, 31, 1, 11, 21, 31, 1, 11, 21, 31]",
                          "6 6 for x in made(list, \"ab\") -> ['a', 'b', 'a', 'b', 'a', 'b']",
                          "7 6 for x in made(dict.fromkeys, \"cd\") -> ['c', 'd', 'c', 'd', 'c', 'd']",
                          "8 6 for x in made(range, 2) -> [0, 1, 0, 1, 0, 1]",
                          "9 3 for x in made(list, [[7]]) -> [[7], [7], [7]]", "10 0 for x in made(list, ()) -> []"));
}

TEST_F(BodyRewriterTest, UnsharedRounds_KeepTheirOwnValues) {
  EXPECT_THAT(body_of(R"py(
shared = [0]
kept = []
def fresh(i): return {"a": [i, (i, [i])], "s": {i}}
def partly(i):
    shared[0] = i
    return [shared, (shared, [i])]
def remembers(i):
    kept.append([i])
    for each in kept: each[0] = i
    return kept[-1]
def bench():
    for i in range(2): fresh(i)
    for i in range(2): partly(i)
    for i in range(2): remembers(i)
)py"),
              ElementsAre("0 2 fresh(i) -> [{'a': [0, (0, [0])], 's': {0}}, {'a': [1, (1, [1])], 's': {1}}]",
                          "1 2 partly(i) -> [[[0], ([0], [0])], [[1], ([1], [1])]]", "2 2 remembers(i) -> [[0], [1]]"));
}

TEST_F(BodyRewriterTest, LoopWithBreakElseOrError_RunsAsWithoutRecording) {
  (void)body_of(R"py(
log = []
def gen():
    try:
        for i in range(5):
            log.append(i)
            yield i
    finally: log.append("closed")
def fails():
    yield 1
    raise KeyError("k")
def bench():
    for i in gen():
        if i == 1: break
    else: log.append("else")
    log.append("after")
    for i in gen():
        if i < 4: continue
    else: log.append("else")
    try:
        for i in fails(): log.append(i)
    except KeyError as error: log.append(str(error))
    try:
        for i in int(5): pass
    except TypeError as error: log.append(str(error))
    return log
)py");
  EXPECT_EQ(py::repr(result_).cast<std::string>(),
            "[0, 1, 'closed', 'after', 0, 1, 2, 3, 4, 'closed', 'else', 1, \"'k'\", \"'int' object is not iterable\"]");
}

TEST_F(BodyRewriterTest, Iterator_IsNotUsedUp) {
  EXPECT_THAT(
      body_of(R"py(
def bench():
    numbers = (x for x in range(3))
    first = next(numbers)
    return list(numbers)
)py"),
      ElementsAre(HasSubstr("numbers = (x for x in range(3)) -> <generator"), "1 1 first = next(numbers) -> 0"));
  EXPECT_EQ(py::repr(result_).cast<std::string>(), "[1, 2]");
}

TEST_F(BodyRewriterTest, SourceText_IsOneShortLineOfUtf8) {
  const std::vector<std::string> body = body_of(R"py(
def bench():
    len(
        "é",
    ) if True else 0; len("ü"); x = len("ééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé")
)py");
  ASSERT_EQ(body.size(), 3U);
  EXPECT_EQ(body[0].substr(0, 31), "0 1 len( \"é\", ) if True else 0");
  EXPECT_THAT(body[1], HasSubstr("1 1 len(\"ü\") -> 1"));
  EXPECT_THAT(body[2], HasSubstr("é... -> 61"));
}

TEST_F(BodyRewriterTest, EmptyBodyOrNone_DoesNothing) {
  const py::module_ project = load(R"py(
def nothing():
    """A memory reference."""
    pass
def returns(): return
def returns_none(): ...; return None
def one(): return 1
def calls(): len("a")
)py");
  const auto does_nothing = [&](const char* name) { return rewriter_.prepare(project.attr(name))->does_nothing(); };
  EXPECT_TRUE(does_nothing("nothing"));
  EXPECT_TRUE(does_nothing("returns"));
  EXPECT_TRUE(does_nothing("returns_none"));
  EXPECT_FALSE(does_nothing("one"));
  EXPECT_FALSE(does_nothing("calls"));
}

TEST_F(BodyRewriterTest, NoPlainFunction_IsRefusedWithTheReason) {
  const py::module_ project = load(R"py(
def generator(): yield len("a")
async def coroutine(): len("a")
async def async_generator(): yield 1
anonymous = lambda: len("a")
made = {}
exec("def f(): len('a')", made)
no_source = made["f"]
)py");
  EXPECT_THAT(refusal(project.attr("generator")), HasSubstr("project.generator is not observed: it is a generator"));
  EXPECT_THAT(refusal(project.attr("coroutine")), HasSubstr("it is a coroutine"));
  EXPECT_THAT(refusal(project.attr("async_generator")), HasSubstr("it is a generator"));
  EXPECT_THAT(refusal(project.attr("anonymous")), HasSubstr("it is a lambda"));
  EXPECT_THAT(refusal(project.attr("no_source")), HasSubstr("its source ('<string>') can't be read"));
  EXPECT_THAT(refusal(py::module_::import("builtins").attr("len")), HasSubstr("not a function written in Python"));
}

TEST_F(BodyRewriterTest, FileChangedAfterImport_IsRefused) {
  const py::module_ project = load("def bench(): return len('abc')\ndef other(): return len('d')\n");
  folder_.write("project.py", "def bench(): return len('abd')\ndef other(): return len('d')\n");
  EXPECT_THAT(refusal(project.attr("bench")), HasSubstr("the file changed after it was imported"));
  EXPECT_TRUE(rewriter_.prepare(project.attr("other")));

  BodyRewriter later;
  folder_.write("project.py", "def bench(: syntax error\n");
  const Result<RewrittenBody> body = later.prepare(project.attr("bench"));
  ASSERT_FALSE(body);
  EXPECT_THAT(body.error().message, HasSubstr("SyntaxError"));
}

TEST_F(BodyRewriterTest, WarningFilters_StayAndNothingWarns) {
  const py::module_ warnings = py::module_::import("warnings");
  const py::object guard = warnings.attr("catch_warnings")();
  guard.attr("__enter__")();
  warnings.attr("simplefilter")("error");
  const py::object filters = py::list(warnings.attr("filters"));
  const py::module_ project = load("def bench(): return len('abc')\n");
  folder_.write("project.py", "def bench(): return len('abc')\nescape = lambda: '\\d'\n");
  EXPECT_TRUE(rewriter_.prepare(project.attr("bench")));
  EXPECT_TRUE(py::list(warnings.attr("filters")).equal(filters));
  guard.attr("__exit__")(py::none(), py::none(), py::none());
}

TEST_F(BodyRewriterTest, ThreadsAndRecursion_RecordEachCall) {
  EXPECT_THAT(body_of(R"py(
import threading
def leaf(x): return x
depth = 0
def bench(n=3):
    leaf(n)
    if n:
        t = threading.Thread(target=bench, args=(n - 1,))
        t.start(); t.join()
)py"),
              ElementsAre("0 4 leaf(n) -> 0", HasSubstr("1 3 t = threading.Thread"), "2 3 t.start() -> None",
                          "3 3 t.join() -> None"));
}

}  // namespace
}  // namespace snapshot_test::host::trace
