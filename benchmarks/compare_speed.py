"""Comparing arrays against numpy.allclose, in turns, on the same values.

Usage: compare_speed.py COMPARE_SPEED [ROUNDS]. Needs numpy. All times are the least of all rounds, on one thread.
"""
import hashlib
import os
import pickle
import subprocess
import sys
import tempfile
import time

import numpy as np

SMALL, LARGE, EXPLAINED = 100_000, 20_000_000, 10_000_000
DTYPES = ["float64", "float32", "complex128", "float16", "int64"]


def values(dtype, count):
    rng = np.random.default_rng(1)
    if dtype == "int64":
        return rng.integers(-(2**62), 2**62, count)
    numbers = rng.uniform(1, 2, count)
    if dtype == "complex128":
        numbers = numbers + 1j * rng.uniform(1, 2, count)
    return numbers.astype(dtype)


def moved(array, relative):
    """Every element moved by about that much; integers by 1."""
    if array.dtype.kind == "i":
        return array + (1 if relative else 0)
    if array.dtype == np.float16:
        bits = array.view(np.uint16) + np.uint16(1 if relative < 1e-2 else 40)
        return bits.view(np.float16)
    return (array * (1 + relative)).astype(array.dtype)


class Program:
    def __init__(self, path):
        self.process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def seconds(self, what, repetitions, actual, expected):
        print(what, repetitions, actual, expected, file=self.process.stdin, flush=True)
        return int(self.process.stdout.readline()) * 1e-9


def timed(function, repetitions):
    least = float("inf")
    for _ in range(repetitions):
        start = time.perf_counter()
        function()
        least = min(least, time.perf_counter() - start)
    return least


def written(folder, array):
    path = os.path.join(folder, f"{time.perf_counter_ns()}.pkl")
    with open(path, "wb") as file:
        pickle.dump(array, file, 5)
    return path


def against_numpy(program, folder, dtype, count, rounds):
    expected = values(dtype, count)
    exact = expected.dtype.kind == "i"
    actual = expected.copy() if exact else moved(expected, 1e-7 if dtype == "float32" else 1e-9)
    tolerance = {"rtol": 1e-3, "atol": 1e-5} if dtype == "float16" else {}
    assert np.allclose(actual, expected, **tolerance)
    paths = written(folder, actual), written(folder, expected)
    repetitions = 50 if count == SMALL else 1
    least = {"allclose": float("inf"), "array_equal": float("inf"), "compare": float("inf"), "read": float("inf")}
    for _ in range(rounds):
        took = {"allclose": timed(lambda: np.allclose(actual, expected, **tolerance), max(1, repetitions // 10))}
        took["array_equal"] = timed(lambda: np.array_equal(actual, expected), repetitions)
        for what in ("compare", "read"):
            took[what] = program.seconds(what, repetitions, *paths)
        least = {what: min(least[what], took[what]) for what in least}
    for path in paths:
        os.remove(path)
    print(f"{dtype:>10} {count:>9,}: numpy.allclose {least['allclose'] * 1e3:9.3f} ms, "
          f"array_equal {least['array_equal'] * 1e3:8.3f} ms, compare {least['compare'] * 1e3:8.4f} ms, "
          f"read {least['read'] * 1e3:8.4f} ms; {least['allclose'] / least['compare']:6.1f} x allclose, "
          f"{least['read'] / least['compare']:4.0%} of a plain read", flush=True)


def explaining(program, folder, dtype, rounds):
    """What differs everywhere, in two ways: at random, and ever more towards the end."""
    expected = values(dtype, EXPLAINED)
    close = moved(expected, 0 if expected.dtype.kind == "i" else 1e-7 if dtype == "float32" else 1e-9)
    far = moved(expected, 0.05)
    if expected.dtype.kind == "i":
        growing = expected + np.arange(1, EXPLAINED + 1)
    elif dtype == "float16":
        growing = expected * np.linspace(1.01, 2, EXPLAINED).astype(dtype)
    else:
        growing = (expected * (1.001 + np.arange(EXPLAINED) * 1e-7)).astype(dtype)
    snapshot = written(folder, expected)
    paths = {name: written(folder, array) for name, array in (("close", close), ("far", far), ("growing", growing))}
    least = dict.fromkeys(paths, float("inf"))
    for _ in range(rounds):
        for name, path in paths.items():
            least[name] = min(least[name], program.seconds("compare" if name == "close" else "explain", 1, path, snapshot))
    for path in [snapshot, *paths.values()]:
        os.remove(path)
    print(f"{dtype:>10} {EXPLAINED:>9,}: close {least['close'] * 1e3:7.2f} ms; explained where all differ "
          f"{least['far'] * 1e3:7.2f} ms ({least['far'] / least['close']:.2f} x), ever more "
          f"{least['growing'] * 1e3:7.2f} ms ({least['growing'] / least['close']:.2f} x)", flush=True)


def sketching(program, folder, dtype, rounds):
    """What sketches add to a comparison, and to one as verify makes it: that also hashes both pickles."""
    expected = values(dtype, EXPLAINED)
    if expected.dtype.kind == "i":
        expected >>= 8
    paths = written(folder, moved(expected, 0.05)), written(folder, expected)
    pickles = [open(path, "rb").read() for path in paths]
    least = {"compare": float("inf"), "sketch": float("inf"), "hash": float("inf")}
    for _ in range(rounds):
        for what in ("compare", "sketch"):
            least[what] = min(least[what], program.seconds(what, 1, *paths))
        least["hash"] = min(least["hash"], timed(lambda: [hashlib.sha256(each).digest() for each in pickles], 1))
    for path in paths:
        os.remove(path)
    added = least["sketch"] - least["compare"]
    print(f"{dtype:>10} {EXPLAINED:>9,}: compare {least['compare'] * 1e3:7.2f} ms, hash both {least['hash'] * 1e3:7.2f} ms, "
          f"sketch {added * 1e3:7.2f} ms ({added / EXPLAINED * 1e9:.1f} ns an element): "
          f"{added / (least['compare'] + least['hash']):.2f} x of both, {added / least['compare']:.1f} x of compare", flush=True)


def main():
    program = Program(sys.argv[1])
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 7
    print(f"numpy {np.__version__}, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as folder:
        for count in (SMALL, LARGE):
            for dtype in DTYPES:
                against_numpy(program, folder, dtype, count, rounds)
        for dtype in DTYPES:
            explaining(program, folder, dtype, rounds)
        for dtype in DTYPES:
            sketching(program, folder, dtype, rounds)


if __name__ == "__main__":
    main()
