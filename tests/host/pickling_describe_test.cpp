// What cannot be pickled is described, and whether that says anything is known.
#include "host/pickling_support.hpp"

namespace snapshot_test::test {
namespace {

TEST(PicklingDescriptions, Iterator_BecomesItsItems) {
  run_python(R"py(
import itertools, collections
class Own:
    def __init__(self): self.n = 0; self.lock = __import__("threading").Lock(); self.refuse = True
    def __iter__(self): return self
    def __next__(self):
        self.n += 1
        if self.n > 3: raise StopIteration
        return self.n
    def __reduce_ex__(self, p): raise TypeError("no")
makers = [lambda: (i for i in [1, 2, 3]), lambda: iter([1, 2, 3]), lambda: iter((1, 2, 3)), lambda: iter({1: 0, 2: 0, 3: 0}),
          lambda: map(abs, [-1, 2, -3]), lambda: filter(None, [0, 1, 2, 3]), lambda: iter(range(1, 4)), lambda: itertools.islice(itertools.count(1), 3),
          lambda: itertools.chain([1], [2, 3]), lambda: reversed([3, 2, 1]), lambda: iter(collections.deque([1, 2, 3])), lambda: iter(bytes([1, 2, 3])),
          lambda: iter({1, 2, 3}), lambda: iter(collections.OrderedDict({1: 0, 2: 0, 3: 0})), Own]
for make in makers:
    result = dump(make())
    got = back(make())
    assert got["__snapshot_test__"] == "iterator" and got["items"] == [1, 2, 3], got
    assert got["type"] == type(make()).__module__ + "." + type(make()).__qualname__
    assert result.content == "checked" and result.described >= 1 and "more" not in got
assert back(zip([1], "a"))["items"] == [(1, "a")]
assert back(enumerate("a"))["items"] == [(0, "a")]
empty = dump(iter([]))
assert empty.content == "checked"      # that it yields nothing is something
)py");
}

TEST(PicklingDescriptions, Iterator_IsDrainedOnceInARun) {
  run_python(R"py(
g = (i * i for i in range(4))
first = data([g])
assert data([g]) == first and back({"again": g})["again"]["items"] == [0, 1, 4, 9]
a, b = back([g, g])
assert a is b
new_run()
assert back(g)["items"] == []          # a new run knows nothing of it: the iterator itself is exhausted
)py");
}

TEST(PicklingDescriptions, IteratorAtTheLimitOrRaising_KeepsWhatItGave) {
  run_python(R"py(
import itertools
result = dump(itertools.count(), max_items=5)
got = pickle.loads(result.data)
assert got["items"] == [0, 1, 2, 3, 4] and got["more"] is True
assert any("first 5 items" in note for note in result.notes), result.notes
exact = pickle.loads(dump(iter(range(5)), max_items=5).data)
assert exact["items"] == [0, 1, 2, 3, 4] and "more" not in exact
default = back(itertools.count())
assert len(default["items"]) == 10000 and default["more"]
def broken():
    yield 1
    raise ValueError("half-way")
got = back(broken())
assert got["items"] == [1] and got["raised"] == "ValueError: half-way"
def selfish():
    yield me
me = selfish()
got = back(me)
assert got["items"][0] is got
nested = back(x for x in [(y for y in [1]), 2])
assert nested["items"][0]["items"] == [1]
)py");
}

TEST(PicklingDescriptions, Function_IsDescribedByNameAndCode) {
  run_python(R"py(
def make(n):
    def inner(x): return x + 1
    def other(x): return x + 2
    return [inner, other][n]
got = back(make(0))
assert got["__snapshot_test__"] == "function" and got["name"] == "__main__.make.<locals>.inner"
assert data(make(0)) == data(make(0)) and back(make(0))["code"] != back(make(1))["code"]
for thing in [make, len, sys, [make], (len, abs), types.SimpleNamespace(f=make)]:    # a name is nothing that was computed
    assert dump(thing).content == "described", thing
for thing in [make(0), lambda: 1, make.__code__, [make(0)], types.SimpleNamespace(f=make(0))]:
    assert dump(thing).content == "checked", thing
assert dump([make(0), 1]).content == "checked"
assert back(sys)["name"] == "sys" and back(sys)["__snapshot_test__"] == "module"
class Thing: v = 3
method = (lambda self: 1).__get__(Thing())          # no attribute of its object
got = back(method)
assert got["__snapshot_test__"] == "method" and type(got["self"]) is Thing
frozen = compile("x in {'a', 'b', 'c'}", "f", "eval")
assert back(frozen)["code"] == back(compile("\n\nx in {'a', 'b', 'c'}", "g", "eval"))["code"]   # where it stands is not what it does
)py");
}

TEST(PicklingDescriptions, ValueWithoutContent_IsDescribedOnly) {
  run_python(R"py(
import threading, socket, asyncio, tempfile, weakref, collections
class Empty: pass
class Slotted: __slots__ = ()
async def coroutine(): pass
async def generator(): yield 1
c = coroutine()
sock = socket.socket()
file = tempfile.TemporaryFile()
text = open(__import__("os").devnull)
keep = Empty()
try:
    raise ValueError
except ValueError as e:
    tb = e.__traceback__
for thing in [threading.Lock(), threading.RLock(), threading.Thread(), sock, file, text, c, generator(), object(), Empty(), Slotted(),
              weakref.ref(keep), weakref.proxy(keep), sys._getframe(), tb, threading.local(), [threading.Lock()], (object(), object()),
              types.CellType(threading.Lock())]:
    result = dump(thing)
    assert result.error is None and result.content == "described", (thing, result.__dict__)
    back(thing)
c.close(); sock.close(); file.close(); text.close()
for thing in [None, 0, "", (), [], {}, set(), frozenset(), b"", int, collections.deque(), collections.OrderedDict(), range(0), [None]]:
    assert dump(thing).content == "checked", thing
class Holder: pass
h = Holder(); h.lock = threading.Lock()
assert dump(h).content == "described"       # an attribute's name is no content
h.value = 0
result = dump(h)
assert result.content == "checked" and result.described == 1
got = back(h)
assert type(got) is Holder and got.value == 0 and got.lock["type"] in ("_thread.lock", "thread.lock")
)py");
}

TEST(PicklingDescriptions, InstanceThatRefusesPickling_HasItsAttributes) {
  run_python(R"py(
class Refuses:
    def __init__(self): self.a = 1; self.me = self
    def __reduce_ex__(self, protocol): raise TypeError("never")
class BadState:
    __slots__ = ("x", "y")
    def __getstate__(self): raise RuntimeError("state")
class RefusingDict(dict):
    def __reduce_ex__(self, protocol): raise TypeError("never")
    def __iter__(self): raise RuntimeError("not even this")
class RefusingList(list):
    def __reduce_ex__(self, protocol): raise TypeError("never")
class RefusingInt(int):
    def __reduce_ex__(self, protocol): raise TypeError("never")
class RefusingStr(str):
    def __reduce_ex__(self, protocol): raise TypeError("never")
class Nonsense:
    def __reduce_ex__(self, protocol): return 5
class NotGlobal:
    def __init__(self): self.q = 2
    def __reduce_ex__(self, protocol): return "no_such_name"
got = back([Refuses()])[0]
assert got["__snapshot_test__"] == "instance" and got["type"] == "__main__.Refuses" and got["state"]["a"] == 1 and got["state"]["me"] is got
bad = BadState(); bad.x = 5
assert back(bad)["state"] == {"x": 5}
assert back(RefusingDict(a=1))["value"] == {"a": 1}
assert back(RefusingList([1, 2]))["value"] == [1, 2]
assert back(RefusingInt(5))["value"] == 5 and back(RefusingStr("é"))["value"] == "é"
assert back(Nonsense())["type"] == "__main__.Nonsense" and dump(Nonsense()).content == "described"
assert back(NotGlobal())["state"] == {"q": 2}
assert any("never" in note and note.startswith("$[0]") for note in dump([Refuses()]).notes)
def local():
    class Local:
        def __init__(self): self.v = [1, 2]
    return Local
got = back([local()(), local()()])
assert [g["state"]["v"] for g in got] == [[1, 2]] * 2 and got[0]["type"] == "__main__.local.<locals>.Local"
assert back(local())["__snapshot_test__"] == "class"
import collections
got = back(collections.defaultdict(lambda: 0, {"a": 1}))
assert got["type"] == "collections.defaultdict" and got["dict_items"] == {"a": 1}
import functools
got = back([functools.partial(lambda x: x, 1), 7])
assert got[1] == 7 and got[0]["type"] == "functools.partial" and dump(functools.partial(lambda x: x, 1)).content == "checked"
)py");
}

TEST(PicklingDescriptions, ViewsAndMatches_BecomeTheirContent) {
  run_python(R"py(
import re, mmap, weakref
d = {"a": 1, "b": 2}
assert back(d.keys())["items"] == ["a", "b"] and back(d.values())["items"] == [1, 2] and back(d.items())["items"] == [("a", 1), ("b", 2)]
assert back(types.MappingProxyType(d))["items"] == d
got = back(memoryview(b"abcdef")[1:4])
assert got["bytes"] == b"bcd" and got["shape"] == (3,) and got["format"] == "B"
assert back(memoryview(b"abcdef")[::2])["bytes"] == b"ace"
assert dump(memoryview(b"a")).content == "checked"
match = re.match(r"(?P<x>a)(b)?", "acd")
got = back(match)
assert got["span"] == (0, 1) and got["groups"] == ("a", None) and got["named"] == {"x": "a"} and got["string"] == "acd"
m = mmap.mmap(-1, 10); m[:3] = b"xyz"
assert back(m)["bytes"] == b"xyz" + b"\0" * 7
class A: pass
a = A()
got = back(weakref.ref(a))
assert got["referent"] == "__main__.A"
)py");
}

TEST(PicklingDescriptions, KeyboardInterruptOrMemoryError_IsThrown) {
  run_python(R"py(
class Interrupts:
    def __reduce_ex__(self, p): raise KeyboardInterrupt
class NoMemory:
    def __reduce_ex__(self, p): raise MemoryError
def generator():
    yield 1
    raise KeyboardInterrupt
class Items:
    def __reduce_ex__(self, p): return list, (), None, generator()
for thing, error in [(Interrupts(), KeyboardInterrupt), ([Interrupts()], KeyboardInterrupt), (NoMemory(), MemoryError), (generator(), KeyboardInterrupt),
                     (Items(), KeyboardInterrupt)]:
    try:
        dump(thing)
    except error:
        pass
    else:
        raise AssertionError(thing)
)py");
}

TEST(PicklingDescriptions, ManyNotes_AreCut) {
  run_python(R"py(
result = dump([object.__new__(type("Refuses", (), {"__reduce_ex__": lambda s, p: 1 / 0})) for _ in range(1000)])
assert result.described == 1000 and 2 < len(result.notes) < 100 and "more notes" in result.notes[-1]
)py");
}

}  // namespace
}  // namespace snapshot_test::test
