#!/usr/bin/env python3
"""What audit predicts is what verify says: audit_agreement_test.py SNAPSHOT_TEST.

A suite whose benchmarks return values of many kinds is captured. Then the values are changed by Python code that knows
nothing of audit's, and verified: every mutant of every case, under several tolerances. Run again by
$SNAPSHOT_TEST_PYTHON where this interpreter has no numpy; ends with 77 (skipped) where that has none either, or with 1
if $SNAPSHOT_TEST_REQUIRE_ALL is set.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from import_or_skip import import_or_skip  # noqa: E402

import_or_skip("numpy")
try:
    import pandas  # noqa: F401
except ImportError:
    pandas = None

PROGRAM = pathlib.Path(sys.argv[1]).resolve()
del sys.argv[1]

PASSING = {"identical", "close", "inner-changed", "insensitive"}

# The library under test. MUTATION stands in a file of its own.
WORK = '''
import numpy as np
import mutation
import mutants

rng = np.random.default_rng(7)
RECORDS = np.array([(1.5, 2), (-3.25, 9), (0.5, -4)], dtype=[("x", "f8"), ("n", "i4")])
VALUES = {
    "int": 12345, "negative": -7, "zero": 0, "big": 2 ** 80 + 12345, "true": True, "float": 2.5, "tiny": 3e-12,
    "small": 4e-7, "complex": 3 - 4j, "tiny_complex": 1e-10 + 2e-11j, "nan": float("nan"), "inf": float("-inf"),
    "text": "some words", "bytes": b"raw", "empty_text": "", "empty_list": [], "empty_dict": {},
    "floats": [0.5, -2.25, 1e-3], "tiny_floats": [1e-10, -3e-11, 2e-12], "ints": [1, 2, 3000], "texts": ["a", "b", "c"],
    "mixed": [1, 2.5, "x"], "nested": {"a": [1.0, 2.0], "b": (3, "t"), "c": {"d": 1e-11}},
    "tuple": (1.0, -1e-9, 2), "dict": {"x": 1.5, "y": -2}, "set": {1, 2, 3},
    "f8": rng.normal(size=40), "f8_tiny": rng.normal(size=40) * 1e-10, "f8_small": rng.normal(size=40) * 1e-8,
    "f8_zero": np.zeros(5), "f8_same": np.full(5, 2.0), "f4": rng.normal(size=17).astype("f4"),
    "f2": np.array([1, -2, 0.5, 3e-5], dtype="f2"), "f4_tiny": (rng.normal(size=9) * 1e-9).astype("f4"),
    "longdouble": rng.normal(size=6).astype("g"), "c16": rng.normal(size=8) + 1j * rng.normal(size=8),
    "c8": (rng.normal(size=5) * 1e-9 + 1j).astype("c8"), "i8": np.arange(-5, 9), "u1": np.arange(9, dtype="u1"),
    "u8_large": np.array([2 ** 63 + 5, 1], dtype="u8"), "bool": np.array([True, False, True]),
    "square": rng.normal(size=(5, 5)), "symmetric": np.eye(4), "cube": rng.normal(size=(3, 3, 3)) * 1e-9,
    "fortran": np.asfortranarray(rng.normal(size=(4, 3))), "wide": rng.normal(size=(2, 7)), "zero_d": np.array(2.5),
    "zero_d_tiny": np.array(2.5e-11), "empty": np.zeros((0, 3)), "scalar": np.float64(1.25),
    "scalar_tiny": np.float32(1e-10), "scalar_int": np.int16(300), "nans": np.array([np.nan, 1.0, np.inf, -2.0]),
    "all_nan": np.array([np.nan, np.nan]), "big_endian": rng.normal(size=6).astype(">f8"), "records": RECORDS,
    "dates": np.array(["2020-01-01", "NaT", "2021-05-05"], dtype="M8[D]"),
    "durations": np.array([5, -3, 70000], dtype="m8[s]"), "U": np.array(["ab", "", "c"]), "S": np.array([b"ab", b"c"]),
    "objects": np.array([1.5, 2, "x"], dtype=object), "list_of_arrays": [np.arange(3.0), np.ones((2, 2)) * 1e-9],
    "masked": np.ma.array([1.0, 100.0, -3.0], mask=[False, True, False]),
    "noise": 1 + rng.normal(size=20) * 1e-7,
}
try:
    import pandas as pd
    VALUES["frame"] = pd.DataFrame({"a": rng.normal(size=6), "b": rng.normal(size=6)})
    VALUES["frame_tiny"] = pd.DataFrame({"a": rng.normal(size=6) * 1e-11})
except ImportError:
    pass
SERIES = [1e-9, 2e-9, 5.0, 5.0, 5.00001]


def value(name):
    return mutants.mutant(VALUES[name], mutation.MUTATION)


def element(i):
    if mutation.MUTATION == "previous-case":
        return SERIES[i - 1]
    return mutants.mutant(SERIES[i], mutation.MUTATION)
'''

# Written from docs/audit.md.
MUTANTS = '''
import numpy as np

TEXTS = (str, bytes)
NUMBERS = (bool, int, float, complex)
try:
    import pandas as pd
except ImportError:
    pd = None


def places(n):
    out, state, mask = list(range(n)), 1, 2 ** 64 - 1
    for i in range(n - 1, 0, -1):
        state = z = (state + 0x9E3779B97F4A7C15) & mask
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        j = (z ^ (z >> 31)) % i
        out[i], out[j] = out[j], out[i]
    return out


def plain(x):
    return type(x) in NUMBERS


def leaves(value):
    if isinstance(value, dict):
        for each in value.values():
            yield from leaves(each)
    elif isinstance(value, (list, tuple)) or (isinstance(value, np.ndarray) and value.dtype == object):
        for each in value:
            yield from leaves(each)
    elif pd is not None and isinstance(value, pd.DataFrame):  # is stored column by column
        for name in value.columns:
            yield value[name].to_numpy()
    else:
        yield value


def columns(array):
    """Views of the simple dtypes of an array, in memory order."""
    if array.dtype.names:
        return [array[name] for name in array.dtype.names]
    return [array]


def size(x):
    """None for what has no size or is not finite."""
    if isinstance(x, (np.datetime64, np.timedelta64)):
        return None if np.isnat(x) else abs(int(x.astype("i8")))
    if isinstance(x, (str, bytes, np.str_, np.bytes_)):
        return None
    return abs(int(x)) if isinstance(x, (bool, int, np.bool_, np.integer)) else (abs(x) if np.isfinite(x) else None)


def largest(value):
    """The leaf's number among the leaves, and the column and the element in it."""
    best = {True: (0, None), False: (0, None)}
    for number, leaf in enumerate(leaves(value)):
        if plain(leaf):
            inexact, elements = isinstance(leaf, (float, complex)), [(0, 0, leaf)]
        elif isinstance(leaf, (np.ndarray, np.generic)) and np.asarray(leaf).dtype.kind not in "USVO" or (
                isinstance(leaf, np.ndarray) and leaf.dtype.names):
            elements = []
            mask = np.ma.getmaskarray(leaf).ravel(order="K") if isinstance(leaf, np.ma.MaskedArray) else None
            for c, column in enumerate(columns(np.asarray(leaf))):
                for i, x in enumerate(column.ravel(order="K")):
                    if mask is None or not mask[i]:
                        elements.append((c, i, x))
        else:
            continue
        for c, i, x in elements:
            s = size(x)
            inexact = isinstance(x, (float, complex, np.inexact))
            if s is not None and s > best[inexact][0]:
                best[inexact] = (s, (number, c, i))
    return best[True][1] or best[False][1]


def changed(x, mutation):
    """One number, numpy's or Python's, or one text."""
    kind = type(x)
    if isinstance(x, (np.datetime64, np.timedelta64)):
        ticks = x.astype("i8")
        if mutation in ("zeros", "largest-dropped"):
            ticks = np.int64(0)
        elif np.isnat(x) or (mutation == "sign-flipped" and isinstance(x, np.datetime64)):
            return x
        else:
            ticks = changed(ticks, mutation)
        return ticks.view(x.dtype)
    if mutation in ("zeros", "largest-dropped"):
        return kind(0) if not isinstance(x, (str, bytes)) else kind()
    if isinstance(x, (str, bytes)):
        return x
    if mutation == "sign-flipped":
        return x if isinstance(x, (bool, np.bool_, np.unsignedinteger)) else -x
    if mutation == "one-element":
        if isinstance(x, (bool, np.bool_)):
            return kind(not x)
        if isinstance(x, (int, np.integer)):
            step = max(abs(int(x)) // 1000, 1)
            if isinstance(x, np.integer) and abs(int(x)) + step > np.iinfo(kind).max:
                step = -step
            return kind(int(x) + (step if x >= 0 else -step))
        if isinstance(x, np.float16):
            return np.nextafter(x, kind(np.inf if x > 0 else -np.inf))
        return x + x * kind(1e-3)
    if mutation == "float32":
        if isinstance(x, (complex, np.complexfloating)):
            return kind(np.complex64(x))
        return kind(np.float32(x)) if isinstance(x, (float, np.floating)) else x
    raise AssertionError(mutation)


def mutant_array(array, mutation, target):
    if mutation == "transposed":
        square = array.ndim >= 2 and array.shape == array.shape[::-1]
        return np.ascontiguousarray(array.T) if square else array
    out = np.array(array, order="K", subok=True)
    base = np.asarray(out)
    if mutation == "shuffled":
        flat = np.asarray(array).ravel(order="K").copy()
        flat = flat[places(len(flat))]
        strided(base)[:] = flat
        return out
    for c, column in enumerate(columns(base)):
        view = strided(column)
        if mutation == "constant":
            if len(view):
                view[:] = view[0]
            continue
        for i in range(len(view)):
            if target is None or target[1:] == (c, i):
                view[i] = changed(view[i], mutation)
    return out


def strided(array):
    """All elements in memory order, as a view."""
    flat = array.ravel(order="K") if not array.dtype.names else array.reshape(-1)
    if not np.shares_memory(flat, array) and array.size:
        flat = array.reshape(-1)
    assert array.size == 0 or np.shares_memory(flat, array)
    return flat


class Mutator:
    def __init__(self, value, mutation):
        self.mutation, self.number, self.first = mutation, -1, {}
        self.target = largest(value) if mutation in ("one-element", "largest-dropped") else None
        for leaf in leaves(value):
            self.first.setdefault(type(leaf), leaf)

    def of(self, value):
        if isinstance(value, dict):
            return {key: self.of(each) for key, each in value.items()}
        if isinstance(value, (list, tuple)):
            out = [self.of(each) for each in value]
            kinds = {type(each) for each in value}
            if self.mutation == "shuffled" and len(kinds) == 1 and kinds <= set(NUMBERS + TEXTS):
                out = [out[i] for i in places(len(out))]
            return type(value)(out)
        if pd is not None and isinstance(value, pd.DataFrame):
            return pd.DataFrame({name: self.of(value[name].to_numpy()) for name in value.columns})
        if isinstance(value, np.ndarray) and value.dtype == object:
            out = np.empty_like(value)
            for i, each in enumerate(value):
                out[i] = self.of(each)
            return out
        self.number += 1
        if isinstance(value, set) or value is None:
            return value
        one = self.mutation in ("one-element", "largest-dropped")
        if one and (self.target is None or self.target[0] != self.number):
            return value
        if isinstance(value, np.ndarray):
            return mutant_array(value, self.mutation, self.target)
        if isinstance(value, np.generic):
            single = self.mutation in ("shuffled", "transposed", "constant")
            return value if single else changed(value, self.mutation)
        if self.mutation == "constant":
            return self.first[type(value)]
        if self.mutation in ("shuffled", "transposed"):
            return value
        return changed(value, self.mutation)


def mutant(value, mutation):
    return value if mutation in ("none", "previous-case") else Mutator(value, mutation).of(value)
'''

SUITE = '''
import work


class Values:
    params = [sorted(work.VALUES)]

    def time_value(self, name):
        return work.value(name)


class Series:
    params = [list(range(len(work.SERIES)))]

    def time_element(self, i):
        return work.element(i)
'''

MUTATIONS = ["zeros", "constant", "sign-flipped", "one-element", "largest-dropped", "shuffled", "transposed",
             "previous-case", "float32"]
TOLERANCES = {
    "default": [],
    "none": ["--tolerance", "0", "0"],
    "tight": ["--tolerance", "1e-9", "1e-14"],
    "loose": ["--tolerance", "1e-2", "1e-6"],
    "very loose": ["--tolerance", "0.5", "1"],
    "automatic": ["--tolerance", "1e-5", "auto"],
    "no order": ["--ignore-order"],
    "NaN": ["--no-equal-nan"],
    "integers": ["--no-exact-integers", "--tolerance", "1e-2", "1"],
}


class Agreement(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.root = pathlib.Path(cls.folder.name)
        suite = cls.root / "benchmarks"
        suite.mkdir()
        (suite / "bench.py").write_text(SUITE)
        (cls.root / "work.py").write_text(WORK)
        (cls.root / "mutants.py").write_text(MUTANTS)
        cls.mutate("none")
        done = cls.run_program("capture", "benchmarks", "--strict", status=None)
        assert done.returncode == 0, done.stdout + done.stderr

    @classmethod
    def mutate(cls, mutation):
        (cls.root / "mutation.py").write_text(f"MUTATION = {mutation!r}\n")

    @classmethod
    def run_program(cls, *arguments, status=0):
        environment = dict(os.environ, PYTHONPATH=str(cls.root), PYTHONDONTWRITEBYTECODE="1")
        command = [str(PROGRAM), *arguments]
        if arguments[0] != "audit":
            command += ["--python", os.environ.get("SNAPSHOT_TEST_PYTHON", sys.executable)]
        done = subprocess.run(command, cwd=cls.root, env=environment, capture_output=True, text=True)
        if status is not None and done.returncode != status:
            raise AssertionError(f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done

    def verdicts(self, options):
        report = self.root / "report.json"
        self.run_program("verify", "benchmarks", "--json", str(report), *options, status=None)
        return {each["label"]: each["verdict"] for each in json.loads(report.read_text())["cases"]}

    def test_prediction_of_every_mutant_is_what_verify_says(self):
        compared = 0
        wrong = []
        seen = {"caught": 0, "passed": 0, "no-mutant": 0}
        for tolerance, options in TOLERANCES.items():
            predicted = json.loads(self.run_program("audit", "--json", *options).stdout)["audited"]
            insensitive = {each["label"] for each in predicted if each["insensitive"]}
            for mutation in MUTATIONS:
                self.mutate(mutation)
                verdicts = self.verdicts(options)
                for case in predicted:
                    if mutation == "previous-case" and "Series" not in case["benchmark"]:
                        continue
                    outcome = next(each["outcome"] for each in case["mutants"] if each["mutant"] == mutation)
                    passes = verdicts[case["label"]] in PASSING
                    compared += 1
                    seen[outcome] += 1
                    if passes != (outcome != "caught"):
                        wrong.append((tolerance, mutation, case["label"], outcome, verdicts[case["label"]]))
                    if passes and (verdicts[case["label"]] == "insensitive") != (case["label"] in insensitive):
                        wrong.append((tolerance, mutation, case["label"], "insensitive", verdicts[case["label"]]))
        self.mutate("none")
        print(f"{compared} predictions compared, {len(wrong)} wrong: {seen}")
        self.assertEqual(wrong, [])
        self.assertGreater(min(seen.values()), 100)

    def test_insensitive_case_is_named_by_capture_and_verify_and_passes_with_a_tighter_tolerance(self):
        done = self.run_program("capture", "benchmarks", "-y", status=0)
        self.assertRegex(done.stdout, r"audit: zeros would pass in \d+ of \d+ cases, and in \d+ of them so would every "
                                      r"other wrong value \(snapshot_test audit says which\)")
        label = "bench.Values.time_value('tiny_floats')"
        self.assertEqual(self.verdicts([])[label], "insensitive")
        self.assertEqual(self.verdicts(["--tolerance", "1e-5", "1e-14"])[label], "identical")
        only = ["--filter", "tiny_floats", "--strict"]
        self.assertEqual(self.run_program("verify", "benchmarks", *only, status=None).returncode, 1)
        only = ["--filter", "tiny_floats"]
        done = self.run_program("verify", "benchmarks", *only, status=5)
        self.assertIn("insensitive (unverified): 1 case", done.stdout)
        self.assertIn("it agrees, but so would zeros", done.stdout)

    def test_preflight_fails_where_too_little_would_be_caught(self):
        for options, status, message in [
            ([], 0, ""),
            (["--min-sensitivity", "10"], 0, ""),
            (["--min-sensitivity", "99.9"], 1, "of the wrong values would be caught (--min-sensitivity 99.9)"),
            (["--min-cases", "5"], 0, ""),
            (["--min-cases", "5000"], 1, "can be relied on (--min-cases 5000)"),
            (["--filter", "no such case"], 5, "matches 'no such case'"),
            (["--filter", "("], 2, "is not a valid regular expression"),
            (["--snapshot-dir", "nowhere"], 4, "nowhere"),
            (["--min-sensitivity", "101"], 2, "--min-sensitivity"),
        ]:
            with self.subTest(options=options):
                done = self.run_program("audit", *options, status=status)
                self.assertIn(message, done.stderr)

    def test_text_names_what_passes_and_the_tolerance_that_would_catch_it(self):
        done = self.run_program("audit", "--filter", "'tiny'", status=0)
        self.assertIn("bench.Values.time_value('tiny'): insensitive, 0 of", done.stdout)
        self.assertRegex(done.stdout, r"zeros pass: every \|x\| ≤ atol 1e-08; an atol below 3e-12 \(or auto\) would catch it")

    def test_value_that_cannot_be_read_fails(self):
        with tempfile.TemporaryDirectory() as folder:
            copy = pathlib.Path(folder) / "store"
            shutil.copytree(self.root / ".snapshots", copy)
            for each in copy.glob("objects/*/*"):
                each.write_bytes(each.read_bytes()[:-1])
            done = self.run_program("audit", "--snapshot-dir", str(copy), status=1)
            self.assertIn("cannot be read; capture them again", done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
