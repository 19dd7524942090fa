#!/usr/bin/env python3
"""The lines of pandas in docs/json.md, on a report of a real run: json_tables_test.py SNAPSHOT_TEST DOCUMENT.

Run again by $SNAPSHOT_TEST_PYTHON where this interpreter has no pandas; ends with 77 (skipped) where that has none
either, or with 1 if $SNAPSHOT_TEST_REQUIRE_ALL is set.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import textwrap
import unittest
import warnings

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from import_or_skip import import_or_skip  # noqa: E402

pandas = import_or_skip("pandas")

PROGRAM, DOCUMENT = (pathlib.Path(argument).resolve() for argument in sys.argv[1:3])
del sys.argv[1:3]

SUITE = """
import numpy as np
import pandas as pd
import work


def time_same():
    return 1.5


def time_array(n):
    return work.numbers(n)


time_array.params = [[10, 20]]


def time_frame():
    return work.frame()


def time_wide():
    return work.wide()


def time_texts():
    return work.texts()


def time_fields():
    return work.fields()
"""

BEFORE = """
import numpy as np
import pandas as pd


def numbers(n):
    return np.arange(1.0, n + 1)


def frame():
    return pd.DataFrame({"x": [1.0, 2.0, 3.0], "name": ["a", "b", "c"], "gone": [1, 2, 3]}, index=["i", "j", "k"])


def wide():
    return pd.DataFrame(np.ones((5, 100)), columns=[f"c{i}" for i in range(100)])


def texts():
    return ["one", "two", "three", {"k": 1}]


def fields():
    return np.array([(1, 2.0, "a"), (3, 4.0, "b")], dtype=[("n", "i4"), ("x", "f8"), ("s", "U3")])
"""

# (text in BEFORE, text after the change)
CHANGES = [
    ("np.arange(1.0, n + 1)", "np.arange(1.0, n + 1) * 2"),
    ('{"x": [1.0, 2.0, 3.0], "name": ["a", "b", "c"], "gone": [1, 2, 3]}',
     '{"x": [1.0, 2.5, 3.0], "name": ["a", "b", "C"], "new": [1, 2, 3]}'),
    ("np.ones((5, 100))", "np.ones((5, 100)) + (np.arange(500) == 242).reshape(5, 100)"),
    ('["one", "two", "three", {"k": 1}]', '["one", "three", {"k": 1}, "four", "five"]'),
    ('(3, 4.0, "b")', '(3, 4.5, "c")'),
]


class Tables(unittest.TestCase):
    """One run for all tests."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        root = pathlib.Path(folder.name)
        (root / "benchmarks").mkdir()
        (root / "benchmarks" / "__init__.py").write_text("")
        (root / "benchmarks" / "bench.py").write_text(SUITE)
        (root / "work.py").write_text(BEFORE)
        run = [PROGRAM, "capture", "benchmarks", "--project-dir", ".", "--python", sys.executable]
        subprocess.run(run, cwd=root, check=True, stdout=subprocess.DEVNULL)
        after = BEFORE
        for old, new in CHANGES:
            assert old in after, old
            after = after.replace(old, new)
        (root / "work.py").write_text(after)
        run[1] = "verify"
        ended = subprocess.run([*run, "--json", "verify.json"], cwd=root, stdout=subprocess.PIPE, text=True, check=False)
        assert ended.returncode == 1, ended.stdout
        cls.text = ended.stdout
        blocks = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
        cls.code = "".join(block for block in blocks if "pandas" in block)
        names = {}
        before = os.getcwd()
        os.chdir(root)
        try:
            warnings.simplefilter("ignore", ResourceWarning)  # the lines close no file
            exec(compile(cls.code, str(DOCUMENT), "exec"), names)  # pylint: disable=exec-used
        finally:
            os.chdir(before)
        cls.table, cls.sites = names["table"], names["sites"]

    def parts(self, benchmark):
        """{kind: its entry} of what the benchmark returns."""
        rows = self.sites[(self.sites.label == f"bench.{benchmark}") & (self.sites.site == "return")]
        return {each["kind"]: each for each in rows["details.parts"].iloc[0]}

    def test_the_first_two_lines_make_a_row_of_each_case(self):
        self.assertEqual(len(re.findall(r"^\S", self.code.split("sites =")[0], re.MULTILINE)), 2)
        self.assertEqual(dict(self.table.verdict), {
            "bench.time_same": "identical", "bench.time_array(10)": "different", "bench.time_array(20)": "different",
            "bench.time_frame": "different", "bench.time_wide": "different", "bench.time_texts": "different",
            "bench.time_fields": "different"})
        self.assertEqual(set(self.table["observation.ending"]), {"returned"})
        self.assertEqual(self.table.seconds.dtype.kind, "f")

    def test_the_third_makes_a_row_of_each_site_with_its_sketch(self):
        returned = self.sites[self.sites.site == "return"].set_index("label")
        sketched = returned.loc["bench.time_array(20)"]
        self.assertEqual(sketched["details.sketch.total"], 20)
        self.assertEqual(sketched["details.sketch.max_difference"], 20.0)
        self.assertEqual(sketched["details.sketch.reading"], "structural: 100 % of 20 elements, by a factor 2")
        self.assertEqual(sketched["verdict"], "different")

    def test_a_frame_tells_its_columns_and_rows(self):
        parts = self.parts("time_frame")
        self.assertEqual(parts["columns"], {
            "path": "", "kind": "columns", "expected": 3, "actual": 3, "added": {"count": 1, "names": ["'new'"]},
            "removed": {"count": 1, "names": ["'gone'"]}, "changed": {"count": 2, "names": ["'x'", "'name'"]}})
        self.assertEqual(parts["rows"], {
            "path": "", "kind": "rows", "expected": 3, "actual": 3, "changed": {"count": 2, "names": ["'j'", "'k'"]}})
        self.assertIn(textwrap.indent("the value itself: rows: 2 of 3 changed: 'j', 'k'", " " * 4), self.text)

    def test_a_frame_that_is_one_matrix_does_so_too(self):
        parts = self.parts("time_wide")
        self.assertEqual(parts["columns"]["changed"], {"count": 1, "names": ["'c42'"]})
        self.assertEqual(parts["rows"]["changed"], {"count": 1, "names": ["2"]})

    def test_a_sequence_is_aligned(self):
        items = self.parts("time_texts")["items"]
        self.assertEqual((items["removed"], items["added"]),
                         ({"count": 1, "names": ["1"]}, {"count": 2, "names": ["3", "4"]}))

    def test_an_array_with_fields_has_columns_and_rows(self):
        parts = self.parts("time_fields")
        self.assertEqual(parts["columns"]["changed"], {"count": 2, "names": ["'x'", "'s'"]})
        self.assertEqual(parts["rows"]["changed"], {"count": 1, "names": ["1"]})


if __name__ == "__main__":
    print(f"pandas {pandas.__version__}")
    unittest.main(verbosity=2)
