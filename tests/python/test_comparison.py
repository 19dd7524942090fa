"""Comparator: what matches, what does not, what is not compared, and what is said of it."""

import array
import collections
import copy
import dataclasses
import datetime
import decimal
import enum
import fractions
import ipaddress
import pathlib
import pickle
import signal
import subprocess
import sys
import threading
import uuid

import numpy as np
import pytest

from diff_tester.snapshot import Comparator, ComparisonConfig, ComparisonResult


def compare(actual, expected, **config):
    return Comparator(ComparisonConfig(**config)).compare(actual, expected)


class Plain:
    def __init__(self, **attributes):
        self.__dict__.update(attributes)


class Slots:
    __slots__ = ("x", "y")

    def __init__(self, x, y):
        self.x, self.y = x, y


@dataclasses.dataclass
class Point:
    x: float
    y: object


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


class Large(enum.IntEnum):
    ONE = 10**9
    OTHER = 10**9 + 1


Pair = collections.namedtuple("Pair", "first second")


def cyclic(end):
    out = [1, {"x": end}]
    out.append(out)
    out[1]["self"] = out[1]
    return out


def shared(end):
    part = np.array([1.0, end])
    return [part, part, {"again": part}]


def items(*values):
    yield from values


def numbers(dtype, order="C", size=60):
    return np.arange(size).reshape(3, -1, 5).astype(dtype).copy(order)


def changed(values, index=7):
    """A copy with one element changed by more than any tolerance."""
    out = values.copy()
    out.reshape(-1, order="A")[index] = out.dtype.type(100)
    return out


NUMBERS = ["?", "b", "B", "h", "H", "i", "I", "q", "Q", "e", "f", "d", "g", "F", "D", "G"]
ORDERS = ["C", "F"]


def text_array(word):
    return np.array(["one", "two", word])


# name, a function of "a" or "b" that makes the value: equal for the same letter, different for another.
VALUES = {
    "bool": {"a": True, "b": False}.get,
    "int": {"a": 3, "b": -3}.get,
    "large int": {"a": 10**30, "b": 10**30 + 10**26}.get,
    "float": {"a": 1.0, "b": 1.001}.get,
    "zero": {"a": 0.0, "b": 1e-7}.get,
    "infinity": {"a": float("inf"), "b": float("-inf")}.get,
    "complex": {"a": 1 + 2j, "b": 1 - 2j}.get,
    "str": {"a": "abc", "b": "abd"}.get,
    "other str": {"a": "grün", "b": "grun"}.get,
    "long str": lambda v: "x" * 100_000 + v,
    "bytes": str.encode,
    "long bytes": lambda v: b"x" * 100_000 + v.encode(),
    "bytearray": lambda v: bytearray(v.encode() * 10),
    "long bytearray": lambda v: bytearray(b"x" * 100_000 + v.encode()),
    "memoryview": lambda v: memoryview(b"x" * 10_000 + v.encode()),
    "array.array": lambda v: array.array("d", [1.0, 2.0, {"a": 3.0, "b": 4.0}[v]] * 2000),
    "range": {"a": range(5), "b": range(6)}.get,
    "slice": {"a": slice(1, 5), "b": slice(1, 6)}.get,
    "list": {"a": [1, [2, 3]], "b": [1, [2, 4]]}.get,
    "dropped": {"a": [1, 2, 3], "b": [1, 2]}.get,
    "tuple": {"a": (1, "x"), "b": (1, "y")}.get,
    "dict": {"a": {"x": 1, "y": 2.0}, "b": {"x": 1, "y": 2.1}}.get,
    "dict without a key": {"a": {"x": 1, "y": 2}, "b": {"x": 1}}.get,
    "dict in another order": {"a": {"x": 1, "y": 2}, "b": {"y": 1, "x": 2}}.get,
    "set": {"a": {1, 2, 3}, "b": {1, 2, 4}}.get,
    "frozenset": {"a": frozenset("ab"), "b": frozenset("ac")}.get,
    "list with None": {"a": [None, None], "b": [None, 0]}.get,
    "namedtuple": lambda v: Pair(1, v),
    "dataclass": lambda v: Point(1.0, np.array([1, ord(v)])),
    "object": lambda v: Plain(name=v, data=np.zeros(3)),
    "slots": lambda v: Slots(1, v),
    "enum": {"a": Colour.RED, "b": Colour.BLUE}.get,
    "exception": lambda v: ValueError("wrong", v),
    "OrderedDict": lambda v: collections.OrderedDict(x=v),
    "deque": lambda v: collections.deque([1, v]),
    "Counter": lambda v: collections.Counter(v),
    "defaultdict": lambda v: collections.defaultdict(list, {v: [1]}),
    "Decimal": {"a": decimal.Decimal("1.1"), "b": decimal.Decimal("1.2")}.get,
    "Fraction": {"a": fractions.Fraction(1, 3), "b": fractions.Fraction(1, 4)}.get,
    "datetime": {"a": datetime.datetime(2020, 1, 1), "b": datetime.datetime(2020, 1, 1, 0, 0, 1)}.get,
    "timedelta": {"a": datetime.timedelta(1), "b": datetime.timedelta(2)}.get,
    "path": pathlib.PurePosixPath,
    "uuid": lambda v: uuid.UUID(int=ord(v)),
    "generator": lambda v: items(1, 2, v),
    "longer generator": {"a": lambda: items(1, 2), "b": lambda: items(1, 2, 3)}.get,
    "iterator": lambda v: iter([1, v]),
    "map": lambda v: map(str.upper, ["x", v]),
    "dict keys": lambda v: {"x": 1, v: 2}.keys(),
    "cyclic": cyclic,
    "shared": lambda v: shared({"a": 1.0, "b": 2.0}[v]),
    "class": {"a": int, "b": float}.get,
    "dtype": {"a": np.dtype("f4"), "b": np.dtype("f8")}.get,
    "object array": lambda v: np.array([1, "x", None, [v]], dtype=object),
    "str array": text_array,
    "bytes array": lambda v: np.array([b"one", v.encode()]),
    "datetime64 array": {
        "a": np.array(["2020-01-01", "NaT"], "M8[s]"),
        "b": np.array(["2020-01-01T00:00:01", "NaT"], "M8[s]"),
    }.get,
    "timedelta64 array": {"a": np.array([1, 2], "m8[ns]"), "b": np.array([1, 3], "m8[ns]")}.get,
    "structured array": lambda v: np.array([(1.0, 2, "x"), (3.0, ord(v), "y")], "f8,>i4,U3"),
    "large structured array": lambda v: np.array([(1.0, 2)] * 5000 + [(3.0, ord(v))], "f8,i4"),
    "masked array": lambda v: np.ma.masked_array([1.0, 2.0, 3.0], [0, v == "b", 0]),
    "large masked array": lambda v: np.ma.masked_array(np.arange(9000.0), np.arange(9000) == ord(v)),
    "matrix": lambda v: np.matrix([[1.0, ord(v)]]),
    "recarray": lambda v: np.rec.array([(1, 2.0), (3, ord(v))], dtype="i4,f8"),
    "datetime64": {"a": np.datetime64("2020-01-01"), "b": np.datetime64("2020-01-02")}.get,
    "numpy str": np.str_,
    "nan and one number": {"a": [1.0, None], "b": [float("nan"), None]}.get,
    "array in a dict": lambda v: {"x": [np.arange(5000.0), np.full(3, ord(v))]},
    "reversed view": lambda v: {"x": changed(np.arange(5000.0), {"a": 3, "b": 4}[v])[::-2]},
    "swapped axes": lambda v: [changed(numbers("d"), {"a": 3, "b": 4}[v]).transpose(1, 0, 2)],
    "random state": lambda v: np.random.RandomState(ord(v)),
    "generator of numbers": lambda v: np.random.default_rng(ord(v)),
    "polynomial": lambda v: np.polynomial.Polynomial([1, ord(v)]),
}


def made(name, letter):
    value = VALUES[name](letter)
    return value() if name == "longer generator" else value


@pytest.mark.parametrize("name", VALUES)
def test_equal_values_match_and_others_do_not(name):
    same = compare(made(name, "a"), made(name, "a"))
    assert same.match and not same.skipped, same.error_message
    assert same.error_message is None
    assert same.details["outcome"] in ("identical", "close")
    for actual, expected in (("a", "b"), ("b", "a")):
        result = compare(made(name, actual), made(name, expected))
        assert not result.match and not result.skipped, (name, result.details)
        assert result.error_message
        assert result.details["outcome"] == "different" and result.details["difference_count"] > 0


@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize("other", [None, 0, "x", [], 1.5, object()])
def test_values_of_other_types_never_match(name, other):
    for pair in ((made(name, "a"), other), (other, made(name, "a"))):
        assert not compare(*pair).match


@pytest.mark.parametrize("code", NUMBERS)
@pytest.mark.parametrize("byteorder", "<>")
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("wrapped", [False, True])
def test_arrays_of_every_number(code, byteorder, order, wrapped):
    values = np.arange(600).reshape(3, 40, 5) % 2
    expected = values.astype(np.dtype(code)).astype(np.dtype(code).newbyteorder(byteorder))
    actual = values.astype(code).copy(order)
    wrap = (lambda x: {"x": [x]}) if wrapped else (lambda x: x)
    assert compare(wrap(actual), wrap(expected)).match
    for index in [(0, 0, 0), (1, 20, 3), (2, 39, 4)]:
        moved = actual.copy(order)
        moved[index] = not moved[index] if code == "?" else 7
        result = compare(wrap(moved), wrap(expected))
        assert not result.match
        numbers = result.details["differences"][0]["numbers"]
        assert (numbers["mismatched"], numbers["total"]) == (1, 600)
        assert numbers["samples"][0]["index"] == list(index)
    for view in (np.s_[::-1], np.s_[:, ::2], np.s_[..., 1], np.s_[1, 3:3], np.s_[0, 0, 0]):
        assert compare(wrap(actual[view]), wrap(expected[view].copy())).match
        assert compare(wrap(actual[view].copy()), wrap(expected[view])).match


def test_views_differ_where_their_elements_do():
    actual = np.arange(24.0).reshape(4, 6)
    for view in (np.s_[::-1, ::-1], np.s_[:, ::-2], np.s_[::2, 1::3]):
        expected = actual[view].copy()
        expected[1, 0] += 1
        result = compare(actual[view], expected)
        assert result.details["differences"][0]["numbers"]["samples"][0]["index"] == [1, 0]
        assert not compare(expected, actual[view]).match
    assert compare(np.broadcast_to(1.0, (3, 4)), np.ones((3, 4))).match
    assert not compare(np.broadcast_to(1.0, (3, 4)), np.arange(12.0).reshape(3, 4)).match


@pytest.mark.parametrize("code", [code for code in NUMBERS if code != "?"])
def test_numpy_scalars(code):
    kind = np.dtype(code).type
    assert compare(kind(3), kind(3)).match
    assert not compare(kind(3), kind(4)).match
    assert not compare(kind(3), np.array(kind(3))).match
    assert not compare(kind(3), np.array([kind(3)])).match


def test_tolerance_is_that_of_allclose():
    random = np.random.default_rng(5)
    for scale in (1.0, 1e-9, 1e9):
        expected = random.normal(size=1000) * scale
        for step in (1e-4, 9e-6, 1e-8):
            for index in range(3):
                actual = expected.copy()
                actual[index] *= 1 + step
                assert compare(actual, expected).match == np.allclose(actual, expected)
                one = (float(actual[index]), float(expected[index]))
                assert compare(*one).match == np.allclose(*one)
    assert compare(1.1, 1.0, rtol=0.1001, atol=0).match
    assert not compare(1.0, 1.2, rtol=0.1, atol=0).match
    # It refers to expected.
    assert compare(10.0, 11.0, rtol=0.095, atol=0).match and not compare(11.0, 10.0, rtol=0.095, atol=0).match


def test_integers_allow_the_tolerance_unless_they_are_exact():
    for kind in (int, np.int64, lambda number: np.array([number]), lambda number: [np.full(9000, number)]):
        assert compare(kind(10**9 + 1), kind(10**9)).match
        assert not compare(kind(10**9 + 1), kind(10**9), exact_integers=True).match
        assert compare(kind(10**9), kind(10**9), exact_integers=True).match
    assert not compare(3, 4).match
    assert not compare(True, False, rtol=10, atol=10).match
    assert not compare(np.array([True]), np.array([False]), rtol=10, atol=10).match


@pytest.mark.parametrize(
    "actual, expected",
    [
        (range(10**6), range(10**6 + 1)),
        (slice(10**6), slice(10**6 + 1)),
        (uuid.UUID(int=2**127), uuid.UUID(int=2**127 + 1)),
        (Large.ONE, Large.OTHER),
        (fractions.Fraction(10**9, 7), fractions.Fraction(10**9 + 1, 7)),
        (ipaddress.ip_address("10.0.0.1"), ipaddress.ip_address("10.0.0.2")),
        ([Plain(x={"y": [10**9]})], [Plain(x={"y": [10**9 + 1]})]),
        (Plain(x=np.arange(10**6, 10**6 + 900)), Plain(x=np.arange(10**6, 10**6 + 900) + 1)),
        ({10**9: 1}, {10**9 + 1: 1}),
        ({10**9}, {10**9 + 1}),
    ],
    ids=repr,
)
def test_integers_that_say_which_it_is_are_exact(actual, expected):
    assert not compare(actual, expected).match
    assert compare(actual, copy.deepcopy(actual)).match


def test_a_sparse_element_at_another_place():
    sparse = pytest.importorskip("scipy.sparse")
    for kind in (sparse.csr_matrix, sparse.csc_matrix, sparse.coo_matrix):
        first, other = (kind(([1.0], ([0], [column])), (1, 10**6)) for column in (500_000, 500_001))
        assert not compare(first, other).match and compare(first, first.copy()).match


NAN = float("nan")
NANS = [
    NAN,
    [NAN],
    {"x": NAN},
    np.float64(NAN),
    complex(NAN, 1),
    np.array([1.0, NAN]),
    np.array([[1.0, NAN]] * 5000)[:, ::-1],
    [np.full(5000, NAN)],
    np.array([(1, NAN)], "i4,f8"),
    np.array([NAN, 1], dtype=object),
    np.array([NAN], ">f4"),
    Plain(x=NAN),
    (1, NAN),
]


@pytest.mark.parametrize("value", NANS, ids=repr)
def test_nans_are_equal_only_if_asked_for(value):
    assert not compare(value, value).match
    assert not compare(value, copy.deepcopy(value)).match
    assert compare(value, copy.deepcopy(value), equal_nan=True).match


def test_nan_is_nothing_else():
    for other in (0.0, float("inf"), 1e308, None):
        assert not compare(NAN, other, equal_nan=True).match
        assert not compare(other, NAN, equal_nan=True).match
    assert not compare(np.array([NAN, 1.0]), np.array([1.0, NAN]), equal_nan=True).match


def test_infinities_and_zeros():
    inf = float("inf")
    assert compare(inf, inf).match and compare(-0.0, 0.0).match
    assert not compare(inf, -inf).match and not compare(1e308, inf, rtol=10).match
    assert not compare(np.array([inf]), np.array([1.0]), rtol=inf).match
    assert compare(np.array([-0.0, inf]), np.array([0.0, inf])).match


LOOSE = [
    (1, 1.0),
    (True, 1),
    ([1.0, 2.0], (1.0, 2.0)),
    (np.float32(1.5), np.float64(1.5)),
    (np.arange(3), np.arange(3.0)),
    (np.arange(3, dtype="f4"), np.arange(3.0)),
    ({1, 2}, frozenset({1, 2})),
]


@pytest.mark.parametrize("actual, expected", LOOSE, ids=repr)
def test_types_must_agree_unless_they_need_not(actual, expected):
    assert not compare(actual, expected).match
    assert not compare(expected, actual).match
    assert compare(actual, expected, strict_types=False).match


def test_a_list_is_no_array_and_none_is_not_zero():
    for strict in (True, False):
        assert not compare([1.0, 2.0], np.array([1.0, 2.0]), strict_types=strict).match
        assert not compare(None, 0, strict_types=strict).match
        assert not compare(None, False, strict_types=strict).match
        assert not compare("1", 1, strict_types=strict).match
        assert not compare([], None, strict_types=strict).match


def test_python_and_numpy_numbers_of_one_kind():
    assert compare(np.float64(1.0), 1.0).match and compare(1.0, np.float32(1.0)).match
    assert compare(np.int8(3), 3).match and compare(True, np.True_).match
    assert not compare(np.int8(3), 3.0).match


def test_shapes():
    one, row, column = np.ones(3), np.ones((1, 3)), np.ones((3, 1))
    for actual, expected in ((one, row), (row, column), (np.ones(1), np.ones(3)), (np.array(1.0), np.ones(1))):
        assert not compare(actual, expected).match
        assert compare(actual, expected, strict_shapes=False).match
    assert not compare(np.ones(2), np.ones(3), strict_shapes=False).match
    assert not compare(np.ones(0), np.ones(1), strict_shapes=False).match
    assert not compare(np.ones((0, 3)), np.ones((0, 4))).match


def test_empty_values_match():
    for value in ([], (), {}, set(), "", b"", np.array([]), np.zeros((0, 3)), np.zeros((3, 0, 2), "i4")):
        assert compare(value, copy.copy(value)).match
    assert not compare([], ()).match and not compare(np.array([]), np.array([], "i4")).match


def test_order():
    for actual, expected in (
        ([3, 1, 2], [1, 2, 3]),
        (np.array([3.0, 1.0, 2.0]), np.array([1.0, 2.0, 3.0])),
        (np.arange(20_000.0)[::-1], np.arange(20_000.0)),
        (np.arange(60.0)[::-3], np.arange(60.0)[2::3]),
        ({"x": [np.ones(3), "a"]}, {"x": ["a", np.ones(3)]}),
    ):
        assert not compare(actual, expected).match
        assert compare(actual, expected, ignore_order=True).match
    assert not compare([1, 1, 2], [1, 2, 2], ignore_order=True).match
    assert not compare(np.array([1.0, 1.0, 2.0]), np.array([1.0, 2.0, 2.0]), ignore_order=True).match


class Unwilling:
    def __reduce_ex__(self, protocol):
        raise RuntimeError("no")

    def __eq__(self, other):
        raise RuntimeError("no comparing either")

    __hash__ = None


@pytest.mark.parametrize(
    "actual, expected",
    [
        (threading.Lock(), threading.Lock()),
        (len, len),
        (object(), object()),
        (Unwilling(), Unwilling()),
        (sys, sys),
        ([threading.Lock()], [threading.Lock()]),
        (threading.Thread(), threading.Thread()),
    ],
    ids=repr,
)
def test_what_says_nothing_is_skipped_and_never_matches(actual, expected):
    result = compare(actual, expected)
    assert (result.match, result.skipped, bool(result)) == (False, True, False)
    assert result.error_message and result.tolerance_used is None
    assert result.details["outcome"] == "not compared" and result.details["reason"] == result.error_message
    assert repr(result).startswith("<ComparisonResult: not compared: ")


def test_an_unwilling_part_is_described_and_noted():
    result = compare([Unwilling(), 1.0], [Unwilling(), 1.0])
    assert result.match and any("Unwilling" in note for note in result.details["notes"])
    assert not compare([Unwilling(), 1.0], [Unwilling(), 2.0]).match


def test_none_matches_none_and_says_so():
    result = compare(None, None)
    assert result.match and not result.skipped and result.tolerance_used is None
    assert result.details["notes"] == ["both values are None"]


def deep(levels, end):
    out = [end]
    for _ in range(levels):
        out = [out]
    return out


def test_depth_never_makes_a_match():
    assert compare(deep(1000, 1), deep(1000, 1)).match
    assert not compare(deep(1000, 1), deep(1000, 5)).match
    result = compare(deep(50_000, 1), deep(50_000, 5))
    assert result.skipped and not result.match and "nested" in result.error_message


def test_a_limit_of_items_is_visible():
    result = compare(iter(range(10_001)), iter(range(10_001)))
    assert any("10000 items" in note for note in result.details["notes"])
    assert not compare(iter(range(10_000)), iter(range(10_001))).match


def test_an_iterator_compared_with_itself():
    iterator = items(1, 2, 3)
    assert compare(iterator, iterator).match
    assert list(iterator) == []


class Interrupting:
    def __init__(self, exception):
        self.exception = exception

    def __reduce__(self):
        raise self.exception


@pytest.mark.parametrize("exception", [KeyboardInterrupt, MemoryError])
def test_interrupts_are_raised(exception):
    with pytest.raises(exception):
        compare([Interrupting(exception())], [1])


def test_a_signal_interrupts_a_long_comparison():
    def handler(number, frame):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, handler)
    try:
        value = [[float(i), str(i)] for i in range(2_000_000)]
        signal.setitimer(signal.ITIMER_REAL, 0.02)
        with pytest.raises(KeyboardInterrupt):
            for _ in range(100):
                compare(value, value)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_what_is_said_of_a_difference():
    expected = [np.zeros(3), {"x": np.arange(10.0)}]
    actual = copy.deepcopy(expected)
    actual[1]["x"][[2, 5, 7]] += [0.25, 0.125, 0.5]
    result = compare(actual, expected)
    assert repr(result) == "<ComparisonResult: different: [1]['x']: 3 of 10 elements differ, max absolute 0.5 at [7]>"
    assert result.error_message.startswith("[1]['x']: 3 of 10 elements")
    assert result.tolerance_used == {"rtol": 1e-5, "atol": 1e-8, "equal_nan": False}
    (difference,) = result.details["differences"]
    assert difference["path"] == "[1]['x']" and difference["numbers"]["max_absolute"]["difference"] == 0.5
    assert result.details is result.details


@pytest.mark.parametrize("text", ["x" * 10_000, "several\nlines\n" * 100, "\ud800", "\x00" * 10])
def test_a_repr_is_one_bounded_line(text):
    for value in (text, [text], {text: 1}, Plain(x=text), np.array([text[:2000]])):
        line = repr(compare(value, 1))
        assert "\n" not in line and len(line) <= 200 and line.isprintable()


def test_the_tolerance_that_was_used():
    assert compare(1.0, 1.0).tolerance_used is None
    assert compare("a", "b").tolerance_used is None
    assert compare(3, 4, exact_integers=True).tolerance_used is None
    assert compare([1.0, 1.0 + 1e-9], [1.0, 1.0], rtol=1e-6).tolerance_used == {
        "rtol": 1e-6,
        "atol": 1e-8,
        "equal_nan": False,
    }
    half = np.array([1.0, 2.0], "f2")
    assert compare(half + np.float16(0.001), half).tolerance_used == {"rtol": 1e-3, "atol": 1e-5, "equal_nan": False}


def test_results_are_records():
    result = compare([1.0], [2.0])
    assert result == compare([1.0], [2.0]) and result != compare([1.0], [3.0]) and result != 1
    assert pickle.loads(pickle.dumps(result)) == result and copy.deepcopy(result) == result
    made = ComparisonResult(match=True, details="checked by hand")
    assert made and made.details == "checked by hand" and made != result
    assert (made.match, made.skipped, made.tolerance_used, made.error_message) == (True, False, None, None)


def test_config():
    config = ComparisonConfig(1e-3, equal_nan=True)
    assert config == ComparisonConfig(rtol=1e-3, equal_nan=True) != ComparisonConfig()
    assert "rtol=0.001" in repr(config)
    assert (config.atol, config.strict_types, config.strict_shapes, config.ignore_order) == (1e-8, True, True, False)
    assert ComparisonConfig(rtol=np.float32(0.5), atol=1).rtol == 0.5
    comparator = Comparator()
    assert comparator.config == ComparisonConfig()
    assert not comparator.compare(1.0, 1.1)
    comparator.config.rtol = 0.2
    assert comparator.compare(1.0, 1.1)
    comparator.config.rtol = -1
    with pytest.raises(ValueError, match="rtol"):
        comparator.compare(1.0, 1.1)


@pytest.mark.parametrize("field", ["rtol", "atol"])
def test_wrong_tolerances(field):
    for value in (-1, -1e-300, NAN):
        with pytest.raises(ValueError, match=field):
            ComparisonConfig(**{field: value})
    for value in ("1e-5", None, True, [1], 1j):
        with pytest.raises(TypeError, match=field):
            ComparisonConfig(**{field: value})


def test_wrong_arguments():
    for field in ("equal_nan", "strict_types", "strict_shapes", "ignore_order", "exact_integers"):
        with pytest.raises(TypeError, match=field):
            ComparisonConfig(**{field: 1})
    with pytest.raises(TypeError, match=r"ComparisonConfig\(\*\*config\)"):
        Comparator({"rtol": 1e-5})
    with pytest.raises(TypeError, match="config must be a ComparisonConfig or None, not float"):
        Comparator(1e-5)


def test_several_pairs_and_their_summary():
    comparator = Comparator()
    results = comparator.compare_multiple(iter([(1.0, 1.0), [1.0, 2.0], (len, len), ("a", "a")]))
    assert [result.match for result in results] == [True, False, False, True]
    assert comparator.get_summary_stats(results) == {
        "total": 4,
        "matches": 2,
        "mismatches": 1,
        "skipped": 1,
        "match_rate": 2 / 3,
    }
    assert comparator.compare_multiple([]) == []
    assert comparator.get_summary_stats([])["match_rate"] == 0.0
    for wrong in (3, (1,), (1, 2, 3), "ab", {1: 2}):
        with pytest.raises(TypeError, match=r"pairs\[1\]"):
            comparator.compare_multiple([(1, 1), wrong])
    with pytest.raises(TypeError, match="pairs"):
        comparator.compare_multiple(3)
    with pytest.raises(TypeError, match=r"results\[0\]"):
        comparator.get_summary_stats([True])


def test_large_arrays_are_not_copied():
    program = """
import resource, numpy as np
from diff_tester.snapshot import Comparator
a = np.ones(30_000_000); b = a + 1e-9; c = bytearray(240_000_000); d = bytearray(240_000_000)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for x, y in ((a, b), ({"x": [a]}, {"x": [b]}), (a[::-1], b[::-1]), ([c], [d])):
    assert Comparator().compare(x, y).match
assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # KiB; each is 234,375
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_threads_share_a_comparator():
    comparator = Comparator()
    a = np.arange(300_000.0)
    b = a.copy()
    b[5] = 7
    wrong = []

    def work():
        for _ in range(20):
            if not comparator.compare([a, "x"], [a.copy(), "x"]) or comparator.compare({"x": b}, {"x": a}):
                wrong.append(1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_values_are_left_alone():
    data = bytearray(b"x" * 10_000)
    values = [np.arange(5000.0), data, {"x": {1, 2}}]
    before = copy.deepcopy(values)
    references = [sys.getrefcount(values[0]), sys.getrefcount(data)]
    assert compare(values, before).match and not compare(values, [1]).match
    data.extend(b"y")  # no export is left
    assert [sys.getrefcount(values[0]), sys.getrefcount(data)] == references


def library_values(letter):
    number = float(ord(letter))
    pandas = pytest.importorskip("pandas")
    sparse = pytest.importorskip("scipy.sparse")
    xarray = pytest.importorskip("xarray")
    frame = pandas.DataFrame({"x": [1.0, number], "y": ["p", "q"]}, index=[3, 4])
    return {
        "frame": frame,
        "large frame": pandas.DataFrame({"x": np.arange(9000.0), "y": np.full(9000, number)}),
        "series": pandas.Series([1.0, number], name="s"),
        "index": pandas.Index(["p", letter]),
        "categorical": pandas.Categorical(["p", letter]),
        "timestamp": pandas.Timestamp(int(number) * 10**9),
        "sparse": sparse.csr_matrix(np.array([[0.0, number], [1.0, 0.0]])),
        "coo": sparse.coo_matrix(np.array([[0.0, number], [1.0, 0.0]])),
        "xarray": xarray.DataArray(np.array([1.0, number]), dims="t", coords={"t": [1, 2]}),
        "dataset": xarray.Dataset({"v": ("t", np.array([1.0, number]))}),
    }


LIBRARY_NAMES = "frame,large frame,series,index,categorical,timestamp,sparse,coo,xarray,dataset".split(",")


@pytest.mark.parametrize("name", LIBRARY_NAMES)
def test_values_of_libraries(name):
    same = compare(library_values("a")[name], library_values("a")[name])
    assert same.match, same.error_message
    assert not compare(library_values("a")[name], library_values("b")[name]).match


KINDS = [float, np.float64, np.float32, np.float16, np.longdouble, np.int8, np.uint64, np.bool_, np.complex64]


@pytest.mark.parametrize("sequence", [list, tuple])
@pytest.mark.parametrize("kind", KINDS)
def test_sequence_of_numbers(kind, sequence):
    def numbers(at=None):
        return sequence(kind(n % 2 if n != at else 1 - n % 2) for n in range(50))

    same = compare(numbers(), numbers())
    assert same.match and same.details["outcome"] == "identical" and same.details["leaves"] == 50
    for at in (0, 25, 49):
        assert not compare(numbers(at), numbers()).match
        assert not compare(numbers(), numbers(at)).match
    assert not compare(numbers()[:-1], numbers()).match


def test_sequence_of_numbers_that_are_nearly_the_same():
    ones = [np.float64(1)] * 9
    assert not compare(ones + [np.float64(np.nextafter(1, 2))], ones + [np.float64(1)], rtol=0, atol=0).match
    assert compare(ones + [np.float64(np.nextafter(1, 2))], ones + [np.float64(1)]).details["outcome"] == "close"
    assert not compare(ones + [np.float64("nan")], ones + [np.float64("nan")], equal_nan=False).match
    assert compare(ones + [np.float64("nan")], ones + [np.float64("nan")], equal_nan=True).match
    assert not compare(ones + [np.float32(1)], ones + [np.float64(1)], strict_types=True).match
    assert compare(ones + [np.float64(-0.0)], ones + [np.float64(0.0)]).details["outcome"] == "close"
    assert not compare(ones, tuple(ones), strict_types=True).match


@pytest.mark.parametrize("kind", KINDS)
def test_sequence_of_numbers_is_judged_as_one_that_holds_something_else_too(kind):
    random = np.random.default_rng(7)
    for _ in range(60):
        expected = random.uniform(0, 2, 5)
        expected[0] = random.choice([1, 0, -0.0] + ([] if kind in (np.int8, np.uint64) else [np.nan, np.inf]))
        actual = [kind(v) for v in expected * (1 + random.choice([0, 10.0 ** random.uniform(-12, 0)]))]
        expected = [kind(v) for v in expected]
        flags = {name: bool(random.integers(2)) for name in ("equal_nan", "exact_integers", "strict_types")}
        rules = {"rtol": random.choice([0, 1e-9, 1e-5]), "atol": random.choice([0, 1e-8]), **flags}
        alone, among_others = compare(actual, expected, **rules), compare(actual + ["x"], expected + ["x"], **rules)
        assert alone.match == among_others.match, (actual, expected, rules)
        assert alone.tolerance_used == among_others.tolerance_used
        assert alone.details["outcome"] == among_others.details["outcome"]


def test_automatic_atol_follows_from_the_expected_value():
    tiny = 1e-12 * np.arange(1.0, 9)
    assert compare(np.zeros(8), tiny).match
    result = compare(np.zeros(8), tiny, atol="auto")
    assert not result.match
    assert "(auto)" in result.error_message
    assert result.tolerance_used["atol"] == pytest.approx(8 * 8**0.5 * 2**-53 * 8e-12, rel=1e-12)
    assert compare(tiny + 1e-28, tiny, rtol=0, atol="auto").match
    assert not compare([0.0] * 8, tiny.tolist(), atol="auto").match
    assert compare((1e6, 1e-12), (1e6, 1e-12), atol="auto").match
    assert not compare((1e6, 0.0), (1e6, 1e-12), atol="auto").match
    config = ComparisonConfig(atol="auto")
    assert config.atol == "auto" and copy.copy(config) == config
    with pytest.raises(TypeError, match='atol must be a number of at least 0 or "auto", not \'automatic\''):
        ComparisonConfig(atol="automatic")
    with pytest.raises(TypeError):
        ComparisonConfig(rtol="auto")
