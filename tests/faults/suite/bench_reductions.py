"""Sums, statistics and what else makes little of much."""

import numpy as np

from .inputs import floats, integers, matrix, positive


class Return:
    def setup(self):
        self.a, self.p, self.n = floats(), positive(), integers()
        self.m = matrix(5, 8)
        self.odd = np.where(self.a > 1, np.nan, self.a)

    def time_sum(self):
        return np.sum(self.m, axis=0)

    def time_sum_of_all(self):
        return np.sum(self.m)

    def time_mean(self):
        return np.mean(self.m, axis=1)

    def time_median(self):
        return np.median(self.a)

    def time_var(self):
        return np.var(self.a)

    def time_argmax(self):
        return np.argmax(self.a)

    def time_argmin(self):
        return np.argmin(self.m, axis=0)

    def time_count_nonzero(self):
        return np.count_nonzero(self.n > 20)

    def time_histogram(self):
        return np.histogram(self.a, bins=7)

    def time_cov(self):
        return np.cov(self.m)

    def time_nancumsum(self):
        return np.nancumsum(self.odd)

    def time_cumsum_with_nan(self):
        return np.cumsum(self.odd)


class Expression:
    def setup(self):
        self.a, self.p, self.n = floats(), positive(), integers()
        self.m = matrix(5, 8)

    def time_prod(self):
        np.prod(self.p[:20])

    def time_std(self):
        np.std(self.m, axis=0)

    def time_max(self):
        np.max(self.a)

    def time_min(self):
        np.min(self.n)

    def time_any(self):
        np.any(self.a > 0.5)

    def time_all(self):
        np.all(self.m > 0, axis=0)

    def time_percentile(self):
        np.percentile(self.a, [10, 50, 90])

    def time_bincount(self):
        np.bincount(self.n)

    def time_average(self):
        np.average(self.a, weights=self.p)

    def time_nanmean(self):
        np.nanmean(self.a)

    def time_corrcoef(self):
        np.corrcoef(self.m)


class Local:
    def setup(self):
        self.a, self.p, self.n = floats(), positive(), integers()
        self.m = matrix(5, 8)

    def time_cumsum(self):
        total = np.cumsum(self.a)

    def time_cumprod(self):
        total = np.cumprod(self.m, axis=1)

    def time_diff(self):
        steps = np.diff(self.n)

    def time_ptp(self):
        width = np.ptp(self.a)

    def time_quantile(self):
        low = np.quantile(self.a, 0.25)

    def time_digitize(self):
        bins = np.digitize(self.a, [-1.0, 0.0, 1.0])

    def time_interp(self):
        values = np.interp([0.5, 1.5, 2.5], [0.0, 1.0, 2.0, 3.0], self.p[:4])

    def time_convolve(self):
        smooth = np.convolve(self.a, [0.25, 0.5, 0.25], mode="same")

    def time_gradient(self):
        down, right = np.gradient(self.m)

    def time_nansum(self):
        total = np.nansum(self.m, axis=1)
