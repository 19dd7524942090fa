#!/usr/bin/env python3
"""What a Dask cluster costs, and whether it loses anything: dask_cluster.py MODE PROGRAM [options].

kill      kills workers at random while a suite is verified again and again for --seconds, and looks whether every case
          has its verdict, and the right one
overhead  verifies --cases cases with -j WORKERS here and on a LocalCluster of as many workers

$SNAPSHOT_TEST_DASK_PYTHON is of an environment with dask.distributed.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests/dask"))
from dask_test import DASK, Cluster  # noqa: E402


def run(program, folder, *arguments):
    """Seconds, exit status and report."""
    report = folder / "report.json"
    report.unlink(missing_ok=True)
    begun = time.monotonic()
    ended = subprocess.run([program, *arguments, "--json", str(report)], cwd=folder, capture_output=True, text=True,
                           check=False, env={**os.environ, "HOME": str(folder)})
    seconds = time.monotonic() - begun
    return seconds, ended, json.loads(report.read_text()) if report.exists() else {}


def make_suite(folder, modules, cases, body):
    (folder / "benchmarks").mkdir()
    (folder / "benchmarks/__init__.py").touch()
    for number in range(modules):
        (folder / f"benchmarks/bench_{number}.py").write_text(
            f"import time\ndef time_case(n):\n    {body}\n    return [{number}, n]\n"
            f"time_case.params = list(range({cases}))\n", encoding="utf-8")
    (folder / "snapshot_config.json").write_text(json.dumps(
        {"benchmark_dir": "benchmarks", "python": sys.executable, "dask_python": DASK,
         "dask_worker_python": sys.executable}), encoding="utf-8")


def worker_processes(nannies):
    """The processes below the nannies in which workers run."""
    children = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
                words = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if b"spawn_main" in words:
                children.setdefault(parent, []).append(int(entry.name))
    return [pid for nanny in nannies for pid in children.get(nanny.pid, [])]


def kill(options, folder):
    make_suite(folder, 6, 20, "time.sleep(0.05 + n % 5 * 0.05)")
    _, ended, _ = run(options.program, folder, "capture", "--no-stability-check")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    (folder / "cluster").mkdir()
    cluster = Cluster(folder / "cluster")
    for _ in range(options.workers):
        cluster.add(nanny=True)
    over = threading.Event()
    kills = []
    rng = random.Random(options.seed)

    def killer():
        while not over.wait(rng.uniform(options.pause / 2, options.pause * 3 / 2)):
            workers = worker_processes(cluster.workers)
            if workers:
                victim = rng.choice(workers)
                try:
                    os.kill(victim, signal.SIGKILL)
                    kills.append(victim)
                except ProcessLookupError:
                    pass

    thread = threading.Thread(target=killer)
    thread.start()
    runs, wrong, end = 0, [], time.monotonic() + options.seconds
    try:
        while time.monotonic() < end:
            _, ended, report = run(options.program, folder, "verify", "--dask", cluster.address)
            verdicts = [each["verdict"] for each in report.get("cases", [])]
            runs += 1
            if ended.returncode != 0 or verdicts != ["identical"] * 120:
                wrong.append(ended.stdout[-1500:] + ended.stderr)
    finally:
        over.set()
        thread.join()
        cluster.close()
    print(f"{runs} runs of 120 cases in {options.seconds} s, {len(kills)} workers killed, {len(wrong)} runs wrong")
    for text in wrong:
        print(text)
    return 1 if wrong else 0


def overhead(options, folder):
    make_suite(folder, 20, options.cases // 20, "pass")
    seconds, ended, _ = run(options.program, folder, "capture", "-j", str(options.workers))
    assert ended.returncode == 0, ended.stdout + ended.stderr
    print(f"capture here: {seconds:.1f} s")
    for where in (["-j", str(options.workers)], ["--dask", f"local:{options.workers}"]) * options.rounds:
        seconds, ended, report = run(options.program, folder, "verify", *where)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        assert len(report["cases"]) == options.cases
        print(f"verify {' '.join(where)}: {seconds:.1f} s, {1000 * seconds / options.cases:.2f} ms a case")
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mode", choices=["kill", "overhead"])
    parser.add_argument("program", type=os.path.abspath)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=180)
    parser.add_argument("--pause", type=float, default=3, help="seconds between two kills, about")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="dask-cluster-") as folder:
        return {"kill": kill, "overhead": overhead}[options.mode](options, Path(folder))


if __name__ == "__main__":
    sys.exit(main())
