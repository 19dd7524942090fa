#!/usr/bin/env python3
"""Measures what waits for people: pending_speed.py PROGRAM [CASES].

Captures a benchmark of a hundred cases, changes what all of them return and has verify stage the values. Copies of both
manifests under other names make so many cases of it (20,000 unless said otherwise). Then it says how long names are
completed, `pending` and `review` print what waits, and `accept --all` puts it into the baseline.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CASES_EACH = 100


def run(program, folder, *arguments):
    """Standard output, wall and processor seconds."""

    def processor():
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    before, begun = processor(), time.monotonic()
    done = subprocess.run([program, *arguments], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode not in (0, 1):
        sys.exit(f"{arguments}: {done.stdout[-2000:]}{done.stderr}")
    return done.stdout, time.monotonic() - begun, processor() - before


def say(what, outcome, more=""):
    print(f"{what}: {outcome[1]:.2f} s, {outcome[2]:.2f} s of processors{more}")


def multiply(folder, times):
    manifest = folder / "time_00000.json"
    text = manifest.read_text()
    for i in range(1, times):
        (folder / f"time_{i:05}.json").write_text(text.replace("time_00000", f"time_{i:05}"))


def main():
    program = str(Path(sys.argv[1]).resolve())
    cases = int(sys.argv[2]) if len(sys.argv) > 2 else 20_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "benchmarks").mkdir()
        (folder / "benchmarks" / "__init__.py").touch()
        (folder / "benchmarks" / "bench.py").write_text(
            f"import lib\ndef time_00000(n): return [lib.FIRST, n]\ntime_00000.params = list(range({CASES_EACH}))\n"
        )
        suite = ["--project-dir", "."]
        (folder / "lib.py").write_text("FIRST = 1.0\n")
        run(program, folder, "capture", *suite)
        (folder / "lib.py").write_text("FIRST = 1.5\n")
        run(program, folder, "verify", *suite, "--pending", "always")
        for manifests in (".snapshots", ".snapshots/pending"):
            multiply(folder / manifests / "cases" / "bench", cases // CASES_EACH)
        for what, arguments in (
            ("names of benchmarks", ["cases", ""]),
            ("names of one benchmark's cases", ["cases", "bench.time_00042("]),
            ("names of what is pending", ["pending", "bench.time_0"]),
            ("regular expressions", ["filters", "time_0"]),
        ):
            outcome = run(program, folder, "names", "--", *arguments)
            say(what, outcome, f", {len(outcome[0].splitlines()):,} of them")
        outcome = run(program, folder, "pending", "--json")
        say("pending --json", outcome, f", {len(json.loads(outcome[0])['cases']):,} values")
        say("review without a terminal", run(program, folder, "review"))
        say("accept --all", run(program, folder, "accept", "--all"))
        assert run(program, folder, "pending")[0] == "nothing is pending\n"
        verified = json.loads(run(program, folder, "verify", *suite, "--filter", "time_00000", "--summary", "-")[0])
        assert verified["passed"] == CASES_EACH, verified


if __name__ == "__main__":
    main()
