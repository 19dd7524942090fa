#!/usr/bin/env python3
"""What verifying one filtered case takes beyond the import that it cannot do without.

    one_case.py SNAPSHOT_TEST --python PATH [--library NAME] [--rounds N]

Makes a suite of five modules that import the library (pandas unless --library names another), captures it, and runs
`python -c "import NAME"` and `verify --filter` of one case in turns. Prints the least wall and CPU time of each, all
processes together, and their difference.
"""
import argparse
import os
import pathlib
import resource
import subprocess
import tempfile
import time

MODULE = """import {library}


class Numbers{i}:
    params = [10, 20]

    def time_sum(self, n):
        return sum(range(n))
"""


def run(command, **more):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begun = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, **more)
    wall = time.perf_counter() - begun
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("program")
    parser.add_argument("--python", required=True)
    parser.add_argument("--library", default="pandas")
    parser.add_argument("--rounds", type=int, default=10)
    options = parser.parse_args()
    program, python = os.path.abspath(options.program), os.path.abspath(options.python)
    with tempfile.TemporaryDirectory() as folder:
        suite = pathlib.Path(folder, "benchmarks")
        suite.mkdir()
        (suite / "__init__.py").touch()
        for i in range(5):
            (suite / f"bench_{i}.py").write_text(MODULE.format(library=options.library, i=i))
        here = {"cwd": folder}
        run([program, "capture", "benchmarks", "--python", python], **here)
        commands = {
            f"import {options.library}": [python, "-c", f"import {options.library}"],
            "verify --filter": [program, "verify", "benchmarks", "--python", python, "--filter",
                                r"bench_3\..*\(10\)"],
        }
        taken = {name: [] for name in commands}
        for _ in range(options.rounds):
            for name, command in commands.items():
                taken[name].append(run(command, **here))
    least = {name: [min(column) for column in zip(*times)] for name, times in taken.items()}
    for name, (wall, cpu) in least.items():
        print(f"{name:20} {wall * 1e3:7.0f} ms {cpu * 1e3:7.0f} ms of CPU")
    imported, verified = least.values()
    print(f"{'beyond the import':20} {(verified[0] - imported[0]) * 1e3:7.0f} ms "
          f"{(verified[1] - imported[1]) * 1e3:7.0f} ms of CPU")


if __name__ == "__main__":
    main()
