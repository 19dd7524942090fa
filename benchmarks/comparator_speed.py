"""The package's Comparator against numpy.allclose, in turns, on the same values.

Usage: comparator_speed.py [--rounds N] [--large ELEMENTS]. Needs numpy and the installed package. Each ratio is
allclose's time over the comparator's: above 1 the comparator is faster. Ratios are those of the least times of all
rounds; behind them, the median of the rounds' own ratios.
"""

import argparse
import statistics
import time

import numpy as np

from diff_tester.snapshot import Comparator, ComparisonConfig

COMPARATOR = Comparator()
LOOSE = ComparisonConfig(rtol=1e-5)


def ready_made(actual, expected):
    return COMPARATOR.compare(actual, expected)


def made_each_time(actual, expected):
    return Comparator(LOOSE).compare(actual, expected)


def cases(large):
    """(name, actual, expected, calls a round)."""
    random = np.random.default_rng(1)
    expected = random.uniform(1, 2, large)
    moved = expected * (1 + 1e-7)
    integers = random.integers(-(2**40), 2**40, large)
    yield f"{large:,} float64, moved", moved, expected, 1
    yield f"{large:,} float64, the same", expected.copy(), expected, 1
    yield f"{large:,} float64, far off", expected + 1, expected, 1
    yield f"{large:,} float32, moved", moved.astype("f4"), expected.astype("f4"), 1
    yield f"{large:,} int64, the same", integers.copy(), integers, 1
    yield f"{large // 2:,} float64, every other", moved[::2], expected[::2], 1
    yield "10 float64", moved[:10].copy(), expected[:10].copy(), 2000
    yield "1,000 float64", moved[:1000].copy(), expected[:1000].copy(), 2000
    yield "Python floats", 1.0000001, 1.0, 2000
    yield "Python ints", 12345, 12345, 2000
    yield "Python bools", True, True, 2000
    yield "numpy float64", np.float64(1.0000001), np.float64(1.0), 2000
    yield "numpy int32", np.int32(5), np.int32(5), 2000
    yield "list of 10 Python floats", moved[:10].tolist(), expected[:10].tolist(), 500
    yield "list of 10 numpy floats", list(moved[:10]), list(expected[:10]), 500
    yield "list of 100,000 numpy floats, moved", list(moved[:100_000]), list(expected[:100_000]), 1
    yield "the same, the same", list(expected[:100_000].copy()), list(expected[:100_000]), 1


def seconds(function, actual, expected, calls):
    start = time.perf_counter()
    for _ in range(calls):
        function(actual, expected)
    return (time.perf_counter() - start) / calls


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--large", type=int, default=10_000_000)
    options = parser.parse_args()
    functions = (np.allclose, ready_made, made_each_time)
    print(f"{'':36} {'allclose':>12} {'ready-made':>12} {'ratio':>8} {'median':>8} {'made anew':>10}")
    for name, actual, expected, calls in cases(options.large):
        rounds = [[seconds(each, actual, expected, calls) for each in functions] for _ in range(options.rounds)]
        numpy, ready, anew = (min(column) for column in zip(*rounds))
        median = statistics.median(one[0] / one[1] for one in rounds)
        times = f"{numpy * 1e6:9.2f} µs {ready * 1e6:9.2f} µs"
        print(f"{name:36} {times} {numpy / ready:8.2f} {median:8.2f} {numpy / anew:10.2f}")


if __name__ == "__main__":
    main()
