"""Kills processes of `snapshot_test verify` at random moments and looks what it says, and what it leaves behind.

    kill_at_random.py SNAPSHOT_TEST_BINARY [--part tree|supervisor|interrupt ...] [--seconds N] [--seed N] [--early]

Captures a suite of some 300 short cases in six modules, all right, and verifies it again and again:

  tree        kills a few processes below the supervisor, whichever they are. The run must end, with one verdict for each
              case: identical, or one that names a signal, and of those no more than there were kills (but an import or a
              setup_cache that is killed takes all cases along that need it).
  supervisor  kills the supervisor. Two seconds later no process may be left; the next run removes the folder.
  interrupt   sends SIGINT or SIGTERM to the supervisor. It ends within a second with status 130, and what it has judged
              by then is right.

After each run no process and no temporary file may be left. By default the processes below the supervisor are killed once
the first case has started; with --early also before, when all that can be asked is an end, a word why, and nothing left.

The suite needs the standard library alone. Runs it with $SNAPSHOT_TEST_PYTHON, else with this interpreter.
"""

import argparse
import collections
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time

MODULES = 6
MODULE = """
import time

class Cached:
    params = [list(range(15))]

    def setup_cache(self):
        time.sleep(0.05)
        return {"base": SEED}

    def time_sum(self, cache, n):
        return [cache["base"] + i for i in range(n)]

    def time_text(self, cache, n):
        return str(cache["base"] * n) * n

class Plain:
    params = [list(range(15))]

    def time_quotient(self, n):
        return n / (SEED + 7), {"n": n}

class Slow:
    params = [list(range(4))]

    def time_sleep(self, n):
        time.sleep((0.02, 0.05, 0.1, 0.2)[n])
        return [n] * SEED

def time_function():
    return SEED
"""
LONGEST_RUN = 120  # seconds until verify counts as hung
LONGEST_INTERRUPT = 1
LONGEST_ORPHANS = 2
SIGNALS = [signal.SIGKILL] * 4 + [signal.SIGSEGV, signal.SIGTERM]


def parent_of(pid):
    # "pid (name) state ppid …", and the name may hold spaces and parentheses.
    return int(pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])


def descendants(root):
    children = collections.defaultdict(list)
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                children[parent_of(entry)].append(int(entry))
            except OSError:
                pass  # it has ended
    found, open_ends = [], [root]
    while open_ends:
        below = children[open_ends.pop()]
        found += below
        open_ends += below
    return found


def count_losses(cases):
    """Cases that are lost; an import or a setup_cache that was killed, and all cases that need it, are one loss."""
    lost = collections.defaultdict(set)
    for case in cases:
        if case["verdict"] != "identical":
            lost[case["reason"]].add(case["label"])
    losses = 0
    for labels in lost.values():
        benchmarks = {label.split("(")[0] for label in labels}
        whole = {case["label"] for case in cases if case["benchmark"] in benchmarks}
        losses += 1 if len(benchmarks) < len(labels) and labels == whole else len(labels)
    return losses


class Suite:
    """The suite, its snapshots, and the program run on it with folders of its own."""

    def __init__(self, binary, folder):
        self.binary, self.folder = binary, folder
        self.python = os.environ.get("SNAPSHOT_TEST_PYTHON", sys.executable)
        self.temporary = folder / "tmp"
        for name in ("tmp", "home", "suite"):
            (folder / name).mkdir()
        (folder / "suite" / "__init__.py").write_text("")
        for i in range(MODULES):
            (folder / "suite" / f"module{i}.py").write_text(MODULE.replace("SEED", str(i + 1)))

    def start(self, command, *options):
        # This very path in the environment is what processes are recognised by.
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder / "home"), "TMPDIR": str(self.temporary)}
        self.report_path.unlink(missing_ok=True)
        with open(self.folder / "output", "w") as output:
            return subprocess.Popen(
                [self.binary, command, "suite", "--snapshot-dir", "snapshots", "--python", self.python,
                 "--json", str(self.report_path), *options],
                cwd=self.folder, env=environment, stdout=output, stderr=subprocess.STDOUT,
            )  # fmt: skip

    @property
    def report_path(self):
        return self.folder / "report.json"

    def report(self):
        return json.loads(self.report_path.read_text()) if self.report_path.exists() else None

    def output(self):
        return (self.folder / "output").read_text()

    def processes(self):
        found = {}
        for entry in os.listdir("/proc"):
            try:
                if entry.isdigit() and str(self.folder).encode() in pathlib.Path(f"/proc/{entry}/environ").read_bytes():
                    found[int(entry)] = pathlib.Path(f"/proc/{entry}/cmdline").read_bytes().replace(b"\0", b" ")
            except OSError:
                pass  # it has ended, or is not ours
        return found

    def a_case_runs(self):
        return any(self.temporary.glob("*/case-*"))

    def problems_of_leftovers(self, seconds=1.0):
        end = time.monotonic() + seconds
        while self.processes() and time.monotonic() < end:
            time.sleep(0.02)
        problems = [f"process {pid} is left: {command}" for pid, command in self.processes().items()]
        for pid in self.processes():
            os.kill(pid, signal.SIGKILL)
        return problems

    def problems_of_files(self):
        return [f"{path} is left" for path in self.temporary.iterdir()]


class Killer:
    """One run of verify and what is done to it."""

    def __init__(self, suite, seconds_of_a_run, chance, early):
        self.suite, self.usual, self.chance, self.early = suite, seconds_of_a_run, chance, early
        self.workers = str(chance.choice([1, 2, 4, 8]))
        self.said = ""

    def tree(self):
        run = self.suite.start("verify", "--workers", self.workers)
        begun = time.monotonic()
        while run.poll() is None and not (self.early or self.suite.a_case_runs()):
            time.sleep(0.002)
        spread = self.usual if self.early else 0.7 * self.usual
        moments = sorted(self.chance.uniform(0, spread) for _ in range(self.chance.randint(1, 6)))
        kills, shifted = [], time.monotonic()
        for moment in moments:
            time.sleep(max(0.0, shifted + moment - time.monotonic()))
            victims = descendants(run.pid)
            if run.poll() is None and victims:
                kills.append((self.chance.choice(victims), self.chance.choice(SIGNALS)))
                try:
                    os.kill(*kills[-1])
                except ProcessLookupError:
                    kills.pop()
        try:
            run.wait(LONGEST_RUN)
        except subprocess.TimeoutExpired:
            run.kill()
            run.wait()
            return [f"verify did not end in {LONGEST_RUN} s"] + self.suite.problems_of_leftovers()
        self.said = f"{len(kills)} kills, {time.monotonic() - begun:.1f} s"
        return self.judge(run.returncode, kills) + self.suite.problems_of_leftovers() + self.suite.problems_of_files()

    def judge(self, status, kills):
        report = self.suite.report()
        if report is None and self.early:
            return [] if status in (2, 3) else [f"exit status {status} without a report"]
        if report is None:
            return [f"exit status {status} without a report"]
        verdicts = collections.Counter(case["label"] for case in report["cases"])
        problems = [f"{label} has {count} verdicts" for label, count in verdicts.items() if count != 1]
        problems += [f"{label} has no verdict" for label in self.suite.labels - set(verdicts)]
        lost = [case for case in report["cases"] if case["verdict"] != "identical"]
        problems += [
            f"{case['label']}: {case['verdict']}, {case['reason']}"
            for case in lost
            if "SIG" not in case["reason"] and not self.early
        ]
        losses = count_losses(report["cases"])
        if losses > len(kills):
            problems.append(f"{losses} losses by {len(kills)} kills")
        if status != (1 if lost else 0):
            problems.append(f"exit status {status} with {len(lost)} cases that are not identical")
        self.said += f", {len(lost)} cases lost"
        return problems

    def after_a_moment(self):
        run = self.suite.start("verify", "--workers", self.workers)
        time.sleep(self.chance.uniform(0, self.usual))
        return run

    def supervisor(self):
        run = self.after_a_moment()
        run.kill()
        run.wait()
        begun = time.monotonic()
        problems = self.suite.problems_of_leftovers(LONGEST_ORPHANS)
        self.said = f"its processes ended in {time.monotonic() - begun:.2f} s"
        again = self.suite.start("verify", "--filter", "module0.time_function")
        if again.wait(LONGEST_RUN) != 0:
            problems.append(f"the next run ended with status {again.returncode}")
        return problems + self.suite.problems_of_leftovers() + self.suite.problems_of_files()

    def interrupt(self):
        run = self.after_a_moment()
        asked = self.chance.choice([signal.SIGINT, signal.SIGTERM])
        begun = time.monotonic()
        run.send_signal(asked)
        status = run.wait(LONGEST_RUN)
        seconds = time.monotonic() - begun
        self.said = f"ended in {seconds:.2f} s with status {status}"
        problems = [] if seconds <= LONGEST_INTERRUPT else [f"took {seconds:.2f} s to end"]
        # By the signal itself before there is anything to clean; 0 where it had ended already.
        if status not in (130, -asked, 0):
            problems.append(f"exit status {status}")
        report = self.suite.report()
        for case in report["cases"] if report else []:
            if case["verdict"] != "identical":
                problems.append(f"{case['label']}: {case['verdict']}, {case['reason']}")
        return problems + self.suite.problems_of_leftovers() + self.suite.problems_of_files()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary", type=os.path.abspath)
    parser.add_argument("--part", action="append", choices=["tree", "supervisor", "interrupt"], help="may be repeated")
    parser.add_argument("--seconds", type=float, default=20, help="how long, all told; default: 20")
    parser.add_argument("--seed", type=int, default=None, help="of the random choices; default: another each time")
    parser.add_argument("--early", action="store_true", help="kill processes also before the first case has started")
    asked = parser.parse_args()
    seed = asked.seed if asked.seed is not None else random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")
    with tempfile.TemporaryDirectory(prefix="snapshot_test_kills.") as folder:
        return kill(Suite(asked.binary, pathlib.Path(folder).resolve()), asked, random.Random(seed))


def kill(suite, asked, chance):
    captured = suite.start("capture", "--no-stability-check")
    if captured.wait(LONGEST_RUN) != 0:
        sys.exit(f"capture ended with status {captured.returncode}:\n{suite.output()}")
    begun = time.monotonic()
    verified = suite.start("verify", "--workers", "4")
    if verified.wait(LONGEST_RUN) != 0:
        sys.exit(f"verify of what was captured ended with status {verified.returncode}:\n{suite.output()}")
    usual = time.monotonic() - begun
    suite.labels = {case["label"] for case in suite.report()["cases"]}
    print(f"{len(suite.labels)} cases, verified in {usual:.1f} s")

    failed = runs = 0
    parts = asked.part or ["tree", "supervisor", "interrupt"]
    end = time.monotonic() + asked.seconds
    while time.monotonic() < end:
        part = parts[runs % len(parts)]
        killer = Killer(suite, usual, chance, asked.early)
        problems = getattr(killer, part)()
        print(f"{part} -j {killer.workers}: {killer.said or 'lost'}{', PROBLEMS' if problems else ''}", flush=True)
        for problem in problems[:20]:
            print(f"    {problem}")
        if problems:
            print("    " + suite.output()[-3000:].replace("\n", "\n    "))
        runs += 1
        failed += bool(problems)
    print(f"{runs} runs, {failed} with problems")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
