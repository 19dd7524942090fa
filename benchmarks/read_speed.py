"""How fast pickles are read, against pickle.loads (CPython's, in C) on the same bytes in the same run.

    read_speed.py READ_SPEED [ROUNDS]

READ_SPEED is the program that is built from read_speed.cpp. In each round both read each value; the fastest of all
rounds count. Both times include freeing what was read; Python's collector is off while it reads unless the column says
"gc", because a program that loads much in one go may well switch it off. Protocols 5 and 2.
"""
import gc
import pathlib
import pickle
import random
import subprocess
import sys
import tempfile
import time


def nested(depth, width, rng):
    if depth == 0:
        return rng.choice([rng.random(), rng.randrange(10**6), "key%d" % rng.randrange(1000), None, True])
    if depth % 2:
        return [nested(depth - 1, width, rng) for _ in range(width)]
    return {"field%d" % i: nested(depth - 1, width, rng) for i in range(width)}


def values():
    rng = random.Random(1)
    yield "list of 1,000,000 floats", [rng.random() for _ in range(1_000_000)]
    yield "dict of 100,000 str -> str", {"key number %d" % i: "value %d" % i for i in range(100_000)}
    yield "dict of 100,000 str -> int", {"key number %d" % i: i for i in range(100_000)}
    yield "100,000 lists of 3 ints", [[i, i + 1, i % 7] for i in range(100_000)]
    yield "lists in lists, 20 deep, 100,000 of them", deep(100_000, 20)
    yield "lists and dicts of numbers and text, 6 deep", nested(6, 7, rng)
    yield "list of 1,000,000 ints", [rng.randrange(2**31) for _ in range(1_000_000)]
    yield "100,000 tuples (int, float, str)", [(i, i / 7, str(i)) for i in range(100_000)]


def deep(count, depth):
    lists = []
    for _ in range(count // depth):
        inner = []
        for _ in range(depth - 1):
            inner = [inner]
        lists.append(inner)
    return lists


def arrays():
    try:
        import numpy
    except ImportError:
        print("no numpy here: arrays are left out")
        return
    for size in (1_000, 1_000_000, 30_000_000):
        yield "float64 array of %d elements" % size, numpy.arange(float(size))


def least_of_python(pickled, repetitions):
    times = []
    for _ in range(repetitions):
        start = time.perf_counter_ns()
        value = pickle.loads(pickled)
        del value
        times.append(time.perf_counter_ns() - start)
    return min(times)


class Reader:
    def __init__(self, program):
        self._process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def least(self, path, repetitions):
        self._process.stdin.write("%d %s\n" % (repetitions, path))
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


def measure(reader, pickled, path, rounds):
    ours, python, collected = [], [], []
    for _ in range(rounds):
        ours.append(reader.least(path, 3))
        gc.disable()
        python.append(least_of_python(pickled, 2))
        gc.enable()
        collected.append(least_of_python(pickled, 1))
    return min(ours), min(python), min(collected)


def main(program, rounds):
    reader = Reader(program)
    print("%-45s %2s %10s %10s %6s %9s" % ("", "p", "ours, ms", "loads, ms", "ratio", "ratio, gc"))
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "value.pkl"
        for name, value in [*values(), *arrays()]:
            for protocol in (5, 2) if "array" not in name else (5,):
                # A file of its own: the program keeps what it has read under a name.
                path = pathlib.Path(folder) / ("%d-%d.pkl" % (abs(hash(name)), protocol))
                pickled = pickle.dumps(value, protocol)
                path.write_bytes(pickled)
                ours, python, collected = measure(reader, pickled, path, rounds)
                print("%-45s %2d %10.4f %10.4f %6.2f %9.2f" % (name, protocol, ours / 1e6, python / 1e6, python / ours,
                                                               collected / ours), flush=True)
                path.unlink()


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) == 3 else 7)
