#!/usr/bin/env python3
"""Calls that are made once more find what one call does not: caches keyed by too little, results that are views of shared
buffers, state that grows. Honest code passes: repeat_test.py SNAPSHOT_TEST.

Needs numpy; skipped (77) where $SNAPSHOT_TEST_PYTHON has none.
"""

import json
import os
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from suite_case import PYTHON, SuiteCase  # noqa: E402

SUITE = '''
import numpy as np

import project


class Suite:
    def setup(self):
        self.x = np.linspace(1.0, 2.0, 12)
        self.rows = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
        self.whole = np.arange(5)

    def time_square(self):
        return project.square(self.x)

    def time_total(self):
        return project.total(self.x)

    def time_rows(self):
        return project.rows(self.rows)

    def time_view(self):
        return self.x[::2]

    def time_random(self):
        return np.random.rand(3)

    def time_picky(self):
        return project.picky(self.x)


def time_function():
    return project.count()
'''

HONEST = '''
import numpy as np


def square(x):
    return x * x


def total(x):
    return float(x.sum())


def rows(x):
    return [sum(each) for each in x]


def picky(x):
    if x[1] != np.linspace(1.0, 2.0, 12)[1] or x[5] != np.linspace(1.0, 2.0, 12)[5]:
        raise ValueError(x)
    return 1.0


def count():
    return 1
'''

# What replaces a function of the honest project, and the benchmark that finds it.
MEMO_BY_ID = '''
KNOWN = {}


def square(x):
    if id(x) not in KNOWN:
        KNOWN[id(x)] = (x, x * x)
    return KNOWN[id(x)][1]
'''
MEMO_BY_SHAPE = '''
KNOWN = {}


def total(x):
    return KNOWN.setdefault((x.shape, x[0]), float(x.sum()))
'''
MEMO_OF_LISTS = '''
KNOWN = {}


def rows(x):
    return KNOWN.setdefault(id(x), [sum(each) for each in x])
'''
SHARED_BUFFER = '''
BUFFER = np.empty(12)


def square(x):
    return np.multiply(x, x, out=BUFFER)
'''
GROWING = '''
CALLS = []


def count():
    CALLS.append(1)
    return len(CALLS)
'''
WRONG_ONCE = '''
CALLS = []


def total(x):
    CALLS.append(1)
    return float(x.sum()) + (len(CALLS) > 1)
'''


class Again(SuiteCase):
    SUITE = SUITE

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.write("")
        cls.run_program("capture", "benchmarks", "--repeat", "2", "--perturb")
        cls.run_program("capture", "benchmarks", "--snapshot-dir", "plain")

    @classmethod
    def write(cls, change):
        (cls.root / "project.py").write_text(HONEST + change)

    @classmethod
    def environment(cls):
        environment = dict(os.environ, PYTHONPATH=str(cls.root), PYTHONDONTWRITEBYTECODE="1")
        environment.pop("CI", None)
        return environment

    @classmethod
    def run_program(cls, *arguments, status=0):
        return super().run_program(*arguments, "--python", PYTHON, status=status)

    def verify(self, change, *options):
        self.write(change)
        report = self.root / "report.json"
        self.run_program("verify", "benchmarks", "--json", str(report), *options, status=None)
        return {each["label"].split(".")[-1]: each for each in json.loads(report.read_text())["cases"]}

    def assert_only(self, cases, names):
        self.assertEqual({name for name, each in cases.items() if each["standing"] != "passed"}, set(names), cases)

    def test_honest_code_passes_with_each_switch_and_with_none(self):
        for options in ([], ["--repeat", "1"], ["--repeat", "2"], ["--perturb"], ["--repeat", "2", "--perturb"],
                        ["--repeat", "2", "--perturb", "--isolation", "spawn"]):
            with self.subTest(options=options):
                self.assert_only(self.verify("", *options), [])

    def test_other_but_honest_code_passes(self):
        self.assert_only(self.verify("def square(x):\n    return np.array([v ** 2 for v in x])\n", "--repeat", "2",
                                     "--perturb"), [])

    def test_memo_that_is_keyed_by_identity_is_found_by_perturbing(self):
        self.assert_only(self.verify(MEMO_BY_ID), [])
        cases = self.verify(MEMO_BY_ID, "--perturb")
        self.assert_only(cases, ["time_square"])
        self.assertIn("perturbed[1] differs; with inputs changed in place it did not come to what it was to",
                      cases["time_square"]["reason"])

    def test_memo_that_is_keyed_by_too_little_is_found(self):
        self.assert_only(self.verify(MEMO_BY_SHAPE, "--perturb"), ["time_total"])
        self.assert_only(self.verify(MEMO_OF_LISTS, "--perturb"), ["time_rows"])

    def test_result_that_is_a_view_of_a_shared_buffer_is_found(self):
        self.assert_only(self.verify(SHARED_BUFFER), [])
        cases = self.verify(SHARED_BUFFER, "--perturb")
        self.assert_only(cases, ["time_square"])
        self.assertIn("perturbed[0] differs; a later call with changed inputs changes what an earlier one returned",
                      cases["time_square"]["reason"])

    def test_state_that_grows_is_found_by_repeating(self):
        self.assert_only(self.verify(GROWING), [])
        cases = self.verify(GROWING, "--repeat", "1")
        self.assert_only(cases, ["time_function"])
        self.assertIn("the case's call 2 in one process", cases["time_function"]["reason"])
        self.assert_only(self.verify(WRONG_ONCE, "--repeat", "1"), ["time_total"])

    def test_baseline_without_such_calls_is_never_a_pass(self):
        for options in (["--perturb"], ["--repeat", "1"]):
            cases = self.verify("", "--snapshot-dir", "plain", *options)
            self.assertEqual({each["verdict"] for each in cases.values()}, {"no-snapshot"})
            self.assertIn(f"capture it with {' '.join(options)}", cases["time_square"]["reason"])
        cases = self.verify("", "--repeat", "3")
        self.assertEqual({each["verdict"] for each in cases.values()}, {"no-snapshot"})
        self.assertIn("capture it with --repeat 3", cases["time_square"]["reason"])

    def test_what_has_nothing_to_change_is_named(self):
        cases = self.verify("", "--perturb")
        self.assertEqual(cases["time_function"]["standing"], "passed")
        self.assertIn("it was not called with changed inputs: nothing on its instance can be changed in place",
                      cases["time_function"]["missing"])
        self.assertEqual(cases["time_square"]["missing"], [])

    def test_two_captures_of_the_same_code_hold_the_same(self):
        self.write("")
        self.run_program("capture", "benchmarks", "--repeat", "2", "--perturb", "--snapshot-dir", "other")
        self.run_program("diff", ".snapshots", "other", status=None)
        sites = []
        for store in (".snapshots", "other"):
            found = {}
            for manifest in (self.root / store / "cases").rglob("*.json"):
                for case in json.loads(manifest.read_text())["cases"]:
                    for site in case["sites"]:
                        found[manifest.name, tuple(case["ids"]), site["site"]] = site.get("object")
            sites.append(found)
        self.assertEqual(*sites)
        self.assertIn("perturbed[3]", {key[2] for key in sites[0]})


if __name__ == "__main__":
    if subprocess.run([PYTHON, "-c", "import numpy"], capture_output=True).returncode != 0:
        sys.exit(77)
    unittest.main(verbosity=2)
