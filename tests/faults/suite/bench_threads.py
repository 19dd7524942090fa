"""What other threads compute, and nobody returns."""

import numpy as np

from . import helpers
from .inputs import floats, matrix


class Threads:
    def setup(self):
        self.a, self.m = floats(), matrix(8, 30)

    def time_pool(self):
        helpers.pooled_medians(self.m)

    def time_threads(self):
        helpers.threaded_norms(self.m)
