import abc
import functools
from fractions import Fraction


def helper():
    return 1


def time_(): ...  # too short


class Names:
    def TimeX(self): ...

    def Timex(self): ...

    def TimeXY(self): ...

    def Time_x(self): ...

    def Mem_x(self): ...

    def PeakMem_x(self): ...

    def Timeraw_x(self):
        return "1"

    def Track_x(self):
        return 1

    def trackx(self): ...

    def time_x(self): ...

    def timeraw_x(self):
        return "pass"

    def track_x(self):
        return 1

    def peakmem_x(self): ...

    def setUp(self): ...

    def tearDown(self): ...

    async def time_async(self): ...

    def time_generator(self):
        yield 1

    @staticmethod
    def time_static(): ...

    @classmethod
    def time_class(cls): ...

    @property
    def time_property(self):
        raise AssertionError("never read on the class")

    time_lambda = lambda self: 1  # noqa: E731
    time_partial = functools.partialmethod(lambda self, n: n, 1)
    time_cached = functools.lru_cache(lambda self: 1)

    class TimeNestedClass:
        def time_never(self): ...


class Abstract(abc.ABC):
    @abc.abstractmethod
    def size(self): ...

    def time_size(self):
        return self.size()


class Concrete(Abstract):
    def size(self):
        return 1


time_alias = helper
time_first = lambda: 1  # noqa: E731
time_second = lambda: 22  # noqa: E731
time_partial = functools.partial(helper)
time_builtin = len
_time_hidden = helper


def _named():
    return 1


def renamed():
    return 2


renamed.benchmark_name = "somewhere.else.time_renamed"
renamed.pretty_name = "A pretty name"
renamed.version = 7
renamed.timeout = 3.5


class Private:
    def _hidden(self):
        return 1

    _hidden.benchmark_name = "names.Private.track_hidden"


def time_skipped():
    return 1


time_skipped.skip_benchmark = True


class Attributed:
    unit = "files"

    def track_files(self):
        return 3

    def time_attributed(self):
        # a comment that is part of the source
        return 3

    time_attributed.setup = lambda: None
    time_attributed.timeout = 9
    track_files.unit = "parsecs"


def time_pretty_source():
    return 1


time_pretty_source.pretty_source = """
        def other():
            pass
    """


class Environment:
    env = {"B": 1, "A": "2"}

    def timeraw_environment(self):
        return "pass"
