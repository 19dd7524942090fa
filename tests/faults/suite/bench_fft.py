"""Fourier transforms."""

import numpy as np

from .inputs import floats, matrix


class Return:
    def setup(self):
        self.a, self.m = floats(32), matrix(8, 4)

    def time_fft(self):
        return np.fft.fft(self.a)

    def time_rfft(self):
        return np.fft.rfft(self.a)

    def time_fftfreq(self):
        return np.fft.fftfreq(32, 0.1)


class Expression:
    def setup(self):
        self.a, self.m = floats(32), matrix(8, 4)

    def time_ifft(self):
        np.fft.ifft(self.a)

    def time_fft2(self):
        np.fft.fft2(self.m)

    def time_fftshift(self):
        np.fft.fftshift(self.a)


class Local:
    def setup(self):
        self.a, self.m = floats(32), matrix(8, 4)

    def time_irfft(self):
        signal = np.fft.irfft(self.a[:9])

    def time_fftn(self):
        spectrum = np.fft.fftn(self.m)

    def time_hfft(self):
        spectrum = np.fft.hfft(self.a[:9])
