"""The same few functions, reached in every way that benchmarks have."""

import functools

import numpy as np

from . import helpers
from .inputs import floats, integers, matrix, positive_definite

ROWS = None


def setup(*params):
    global ROWS
    ROWS = matrix(4, 6)


def time_of_a_global():
    return np.linalg.norm(ROWS, axis=1)


def time_parametrised(size, order):
    return np.linalg.norm(floats(size), order)


time_parametrised.params = [[5, 50], [1, 2, np.inf]]
time_parametrised.param_names = ["size", "order"]


def decorated(function):
    @functools.wraps(function)
    def layer(*arguments):
        return function(*arguments)

    return layer


class Statements:
    def setup(self):
        self.a, self.n, self.m = floats(), integers(), matrix(4, 6)

    def time_loop(self):
        for row in self.m:
            np.linalg.norm(row)

    def time_loop_with_local(self):
        for i in range(3):
            total = np.cumsum(self.a[i:])

    def time_while(self):
        rest = 3
        while rest:
            np.sort(self.a[rest:])
            rest -= 1

    def time_with(self):
        with helpers.settings():
            np.exp(self.a)

    def time_if(self):
        if len(self.a) > 2:
            np.median(self.a)
        else:
            np.median(self.n)

    def time_try(self):
        try:
            np.linalg.det(self.m @ self.m.T)
        finally:
            del self.n

    def time_deeply_nested(self):
        for row in self.m:
            with helpers.settings():
                if row.size:
                    for _ in range(2):
                        values = np.fft.rfft(row)

    def time_last_of_several(self):
        first = self.a * 2
        second = first + 1
        np.sort(second)

    def time_first_of_several(self):
        np.sort(self.a)
        first = self.a * 2
        return first + 1

    def time_comprehension(self):
        [np.linalg.norm(row) for row in self.m]

    def time_generator(self):
        return sum(np.linalg.norm(row) for row in self.m)

    def time_dictionary(self):
        return {"norm": np.linalg.norm(self.a), "size": self.a.size}

    def time_part_of_tuple(self):
        return len(self.a), np.sort(self.a), "sorted"

    def time_lambda(self):
        work = lambda: np.sort(self.a)
        work()

    def time_inner_function(self):
        def work():
            return np.sort(self.a)

        return work()

    def time_walrus(self):
        if (total := np.sum(self.a)) is not self:
            pass

    def time_iterable(self):
        for number in np.sort(self.a):
            pass

    def time_condition(self):
        if np.linalg.norm(self.a) > 1:
            pass

    def time_assertion(self):
        assert np.argmax(self.a) < 1000

    def time_starred(self):
        first, *rest = np.sort(self.a)

    def time_method_of_result(self):
        return np.sort(self.a).cumsum()

    def time_map(self):
        return list(map(np.linalg.norm, self.m))

    def time_partial(self):
        work = functools.partial(np.sort, kind="stable")
        work(self.a)

    @decorated
    def time_decorated(self):
        return np.sort(self.a)

    @staticmethod
    def time_static():
        return np.sort(floats(20))

    @classmethod
    def time_class(cls):
        np.sort(floats(20))

    def time_chained_assignment(self):
        first = second = np.sort(self.a)

    def track_sum(self):
        return np.sum(self.a)

    def mem_sorted(self):
        return np.sort(self.a)

    def peakmem_sorted(self):
        np.sort(self.a)


class Helpers:
    def setup(self):
        self.a, self.m, self.s = floats(), matrix(4, 6), positive_definite()

    def time_one_layer(self):
        return helpers.norm(self.a)

    def time_two_layers(self):
        helpers.norm_of_rows(self.m)

    def time_as_argument(self):
        return helpers.apply(np.sort, self.a)

    def time_lost_in_helper(self):
        helpers.quietly_determined(self.s)

    def time_lost_in_helper_twice(self):
        helpers.quietly_sorted(self.a)

    def _own(self):
        return np.sort(self.a)

    def time_own_method(self):
        self._own()


class Base:
    def setup(self):
        self.a = floats()

    def time_inherited(self):
        return np.sort(self.a)


class Derived(Base):
    def setup(self):
        self.a = floats(seed=11)


class Cached:
    def setup_cache(self):
        return floats(30)

    def time_of_cache(self, a):
        np.cumsum(a)


class Attributes:
    """The value is left in the instance."""

    def setup(self):
        self.a = floats()

    def time_attribute(self):
        self.result = np.sort(self.a)

    def time_tuple_of_attributes(self):
        self.mantissa, self.exponent = np.frexp(self.a)

    def time_entry(self):
        self.results = {}
        self.results["sorted"] = np.sort(self.a)

    def time_setattr(self):
        setattr(self, "result", np.sort(self.a))

    def time_list(self):
        self.results = []
        self.results.append(np.sort(self.a))

    def time_global(self):
        global LAST
        LAST = np.sort(self.a)
