#!/usr/bin/env python3
"""A store that is damaged in every way is found out, and repaired from another: check_test.py SNAPSHOT_TEST.

Needs nothing but the standard library.
"""

import json
import pathlib
import shutil
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from suite_case import PYTHON, SuiteCase  # noqa: E402

SUITE = """
def time_small():
    return [1.5, 2.5]


def time_again():
    return [1.5, 2.5]


def time_large():
    return ["line %d" % i for i in range(20000)]
"""


def digest(folder):
    return {str(each.relative_to(folder)): each.read_bytes() for each in sorted(folder.rglob("*")) if each.is_file()}


class Check(SuiteCase):
    SUITE = SUITE

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.run_program("capture", "benchmarks", "--python", PYTHON)
        cls.good = cls.root / ".snapshots"

    def setUp(self):
        self.store = self.root / self._testMethodName
        shutil.copytree(self.good, self.store)

    def check(self, *options, status=0):
        return json.loads(self.run_program("check", "--snapshot-dir", str(self.store), "--json", *options,
                                           status=status).stdout)

    def object_of(self, name, suffix):
        manifest = json.loads((self.store / "cases" / "bench" / f"{name}.json").read_text())
        sha = manifest["cases"][0]["sites"][0]["object"]
        return self.store / "objects" / sha[:2] / (sha[2:] + suffix)

    def test_whole_store_is_whole_and_nothing_is_written(self):
        before = digest(self.store)
        self.assertEqual(self.check()["damage"], [])
        report = self.check("--read-data")
        self.assertEqual(report["damage"], [])
        self.assertEqual(report["manifests"], 3)
        self.assertGreater(report["bytes"], 100000)
        self.assertEqual(digest(self.store), before)
        text = self.run_program("check", "--read-data", "--snapshot-dir", str(self.store)).stdout
        self.assertIn("3 benchmarks, 1 run and", text)
        self.assertTrue(text.endswith(": whole\n"), text)

    def test_altered_byte_is_found_by_reading_and_repaired(self):
        file = self.object_of("time_small", ".pkl")
        damaged = bytearray(file.read_bytes())
        damaged[-3] ^= 1
        file.write_bytes(damaged)
        self.assertEqual(self.check()["damage"], [], "its size is what it was")
        found = self.check("--read-data", status=1)["damage"]
        self.assertEqual(len(found), 1)
        self.assertEqual(found[0]["file"], str(file.relative_to(self.store)))
        self.assertEqual(found[0]["cases"], ["bench.time_again, return", "bench.time_small, return"])
        self.assertEqual(found[0]["outcome"], "left")
        self.assertEqual(file.read_bytes(), damaged)
        repaired = self.check("--read-data", "--repair", str(self.good))["damage"][0]
        self.assertEqual(repaired["outcome"], "repaired")
        self.assertEqual((self.store / repaired["quarantined"]).read_bytes(), damaged)
        self.assertEqual(self.check("--read-data")["damage"], [])

    def test_missing_truncated_and_compressed_values_are_repaired(self):
        for name, suffix, damage in [
            ("time_small", ".pkl", lambda file: file.unlink()),
            ("time_small", ".pkl", lambda file: file.write_bytes(file.read_bytes()[:5])),
            ("time_small", ".pkl", lambda file: file.write_bytes(b"")),
            ("time_large", ".pkl.zst", lambda file: file.write_bytes(file.read_bytes()[:-1])),
            ("time_large", ".pkl.zst", lambda file: file.write_bytes(b"x" + file.read_bytes()[1:])),
        ]:
            with self.subTest(name=name):
                file = self.object_of(name, suffix)
                damage(file)
                self.assertEqual(len(self.check("--read-data", status=1)["damage"]), 1)
                self.check("--read-data", "--repair", str(self.good))
                self.assertEqual(file.read_bytes(), (self.good / file.relative_to(self.store)).read_bytes())
                self.assertEqual(self.check("--read-data")["damage"], [])

    def test_what_the_other_store_does_not_have_stays_or_is_put_aside(self):
        file = self.object_of("time_small", ".pkl")
        file.write_bytes(b"nonsense")
        other = self.root / "other-damaged"
        shutil.copytree(self.store, other)
        found = self.check("--repair", str(other), status=1)["damage"][0]
        self.assertEqual(found["outcome"], "left")
        self.assertIn("not_repaired", found)
        self.assertTrue(file.exists())
        for copy in ("", ".2"):
            found = self.check("--quarantine", status=1)["damage"][0]
            self.assertEqual(found["outcome"], "quarantined")
            self.assertTrue(found["quarantined"].endswith(".pkl" + copy), found)
            file.write_bytes(b"nonsense")
        self.assertEqual((self.store / "quarantine" / ".gitignore").read_text(), "*\n")

    def test_wrong_fingerprint_is_found_by_reading(self):
        manifest = self.store / "cases" / "bench" / "time_small.json"
        content = json.loads(manifest.read_text())
        content["cases"][0]["sites"][0]["xxh3"] = "0" * 32
        manifest.write_text(json.dumps(content))
        self.assertEqual(self.check()["damage"], [])
        found = self.check("--read-data", status=1)["damage"]
        self.assertEqual([each["what"] for each in found], ["fingerprint"])

    def test_damaged_manifest_and_run_are_named_and_stay(self):
        manifest = self.store / "cases" / "bench" / "time_small.json"
        manifest.write_text(manifest.read_text()[:-20])
        run = next((self.store / "runs").iterdir())
        run.write_text("{")
        found = self.check("--repair", str(self.good), "--quarantine", status=1)["damage"]
        self.assertEqual({each["what"] for each in found}, {"manifest", "run"})
        self.assertIn(["every case of bench.time_small"], [each["cases"] for each in found])
        self.assertTrue(manifest.exists())

    def test_value_that_nothing_names_is_read_too(self):
        (self.store / "cases" / "bench" / "time_large.json").unlink()
        file = next(self.store.glob("objects/*/*.zst"))
        file.write_bytes(file.read_bytes()[:-1])
        self.assertEqual(self.check()["damage"], [])
        found = self.check("--read-data", status=1)["damage"]
        self.assertEqual(found[0]["cases"], [])

    def test_no_store_and_bad_source_are_errors(self):
        done = self.run_program("check", "--snapshot-dir", "nowhere", status=4)
        self.assertIn("nowhere", done.stderr)
        done = self.run_program("check", "--snapshot-dir", str(self.store), "--repair", "nowhere", status=4)
        self.assertIn("nowhere", done.stderr)

    def test_lock_of_a_capture_is_respected(self):
        import fcntl
        with open(self.store / "lock", "a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.check()
            done = self.run_program("check", "--snapshot-dir", str(self.store), "--quarantine", status=3)
            self.assertIn("lock", done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
