// pickle.loads gives back what was written.
#include "host/pickling_support.hpp"

namespace snapshot_test::test {
namespace {

TEST(PicklingRoundTrip, Scalars_ReadBackEqual) {
  run_python(R"py(
if hasattr(sys, "set_int_max_str_digits"):
    sys.set_int_max_str_digits(0)              # pickletools prints them
ints = [0, 1, 255, 256, 65535, 65536, 2**31 - 1, 2**31, 2**32, 2**39, 2**40 - 1, 2**47, 2**55, 2**56, 2**62, 2**63 - 1, 2**63, 2**64,
        2**127, 2**128, 2**2039, 2**2040, 2**5000, 3**20000]
ints += [-n for n in ints] + [-n - 1 for n in ints]
strings = ["", "a", "x" * 31, "x" * 32, "x" * 255, "x" * 256, "x" * 65535, "x" * 65536, "x" * 200000,
           "é" * 15, "é" * 16, "é" * 128, "é" * 40000, "語" * 100000, "😀" * 30000, "\ud800", "a\udfff b", "\0", "mixed é 語 😀"]
values = [None, True, False, 0.0, -0.0, 1.5, float("inf"), -float("inf"), 5e-324, 1e308, 1j, complex(-0.0, 2.5)]
values += ints + strings + [s.encode("utf-8", "surrogatepass") for s in strings] + [b"\0\xff" * 70000]
for value in values:
    got = back(value)
    assert type(got) is type(value) and got == value and repr(got) == repr(value), repr(value)[:80]
nan = back(float("nan"))
assert nan != nan
for number in ints + [1.5, -0.0]:
    assert data(number)[2:] in pickle.dumps(number, 5), number   # pickle's own opcodes, but for its frame
)py");
}

TEST(PicklingRoundTrip, Containers_ReadBackEqual) {
  run_python(R"py(
import collections, array
P = collections.namedtuple("P", "x y")
values = [(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), tuple(range(3000)),
          [], [1], list(range(999)), list(range(1000)), list(range(1001)), list(range(2500)),
          {}, {1: 2}, {i: str(i) for i in range(1000)}, {i: str(i) for i in range(2001)},
          set(), {1}, set(range(2500)), {1.5, "a", b"b", None, (1, "x")}, frozenset(), frozenset({1, 2}), frozenset(range(1500)),
          frozenset({frozenset({1}), frozenset({2, 3})}),
          bytearray(), bytearray(b"abc"), bytearray(100000),
          [[[]]], {"a": [1, {"b": ({"c"},)}]},
          collections.OrderedDict([(3, 1), (1, 2)]), collections.defaultdict(list, a=[1]), collections.Counter("hello"),
          collections.deque([1, 2, 3], maxlen=5), collections.deque(), P(1, [2]), collections.ChainMap({1: 2}, {3: 4}),
          array.array("d", [1.5, 2.5]), array.array("u", "ab") if sys.version_info < (3, 13) else array.array("w", "ab"),
          range(3, 20, 4), slice(1, None, 2)]
for value in values:
    got = back(value)
    assert type(got) is type(value) and got == value, repr(value)[:80]
assert back(collections.deque([1], maxlen=5)).maxlen == 5
assert list(back(collections.OrderedDict([(3, 1), (1, 2)]))) == [3, 1]
)py");
}

TEST(PicklingRoundTrip, StandardLibraryTypes_ReadBackEqual) {
  run_python(R"py(
import datetime, decimal, enum, fractions, functools, ipaddress, operator, pathlib, random, re, uuid
class Colour(enum.Enum):
    RED = 1
    BLUE = "b"
class Flags(enum.Flag):
    A = 1
    B = 2
values = [decimal.Decimal("1.50"), fractions.Fraction(3, 7), datetime.datetime(2020, 1, 2, 3, 4, 5, 6),
          datetime.datetime(2020, 1, 2, tzinfo=datetime.timezone(datetime.timedelta(hours=2))), datetime.date(1, 1, 1),
          datetime.time(1, 2), datetime.timedelta(days=-1, microseconds=3), Colour.RED, Colour.BLUE, Flags.A | Flags.B,
          uuid.UUID(int=5), pathlib.PurePosixPath("/a/b"), re.compile("a+", re.I), ipaddress.ip_address("::1"),
          type(None), type(...), type(NotImplemented), Ellipsis, NotImplemented, int, list, dict, type,
          len, sorted, abs, operator.add, operator.itemgetter(1), functools.reduce, datetime.datetime.now, "abc".upper]
for value in values:
    got = back(value)
    assert type(got) is type(value), value
    if callable(value) and not isinstance(value, type) and getattr(value, "__self__", None) == "abc":
        assert got() == value()
    elif isinstance(value, operator.itemgetter):
        assert got([4, 5]) == 5
    else:
        assert got == value, value
assert back(functools.partial(int, base=2))("101") == 5
error = back(ValueError("a", 3))
assert type(error) is ValueError and error.args == ("a", 3)
class Custom(Exception):
    def __init__(self, code):
        super().__init__(code)
        self.code = code
        self.extra = [1]
error = back(Custom(4))
assert type(error) is Custom and error.code == 4 and error.extra == [1]
state = random.Random(5)
again = back(state)
assert again.random() == state.random()
assert back(types.SimpleNamespace(a=1, b=[2])) == types.SimpleNamespace(a=1, b=[2])
assert back(io.BytesIO(b"abc")).getvalue() == b"abc"
)py");
}

TEST(PicklingRoundTrip, Instances_ReadBackEqual) {
  run_python(R"py(
import dataclasses, copyreg
class Plain:
    def __init__(self, **k): self.__dict__.update(k)
    def __eq__(self, o): return type(o) is type(self) and o.__dict__ == self.__dict__
    def method(self): return ("m", self)
class Slots:
    __slots__ = ("a", "b", "__weakref__")
    def __eq__(self, o): return getattr(self, "a", 0) == getattr(o, "a", 0) and getattr(self, "b", 0) == getattr(o, "b", 0)
class SlotsAndDict(Slots):
    pass
class State(Plain):
    def __getstate__(self): return ("state", self.x)
    def __setstate__(self, s): assert s[0] == "state"; self.x = s[1]
class FalseState(Plain):
    def __getstate__(self): return 0
    def __setstate__(self, s): self.got = s
class NewArgs(tuple):
    def __new__(cls, a, b): return super().__new__(cls, (a, b))
    def __getnewargs__(self): return tuple(self)
class NewArgsEx(Plain):
    def __new__(cls, *a, **k): cls.made = (a, k); return super().__new__(cls)
    def __init__(self, *a, **k): pass
    def __getnewargs_ex__(self): return (1, 2), {"k": 3}
class MyList(list): pass
class MyDict(dict): pass
class MyStr(str): pass
class MyInt(int): pass
class MyFloat(float): pass
class MyBytes(bytes): pass
class MySet(set): pass
@dataclasses.dataclass(frozen=True)
class Data:
    x: int
    y: list
class Outer:
    class Inner(Plain): pass
class Meta(type): pass
class WithMeta(Plain, metaclass=Meta): pass

s = Slots(); s.a = 1
sd = SlotsAndDict(); sd.b = 2; sd.free = 3
my = MyList([1, 2]); my.attr = "x"
values = [Plain(x=1, y=[2]), Plain(), s, sd, State(x=5), NewArgs(1, 2), NewArgsEx(9), my, MyDict(a=1), MyStr("text"), MyInt(7), MyFloat(1.5),
          MyBytes(b"b"), MySet({1, 2}), Data(1, [2]), Outer.Inner(z=1), WithMeta(q=1), WithMeta, Outer.Inner]
for value in values:
    got = back(value)
    assert type(got) is type(value) and got == value, value
assert back(my).attr == "x" and back(sd).free == 3
back(NewArgsEx(9))
assert NewArgsEx.made == ((1, 2), {"k": 3})
bound = back(Plain(x=3).method)
assert bound()[1].x == 3
assert back(FalseState(x=1)).got == 0

class Ext:
    def __init__(self, v): self.v = v
copyreg.pickle(Ext, lambda e: (Ext, (e.v * 2,)))
assert back(Ext(3)).v == 6
del copyreg.dispatch_table[Ext]
)py");
}

TEST(PicklingRoundTrip, EveryFormOfReduction_ReadsBackEqual) {
  run_python(R"py(
class Base:
    def __init__(self): self.log = []
    def append(self, x): self.log.append(("append", x))
    def extend(self, xs): self.log.extend(("append", x) for x in xs)
    def __setitem__(self, k, v): self.log.append(("set", k, v))
def setter(obj, state): obj.log.append(("setter", state))
class Two(Base):
    def __reduce__(self): return Two, ()
class Three(Base):
    def __reduce__(self): return Three, (), {"log": ["state"]}
class Four(Base):
    def __reduce__(self): return Four, (), None, iter([1, [2]])
class FourLong(Base):
    def __reduce__(self): return FourLong, (), None, iter(range(2500))
class Five(Base):
    def __reduce__(self): return Five, (), None, iter([1]), iter([("k", "v"), (2, 3)])
class Six(Base):
    def __reduce_ex__(self, protocol):
        assert protocol == 5
        return Six, (), {"any": "thing"}, None, None, setter
class Global(Base):
    def __reduce__(self): return "singleton"
singleton = Global()
assert back(Two()).log == []
assert back(Three()).log == ["state"]
assert back(Four()).log == [("append", 1), ("append", [2])]
assert back(FourLong()).log == [("append", i) for i in range(2500)]
assert back(Five()).log == [("append", 1), ("set", "k", "v"), ("set", 2, 3)]
assert back(Six()).log == [("setter", {"any": "thing"})]
assert back(singleton) is singleton
)py");
}

TEST(PicklingRoundTrip, SharedAndCyclicObjects_StaySo) {
  run_python(R"py(
class Node:
    pass
shared = [1]
a, b = back([shared, shared])
assert a is b
long = "x" * 50
a, b = back([long, long])
assert a is b
loop = []; loop.append(loop)
got = back(loop)
assert got[0] is got
loop = {}; loop["me"] = loop
got = back(loop)
assert got["me"] is got
for size in (1, 2, 3, 5):
    inner = []
    t = (inner,) * 1 + tuple(range(size - 1))
    inner.append(t)
    got = back(t)
    assert got[0][0] is got and got[1:] == t[1:] and len(got) == size
    got = back(inner)
    assert got[0][0] is got
node = Node(); node.me = node; node.list = [node, (node,)]
got = back(node)
assert got.me is got and got.list[1][0] is got
node = Node(); fs = frozenset([node]); node.fs = fs
got = back(fs)
assert next(iter(got)).fs is got
got = back(node)
assert next(iter(got.fs)) is got
class Key:
    def __hash__(self): return 1
    def __eq__(self, o): return isinstance(o, Key)
k = Key(); d = {k: 1}; k.d = d
got = back(d)
assert list(got)[0].d is got
# An object that its own constructor's arguments lead back to.
class Args:
    def __init__(self, x): self.x = x
    def __reduce__(self): return Args, (self.x,)
holder = []
obj = Args(holder); holder.append(obj)
got = back(obj)
assert got.x[0] is got
n = Node(); n.own = n.__dict__
got = back(n)
assert got.own["own"] is got.own
# Many memo entries: numbers beyond one byte.
lists = [[i] for i in range(400)]
got = back(lists + lists)
assert all(got[i] is got[i + 400] for i in range(400))
)py");
}

TEST(PicklingRoundTrip, BufferInAReduction_ReadsBackEqual) {
  run_python(R"py(
class Holder:
    def __init__(self, b): self.b = b
    def __reduce__(self): return Holder, (pickle.PickleBuffer(self.b),)
assert back(Holder(b"x" * 300000)).b == b"x" * 300000
got = back(Holder(bytearray(b"y" * 10))).b
assert got == b"y" * 10 and type(got) is bytearray
assert back(pickle.PickleBuffer(memoryview(b"abcdef")[::2])) == b"ace"
)py");
}

TEST(PicklingRoundTrip, PurePythonUnpickler_ReadsThePickle) {
  run_python(R"py(
value = {"a": [1, 2.5, None, "x" * 100], "b": {1, 2, 3}, "c": (b"bytes", bytearray(b"ba"), 2**70)}
# The pure-Python unpickler reads it, too.
assert pickle._loads(data(value)) == value
# No frames: a frame's length is only known once everything is in memory.
assert all(op.name != "FRAME" for op, _, _ in pickletools.genops(data(value)))
assert data(value)[:2] == b"\x80\x05"
)py");
}

}  // namespace
}  // namespace snapshot_test::test
