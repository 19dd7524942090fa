"""Numbers wherever they are: in arrays of classes of one's own, under masks, in memory of the standard library's. And what
classes add to types whose __reduce__ they inherit."""

import array
import collections
import ctypes
import datetime
import decimal
import fractions
import os
import pathlib
import random
import tempfile
import types

import numpy as np
from check import Case

ULP = 1 + 2.0**-52
VALUES = np.arange(4) / 3


class Named(np.ndarray):
    pass


class Slotted(np.ndarray):
    __slots__ = ("__unit", "other")

    def __init__(self, *arguments):
        self.other = self.__unit = 1


class OwnMasked(np.ma.MaskedArray):
    pass


class Stamped(np.float64):
    pass


class Point(ctypes.Structure):
    _fields_ = [("x", ctypes.c_double), ("at", ctypes.c_float * 2), ("n", ctypes.c_int)]


class Linked(ctypes.Structure):
    _fields_ = [("x", ctypes.c_double), ("next", ctypes.POINTER(Point))]


class Refused(Exception):
    pass


class RefusedInSlots(KeyError):
    __slots__ = ("where",)


class Day(datetime.datetime):
    pass


class Exact(decimal.Decimal):
    pass


class Tally(collections.Counter):
    pass


class Groups(collections.defaultdict):
    pass


class Dice(random.Random):
    pass


def derived(base, *slots):
    """A class of this module from `base`, with or without slots of its own."""
    name = f"{base.__name__.title()}With{'Slots' if slots else 'Attributes'}"
    made = type(name, (base,), {"__module__": __name__, **({"__slots__": slots} if slots else {})})
    globals()[name] = made
    return made


BUILT_IN = {list: ([1, 2],), dict: ({1: 2},), set: ({1, 2},), frozenset: ({1, 2},), bytearray: (b"ab",), collections.deque: ([1, 2], 5),
            collections.OrderedDict: ({1: 2},), collections.defaultdict: (list, {1: [2]}), random.Random: (3,), array.array: ("d", VALUES),
            KeyError: ("why",), collections.UserList: ([1],), collections.ChainMap: ({1: 2},), pathlib.PurePosixPath: ("a/b",),
            types.SimpleNamespace: (), collections.namedtuple("Pair", "x y"): (1, 2), str: ("ab",), int: (3,), float: (0.5,), tuple: ([1, 2],),
            bytes: (b"ab",), complex: (1, 2), datetime.date: (2020, 1, 1), datetime.timedelta: (3,), decimal.Decimal: ("1.5",), fractions.Fraction: (1, 3),
            collections.Counter: ("aab",)}
DERIVED = [(derived(base), arguments) for base, arguments in BUILT_IN.items()]
# Classes of varying size have no room for slots.
DERIVED += [(derived(base, "note"), arguments) for base, arguments in BUILT_IN.items()
            if not issubclass(base, (str, int, tuple, bytes))]


def with_attributes(value, **attributes):
    for name, each in attributes.items():
        setattr(value, name, each)
    return value


def same_array(a, b):
    return type(a) is type(b) and a.dtype == b.dtype and np.array_equal(a, b) and vars(a) == vars(b)


def same_attributes(a, b):
    return str(a) == str(b) and vars(a) == vars(b)


def same_masked(a, b):
    return str(a) == str(b) and a.unit == b.unit


def same_dice(a, b):
    return a.getstate() == b.getstate() and a.note == b.note


def arrays():
    yield Case("array with attributes", with_attributes(VALUES.view(Named), unit="m", scale=1 / 3), itself=True, equal=same_array,
               same=[with_attributes(VALUES.copy().view(Named), scale=1 / 3, unit="m")],
               close=[with_attributes(VALUES.view(Named) * ULP, unit="m", scale=1 / 3), with_attributes(VALUES.view(Named), unit="m", scale=1 / 3 * ULP)],
               different=[with_attributes(VALUES.view(Named), unit="km", scale=1 / 3), VALUES.view(Named), with_attributes(VALUES.view(Named) + 1, unit="m", scale=1 / 3)])
    itself = VALUES.view(Named)
    itself.me = itself
    yield Case("array that refers to itself", itself, equal=lambda a, b: a.me is a, different=[VALUES.view(Named)])
    slotted = with_attributes(np.arange(3.0).view(Slotted), _Slotted__unit="m", other=2)
    yield Case("array with slots", slotted, equal=lambda a, b: a.other == 2 and a._Slotted__unit == "m",
               different=[with_attributes(np.arange(3.0).view(Slotted), _Slotted__unit="km", other=2)])

    class Local(np.ndarray):
        pass

    class LocalMasked(np.ma.MaskedArray):
        pass

    yield Case("array of a local class", with_attributes(VALUES.view(Local), unit="m"), stands_in=True, close=[with_attributes(VALUES.view(Local) * ULP, unit="m")],
               different=[with_attributes(VALUES.view(Local), unit="km"), with_attributes(VALUES.view(Local) + 1, unit="m")])
    masked = np.ma.MaskedArray(VALUES, [0, 1, 0, 0], fill_value=7.0)
    hidden = np.ma.MaskedArray(np.where([0, 1, 0, 0], 9.0, VALUES), [0, 1, 0, 0], fill_value=7.0)
    unmasked = np.ma.MaskedArray(VALUES, [0, 0, 0, 0], fill_value=7.0)
    for name, kind, more in (("masked array of a local class", LocalMasked, {"stands_in": True}), ("masked array of a class", OwnMasked, {"equal": same_masked})):
        yield Case(name, with_attributes(masked.view(kind), unit="m"), same=[with_attributes(hidden.view(kind), unit="m")], close=[with_attributes((masked * ULP).view(kind), unit="m")],
                   different=[with_attributes(masked.view(kind), unit="km"), with_attributes(unmasked.view(kind), unit="m"), with_attributes((masked + 1).view(kind), unit="m")], **more)
    objects = np.ma.MaskedArray([1.5, "under", 3], [0, 1, 0], object, fill_value="?")
    yield Case("masked objects", objects, itself=True, equal=lambda a, b: str(a) == str(b), same=[np.ma.MaskedArray([1.5, [7, 8], 3], [0, 1, 0], object, fill_value="?")],
               close=[np.ma.MaskedArray([1.5 * ULP, None, 3], [0, 1, 0], object, fill_value="?")], different=[np.ma.MaskedArray([2.5, "under", 3], [0, 1, 0], object, fill_value="?")])
    fields = np.array([(1 / 3, 1), (2.0, 2)], [("x", "f8"), ("n", "i4")])
    moved = np.array([(1 / 3 * ULP, 1), (2.0, 2)], fields.dtype)
    for kind in (np.recarray, np.matrix, np.ndarray, Named):
        value, close = (fields, moved) if kind is not np.matrix else (VALUES[None], VALUES[None] * ULP)
        yield Case(f"{kind.__name__} of records", value.view(kind), itself=True, equal=lambda a, b: (np.asarray(a) == np.asarray(b)).all(),
                   same=[value.copy().view(kind)], close=[close.view(kind)], different=[value[:1].view(kind)[:, :1] if kind is np.matrix else value[::-1].view(kind)])
    with tempfile.TemporaryDirectory() as folder:
        def mapped(name, values):
            values.tofile(os.path.join(folder, name))
            return np.memmap(os.path.join(folder, name), float, "r")

        yield Case("memmap", mapped("a", VALUES), itself=True, equal=lambda a, b: (a == b).all(), same=[mapped("b", VALUES)], close=[mapped("c", VALUES * ULP)],
                   different=[mapped("d", VALUES + 1), VALUES])
    yield Case("scalar of a class", with_attributes(Stamped(1 / 3), unit="m"), equal=lambda a, b: a == b and a.unit == "m", close=[with_attributes(Stamped(1 / 3 * ULP), unit="m")],
               different=[with_attributes(Stamped(1 / 3), unit="km"), Stamped(1 / 3), np.float64(1 / 3), with_attributes(Stamped(2 / 3), unit="m")])


def memory():
    for code, other in (("d", 2.0), ("f", 2.0), ("q", 5), ("B", 5), ("h", 5)):
        values = array.array(code, [1, 3])
        yield Case(f"memoryview of {code}", memoryview(values), stands_in=True, same=[memoryview(array.array(code, values))],
                   different=[memoryview(array.array(code, [1, other])), memoryview(values)[:1], values])
    numbers = memoryview(array.array("d", VALUES))
    yield Case("memoryview", numbers, stands_in=True, close=[memoryview(array.array("d", VALUES * ULP))], different=[memoryview(array.array("d", VALUES + 1))])
    for dtype in (">f8", "f2", "c8", "?", "f4"):
        values = np.array([1, 0, 1, 1]).astype(dtype)
        close = [] if dtype == "?" else [memoryview((values * (1 + 1e-3 if dtype == "f2" else 1 + 1e-6)).astype(dtype))]
        yield Case(f"memoryview of numpy's {dtype}", memoryview(values), stands_in=True, same=[memoryview(values.copy()), memoryview(np.repeat(values, 2))[::2]],
                   close=close, different=[memoryview(values[::-1]), memoryview(values[:2])])
    yield Case("memoryview of a matrix", memoryview(VALUES.reshape(2, 2)), stands_in=True, close=[memoryview(VALUES.reshape(2, 2) * ULP)], different=[memoryview(VALUES)])
    yield Case("ctypes' array", (ctypes.c_double * 4)(*VALUES), stands_in=True, close=[(ctypes.c_double * 4)(*VALUES * ULP)],
               different=[(ctypes.c_double * 4)(*VALUES + 1), (ctypes.c_double * 3)(*VALUES[1:]), (ctypes.c_float * 4)(*VALUES)])
    yield Case("ctypes' number", ctypes.c_double(1 / 3), equal=lambda a, b: a.value == b.value, close=[ctypes.c_double(1 / 3 * ULP)], different=[ctypes.c_double(1), ctypes.c_float(1 / 3)], own=["ctypes"])
    yield Case("ctypes' structures", [Point(1 / 3, (1, 2), 3)], stands_in=True, close=[[Point(1 / 3 * ULP, (1, 2), 3)]],
               different=[[Point(1, (1, 2), 3)], [Point(1 / 3, (1, 3), 3)], [Point(1 / 3, (1, 2), 4)]])
    here, there = Point(1.0), Point(2.0)
    yield Case("ctypes' pointers", Linked(1 / 3, ctypes.pointer(here)), stands_in=True, same=[Linked(1 / 3, ctypes.pointer(there))],
               close=[Linked(1 / 3 * ULP, ctypes.pointer(here))], different=[Linked(1.0, ctypes.pointer(here)), Linked(1 / 3)])
    yield Case("array.array", array.array("d", VALUES), close=[array.array("d", VALUES * ULP)], different=[array.array("f", VALUES), array.array("d", VALUES + 1)], own=["array"])


def raised(kind, cause):
    try:
        raise kind("why") from cause
    except Exception as error:
        return error


def builtins():
    def same_error(a, b):
        return a.args == b.args and repr(a.__cause__) == repr(b.__cause__) and vars(a) == vars(b)

    yield Case("error with a cause", raised(Refused, ValueError(1)), equal=same_error, same=[raised(Refused, ValueError(1))],
               different=[raised(Refused, ValueError(2)), raised(Refused, None), raised(Refused, KeyError(1))], own=["numpy_cases"])
    yield Case("built-in error with a cause", raised(OSError, ValueError(1)), equal=same_error, different=[raised(OSError, ValueError(2)), raised(OSError, None)])
    yield Case("error with attributes", with_attributes(Refused("why"), code=3), equal=same_error, different=[with_attributes(Refused("why"), code=4), Refused("why"), Refused("what")])
    yield Case("error with slots", with_attributes(RefusedInSlots("why"), where=3), equal=lambda a, b: a.where == b.where, different=[with_attributes(RefusedInSlots("why"), where=4)])
    for kind, arguments in DERIVED:
        def make(note, kind=kind, arguments=arguments):
            return with_attributes(kind(*arguments), note=note)

        yield Case(kind.__name__, make(1 / 3), equal=lambda a, b: a.note == b.note and (isinstance(a, random.Random) or str(a) == str(b)), close=[make(1 / 3 * ULP)],
                   different=[make(1.0), kind(*arguments)])
    for name, make in {"datetime": lambda: Day(2020, 1, 1), "Decimal": lambda: Exact("1.5"), "Counter": lambda: Tally("aab"), "defaultdict": lambda: Groups(list, {1: [2]}),
                       "Random": lambda: Dice(3)}.items():
        yield Case(f"{name} with attributes", with_attributes(make(), note=1 / 3), equal=same_dice if name == "Random" else same_attributes, close=[with_attributes(make(), note=1 / 3 * ULP)],
                   different=[with_attributes(make(), note=1), make()])


def cases():
    for family in (arrays, memory, builtins):
        for case in family():
            case.own |= {"numpy_cases", "array", "decimal", "fractions", "random", "ctypes"}
            yield case
