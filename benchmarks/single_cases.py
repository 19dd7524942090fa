#!/usr/bin/env python3
"""Does unchanged code ever fail when a case is verified alone? Runs `verify --filter` of single cases again and again.

    single_cases.py SNAPSHOT_TEST --suite DIR --store DIR --python PATH [--cases N] [--times N] [--seed N]

SNAPSHOT_TEST is the program, --store a baseline of the suite as it is. Cases are chosen at random from those that the
suite has; each run has a home, a temporary folder, a time zone and a working folder of its own, one or two workers, and
every other one another order. Prints what did not end with 0; exits with 1 if anything did not.
"""
import argparse
import json
import os
import random
import re
import subprocess
import sys
import tempfile

ZONES = ["UTC", "Asia/Tokyo", "America/New_York", "Pacific/Auckland"]


def labels_of(options):
    command = [options.program, "list", options.suite, "--python", options.python, "--json", "--cases"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True)
    return [case["label"] for benchmark in json.loads(listed.stdout)["benchmarks"] for case in benchmark["labels"]]


def verify(options, label, run, rng):
    with tempfile.TemporaryDirectory() as folder:
        for name in ("home", "tmp", "work"):
            os.mkdir(os.path.join(folder, name))
        environment = {**os.environ, "HOME": os.path.join(folder, "home"), "TMPDIR": os.path.join(folder, "tmp"),
                       "TZ": rng.choice(ZONES)}
        command = [options.program, "verify", options.suite, "--python", options.python, "--snapshot-dir", options.store,
                   "--filter", f"^{re.escape(label)}$", "-j", str(rng.choice([1, 2])), "-q"]
        if run % 2:
            command += ["--shuffle", str(rng.randrange(1, 1000))]
        return subprocess.run(command, env=environment, cwd=os.path.join(folder, "work"), capture_output=True, text=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=os.path.abspath)
    parser.add_argument("--suite", type=os.path.abspath, required=True)
    parser.add_argument("--store", type=os.path.abspath, required=True)
    parser.add_argument("--python", type=os.path.abspath, required=True)
    parser.add_argument("--cases", type=int, default=24)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    labels = labels_of(options)
    failures = runs = 0
    for label in rng.sample(labels, min(options.cases, len(labels))):
        for run in range(options.times):
            done = verify(options, label, run, rng)
            runs += 1
            if done.returncode != 0:
                failures += 1
                print(f"{label}: exit status {done.returncode}\n{done.stdout}{done.stderr}", flush=True)
    print(f"{runs} runs, {failures} did not end with 0")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
