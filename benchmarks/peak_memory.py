#!/usr/bin/env python3
"""Peak resident size of a case whose result is one large array: peak_memory.py BINARY [PYTHON] [MEGABYTES]

Captures and verifies it and prints the largest resident size of any process of the run, as a multiple of the array.
The rest of a process (Python, numpy) is a few dozen megabytes.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

SUITE = """
import numpy as np

def time_random():
    return np.random.default_rng(1).integers(0, 2**63, {count})

def time_ones():
    return np.ones({count})
"""


def high_water_marks():
    """VmHWM in MB of every process called snapshot_test."""
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            fields = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
        except OSError:
            continue  # it has ended
        if fields.get("Name", "").strip() == "snapshot_test" and "VmHWM" in fields:
            yield int(fields["VmHWM"].split()[0]) // 1024


def peak(command):
    """Largest resident size, in MB, of any process of the run, looked at every few milliseconds."""
    run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    largest = 0
    while run.poll() is None:
        largest = max([largest, *high_water_marks()])
        time.sleep(0.002)
    output = run.stdout.read()
    if run.returncode != 0 or ("identical" not in output and "verify" in command):
        sys.exit(f"{' '.join(command)} ended with {run.returncode}\n{output}")
    return largest


def main():
    binary = str(Path(sys.argv[1]).resolve())
    python = sys.argv[2] if len(sys.argv) > 2 else sys.executable
    megabytes = int(sys.argv[3]) if len(sys.argv) > 3 else 1024
    with tempfile.TemporaryDirectory() as folder:
        suite = Path(folder, "benchmarks")
        suite.mkdir()
        (suite / "__init__.py").touch()
        (suite / "bench.py").write_text(SUITE.format(count=megabytes * 2**20 // 8))
        for case in ("time_random", "time_ones"):
            for command in ("capture", "verify"):
                found = peak([binary, command, str(suite), "--python", python, "--snapshot-dir", f"{folder}/{case}",
                              "--filter", case, "-j", "1"])
                print(f"{command} of {case}: {megabytes} MB array, peak {found} MB = {found / megabytes:.2f} x")


if __name__ == "__main__":
    main()
