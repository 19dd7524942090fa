#!/usr/bin/env python3
"""Values of which only a sketch is stored, through every command: sketches_test.py SNAPSHOT_TEST.

Run again by $SNAPSHOT_TEST_PYTHON where this interpreter has no numpy; ends with 77 (skipped) where that has none
either, or with 1 if $SNAPSHOT_TEST_REQUIRE_ALL is set.
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

PROGRAM = pathlib.Path(sys.argv[1]).resolve()
del sys.argv[1]
BOUND = 100_000

WORK = '''
import numpy as np
import change

N = 200_000
rng = np.random.default_rng(7)
ARRAY = rng.normal(size=N)


def changed(array):
    array = array.copy()
    flat = array.reshape(-1)
    if change.KIND == "rounding" and array.dtype.kind in "fc":
        flat[:] = flat * (1 + 1e-12)
    elif change.KIND == "broken":
        flat[len(flat) // 2] = flat[len(flat) // 2] + flat.dtype.type(50)
    return array


def table():
    return {"big": changed(ARRAY), "list": [changed(ARRAY[:50_000]), changed(ARRAY[50_000:90_000])],
            "name": "label", "loss": 0.5 + (1.0 if change.KIND == "leaf" else 0)}


def records():
    out = np.zeros(30_000, dtype=[("x", "f8"), ("n", "i4"), ("s", "S7")])
    out["x"] = changed(ARRAY[:30_000])
    out["n"] = np.arange(30_000)
    out["s"] = b"text"
    return out


def masked():
    return np.ma.array(changed(ARRAY[:60_000]), mask=np.arange(60_000) % 7 == 0)


def text():
    return "x" * 300_000 + ("!" if change.KIND == "broken" else "")


def objects():
    return np.array([[i, str(i)] for i in range(20_000)], dtype=object)
'''

SUITE = '''
import numpy as np
import work


class Big:
    timeout = 60

    def track_nothing(self):
        return 1.0

    def time_array(self):
        return work.changed(work.ARRAY)

    def time_table(self):
        return work.table()

    def time_matrix(self):
        return np.asfortranarray(work.changed(work.ARRAY.reshape(400, 500)))

    def time_complex(self):
        return work.changed(work.ARRAY[:40_000] + 1j * work.ARRAY[40_000:80_000])

    def time_float32(self):
        return work.changed(work.ARRAY.astype("f4")).astype("f4")

    def time_integers(self):
        return work.changed(np.arange(100_000))

    def time_records(self):
        return work.records()

    def time_masked(self):
        return work.masked()

    def time_text(self):
        return work.text()

    def time_objects(self):
        return work.objects()

    def time_small(self):
        return work.ARRAY[:100]
'''
# Stored whole: small, or nothing in it can be sketched.
WHOLE = {"track_nothing", "time_objects", "time_small"}


class Sketches(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sketches-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.suite = self.folder / "benchmarks"
        self.suite.mkdir()
        (self.suite / "__init__.py").touch()
        (self.suite / "bench_big.py").write_text(SUITE)
        (self.folder / "work.py").write_text(WORK)
        self.change("")

    def change(self, kind):
        (self.folder / "change.py").write_text(f"KIND = {kind!r}\n")

    def run_program(self, *arguments, store=".snapshots", want=0):
        env = dict(os.environ, PYTHONDONTWRITEBYTECODE="1", XDG_CACHE_HOME=str(self.folder / "cache"))
        command = [str(PROGRAM), *arguments]
        if store is not None:
            command += ["--snapshot-dir", store]
        done = subprocess.run(command, cwd=self.folder, env=env, capture_output=True, text=True, timeout=300)
        self.assertEqual(done.returncode, want, f"{command}\n{done.stdout}\n{done.stderr}")
        return done.stdout + done.stderr

    def run_suite(self, command, *arguments, **options):
        return self.run_program(command, "benchmarks", "--project-dir", ".", "--python", sys.executable, *arguments,
                                **options)

    def capture(self, *arguments, **options):
        return self.run_suite("capture", "--yes", "--store-max-value-bytes", str(BOUND), *arguments, **options)

    def verify(self, *arguments, want=0, **options):
        self.run_suite("verify", "--json", "report.json", *arguments, want=want, **options)
        report = json.loads((self.folder / "report.json").read_text())
        return {case["label"].rsplit(".", 1)[1]: case for case in report["cases"]}

    def verdicts(self, *arguments, **options):
        return {name: case["verdict"] for name, case in self.verify(*arguments, **options).items()}

    def manifests(self, store=".snapshots"):
        return {path.stem.rsplit(".", 1)[-1]: json.loads(path.read_text())
                for path in (self.folder / store / "cases").rglob("*.json")}

    def bytes_of(self, store):
        return sum(path.stat().st_size for path in (self.folder / store / "objects").rglob("*") if path.is_file())

    def test_unchanged_code_is_identical(self):
        self.capture()
        manifests = self.manifests()
        sketched = {name for name, each in manifests.items() if "sketch_of" in each["cases"][0]["sites"][0]}
        self.assertEqual(sketched, set(manifests) - WHOLE)
        for name, each in manifests.items():
            self.assertEqual(each["format"], 2 if name in WHOLE else 3, name)
        self.assertEqual(json.loads((self.folder / ".snapshots" / "format.json").read_text())["version"], 3)
        self.assertEqual(set(self.verdicts().values()), {"identical"})
        self.assertEqual(set(self.verdicts("--read-data").values()), {"identical"})
        self.assertEqual(set(self.verdicts("--isolation", "spawn").values()), {"identical"})

    def test_store_is_small_and_of_the_old_version_without_the_setting(self):
        self.capture()
        self.run_suite("capture", "--yes", store="whole")
        self.assertLess(self.bytes_of(".snapshots"), self.bytes_of("whole") / 4)
        self.assertEqual(json.loads((self.folder / "whole" / "format.json").read_text())["version"], 2)
        # What is captured again without the setting is whole again, and the same value.
        self.run_program("diff", ".snapshots", "whole", store=None)
        self.change("rounding")
        self.assertEqual(self.verdicts(store="whole")["time_array"], "close")

    def test_rounding_is_close_and_says_by_what(self):
        self.capture()
        self.change("rounding")
        cases = self.verify()
        self.assertEqual(cases["time_array"]["verdict"], "close")
        self.assertTrue(cases["time_array"]["reason"].startswith("sketch: return: "), cases["time_array"]["reason"])
        (array,) = cases["time_array"]["sites"][0]["details"]["sketched"]
        self.assertEqual((array["dtype"], array["shape"], array["match"]), ("float64", [200_000], "close"))
        self.assertLess(array["unseen_tolerances"], 1)
        for name in ("time_table", "time_matrix", "time_complex", "time_records", "time_masked"):
            self.assertEqual(cases[name]["verdict"], "close", name)
        for name in ("time_integers", "time_text", "time_small"):
            self.assertEqual(cases[name]["verdict"], "identical", name)
        text = self.run_suite("verify")
        self.assertIn("close (sketch) (passed): ", text)
        self.assertIn("would have been seen", text)
        self.run_suite("verify", "--junit", "junit.xml", "--html", "report.html")
        self.assertIn("time_array", (self.folder / "junit.xml").read_text())
        self.assertIn("time_array", (self.folder / "report.html").read_text())

    def test_broken_is_different_and_says_where(self):
        self.capture()
        self.change("broken")
        cases = self.verify(want=1)
        for name in set(cases) - WHOLE:
            self.assertEqual(cases[name]["verdict"], "different", name)
        explanation = cases["time_array"]["sites"][0]["explanation"]
        self.assertIn("elements 98304 to 102399: ", explanation)
        self.assertIn("1 of 49 blocks", explanation)
        self.assertIn("only a digest of it was kept", cases["time_text"]["sites"][0]["explanation"])
        self.assertIn("['x']", cases["time_records"]["sites"][0]["explanation"])
        self.change("leaf")
        cases = self.verify(want=1)
        self.assertEqual(cases["time_table"]["verdict"], "different")
        self.assertIn("['loss']", cases["time_table"]["sites"][0]["explanation"])

    def test_values_are_shown_and_compared(self):
        self.capture()
        shown = self.run_program("show", "bench_big.Big.time_table")
        self.assertIn("a sketch of 2.3 MB", shown)
        self.assertIn("<sketch of numpy.ndarray float64 (200000,)>", shown)
        self.assertIn("label", shown)
        json_shown = json.loads(self.run_program("show", "bench_big.Big.time_array", "--json"))
        self.assertGreater(json_shown["cases"][0]["sites"][0]["sketch_of"]["bytes"], 1_600_000)
        refused = self.run_program("show", "bench_big.Big.time_array", "--pickle", "x.pkl", want=2)
        self.assertIn("only a sketch is stored", refused)
        self.assertIn("only a sketch is stored", self.run_program("audit"))
        self.change("broken")
        self.capture(store="other")
        self.assertIn("differ", self.run_program("diff", ".snapshots", "other", store=None, want=1))
        self.run_program("diff", ".snapshots", ".snapshots", store=None)

    def test_pending_values_are_accepted(self):
        self.capture()
        self.change("broken")
        (self.folder / "snapshot_config.json").write_text(json.dumps({"store_max_value_bytes": BOUND}))
        self.run_suite("verify", "--pending", "always", want=1)
        self.assertIn("time_array", self.run_program("pending"))
        self.run_program("accept", "--all", "--reason", "meant")
        self.assertIn("sketch_of", self.manifests()["time_array"]["cases"][0]["sites"][0])
        self.assertEqual(set(self.verdicts().values()), {"identical"})
        self.run_program("capture", "--undo", "--yes")
        self.assertEqual(self.verdicts(want=1)["time_array"], "different")

    def test_damage_is_unreadable_and_repaired(self):
        self.capture()
        shutil.copytree(self.folder / ".snapshots", self.folder / "good")
        digest = self.manifests()["time_array"]["cases"][0]["sites"][0]["object"]
        (stored,) = (self.folder / ".snapshots" / "objects" / digest[:2]).glob(digest[2:] + ".pkl*")
        stored.write_bytes(stored.read_bytes()[:-100])
        self.change("rounding")
        self.assertEqual(self.verdicts(want=1)["time_array"], "unreadable")
        self.run_program("check", want=1)
        self.run_program("check", "--repair", "good")
        self.assertEqual(self.verdicts()["time_array"], "close")
        self.run_program("clean")
        self.assertEqual(self.verdicts()["time_array"], "close")

    def test_baseline_travels(self):
        self.capture()
        self.run_program("push", "remote")
        self.change("rounding")
        self.assertEqual(self.verdicts("--baseline", "remote", store=None)["time_table"], "close")
        self.run_program("pull", "remote", store="pulled")
        self.assertEqual(self.manifests("pulled"), self.manifests())
        self.assertEqual(json.loads((self.folder / "pulled" / "format.json").read_text())["version"], 3)
        self.assertEqual(self.verdicts(store="pulled")["time_table"], "close")
        self.run_program("remote", "check", "remote", "--read-data", store=None)
        self.run_program("remote", "gc", "remote", "--apply", store=None)
        self.change("")
        self.assertEqual(set(self.verdicts("--baseline", "remote", store=None).values()), {"identical"})

    def test_shards_are_merged(self):
        for shard in ("1/2", "2/2"):
            self.capture("--shard", shard, store="shard" + shard[0])
        self.run_program("merge", "shard1", "shard2")
        self.assertEqual(json.loads((self.folder / ".snapshots" / "format.json").read_text())["version"], 3)
        self.assertEqual(set(self.verdicts().values()), {"identical"})


if __name__ == "__main__":
    unittest.main()
