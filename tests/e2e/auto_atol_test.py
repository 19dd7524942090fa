#!/usr/bin/env python3
"""With atol "auto" no wrong value hides below a number that was chosen for results of another size, and rounding passes:
auto_atol_test.py SNAPSHOT_TEST.

Needs numpy; skipped (77) where $SNAPSHOT_TEST_PYTHON has none. Data frames are tested where it has pandas.
"""

import json
import os
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from suite_case import PYTHON, SuiteCase  # noqa: E402

# What a benchmark returns is `change(value)`: each value as it is, all zeros, or off by rounding.
SUITE = '''
import numpy as np

try:
    import pandas as pd
except ImportError:
    pd = None

from change import change

RANDOM = np.random.RandomState(1)
TINY = 1e-12 * RANDOM.rand(50)
PAIRS = np.zeros(20, dtype=[("large", "f8"), ("tiny", "f8")])
PAIRS["large"] = 1e6 * RANDOM.rand(20)
PAIRS["tiny"] = TINY[:20]

VALUES = {
    "f8": TINY,
    "f4": TINY.astype("f4"),
    "f2": (TINY * 1e7).astype("f2"),
    "longdouble": TINY.astype(np.longdouble),
    "complex": TINY + 1j * TINY[::-1],
    "masked": np.ma.masked_array(np.append(TINY, 1e9), [False] * 50 + [True]),
    "fields": PAIRS,
    "list": TINY.tolist(),
    "beside_large": (1e6 * RANDOM.rand(30), TINY),
    "nonfinite": np.append(TINY, [np.inf, -np.inf, np.nan]),
    "swapped": TINY.astype(">f8"),
    "empty": np.empty(0),
    "zeros": np.zeros(5),
    "integers": np.arange(5),
}
if pd is not None:
    VALUES["frame"] = pd.DataFrame({"large": 1e6 * RANDOM.rand(20), "tiny": TINY[:20]})


class Values:
    params = [sorted(VALUES)]

    def time_value(self, name):
        return change(VALUES[name])
'''

CHANGE = '''
import numpy as np

try:
    import pandas as pd
except ImportError:
    pd = None

HOW = %r


def changed_array(x):
    if x.dtype.names:
        out = x.copy()
        out["tiny"] = changed_array(out["tiny"])
        return out
    if x.dtype.kind not in "fc" or HOW == "same":
        return x.copy()
    if HOW == "zeros":
        out = x.copy()
        out[np.isfinite(x)] = 0
        return out
    with np.errstate(all="ignore"):
        there = np.ma.filled(x, 0)
        step = np.finfo(x.dtype).eps * np.max(np.abs(there[np.isfinite(there)]), initial=0)
        return (x + x.dtype.type(step)).astype(x.dtype)


def change(value):
    if isinstance(value, tuple):
        return (value[0].copy(), changed_array(value[1]))
    if isinstance(value, list):
        return changed_array(np.array(value)).tolist()
    if pd is not None and isinstance(value, pd.DataFrame):
        return value.assign(tiny=changed_array(value["tiny"].to_numpy()))
    return changed_array(value)
'''

UNTOUCHED = {"empty", "zeros", "integers"}  # of which zeros and rounding make nothing else


class Auto(SuiteCase):
    SUITE = SUITE

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.change("same")
        cls.run_program("capture", "benchmarks", "-y")

    @classmethod
    def change(cls, how):
        (cls.root / "change.py").write_text(CHANGE % how)

    @classmethod
    def environment(cls):
        return dict(os.environ, PYTHONPATH=str(cls.root), PYTHONDONTWRITEBYTECODE="1")

    @classmethod
    def run_program(cls, *arguments, status=0, python=True):
        return super().run_program(*arguments, *(["--python", PYTHON] if python else []), status=status)

    def verify(self, how, *options, status=None):
        self.change(how)
        report = self.root / "report.json"
        self.run_program("verify", "benchmarks", "--json", str(report), *options, status=status)
        return {each["label"].split("'")[1]: each for each in json.loads(report.read_text())["cases"]}

    def verdicts(self, how, *options):
        return {name: each["verdict"] for name, each in self.verify(how, *options).items()}

    def test_zeros_in_place_of_tiny_numbers_are_different(self):
        hidden = self.verdicts("zeros")
        self.assertNotEqual(hidden["f8"], "different", "the default atol was expected to hide it")
        for name, verdict in self.verdicts("zeros", "--tolerance", "1e-5", "auto").items():
            self.assertEqual(verdict, "identical" if name in UNTOUCHED else "different", name)

    def test_rounding_is_close_and_the_same_is_identical(self):
        for name, verdict in self.verdicts("rounding", "--tolerance", "0", "auto").items():
            # Of some, numpy's own helpers compute something else on the way there.
            self.assertIn(verdict, ("identical" if name in UNTOUCHED else "close", "inner-changed"), name)
        self.assertEqual(set(self.verdicts("same", "--tolerance", "0", "auto").values()), {"identical"})

    def test_message_shows_what_it_came_to(self):
        done = self.run_after("zeros", "verify", "benchmarks", "--filter", "'f8'", "--tolerance", "1e-5", "auto")
        self.assertRegex(done.stdout, r"\(rtol 1e-05, atol \d\.\d+e-27 \(auto\)\)")

    def run_after(self, how, *arguments, status=1):
        self.change(how)
        return self.run_program(*arguments, status=status)

    def test_configuration_and_override_take_the_word(self):
        file = self.root / "other.json"
        file.write_text('{"tolerance": {"atol": "auto"}}')
        self.assertEqual(self.verdicts("zeros", "--config", str(file))["f4"], "different")
        file.write_text('{"overrides": [{"benchmarks": "Values.*", "tolerance": {"atol": "auto"}}]}')
        self.assertEqual(self.verdicts("zeros", "--config", str(file))["f4"], "different")
        file.write_text('{"tolerance": {"by_dtype": {"float64": {"rtol": 1e-5, "atol": "auto"}}}}')
        verdicts = self.verdicts("zeros", "--config", str(file))
        self.assertEqual(verdicts["f8"], "different")
        self.assertNotEqual(verdicts["f4"], "different")
        file.write_text('{"tolerance": {"atol": "automatic"}}')
        done = self.run_program("verify", "benchmarks", "--config", str(file), status=2)
        self.assertIn('tolerance.atol: must be a number of at least 0 or "auto", not "automatic"', done.stderr)
        done = self.run_program("verify", "benchmarks", "--tolerance", "auto", "0", status=2)
        self.assertIn("must be a number", done.stderr)

    def test_effective_settings_show_the_word(self):
        shown = json.loads(self.run_program("config", "--show", "--json", "--tolerance", "1e-5", "auto", python=False,
                                            status=None).stdout or "{}")
        self.assertIn('"auto"', json.dumps(shown))

    def test_diff_follows_it(self):
        self.change("zeros")
        other = self.root / "zeros"
        self.run_program("capture", "benchmarks", "--snapshot-dir", str(other), "-y")
        self.change("same")
        plain = self.run_program("diff", ".snapshots", str(other), python=False, status=None)
        auto = self.run_program("diff", ".snapshots", str(other), "--tolerance", "1e-5", "auto", python=False, status=1)
        self.assertNotIn("(auto)", plain.stdout)
        self.assertIn("(auto)", auto.stdout)

    def test_audit_says_where_it_would_help_and_agrees_with_verify(self):
        plain = json.loads(self.run_program("audit", "--filter", "'f8'", "--json", python=False, status=None).stdout)
        zeros = next(each for each in plain["audited"][0]["mutants"] if each["mutant"] == "zeros")
        self.assertEqual((zeros["outcome"], zeros["auto_atol_catches"]), ("passed", True))
        auto = json.loads(self.run_program("audit", "--json", "--tolerance", "1e-5", "auto", python=False,
                                           status=None).stdout)
        for case in auto["audited"]:
            for each in case["mutants"]:
                if each["mutant"] in ("zeros", "sign-flipped", "largest-dropped"):
                    self.assertIn(each["outcome"], ("caught", "no-mutant"), (case["label"], each))


if __name__ == "__main__":
    if subprocess.run([PYTHON, "-c", "import numpy"], capture_output=True).returncode != 0:
        sys.exit(77)
    unittest.main(verbosity=2)
