"""setup_cache: work that is done once for several benchmarks."""

import numpy as np

from wavelab import spectrum, statistics

from .common import RATE, make_signal


class Recordings:
    """setup_cache returns a value, which comes first among the arguments."""

    params = ["short", "long"]
    param_names = ["recording"]

    def setup_cache(self):
        return {"short": make_signal(300), "long": make_signal(3000)}

    def time_summary(self, recordings, name):
        return statistics.summary(recordings[name])

    def time_peaks(self, recordings, name):
        return spectrum.peaks(recordings[name], RATE, 2)


class Files:
    """setup_cache leaves a file in its working directory, which is also that of its benchmarks."""

    def setup_cache(self):
        np.save("signal.npy", make_signal(1500))

    def setup(self):
        self.signal = np.load("signal.npy")

    def time_histogram(self):
        return statistics.histogram(self.signal, 20)
