"""Classes, parameters with names, set-ups that skip, skip_params, teardown, a timeout of its own."""

from wavelab import filters, spectrum

from .common import RATE, make_signal


class Spectrum:
    params = [[256, 1024], ["hann", "hamming", "boxcar"]]
    param_names = ["samples", "window"]

    def setup(self, samples, window):
        self.signal = make_signal(samples)

    def teardown(self, samples, window):
        del self.signal

    def time_power(self, samples, window):
        return spectrum.power_spectrum(self.signal, window)

    def time_peaks(self, samples, window):
        return spectrum.peaks(self.signal, RATE, 3, window)


class Median:
    params = [3, 4, 5]
    param_names = ["width"]

    def setup(self, width):
        if width % 2 == 0:
            raise NotImplementedError("only odd widths are supported")
        self.signal = make_signal(500)

    def time_median(self, width):
        return filters.median_filter(self.signal, width)


class Windows:
    params = [["hann", "boxcar"], [64, 128]]
    param_names = ["window", "samples"]
    skip_params = [("boxcar", 128)]  # what asv_runner's skip_for_params sets

    def time_spectrum(self, window, samples):
        return spectrum.power_spectrum(make_signal(samples), window)


class Slow:
    timeout = 120.0  # seconds; wins over --timeout

    def setup(self):
        self.signal = make_signal(4000)

    def time_smoothing_twice(self):
        once = filters.exponential_smoothing(self.signal, 0.2)
        return filters.exponential_smoothing(once, 0.2)
