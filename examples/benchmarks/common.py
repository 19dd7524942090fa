"""What several modules need. Nothing here looks like a benchmark."""

import numpy as np

RATE = 1000.0


def make_signal(samples, seed=7):
    """Two sine waves and some noise; the same one every time."""
    time = np.arange(samples) / RATE
    noise = np.random.default_rng(seed).normal(scale=0.1, size=samples)
    return np.sin(2 * np.pi * 50 * time) + 0.5 * np.sin(2 * np.pi * 120 * time) + noise
