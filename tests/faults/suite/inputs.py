"""What the benchmarks work on. Nothing that is called here is ever made wrong."""

import numpy as np


def rng(seed=1):
    return np.random.default_rng(seed)


def floats(size=60, seed=1):
    """Numbers of both signs, none of them near 0."""
    numbers = rng(seed).normal(size=size)
    return numbers + np.copysign(0.2, numbers)


def positive(size=60, seed=2):
    return rng(seed).uniform(0.5, 3.0, size=size)


def integers(size=60, seed=3, high=50):
    return rng(seed).integers(0, high, size=size)


def matrix(rows=6, columns=6, seed=4):
    return rng(seed).normal(size=(rows, columns))


def positive_definite(side=6, seed=5):
    half = matrix(side, side, seed)
    return half @ half.T + side * np.eye(side)


def words():
    return np.array(["alpha", "Beta", "gamma ray", " delta", "42", "epsilon"])


def days():
    return np.datetime64("2024-01-01") + np.arange(0, 40, 3)
