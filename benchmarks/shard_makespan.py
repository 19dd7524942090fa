#!/usr/bin/env python3
"""How long a suite takes on 1 to 1,000 machines, by the plans that snapshot_test makes from what each case took.

    shard_makespan.py PROGRAM --suite BENCHMARKS --store SNAPSHOTS [--python PYTHON] [--shards N ...]

Nothing runs but `plan`, and `verify` of one shard that has no cases, three times: that is what a machine needs before its
first case. The slowest shard, of one core, stands beside the lower bound: no plan is faster than the mean, or than the
longest of what is never divided (a case, or all cases of one setup_cache).
"""

import argparse
import json
import pathlib
import subprocess
import tempfile
import time


def durations(store):
    """Seconds of each case, by benchmark and index."""
    cases = {}
    for file in pathlib.Path(store, "cases").rglob("*.json"):
        manifest = json.loads(file.read_text())
        for case in manifest["cases"]:
            cases[manifest["benchmark"], case["index"]] = case.get("total_seconds", 0)
    return cases


def run(command):
    ended = subprocess.run(command, capture_output=True, text=True)
    if ended.returncode != 0:
        raise SystemExit(f"{' '.join(command)}: exit status {ended.returncode}\n{ended.stdout}{ended.stderr}")
    return ended.stdout


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--suite", required=True)
    parser.add_argument("--store", required=True)
    parser.add_argument("--python")
    parser.add_argument("--shards", type=int, nargs="+", default=[1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1000])
    args = parser.parse_args()
    common = [args.suite, "--snapshot-dir", args.store] + (["--python", args.python] if args.python else [])

    def plan(shards):
        return json.loads(run([args.program, "plan", *common, "--shards", str(shards), "--json", "-"]))["shards"]

    cases = durations(args.store)
    groups = {}
    for benchmark in json.loads(run([args.program, "list", *common, "--json"]))["benchmarks"]:
        for index in range(benchmark["cases"]):
            key = benchmark["name"], index
            cached = benchmark["setup_cache_key"]
            group = (benchmark["module"], cached) if cached else key
            groups[group] = groups.get(group, 0) + cases.get(key, 0)
    longest = max(groups.values())

    starts = []
    many = len(cases) + 1
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(3):
            begun = time.monotonic()
            run([args.program, "verify", *common, "--shard", f"{many}/{many}", "--quiet", "--json", f"{folder}/x.json"])
            starts.append(time.monotonic() - begun)
    start = min(starts)

    print(f"{len(cases)} cases, {sum(cases.values()):.1f} s one after the other, the longest indivisible {longest:.2f} s; "
          f"a shard without cases takes {start:.2f} s\n")
    print("| shards | slowest | lower bound | ratio | with start-up | speed-up | cases of a shard |")
    print("|---|---|---|---|---|---|---|")
    alone = None
    for shards in args.shards:
        parts = plan(shards)
        slowest = max(part["seconds"] for part in parts)
        bound = max(sum(part["seconds"] for part in parts) / shards, longest)
        with_start = slowest + start
        alone = alone or with_start
        sizes = sorted(len(part["cases"]) for part in parts)
        print(f"| {shards:,} | {slowest:.2f} s | {bound:.2f} s | {slowest / bound:.3f} | {with_start:.2f} s "
              f"| {alone / with_start:.1f} | {sizes[0]:,} to {sizes[-1]:,} |")


if __name__ == "__main__":
    main()
