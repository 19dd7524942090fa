"""Samples together with the rate at which they were taken."""

import time

import numpy as np


class Recording:
    """Remembers when it was last used, so that a cache of recordings can drop the oldest."""

    def __init__(self, samples, rate):
        self.samples = np.asarray(samples, dtype=float)
        self.rate = rate
        self.last_used = time.perf_counter_ns()

    def resampled(self, rate):
        """The same signal at another rate, by linear interpolation."""
        self.last_used = time.perf_counter_ns()
        length = int(len(self.samples) * rate / self.rate)
        old = np.arange(len(self.samples)) / self.rate
        return Recording(np.interp(np.arange(length) / rate, old, self.samples), rate)
