"""Sorting, searching, sets, and what picks elements."""

import numpy as np

from .inputs import floats, integers, matrix


class Return:
    def setup(self):
        self.a, self.n, self.k = floats(), integers(), integers(seed=7)
        self.m = matrix(5, 7)
        self.bins = [-1.5, -0.5, 0.25, 1.0]

    def time_sort(self):
        return np.sort(self.a)

    def time_lexsort(self):
        return np.lexsort((self.a, self.n))

    def time_searchsorted(self):
        return np.searchsorted(self.bins, self.a)

    def time_unique(self):
        return np.unique(self.n, return_counts=True)

    def time_union1d(self):
        return np.union1d(self.n, self.k)

    def time_isin(self):
        return np.isin(self.n, self.k)

    def time_where(self):
        return np.where(self.a > 0)

    def time_take(self):
        return np.take(self.a, self.n)

    def time_select(self):
        return np.select([self.a > 1, self.a > 0], [self.a, -self.a], 7.0)

    def time_triu(self):
        return np.triu(self.m)

    def time_unravel_index(self):
        return np.unravel_index(self.n, (8, 9))


class Expression:
    def setup(self):
        self.a, self.n, self.k = floats(), integers(), integers(seed=7)
        self.m = matrix(5, 7)

    def time_argsort(self):
        np.argsort(self.n, kind="stable")

    def time_partition(self):
        np.partition(self.a, 20)

    def time_intersect1d(self):
        np.intersect1d(self.n, self.k)

    def time_setdiff1d(self):
        np.setdiff1d(self.n, self.k)

    def time_flip(self):
        np.flip(self.m)

    def time_roll(self):
        np.roll(self.n, 3)

    def time_nonzero(self):
        np.nonzero(self.m > 0)

    def time_extract(self):
        np.extract(self.a > 0, self.a)

    def time_diag(self):
        np.diag(self.m)

    def time_choose(self):
        np.choose(self.n % 3, [self.a, self.a + 1, self.a + 2])


class Local:
    def setup(self):
        self.a, self.n, self.k = floats(), integers(), integers(seed=7)
        self.m = matrix(5, 7)
        self.places = np.argsort(self.m.sum(0))[None, :3]

    def time_argpartition(self):
        order = np.argpartition(self.a, 30)

    def time_setxor1d(self):
        odd = np.setxor1d(self.n, self.k)

    def time_argwhere(self):
        places = np.argwhere(self.m > 0)

    def time_flatnonzero(self):
        places = np.flatnonzero(self.n > 20)

    def time_compress(self):
        some = np.compress(self.a > 0, self.a)

    def time_take_along_axis(self):
        some = np.take_along_axis(self.m, self.places, axis=1)

    def time_rot90(self):
        turned = np.rot90(self.m)

    def time_ravel_multi_index(self):
        flat = np.ravel_multi_index((self.n % 5, self.k % 4), (5, 4))

    def time_meshgrid(self):
        x, y = np.meshgrid(self.a[:4], self.n[:3])

    def time_tril_indices(self):
        rows, columns = np.tril_indices(4)
