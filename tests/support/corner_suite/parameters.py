import enum
import functools


class Colour(enum.Enum):
    RED = 1


class Plain:
    pass


class MultiLine:
    def __repr__(self):
        return "two\nlines"


class FakeAddress:
    def __repr__(self):
        return "<FakeAddress at 0x1234567>"


def helper():
    pass


def of(params, names=()):
    class Made:
        def time_it(self, *values):
            return values

    Made.params = params
    if names:
        Made.param_names = names
    Made.time_it.params = params
    return Made


def named(name, params, names=()):
    made = of(params, names)
    made.__name__ = name
    return made


OneList = named("OneList", [1, 2, 3])
OneTuple = named("OneTuple", (1, 2))
OneRange = named("OneRange", range(3))
Characters = named("Characters", "abc")
Keys = named("Keys", {"a": 1, "b": 2})
PairsAreAxes = named("PairsAreAxes", [(1, 2), (3, 4)])
OneOfPairs = named("OneOfPairs", [[(1, 2), (3, 4)]])
FirstDecides = named("FirstDecides", [1, [2, 3]])
NoCombination = named("NoCombination", [[]])
Empty = named("Empty", [])
Names = named("Names", [[1], [2], [3]], ["first", 2])
Generators = named("Generators", [[1], (n for n in range(2))])
Objects = named(
    "Objects", [Colour.RED, Plain, Plain(), MultiLine(), FakeAddress(), helper, functools.partial(helper), len, None]
)
Duplicates = named("Duplicates", [1, 1, "1", Plain(), Plain(), 2, 2.0, lambda: 1, lambda: 2])


class Consumed:
    params = (n for n in (1, 2))

    def time_a(self, n=0):
        return n

    def time_b(self, n=0):
        return n


class Fallen:
    params = None

    def time_falls_to_module(self, n):
        return n


class Hiding:
    params = []

    def time_hides_module(self):
        return 1


params = [10, 20]
param_names = ["of_module"]
