"""Filters over one-dimensional signals."""

import numpy as np


def moving_average(signal, width):
    """The mean of each window of `width` samples; only whole windows count."""
    if width < 1 or width > len(signal):
        raise ValueError(f"width {width} does not fit a signal of {len(signal)} samples")
    return np.convolve(signal, np.full(width, 1.0 / width), mode="valid")


def exponential_smoothing(signal, alpha):
    """s[i] = alpha * x[i] + (1 - alpha) * s[i - 1], starting at x[0]."""
    smoothed = np.empty_like(signal, dtype=float)
    level = signal[0]
    for i, sample in enumerate(signal):
        level = alpha * sample + (1 - alpha) * level
        smoothed[i] = level
    return smoothed


def median_filter(signal, width):
    """The median of each window of `width` samples (odd), with the ends repeated."""
    if width % 2 == 0:
        raise NotImplementedError("even widths have no middle sample")
    padded = np.pad(signal, width // 2, mode="edge")
    return np.median(np.lib.stride_tricks.sliding_window_view(padded, width), axis=-1)


def normalise(signal):
    """Scales `signal` to mean 0 and deviation 1, in place."""
    signal -= signal.mean()
    signal /= signal.std()
