#!/usr/bin/env python3
"""Measures what waits for people: pending_speed.py PROGRAM [CASES].

Makes a suite of so many cases (20,000 unless said otherwise), of a hundred each, captures it, changes what all of them
return and has verify stage the values. Then it says how long names of cases take to be completed, `pending` and
`review` to print them, and `accept --all` to put them into the baseline, which is checked.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CASES_EACH = 100


def run(program, folder, *arguments):
    """Standard output, and seconds."""
    begun = time.monotonic()
    done = subprocess.run([program, *arguments], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    seconds = time.monotonic() - begun
    if done.returncode not in (0, 1):
        sys.exit(f"{arguments}: {done.stdout[-2000:]}{done.stderr}")
    return done.stdout, seconds


def main():
    program = str(Path(sys.argv[1]).resolve())
    cases = int(sys.argv[2]) if len(sys.argv) > 2 else 20_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "benchmarks").mkdir()
        (folder / "benchmarks" / "__init__.py").touch()
        suite = "import lib\n"
        for i in range(cases // CASES_EACH):
            suite += f"def time_{i:05}(n): return [lib.FIRST, n, {i}]\ntime_{i:05}.params = list(range({CASES_EACH}))\n"
        (folder / "benchmarks" / "bench.py").write_text(suite)
        (folder / "snapshot_config.json").write_text('{"stability_check": false}')
        project = ["--project-dir", "."]
        (folder / "lib.py").write_text("FIRST = 1.0\n")
        print(f"capture of {cases:,} cases: {run(program, folder, 'capture', *project)[1]:.1f} s")
        (folder / "lib.py").write_text("FIRST = 1.5\n")
        staged = run(program, folder, "verify", *project, "--pending", "always")
        print(f"verify that stages them: {staged[1]:.1f} s")
        for what, arguments in (
            ("names of benchmarks", ["cases", ""]),
            ("names of one benchmark's cases", ["cases", "bench.time_00042("]),
            ("names of pending ones", ["pending", "bench.time_0"]),
            ("filters", ["filters", "time_0"]),
        ):
            out, seconds = run(program, folder, "names", "--", *arguments)
            print(f"{what}: {seconds:.3f} s, {len(out.splitlines()):,} names")
        out, seconds = run(program, folder, "pending", "--json")
        print(f"pending: {seconds:.2f} s, {len(json.loads(out)['cases']):,} values")
        print(f"review without a terminal: {run(program, folder, 'review')[1]:.1f} s")
        print(f"accept --all: {run(program, folder, 'accept', '--all')[1]:.1f} s")
        run(program, folder, "verify", *project, "--summary", "summary.json")
        summary = json.loads((folder / "summary.json").read_text())
        assert summary["passed"] == cases and summary["ok"] is True, summary
        assert run(program, folder, "pending")[0] == "nothing is pending\n"


if __name__ == "__main__":
    main()
