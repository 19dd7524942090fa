"""Numbers that describe a signal."""

import numpy as np


def summary(signal):
    """A few named numbers."""
    return {
        "samples": len(signal),
        "mean": float(np.mean(signal)),
        "deviation": float(np.std(signal)),
        "range": (float(np.min(signal)), float(np.max(signal))),
    }


def histogram(signal, bins):
    """How many samples fall into each of `bins` equal parts of the range."""
    counts, edges = np.histogram(signal, bins=bins)
    return counts, edges


def zero_crossings(signal):
    """How often the sign changes."""
    return int(np.count_nonzero(np.diff(np.signbit(signal))))
