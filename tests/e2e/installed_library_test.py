"""The C++ library as other programs get it: installed, found by CMake, with headers that need nothing else.

installed_library_test.py CMAKE BUILD_FOLDER SOURCE_FOLDER PROGRAM
"""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

CMAKE, BUILD, SOURCE, PROGRAM = sys.argv[1:5]
PYTHON = os.environ.get("SNAPSHOT_TEST_PYTHON", sys.executable)
SUITE = """
def time_roots():
    return [x ** 0.5 for x in range(5)]


class Grid:
    params = [[2, 3]]

    def time_square(self, n):
        return {"square": n * n}


def time_nothing():
    pass
"""
CHANGED = SUITE.replace("x ** 0.5", "x ** 0.5 + (x == 3) * 0.25")
HEADERS = """
cmake_minimum_required(VERSION 3.22)
project(headers LANGUAGES CXX)
find_package(snapshot_test REQUIRED)
file(GLOB sources *.cpp)
add_library(headers OBJECT ${sources})
target_link_libraries(headers PRIVATE snapshot_test::snapshot_test)
target_compile_options(headers PRIVATE -Wall -Wextra -Werror)
"""


def run(*words, **options):
    return subprocess.run(
        [str(each) for each in words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options
    )


class InstalledLibrary(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.root = pathlib.Path(cls.folder.name)
        cls.prefix = cls.root / "prefix"
        installed = run(CMAKE, "--install", BUILD, "--prefix", cls.prefix)
        if installed.returncode != 0:
            raise AssertionError(installed.stdout)

    def succeed(self, *words, status=0):
        done = run(*words)
        self.assertEqual(done.returncode, status, done.stdout)
        return done.stdout

    def build(self, source):
        """Configures and builds a project that knows nothing but where the library is installed."""
        folder = self.root / "build" / source.name
        self.succeed(CMAKE, "-G", "Ninja", "-S", source, "-B", folder, f"-DCMAKE_PREFIX_PATH={self.prefix}")
        self.succeed(CMAKE, "--build", folder)
        return folder

    def capture(self, name, text):
        suite = self.root / name
        suite.mkdir()
        (suite / "bench.py").write_text(text)
        store = self.root / (name + ".snapshots")
        self.succeed(PROGRAM, "capture", suite, "--snapshot-dir", store, "--python", PYTHON)
        return store

    def test_each_header_alone_compiles(self):
        source = self.root / "headers"
        source.mkdir()
        (source / "CMakeLists.txt").write_text(HEADERS)
        include = self.prefix / "include"
        headers = sorted(each.relative_to(include) for each in include.rglob("*.hpp"))
        self.assertIn(pathlib.Path("snapshot_test/store/store.hpp"), headers)
        for number, header in enumerate(headers):
            # Twice: it guards itself.
            (source / f"{number}.cpp").write_text(f'#include "{header}"\n#include "{header}"\n')
        self.build(source)

    def test_the_example_reads_describes_and_compares(self):
        read_store = self.build(pathlib.Path(SOURCE, "examples", "read_store")) / "read_store"
        before, after = self.capture("before", SUITE), self.capture("after", CHANGED)

        listed = self.succeed(read_store, before)
        self.assertEqual(
            listed.splitlines(),
            [
                "bench.Grid.time_square(2)  outer",
                "bench.Grid.time_square(3)  outer",
                "bench.time_nothing  no-op",
                "bench.time_roots  outer",
            ],
        )
        described = self.succeed(read_store, before, "bench.Grid.time_square(3)")
        self.assertEqual(described, "dict: {'square': 9}\n")
        self.assertEqual(self.succeed(read_store, before, "bench.Grid.time_square(3)", after), "agrees\n")
        different = self.succeed(read_store, before, "bench.time_roots", after, status=1)
        self.assertIn("[3]", different)
        self.assertIn("expected 1.7320508", different)
        print(listed, described, different, sep="")

        for words, message in [
            ([self.root / "nowhere"], "error: "),
            ([before, "bench.time_other"], "error: there is no case 'bench.time_other'"),
            ([before, "bench.time_nothing"], "error: 'bench.time_nothing' has no value"),
        ]:
            self.assertIn(message, self.succeed(read_store, *words, status=1))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
