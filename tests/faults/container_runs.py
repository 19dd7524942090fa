"""Runs an image of the program in containers: what it says there. scripts/try-container builds the image and calls this.

    container_runs.py --image NAME --folder DIR -- ENGINE [OPTION...]

Containers have no network, a root that cannot be written, a user who has a number alone, and the limits that each
check names. What the runs print is in runs.log beside the folder.
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

SOURCE = pathlib.Path(__file__).resolve().parents[2]
USER = 54321
SUITE = """
import glob, os, time
from multiprocessing import shared_memory

def time_value():
    return [1, 2]

def time_first_process():
    return is_first() or exec("raise RuntimeError('another program is process 1')")

def is_first():  # what a function of its own looks at is no value of the benchmark
    return "snapshot_test" in open("/proc/1/cmdline").read()

def time_orphans():
    for i in range(3):
        if os.fork() == 0:
            if os.fork() == 0:
                os._exit(0)
            os._exit(0)
    return 3

def time_zombies():
    time.sleep(1)
    return count_dead() < 4  # one that has just ended may not be reaped yet

def count_dead():
    dead = 0
    for name in glob.glob("/proc/[0-9]*/stat"):
        try:
            dead += open(name).read().rsplit(")", 1)[1].split()[0] == "Z"
        except OSError:
            pass
    return dead

def time_user():
    return os.getuid()

def time_shared():
    memory = shared_memory.SharedMemory(create=True, size=1 << 20)
    try:
        memory.buf[:] = b"x" * (1 << 20)
        return bytes(memory.buf[:4])
    finally:
        memory.close()
        memory.unlink()

def time_large():
    return len(bytearray(600 << 20))
"""
EIGHT = range(8)


class Image:
    def __init__(self, engine, name, project):
        self.engine, self.name, self.project = engine, name, project
        self.log = project.parent / "runs.log"
        self.log.write_text("")
        self.failures = 0

    def run(self, *words, options=()):
        # No more descriptors and processes than a shell has: to give more, an engine needs a right that root may lack.
        limits = ["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"]
        command = [*self.engine, "run", "--rm", "--network", "none", *limits, "--user", f"{USER}:{USER}", "--read-only",
                   "--tmpfs", "/tmp", *options, "-v", f"{self.project}:/project", self.name, *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
        with open(self.log, "a") as log:
            print(f"$ {' '.join(command)}", done.stdout, done.stderr, f"exit status {done.returncode}", sep="\n", file=log)
        return done

    def report(self, *words, options=()):
        """A run's report, with its exit status as "exit"."""
        path = self.project / "report.json"
        path.unlink(missing_ok=True)
        done = self.run(*words, "--json", "report.json", options=options)
        if not path.exists():
            print(done.stdout + done.stderr)
            return {"exit": done.returncode, "summary": {}, "plan": {}, "cases": []}
        return {"exit": done.returncode, **json.loads(path.read_text())}

    def check(self, what, is_so, seen=""):
        self.failures += not is_so
        print(f"{'ok    ' if is_so else 'FAILED'}  {what}{'' if is_so else f': {seen}'}", flush=True)


def verdicts(report):
    return {case["label"].removeprefix("bench."): case["verdict"] for case in report["cases"]}


def make_project(folder):
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(SOURCE / "examples", folder, ignore=shutil.ignore_patterns(".snapshots", "__pycache__"))
    (folder / "limits").mkdir()
    (folder / "limits/__init__.py").write_text("")
    (folder / "limits/bench.py").write_text(SUITE)
    (folder / "results").mkdir()
    for path in (folder, *folder.rglob("*")):
        os.chown(path, USER, USER)


def run_as_documented(image):
    """The command of docs/containers.md, with the project's suite."""
    options = ["--init", "--cpus", "2", "--memory", "4g"]
    report = image.report("capture", options=options)
    image.check("--init, --cpus 2, --memory 4g: the examples are captured", report["exit"] == 0, report["summary"])
    report = image.report("verify", options=options)
    image.check("and verified", report["summary"].get("ok") is True, report["summary"])
    done = image.run("-c", "id; touch /written || echo $?", options=["--entrypoint", "sh"])
    image.check("the root cannot be written, and the user has no name",
                "Read-only" in done.stderr and f"uid={USER}({USER}) gid={USER}" in done.stdout, done.stdout + done.stderr)


def run_limited(image):
    words = ["limits/", "--snapshot-dir", "limits/.snapshots"]
    report = image.report("capture", *words)
    image.check("no --init: a suite is captured by the first process of a container", report["exit"] == 0, report["cases"])
    report = image.report("verify", *words)
    image.check("and verified: orphans are reaped, and the user is who was told",
                set(verdicts(report).values()) == {"identical"}, verdicts(report))
    cores = len(os.sched_getaffinity(0))
    for options, most in ((["--cpus", "0.5"], 1), (["--cpus", "1"], 1), (["--cpus", "1.5"], 2), (["--cpus", "2"], 2),
                          (["--cpuset-cpus", "0"], 1), ([], cores)):
        report = image.report("verify", *words, options=options)
        workers = report["plan"].get("workers")
        image.check(f"{' '.join(options) or 'no limit'}: {min(most, cores)} at once, {report['summary'].get('passed')} passed",
                    workers == min(most, cores) and report["summary"].get("ok") is True, (workers, verdicts(report)))
    report = image.report("verify", *words, options=["--memory", "400m"])
    seen = verdicts(report)
    large = seen.pop("time_large", None)
    image.check("--memory 400m: what asks for 600 MiB gets a MemoryError, and nothing else fails",
                large == "crashed" and set(seen.values()) == {"identical"} and report["exit"] == 1
                and "MemoryError (out of memory: a case may have 400 MiB)" in json.dumps(report["cases"]),
                (large, seen, report["exit"]))
    report = image.report("verify", *words, options=["--shm-size", "64k"])
    seen = verdicts(report)
    shared = seen.pop("time_shared", None)
    image.check("--shm-size 64k: what shares 1 MiB of memory crashes, and nothing else fails",
                shared == "crashed" and set(seen.values()) == {"identical"}, (shared, seen))


def run_indexed_job(image):
    """What docs/sharding.md has for Kubernetes, with the environment, the limits and the volume that its pods get."""
    text = (SOURCE / "docs/sharding.md").read_text()
    section = text[text.index("### Kubernetes"):]
    command = json.loads(re.search(r"command: (\[.*\])", section)[1])
    arguments = json.loads(re.search(r"args: (\[.*\])", section)[1])
    limits = re.search(r'limits: \{cpu: "(\w+)", memory: (\w+)i\}', section)
    whole = image.report("verify")
    for index in EIGHT:
        done = image.run(*command[1:], *arguments,
                         options=["--entrypoint", command[0], "--cpus", limits[1], "--memory", limits[2],
                                  "--env", f"JOB_COMPLETION_INDEX={index}", "-v", f"{image.project}/results:/results"])
        if done.returncode:
            image.check(f"pod {index} ends well", False, done.stdout + done.stderr)
    merged = image.report("merge", *(f"results/shard{index}.json" for index in EIGHT))
    image.check(f"an indexed job of 8 pods, merged: {merged['summary'].get('passed')} passed, as without shards",
                merged["exit"] == 0 and verdicts(merged) == verdicts(whole), merged["summary"])
    missing = image.report("merge", *(f"results/shard{index}.json" for index in EIGHT if index != 3))
    image.check("a pod that is missing is named", missing["exit"] == 1 and "shard 4 of 8 is missing" in
                missing["summary"].get("failure", ""), missing["summary"])


def main():
    words = sys.argv[1:]
    split = words.index("--") if "--" in words else len(words)
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--image", required=True)
    parser.add_argument("--folder", required=True, type=pathlib.Path, help="for the project; what is there is removed")
    options = parser.parse_args(words[:split])
    make_project(options.folder)
    image = Image(words[split + 1:], options.image, options.folder.resolve())
    run_as_documented(image)
    run_limited(image)
    run_indexed_job(image)
    print(f"{image.failures} checks failed" if image.failures else "all checks passed")
    return 1 if image.failures else 0


if __name__ == "__main__":
    sys.exit(main())
