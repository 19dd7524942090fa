"""Layers between a benchmark and the function that it calls. What is called here can be wrong, too."""

import contextlib

import numpy as np


def norm(vector):
    return np.linalg.norm(vector)


def norm_of_rows(matrix):
    return [norm(row) for row in matrix]


def solved(matrix, right):
    def inner():
        return np.linalg.solve(matrix, right)

    return inner()


def quietly_determined(matrix):
    """Its result is lost here; only the trace of the calls below the benchmark holds it."""
    np.linalg.det(matrix)


def quietly_sorted(numbers):
    for _ in range(2):
        np.median(numbers)


@contextlib.contextmanager
def settings():
    with np.errstate(all="ignore"):
        yield


def apply(function, *arguments):
    return function(*arguments)
