"""Layers between a benchmark and the function that it calls. What is called here can be wrong, too."""

import concurrent.futures
import contextlib
import threading

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


def norms(matrix):
    for row in matrix:
        yield np.linalg.norm(row)


def medians(matrix):
    return (np.median(row) for row in matrix)


def sums(matrix):
    for row in matrix:
        yield np.sum(row)


def sorted_rows(matrix):
    for row in matrix:
        yield np.sort(row)


def maxima(matrix):
    for row in matrix:
        yield np.max(row)


def minima(matrix):
    return map(np_min, matrix)


def np_min(row):
    return np.min(row)


def means(matrix):
    for row in matrix:
        yield np.mean(row, axis=0)


def pooled_medians(matrix):
    """Its results are lost here, in threads that end before it does."""

    def work(row):
        np.median(row)

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for row in matrix:
            pool.submit(work, row)


def threaded_norms(matrix):
    def work(rows):
        for row in rows:
            np.linalg.norm(row)

    threads = [threading.Thread(target=work, args=(rows,)) for rows in np.array_split(matrix, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
