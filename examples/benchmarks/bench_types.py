"""Every type of benchmark that ASV has, and one that works in place."""

from wavelab import filters, spectrum, statistics

from .common import make_signal


class Types:
    def setup(self):
        self.signal = make_signal(1200)

    def time_crossings(self):
        return statistics.zero_crossings(self.signal)

    def mem_spectrum(self):
        return spectrum.power_spectrum(self.signal)

    def peakmem_spectrum(self):
        return spectrum.power_spectrum(self.signal)

    def track_deviation(self):
        return statistics.summary(self.signal)["deviation"]

    track_deviation.unit = "volts"


class InPlace:
    """The result is what the call changes, not what it returns."""

    def setup(self):
        self.signal = make_signal(800)

    def time_normalise(self):
        filters.normalise(self.signal)


def timeraw_import_json():
    """ASV runs the code that this returns in a new interpreter."""
    return "import json"
