#!/usr/bin/env python3
"""What a worker looks at before it gets cases; needs no dask.distributed."""

import importlib.util
import os
import sys
import tempfile
import types
import unittest
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2] / "python/diff_tester/dask/worker.py"


def load():
    """The module, with a stand-in for what it takes from dask.distributed."""
    for name in ("distributed", "distributed.diagnostics", "distributed.diagnostics.plugin"):
        sys.modules.setdefault(name, types.ModuleType(name))
    sys.modules["distributed.diagnostics.plugin"].WorkerPlugin = object
    spec = importlib.util.spec_from_file_location("dask_worker", SOURCE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


WORKER = load()
HERE = {"python": "3.11.2", "implementation": "cpython", "packages": {"numpy": "1.24.4"}, "vectors": "avx2",
        "suite": "a", "code": {"lib": ["b"]}}
SPEC = {"suite": "/suite"}


class Worker(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)

    def test_a_machine_like_this_one_fits(self):
        self.assertEqual(WORKER.difference(HERE, dict(HERE), SPEC), "")

    def test_what_is_not_alike_is_named(self):
        for change, text in (
                ({"suite": None}, "it has no folder '/suite'"),
                ({"suite": "x"}, "the files of the suite in '/suite' are not the same there"),
                ({"python": "3.12.1"}, "its Python is cpython 3.12.1, and that of the suite is cpython 3.11.2"),
                ({"packages": {"numpy": "2.0.0"}}, "it has numpy 2.0.0, and here it is 1.24.4"),
                ({"packages": {}}, "it has numpy not at all, and here it is 1.24.4"),
                ({"vectors": "sse2"}, "its processor has sse2, and this one avx2"),
                ({"code": {}}, "the files of the package 'lib' that is tested are not the same there")):
            with self.subTest(text):
                self.assertIn(text, WORKER.difference(HERE, {**HERE, **change}, SPEC))

    def program(self, name, text):
        path = self.root / name / "snapshot_test"
        path.parent.mkdir()
        path.write_text(text)
        path.chmod(0o755)
        return path

    def find(self, path, sha256, on_path=""):
        before = os.environ["PATH"]
        os.environ["PATH"] = str(on_path)
        try:
            return WORKER.find_program({"program": {"path": str(path), "sha256": sha256, "version": "0.1.0"}})
        finally:
            os.environ["PATH"] = before

    def test_only_the_same_program_runs_cases(self):
        mine, other = self.program("mine", "one"), self.program("other", "two")
        digest = WORKER.digest_of_file(mine)
        self.assertEqual(self.find(mine, digest), (str(mine), ""))
        self.assertEqual(self.find(other, digest, mine.parent), (str(mine), ""))
        found, why = self.find(other, digest)
        self.assertIsNone(found)
        self.assertIn("there is another build of snapshot_test than the one here, which is 0.1.0", why)
        found, why = self.find(self.root / "missing", digest)
        self.assertIsNone(found)
        self.assertIn("it has no snapshot_test", why)

    def test_a_suite_is_known_by_its_files(self):
        (self.root / "sub").mkdir()
        (self.root / "a.py").write_text("a")
        first = WORKER.digest_of_tree(self.root)
        (self.root / "sub/__pycache__").mkdir()
        (self.root / "sub/__pycache__/a.pyc").write_text("bytecode")
        (self.root / ".hidden").write_text("state of a tool")
        self.assertEqual(WORKER.digest_of_tree(self.root), first)
        (self.root / "sub/b.py").write_text("b")
        second = WORKER.digest_of_tree(self.root)
        self.assertNotEqual(first, second)
        (self.root / "sub/b.py").rename(self.root / "sub/c.py")
        self.assertNotEqual(WORKER.digest_of_tree(self.root), second)

    def test_an_environment_says_what_it_has(self):
        (self.root / "lib.py").write_text("x = 1")
        found = WORKER.describe(sys.executable, {"packages": ["no_such"], "tested": ["lib"],
                                                 "import_path": [str(self.root)], "suite": str(self.root)})
        self.assertEqual(found["packages"], {"no_such": None})
        self.assertEqual(found["code"], {"lib": [WORKER.digest_of_file(self.root / "lib.py")]})
        with self.assertRaises(OSError):
            WORKER.describe("/nowhere/python", {"packages": [], "tested": [], "import_path": [], "suite": "/"})


if __name__ == "__main__":
    unittest.main()
