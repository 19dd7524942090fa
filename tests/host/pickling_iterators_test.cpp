// What is an iterator, and what it gives.
#include "host/pickling_support.hpp"

namespace snapshot_test::test {
namespace {

TEST(PicklingIterators, ObjectThatIsNoIterator_IsPickledAsAnObject) {
  run_python(R"py(
scope = {}
exec('''
class Plain:
    def __init__(self, v): self.v = v
class Failing(Exception): pass
''', scope)
for thing in [scope["Plain"](3), scope["Failing"]("x")]:
    got = back(thing)
    assert got["__snapshot_test__"] == "instance", got
    assert data(thing) != data(scope["Plain"](4)), thing
if sys.version_info >= (3, 11):
    make = lambda text: ExceptionGroup("g", [ValueError(text)])
    assert back(make("a")).exceptions[0].args == ("a",) and data(make("a")) != data(make("b"))
class Restarts:                              # an iterable with a __next__, but iter() gives another object
    def __init__(self, v): self.v = v
    def __iter__(self): return iter([self.v])
    def __next__(self): raise RuntimeError("not for you")
class NoIter:
    def __init__(self, v): self.v = v
    def __next__(self): raise RuntimeError("not for you")
for kind in Restarts, NoIter:
    assert type(back(kind(1))) is kind and data(kind(1)) != data(kind(2))
class Locked:
    def __init__(self, v): self.v = v
    def __next__(self): raise RuntimeError("not for you")
    def __reduce_ex__(self, protocol): raise TypeError("no")
assert back(Locked(1))["state"] == {"v": 1}
file = open(__file__ if "__file__" in globals() else __import__("os").devnull)
assert dump([file, 1]).partly and not file.closed and file.tell() == 0
assert dump((x for x in [file])).error is None and file.tell() == 0
)py");
}

TEST(PicklingIterators, IteratorClassOfOnesOwn_HasItsItemsAndState) {
  run_python(R"py(
class Counter:
    def __init__(self, end): self.end = end; self.i = 0
    def __iter__(self): return self
    def __next__(self):
        if self.i == self.end: raise StopIteration
        self.i += 1
        return self.i
got = back(Counter(3))
assert got["__snapshot_test__"] == "iterator" and got["items"] == [1, 2, 3] and got["state"] == {"end": 3, "i": 0}, got
)py");
}

TEST(PicklingIterators, ItemsTiedToTheirIterator_AreTakenAsTheyPass) {
  run_python(R"py(
import itertools, re, csv
def groups(words): return itertools.groupby(words, key=len)
got = back(groups(["a", "b", "cc", "d"]))
assert [(k, g["items"]) for k, g in got["items"]] == [(1, ["a", "b"]), (2, ["cc"]), (1, ["d"])], got
assert data(groups(["a", "b", "cc"])) != data(groups(["a", "x", "cc"]))
def chunks(items, n):                        # as more_itertools.ichunked: each chunk reads from the same source
    source = iter(items)
    for first in source:
        yield itertools.chain([first], itertools.islice(source, n - 1))
assert [c["items"] for c in back(chunks(range(7), 3))["items"]] == [[0, 1, 2], [3, 4, 5], [6]]
nested = ([("k", i, (j for j in range(i)))] for i in range(3))
assert [i[0][2]["items"] for i in back(nested)["items"]] == [[], [0], [0, 1]]
a, b = itertools.tee(x for x in [1, 2])
assert [t["items"] for t in back([a, b])] == [[1, 2], [1, 2]]
assert [m["span"] for m in back(re.finditer("a", "aba"))["items"]] == [(0, 1), (2, 3)]
assert back(csv.reader(["a,b", "c"]))["items"] == [["a", "b"], ["c"]]
assert back(zip((x for x in "ab"), (y for y in "cd")))["items"] == [("a", "c"), ("b", "d")]
endless = ((itertools.count(i)) for i in itertools.count())
result = dump(endless, max_items=10)
assert result.error is None and "only its first" in result.partly, result.partly
many = lambda last: (itertools.repeat(i, 3) for i in [*range(30), last])     # beyond the kept ones, too
assert data(many(1), max_items=5) == data(many(1), max_items=5) != data(many(2), max_items=5)
)py");
}

TEST(PicklingIterators, ItemsBeyondTheKept_ChangeTheBytes) {
  run_python(R"py(
def numbers(changed):
    for i in range(11_000):
        yield -1 if i == changed else i
got = back(numbers(None))
assert len(got["items"]) == 10_000 and "more" not in got
rest = got["rest"]
assert rest["__snapshot_test__"] == "digest" and rest["count"] == 1000 and "sum" not in rest     # integers are exact
floats = back((-1) ** i * 0.5 for i in range(10_003))["rest"]
assert floats["sum"] == 0.5 and floats["abs"] == 1.5
assert dump(numbers(None)).partly == "" and data(numbers(None)) == data(numbers(None))
assert data(numbers(10_900)) != data(numbers(None))
assert "sum" not in back(str(i) for i in range(10_001))["rest"]
result = dump((i for i in range(1000)), max_items=5)
assert pickle.loads(result.data)["more"] is True and "only its first 500 items were looked at" in result.partly, result.partly
locks = dump((__import__("threading").Lock() for i in range(20)), max_items=5)
assert "lock" in locks.partly
d = dict.fromkeys(range(11_000))
assert len(back(d.keys())["items"]) == 11_000
)py");
}

TEST(PicklingIterators, IteratorThatRaises_HasTheExceptionAndIsPartly) {
  run_python(R"py(
def broken(error, n=2):
    yield from range(n)
    raise error
assert data(broken(ValueError("a"))) == data(broken(ValueError("a"))) != data(broken(ValueError("b")))
assert data(broken(ValueError("a"))) != data(broken(KeyError("a"))) and data(broken(ValueError("a"))) != data(iter(range(2)))
result = dump([broken(ValueError("a"))])
assert result.partly == "[0]: iterating raised ValueError: a after 2 items", result.partly
late = dump(broken(ValueError("a"), 30), max_items=5)
assert pickle.loads(late.data)["rest"]["count"] == 25 and "after 30 items" in late.partly
)py");
}

}  // namespace
}  // namespace snapshot_test::test
