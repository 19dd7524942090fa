"""One value of every kind that the reader knows, pickled by whatever Python runs this.

    pickle_zoo.py FOLDER [--numpy] [--each]

writes FOLDER/<kind>-<version>-<pickler>-p<protocol>.pkl: a dict of all values by name, with each protocol and with
both of Python's picklers; <kind> is "python" and the version Python's, or "numpy" and numpy's. --each writes every
value to a file of its own instead: FOLDER/<name>-p<protocol>.pkl, with protocol 5, and some with 0 or 2, too.
"""
import array
import collections
import dataclasses
import datetime
import decimal
import enum
import fractions
import functools
import io
import operator
import pathlib
import pickle
import platform
import sys
import uuid

# Pickles name classes by their module, and this one must have one name, however it is started.
if __name__ == "__main__":
    sys.modules["pickle_zoo"] = sys.modules["__main__"]


class Colour(enum.Enum):
    RED = 1
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1


class Access(enum.Flag):
    READ = 1
    WRITE = 2


Point = collections.namedtuple("Point", "x y")


@dataclasses.dataclass
class Body:
    name: str
    mass: float
    position: list = dataclasses.field(default_factory=list)


@dataclasses.dataclass(frozen=True)
class Frozen:
    a: int


class Plain:
    def __init__(self, **attributes):
        self.__dict__.update(attributes)


class Slotted:
    __slots__ = ("a", "b")

    def __init__(self):
        self.a, self.b = 1, [2]


class Stateful:
    def __getstate__(self):
        return (1, "state")

    def __setstate__(self, state):
        pass


class WithNewArgs:
    def __new__(cls, a, *, b=None):
        return super().__new__(cls)

    def __getnewargs_ex__(self):
        return (1,), {"b": 2}


class MyList(list):
    pass


class MyDict(dict):
    pass


class MyStr(str):
    pass


class MyInt(int):
    pass


class MyFloat(float):
    pass


class MyBytes(bytes):
    pass


class MySet(set):
    pass


class MyArray(array.array):
    pass


for _class in (Colour, Level, Access, Point, Body, Frozen, Plain, Slotted, Stateful, WithNewArgs, MyList, MyDict,
               MyStr, MyInt, MyFloat, MyBytes, MySet, MyArray):
    _class.__module__ = "pickle_zoo"


def with_attribute(value, **attributes):
    value.__dict__.update(attributes)
    return value


def cycles():
    ring = [1]
    ring.append(ring)
    table = {}
    table["self"] = table
    plain = Plain()
    plain.me = plain
    inner = []
    pair = (inner,)
    inner.append(pair)
    return {"list": ring, "dict": table, "object": plain, "tuple": pair}


def standard():
    shared = ["shared"]
    values = {
        "none": None,
        "bools": [True, False],
        "ints": [0, 1, -1, 255, 256, 65535, 65536, -128, 2**31 - 1, -2**31, 2**31, 2**63 - 1, -2**63, 2**63, -2**63 - 1,
                 2**64, 10**30, -10**30, 7**400],
        "floats": [0.0, -0.0, 1.5, 1e300, 5e-324, 0.1, float("inf"), float("-inf")],
        "nan": float("nan"),
        "complex": [1j, complex(-0.0, 2.5), complex("inf")],
        "str": ["", "ascii", "na\xefve", "\u20ac", "\U0001f600", "line\nbreak\\ \r\x1a\0", "\ud800", "x" * 260],
        "bytes": [b"", b"bytes", bytes(range(256)), b"y" * 260],
        "bytearray": [bytearray(), bytearray(b"mutable\xff")],
        "lists": [[], [1], [[1, 2], [3]], [None] * 1003],
        "tuples": [(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4)],
        "dicts": [{}, {"a": 1}, {1: {2: 3}}, {(1, 2): None, 1.5: "x"}, dict.fromkeys(range(1003))],
        "sets": [set(), {1}, {1, "a", None}],
        "frozensets": [frozenset(), frozenset([1, 2])],
        "shared": [shared, shared, (shared, shared)],
        "cycles": cycles(),
        "range": [range(10), range(5, 0, -2)],
        "slice": [slice(None), slice(1, 10, 2)],
        "ellipsis": [..., NotImplemented],
        "decimal": [decimal.Decimal("1.50"), decimal.Decimal("NaN"), decimal.Decimal("-1E+400")],
        "fraction": fractions.Fraction(-22, 7),
        "datetime": [datetime.datetime(2024, 2, 29, 12, 30, 1, 999), datetime.date(1, 1, 1),
                     datetime.time(23, 59), datetime.timedelta(days=-1, microseconds=5)],
        "fold": datetime.time(23, 59, fold=1),
        "timezone": [datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc),
                     datetime.timezone(datetime.timedelta(hours=5, minutes=30), "IST")],
        "enum": [Colour.RED, Colour.BLUE, Level.LOW, Access.READ | Access.WRITE],
        "namedtuple": Point(1, [2]),
        "dataclasses": [Body("earth", 5.97e24, [1, 2, 3]), Frozen(3)],
        "ordered_dict": collections.OrderedDict([("z", 1), ("a", 2)]),
        "defaultdict": collections.defaultdict(list, {"k": [1]}),
        "deque": [collections.deque([1, 2, 3]), collections.deque([1, 2], maxlen=5)],
        "counter": collections.Counter("abracadabra"),
        "chain_map": collections.ChainMap({"a": 1}, {"b": 2}),
        "user_list": [collections.UserList([1]), collections.UserDict(a=1)],
        "user_string": collections.UserString("s"),
        "exceptions": [ValueError("bad", 1), KeyError(), StopIteration(3),
                       UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid")],
        "os_error": OSError(2, "No such file"),
        "uuid": uuid.UUID(int=2**127 + 5),
        "pathlib": [pathlib.PurePosixPath("/a/b.txt"), pathlib.PureWindowsPath("C:/a")],
        "classes": [int, Plain, dict, collections.OrderedDict, ValueError, type(None), type(...)],
        "functions": [len, operator.add, with_attribute, str.upper],
        "reduce": functools.reduce,
        "partial": functools.partial(operator.add, 1),
        "getters": [operator.itemgetter(1), operator.attrgetter("a.b")],
        "iterators": [iter([1, 2, 3])],
        "range_iterator": iter(range(3)),
        "objects": [Plain(), Plain(a=1, b=[2]), Stateful()],
        "slotted": Slotted(),
        "new_args": WithNewArgs(1, b=2),
        "subclasses": [MyList([1, 2]), MyDict(a=1), MyStr("s"), MyInt(5), MyFloat(2.5), MyBytes(b"b")],
        "subclass_state": [with_attribute(MyList([1, 2]), note="x"), with_attribute(MyDict(a=1), note="x"),
                           with_attribute(MyStr("s"), note="x")],
        "set_subclass": [MySet([1]), with_attribute(MySet([1, 2]), note="x")],
        "array": [array.array(code, [1, 2, 3]) for code in "bBhHiIlLqQfd"] + [array.array("d")],
        "array_text": array.array("u" if sys.version_info < (3, 13) else "w", "a\u20ac\U0001f600"),
        "array_subclass": with_attribute(MyArray("d", [1.5, 2.5]), note="x"),
        "bytes_io": io.BytesIO(b"content"),
    }
    return values


def numpy_values():
    import numpy as np

    dims = np.arange(24, dtype="f8").reshape(2, 3, 4)
    record = np.dtype([("x", "f4"), ("n", ">i2"), ("v", "i1", (2, 3)), ("s", "U3")])
    aligned = np.dtype({"names": ["a", "b"], "formats": ["u1", "f8"], "offsets": [0, 8], "titles": ["first", "second"],
                        "itemsize": 24})
    masked = np.ma.array([1.0, 2.0, 3.0], mask=[0, 1, 0], fill_value=-1)
    rng = np.random.RandomState(0)
    integers = ("i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "intc", "longlong", "ulonglong", "uintp")
    inexact = ("f2", "f4", "f8", "longdouble", "c8", "c16", "clongdouble")
    values = {
        "integers": [np.array([1, 2, 3], dtype=code) for code in integers],
        "inexact": [np.array([1.5, -2, 0], dtype=code) for code in inexact],
        "bool": np.array([True, False]),
        "big_endian": [np.array([1, 2, 3], dtype=code) for code in (">i4", ">f8", ">c16", ">u2", ">U2", ">M8[s]")],
        "empty": [np.zeros(0), np.zeros((3, 0, 2))],
        "no_dimensions": np.array(5.0),
        "orders": [dims, np.asfortranarray(dims), dims.transpose(1, 0, 2), dims[:, ::2], dims[::-1],
                   np.broadcast_to(np.float64(3), (2, 2))],
        "text": [np.array(["a", "\u20acuro", ""]), np.array([b"ab", b"c"]), np.array(["", ""], dtype="U0")],
        "datetimes": [np.array(["2024-01-01", "NaT"], dtype="M8[ns]"), np.array([1, 2], dtype="m8[25s]"),
                      np.array([3], dtype="m8"), np.array(["2024-01"], dtype="M8[M]")],
        "void": np.array([b"abc", b"def"], dtype="V3"),
        "objects": [np.array([1, "a", None], dtype=object), np.array([[1.5, [2]], [{}, ()]], dtype=object),
                    np.array([], dtype=object)],
        "object_fields": np.array([(1, "x"), (2, None)], dtype=[("i", "i4"), ("o", "O")]),
        "structured": [np.zeros(2, dtype=record), np.zeros(1, dtype=aligned),
                       np.zeros(2, dtype=[("in", record), ("o", "f8")])],
        "subarray": np.zeros(2, dtype=[("m", "f8", (2, 2))]),
        "recarray": np.rec.array([(1, 2.5), (3, 4.5)], dtype=[("i", "i4"), ("f", "f8")]),
        "record": np.rec.array([(1, 2.5)], dtype=[("i", "i4"), ("f", "f8")])[0],
        "matrix": np.matrix([[1.0, 2.0]]),
        "masked": [masked, np.ma.array([1, 2]), np.ma.masked_all(2, dtype=[("a", "i4"), ("b", "f8", (2,))]),
                   np.ma.array(np.asfortranarray(dims[0]), mask=dims[0] > 5)],
        "masked_constant": np.ma.masked,
        "chararray": np.array(["a", "bc"]).view(np.char.chararray),
        "scalars": [np.dtype(code).type(1) for code in integers + inexact] + [np.bool_(True)],
        "flexible_scalars": [np.str_("s\u20ac"), np.bytes_(b"b")],
        "void_scalars": [np.void(b"abc"), np.zeros(1, dtype=record)[0]],
        "datetime_scalars": [np.datetime64("2024-01-01T00:00", "ns"), np.datetime64("NaT"), np.timedelta64(5, "D")],
        "dtypes": [np.dtype(code) for code in ("f8", ">i4", "U5", "S3", "V7", "O", "M8[us]", "m8", "?")] +
                  [record, aligned, np.dtype(("f8", (2, 3))), np.dtype((np.record, [("a", "i4")]))],
        "types": [np.float64, np.int8, np.bool_, np.str_, np.longdouble, np.clongdouble, np.ndarray, np.dtype,
                  np.longlong, np.datetime64, np.ufunc],
        "ufuncs": [np.add, np.sin, np.logical_and],
        "functions": [np.mean, np.linalg.norm, np.fft.fft],
        "polynomial": [np.polynomial.Polynomial([1, 2, 3]), np.poly1d([1, 2])],
        "random_state": rng,
        "generators": [np.random.Generator(bits(1)) for bits in (np.random.PCG64, np.random.SFC64, np.random.Philox)],
        "seed_sequence": np.random.SeedSequence(5),
        "large": np.arange(200.0),
    }
    if hasattr(np.dtypes if hasattr(np, "dtypes") else np, "StringDType"):
        values["string_dtype"] = np.array(["variable", "width"], dtype=np.dtypes.StringDType())
    return values


def both_picklers():
    return {"c": pickle.dumps, "python": pickle._dumps}


def write_whole(folder, kind, version, values):
    for pickler, dumps in both_picklers().items():
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            readable = {}
            for name, value in values.items():
                try:
                    dumps(value, protocol)
                    readable[name] = value
                except Exception as error:
                    print("{} {} protocol {}: {} cannot be pickled: {!r}".format(kind, version, protocol, name, error))
            path = folder / "{}-{}-{}-p{}.pkl".format(kind, version, pickler, protocol)
            path.write_bytes(dumps(readable, protocol))


def write_each(folder, values):
    for number, (name, value) in enumerate(values.items()):
        for protocol in ((5,), (0, 5), (5,), (2, 5))[number % 4]:
            try:
                pickled = pickle.dumps(value, protocol)
            except Exception:
                continue
            (folder / "{}-p{}.pkl".format(name, protocol)).write_bytes(pickled)


def main(arguments):
    folder = pathlib.Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    if "--numpy" in arguments:
        import numpy
        kind, version, values = "numpy", numpy.__version__, numpy_values()
    else:
        kind, version, values = "python", platform.python_version(), standard()
    if "--each" in arguments:
        write_each(folder, values)
    else:
        write_whole(folder, kind, version, values)


if __name__ == "__main__":
    main(sys.argv[1:])
