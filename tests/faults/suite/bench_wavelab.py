"""The library of examples/."""

from wavelab import filters, images, recording, spectrum, statistics

from .inputs import floats, matrix


class Wavelab:
    def setup(self):
        self.signal, self.image = floats(200), matrix(12, 9)
        self.recording = recording.Recording(self.signal, 1000.0)

    def time_moving_average(self):
        return filters.moving_average(self.signal, 7)

    def time_exponential_smoothing(self):
        filters.exponential_smoothing(self.signal, 0.3)

    def time_median_filter(self):
        smooth = filters.median_filter(self.signal, 5)

    def time_power_spectrum(self):
        return spectrum.power_spectrum(self.signal, "hamming")

    def time_peaks(self):
        spectrum.peaks(self.signal, 1000.0, 4)

    def time_summary(self):
        return statistics.summary(self.signal)

    def time_histogram(self):
        counts, edges = statistics.histogram(self.signal, 9)

    def time_zero_crossings(self):
        return statistics.zero_crossings(self.signal)

    def time_downsample(self):
        images.downsample(self.image, 3)

    def time_edges(self):
        return images.edges(self.image)

    def time_resampled(self):
        return self.recording.resampled(500.0)

    def time_loop(self):
        for width in (3, 5, 7):
            filters.moving_average(self.signal, width)
