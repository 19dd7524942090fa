"""Loops: one round is enough to be wrong, and what is iterated over counts although nobody keeps it."""

import collections

import numpy as np

from . import helpers
from .inputs import floats, integers, matrix, words


class Rounds:
    """The target computes one round in the middle; the others are right whatever happens to it."""

    def setup(self):
        self.a, self.m = floats(), matrix(4, 6)
        self.table = dict(zip("abcde", matrix(5, 3)))

    def time_for(self):
        for i in range(5):
            np.sort(self.a) if i == 2 else self.a + i

    def time_while(self):
        i = 0
        while i < 5:
            values = np.cumsum(self.a) if i == 3 else self.a * i
            i += 1

    def time_keys(self):
        for key in self.table:
            np.linalg.norm(self.table[key]) if key == "b" else self.table[key]

    def time_nested(self):
        for i in range(3):
            for j in range(3):
                np.median(self.a[i:]) if i == j == 1 else i + j

    def time_augmented(self):
        total = 0.0
        for i in range(4):
            total += np.sum(self.a) if i == 1 else 1.0
            total *= 0

    def time_same_buffer(self):
        out = np.empty_like(self.a)
        for i in range(4):
            np.add(self.a, i, out=out)

    def time_many(self):
        for i in range(3000):
            np.exp(self.a[:2]) if i == 1234 else self.a[i % 50]

    def time_comprehension_of_lengths(self):
        len([np.sin(row) for row in self.m])


class Iteration:
    """Generators and iterators that are used up without a trace."""

    def setup(self):
        self.a, self.m, self.n = floats(), matrix(8, 5), integers()

    def time_for(self):
        for _ in helpers.norms(self.m):
            pass

    def time_enumerate(self):
        for _ in enumerate(helpers.medians(self.m)):
            pass

    def time_deque(self):
        collections.deque(helpers.sums(self.m), maxlen=0)

    def time_next(self):
        rows = helpers.sorted_rows(self.m)
        while True:
            try:
                next(rows)
            except StopIteration:
                break

    def time_any(self):
        any(value is None for value in helpers.maxima(self.m))

    def time_count(self):
        return sum(1 for _ in helpers.minima(self.m))

    def time_array(self):
        for _ in np.unique(self.n):
            pass

    def time_pairs(self):
        for _, _ in zip(helpers.means(self.m), range(100)):
            pass

    def time_words(self):
        for _ in np.char.upper(words()):
            pass


class Overwritten:
    """What a statement computed is gone when the body ends."""

    def setup(self):
        self.a, self.out = floats(), np.zeros(60)

    def time_filled_afterwards(self):
        np.multiply(self.a, 3.0, out=self.out)
        self.out.fill(0)

    def time_sorted_afterwards(self):
        values = np.sqrt(np.abs(self.a))
        values.sort()
        values[:] = 1
