"""What Python tests of the program have in common: a suite in a folder of its own, and the program run there.

The first word of the command line is the program.
"""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

PROGRAM = pathlib.Path(sys.argv.pop(1)).resolve()
PYTHON = os.environ.get("SNAPSHOT_TEST_PYTHON", sys.executable)


class SuiteCase(unittest.TestCase):
    """SUITE is the text of benchmarks/bench.py below `root`, which all tests of a class share."""

    SUITE = ""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.root = pathlib.Path(folder.name)
        (cls.root / "benchmarks").mkdir()
        (cls.root / "benchmarks" / "bench.py").write_text(cls.SUITE)

    @classmethod
    def environment(cls):
        return dict(os.environ)

    @classmethod
    def run_program(cls, *arguments, status=0):
        """Raises AssertionError where it ends with another status; None: any."""
        command = [str(PROGRAM), *arguments]
        done = subprocess.run(command, cwd=cls.root, env=cls.environment(), capture_output=True, text=True)
        if status is not None and done.returncode != status:
            raise AssertionError(f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done
