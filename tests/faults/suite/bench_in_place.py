"""Functions whose result is what they change."""

import numpy as np

from wavelab import filters

from . import helpers
from .inputs import floats, integers, matrix, positive
from .library import Counter, samples

TABLE = None


def setup(*params):
    global TABLE
    TABLE = floats(20)


def time_global_array():
    np.put(TABLE, [1, 4], [8.0, 9.0])


def time_argument(array):
    np.copyto(array, 2.5, where=array > 0)


time_argument.params = [[np.linspace(-1, 1, 9)]]


class InPlace:
    def setup(self):
        self.a, self.b, self.n = floats(), positive(), integers()
        self.m, self.order = matrix(), np.arange(40)
        self.largest = self.m.argmax(axis=1)[:, None]
        self.samples = samples(self.a)
        self.counter = Counter()
        self.nested = {"rows": [floats(4), floats(5, seed=2)]}

    def time_put(self):
        np.put(self.a, [1, 5, 7], [10.0, 20.0, 30.0])

    def time_copyto(self):
        np.copyto(self.a, self.b, where=self.b > 1)

    def time_place(self):
        np.place(self.a, self.a > 0, [1.5, 2.5])

    def time_putmask(self):
        np.putmask(self.n, self.n > 20, self.n**2)

    def time_fill_diagonal(self):
        np.fill_diagonal(self.m, 3.5)

    def time_put_along_axis(self):
        np.put_along_axis(self.m, self.largest, 99.0, axis=1)

    def time_shuffle(self):
        np.random.shuffle(self.order)

    def time_sort_method(self):
        self.samples.sort()

    def time_fill_method(self):
        self.samples.fill(2.5)

    def time_partition_method(self):
        self.samples.partition(10)

    def time_scale_method(self):
        self.samples.scale(3.0)

    def time_local_alias(self):
        array = self.a
        np.put(array, [2], [77.0])

    def time_in_loop(self):
        for row in self.m:
            np.copyto(row, 1.25, where=row > 0)

    def time_normalise(self):
        filters.normalise(self.a)

    def time_object_of_its_own(self):
        self.counter.add(self.n)

    def time_nested(self):
        np.put(self.nested["rows"][1], [0], [5.0])


class ItemAssignment:
    def setup(self):
        self.a, self.m = floats(), matrix()

    def time_item(self):
        self.a[3] = np.sum(self.m)

    def time_augmented_item(self):
        self.a[3] += np.sum(self.m)

    def time_slice(self):
        self.a[:6] = np.mean(self.m, axis=0)

    def time_augmented_slice(self):
        self.a[:6] *= np.mean(self.m, axis=0)

    def time_augmented_attribute(self):
        self.m += np.exp(self.m)

    def time_augmented_local(self):
        total = 0.0
        for row in self.m:
            total += np.sum(row)


class Out:
    def setup(self):
        self.a, self.b, self.out = floats(), positive(), np.zeros(60)
        self.m, self.square = matrix(), np.zeros((6, 6))

    def time_add(self):
        np.add(self.a, self.b, out=self.out)

    def time_sqrt_positional(self):
        np.sqrt(self.b, self.out)

    def time_exp_returned(self):
        return np.exp(self.a, out=self.out)

    def time_cumsum(self):
        np.cumsum(self.a, out=self.out)

    def time_clip_onto_itself(self):
        np.clip(self.a, -0.5, 0.5, out=self.a)

    def time_dot(self):
        np.dot(self.m, self.m, out=self.square)

    def time_matmul_local(self):
        result = np.matmul(self.m, self.m, out=self.square)

    def time_multiply_where(self):
        np.multiply(self.a, self.b, out=self.out, where=self.b > 1)
