#!/usr/bin/env python3
"""What --sealed costs: sealed_speed.py PROGRAM SUITE --python PYTHON [--project-dir FOLDER] [--filter X] [--runs N]

Captures the suite into a temporary store, then verifies it N times without and with --sealed, one after the other, and
prints the medians of wall time and of the processor time of all processes.
"""
import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time


def measured(command):
    """Wall and processor seconds of a command that may find differences."""
    before, begun = os.times(), time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    wall, after = time.perf_counter() - begun, os.times()
    if done.returncode not in (0, 1):
        raise SystemExit(done.stderr)
    return wall, after.children_user + after.children_system - before.children_user - before.children_system


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("suite")
    parser.add_argument("--python", required=True)
    parser.add_argument("--filter")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--project-dir")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        report = os.path.join(folder, "report.json")
        common = [arguments.suite, "--python", arguments.python, "--snapshot-dir", os.path.join(folder, "snapshots"),
                  "--json", report]
        if arguments.project_dir:
            common += ["--project-dir", arguments.project_dir]
        if arguments.filter:
            common += ["--filter", arguments.filter]
        measured([arguments.program, "capture", *common])
        ways = {"verify": [], "verify --sealed": ["--sealed"],
                "verify --read-data": ["--read-data"], "verify --sealed --read-data": ["--sealed", "--read-data"]}
        seconds = {way: [] for way in ways}
        verdicts = {}
        for _ in range(arguments.runs):
            for way, extra in ways.items():
                seconds[way].append(measured([arguments.program, "verify", *common, *extra]))
                with open(report, encoding="utf-8") as file:
                    verdicts[way] = {case["label"]: case["verdict"] for case in json.load(file)["cases"]}
        print("| | cases | wall | processor |\n|---|---|---|---|")
        for way, runs in seconds.items():
            wall, processor = (statistics.median(run[i] for run in runs) for i in (0, 1))
            print(f"| `{way}` | {len(verdicts[way])} | {wall:.2f} s | {processor:.2f} s |")
        others = [way for way in ways if verdicts[way] != verdicts["verify"]]
        print("the verdicts of " + ", ".join(others) + " are others" if others else "all have the same verdicts")


if __name__ == "__main__":
    main()
