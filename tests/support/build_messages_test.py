#!/usr/bin/env python3
"""What CMake says on a machine that lacks something: all that is missing at once, and a line about the compiler.

    build_messages_test.py CMAKE GENERATOR MAKE_PROGRAM PYTHON
"""

import pathlib
import subprocess
import sys
import tempfile
import unittest

CMAKE, GENERATOR, MAKE_PROGRAM, PYTHON = sys.argv[1:5]
PROJECT = pathlib.Path(__file__).resolve().parents[2]


def configure(*options, path=None, **variables):
    """Status and standard error of configuring the project afresh; `path`, `variables`: its environment."""
    with tempfile.TemporaryDirectory() as build:
        done = subprocess.run(
            [CMAKE, "-G", GENERATOR, f"-DCMAKE_MAKE_PROGRAM={MAKE_PROGRAM}", f"-DPython_EXECUTABLE={PYTHON}"]
            + [*options, "-S", str(PROJECT), "-B", build],
            capture_output=True,
            text=True,
            env=None if path is None else {"PATH": path, **variables},
        )
    return done.returncode, done.stderr


class Messages(unittest.TestCase):
    def test_all_that_is_missing_is_named_at_once(self):
        hidden = ("fmt", "CLI11", "tl-expected", "pybind11", "GTest")
        status, said = configure(*(f"-DCMAKE_DISABLE_FIND_PACKAGE_{name}=ON" for name in hidden))
        self.assertNotEqual(status, 0)
        self.assertIn("Not found: CLI11, fmt, tl::expected, pybind11, GoogleTest.\n", said)
        self.assertIn(
            "apt-get install libcli11-dev libfmt-dev libexpected-dev pybind11-dev libgtest-dev libgmock-dev\n", said
        )
        self.assertIn("scripts/install-dependencies", said)

    def test_without_pkg_config_what_it_finds_is_not_called_missing(self):
        status, said = configure("-DPKG_CONFIG_EXECUTABLE=/nowhere", "-DSNAPSHOT_TEST_TESTS=OFF")
        self.assertNotEqual(status, 0)
        self.assertIn("Not found: pkg-config.\n", said)

    def test_without_a_compiler_one_line_says_so(self):
        with tempfile.TemporaryDirectory() as nothing:
            for variables, names in (({}, "c++, g++, clang++"), ({"CXX": "x86-g++ -m64", "CC": "x86-gcc"}, "x86-g++")):
                status, said = configure("-DCMAKE_FIND_USE_CMAKE_SYSTEM_PATH=OFF", path=nothing, **variables)
                self.assertNotEqual(status, 0)
                (line,) = [each for each in said.splitlines() if "There is no compiler here" in each]
                self.assertIn(f"({names})", line)
                self.assertIn("scripts/install-dependencies installs it", line)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
