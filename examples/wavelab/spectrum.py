"""Frequencies in a signal."""

import numpy as np

WINDOWS = {"hann": np.hanning, "hamming": np.hamming, "boxcar": np.ones}


def power_spectrum(signal, window="hann"):
    """The one-sided power spectrum, one value a frequency."""
    weights = WINDOWS[window](len(signal))
    return np.abs(np.fft.rfft(signal * weights)) ** 2 / np.sum(weights**2)


def peaks(signal, rate, count, window="hann"):
    """The `count` strongest frequencies in Hz, strongest first, each with its share of the power."""
    power = power_spectrum(signal, window)
    frequencies = np.fft.rfftfreq(len(signal), 1.0 / rate)
    strongest = np.argsort(-power, kind="stable")[:count]
    return [
        {"frequency": float(frequencies[i]), "share": float(power[i] / power.sum())}
        for i in strongest
    ]
