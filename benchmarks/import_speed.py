"""How long importing the package takes, against an empty extension module and the standard modules it needs.

Usage: import_speed.py [--rounds N]. Needs a C compiler, Python's headers and the installed package. Each time is that of
a new interpreter less that of one that imports nothing, the least of all rounds; the kinds take turns.
"""

import argparse
import os
import subprocess
import sys
import sysconfig
import tempfile
import time

EMPTY = """
#include <Python.h>
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "empty", NULL, 0, NULL, NULL, NULL, NULL, NULL};
PyMODINIT_FUNC PyInit_empty(void) { return PyModuleDef_Init(&module); }
"""
ALL = (
    "from diff_tester.snapshot import (BenchmarkDiscovery, BenchmarkRunner, Comparator, ConfigManager, RNGPatcher,"
    " SnapshotManager, main)"
)


def make_empty(folder):
    source = os.path.join(folder, "empty.c")
    with open(source, "w") as file:
        file.write(EMPTY)
    library = os.path.join(folder, "empty" + sysconfig.get_config_var("EXT_SUFFIX"))
    subprocess.run(
        ["cc", "-O2", "-shared", "-fPIC", "-I" + sysconfig.get_path("include"), source, "-o", library], check=True
    )


def standard_modules(program):
    """What a program imports that is not ours."""
    asked = f"import sys; before = set(sys.modules); {program}; print(*(set(sys.modules) - before))"
    names = subprocess.run([sys.executable, "-c", asked], check=True, capture_output=True, text=True).stdout.split()
    return [name for name in names if not name.startswith("diff_tester")]


def seconds(program, environment):
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", program], check=True, env=environment)
    return time.perf_counter() - begun


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=30)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        make_empty(folder)
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([folder, os.environ.get("PYTHONPATH", "")])}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        package = "import diff_tester.snapshot"
        programs = {"nothing": "pass"}
        for what, program in (("the package", package), ("all of its names", ALL)):
            programs[what] = program
            programs[what + ", peer"] = "import empty, " + ", ".join(["sys", *standard_modules(program)])
        least = {}
        for _ in range(rounds):
            for what, program in programs.items():
                least[what] = min(seconds(program, environment), least.get(what, 1e9))
    for what in ("the package", "all of its names"):
        ours, peer = (1000 * (least[name] - least["nothing"]) for name in (what, what + ", peer"))
        print(f"{what}: {ours:.1f} ms, empty extension and the same standard modules {peer:.1f} ms: {ours / peer:.2f}")


if __name__ == "__main__":
    main()
