"""Makes functions wrong in every way that applies and looks whether `snapshot_test verify` notices.

    inject.py SNAPSHOT_TEST_BINARY [--kind KIND ...] [--sample N] [--single N] [--jobs N] [--verbose]

Captures suite/ once, with everything right, and verifies it. Then, for each kind of fault (suite/faults.py), all
functions are made wrong at once, each benchmark calling one of them, and the verdict of every case is held against what
this program found out by itself: it calls the right function and the wrong one on the same arguments and compares what
they return and change by the rules of docs/comparison.md (rules.py). At least 99 % of the faults that change something
must be found, and every one that is missed is listed. What changes nothing, be it a fault that does not bite, another
memory layout or a refactoring, must fail nowhere. Where a benchmark makes the same of a changed result (EXPLAINED), that
is listed with the reason, and counts on neither side.

To see that faults do not help each other, N of them (--single) are tried again one by one: `verify --filter` of that
benchmark must exit with status 1.

Where a benchmark shows nothing but what calls inside it return (`inner`), a refactoring that makes other calls leaves
nothing to go by (docs/verdicts.md): that these cases fail is listed, and is no false alarm.

Uses $SNAPSHOT_TEST_PYTHON, else this interpreter; exits 77 (skipped) where that has no numpy, or 1 if
$SNAPSHOT_TEST_REQUIRE_ALL is set. Exits 1 if anything failed without a cause or, where all faults are tried, the share is
too small.
"""

import argparse
import collections
import copy
import importlib
import itertools
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import time
import warnings

HERE = pathlib.Path(__file__).resolve().parent
CONFIG = HERE / "snapshot_config.json"
WANTED_SHARE = 0.99

# Use the interpreter that runs the suite for the reference, too.
other = os.environ.get("SNAPSHOT_TEST_PYTHON")
if other and os.path.abspath(other) != os.path.abspath(sys.executable) and "FAULTS_INNER" not in os.environ:
    os.execve(other, [other, *sys.argv], {**os.environ, "FAULTS_INNER": "1"})
try:
    import numpy as np
except ImportError as error:
    print(f"skipped: {sys.executable} has no numpy ({error}); set SNAPSHOT_TEST_PYTHON to one that has")
    sys.exit(1 if os.environ.get("SNAPSHOT_TEST_REQUIRE_ALL") == "1" else 77)

sys.dont_write_bytecode = True
sys.path[:0] = [str(HERE), str(HERE.parent.parent / "examples")]
warnings.simplefilter("ignore")

import rules
from suite import faults, patching

# What nobody can notice, and why: the function's result changes, but the benchmark makes the same of it.
EXPLAINED = {
    ("bench_files.Files.time_random_name", "container dtype"): "the file holds the numbers only",
    ("bench_files.Files.time_save", "container"): "numpy.save makes an array of it",
    ("bench_files.Files.time_savez", "container"): "numpy.savez makes an array of it",
    ("bench_files.Files.time_temporary", "dtype"): "the file holds the numbers only",
    ("bench_files.Files.time_text", "dtype"): "the file holds the numbers only",
    (
        "bench_in_place.ItemAssignment.time_augmented_attribute",
        "container dtype",
    ): "+= keeps the type of what it adds to",
    ("bench_in_place.ItemAssignment.time_augmented_local", "container dtype"): "float += takes its value only",
    ("bench_in_place.ItemAssignment.time_augmented_item", "container dtype"): "an array's element takes the value only",
    ("bench_in_place.ItemAssignment.time_augmented_slice", "container dtype"): "an array's elements take the value only",
    ("bench_in_place.ItemAssignment.time_item", "container dtype"): "an array's element takes the value only",
    ("bench_in_place.ItemAssignment.time_slice", "container dtype"): "an array's elements take the value only",
    ("bench_loops.Iteration.time_array", "container"): "iteration takes the elements of any sequence",
    ("bench_loops.Iteration.time_words", "container dtype"): "iteration takes the elements of any sequence",
    ("bench_loops.Rounds.time_augmented", "container dtype"): "float += takes its value only",
    ("bench_styles.Statements.time_assertion", " ".join(faults.ALL_KINDS)): "only its truth is used",
    ("bench_styles.Statements.time_condition", " ".join(faults.ALL_KINDS)): "only its truth is used",
    ("bench_styles.Statements.time_generator", "container dtype"): "sum() takes its value only",
    ("bench_styles.Statements.time_iterable", "container"): "iteration takes the elements of any sequence",
    ("bench_styles.Statements.time_starred", "container"): "unpacking takes the elements of any sequence",
}


class Program:
    """The program under test."""

    def __init__(self, binary, folder, jobs):
        self.binary, self.folder = binary, folder
        self.options = ["--config", str(CONFIG), "--python", sys.executable]
        self.jobs = ["--workers", str(jobs)] if jobs else []

    def run(self, command, *options, kind=None):
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "FAULTS"))}
        if kind:
            environment[patching.VARIABLE] = kind
        return subprocess.run(
            [self.binary, command, *self.options, *options],
            cwd=self.folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip

    def report(self, command, *options, kind=None):
        path = self.folder / "report.json"
        path.unlink(missing_ok=True)
        store = ["--snapshot-dir", str(self.folder / "snapshots")]
        done = self.run(command, *store, *self.jobs, "--json", str(path), *options, kind=kind)
        if not path.exists():
            sys.exit(f"{command} left no report (status {done.returncode}):\n{done.stdout}")
        return done.returncode, json.loads(path.read_text()), done.stdout

    def cases(self):
        done = self.run("list", "--json", "--cases")
        if done.returncode:
            sys.exit(f"list ended with status {done.returncode}:\n{done.stdout}")
        for benchmark in json.loads(done.stdout)["benchmarks"]:
            for label in benchmark["labels"]:
                yield benchmark, label["index"], label["label"]


class Effects:
    """What each fault changes, found out without the program: by calling the right function and the wrong one."""

    def __init__(self, kinds):
        self.kinds = kinds
        self.applied = collections.defaultdict(set)  # (label, kind) -> targets to which it could be applied
        self.effective = collections.defaultdict(set)  # (label, kind) -> targets whose outcome it changed
        self.targets = collections.defaultdict(set)  # label -> targets that it calls
        self.problems = []
        self.label = None

    def observe(self, label, benchmark, index):
        self.label = label
        module = importlib.import_module(f"{patching.PACKAGE}.{benchmark['module']}")
        owner = getattr(module, benchmark["class"])() if benchmark["class"] else module
        function = getattr(owner, benchmark["function"])
        axes = getattr(function, "params", None) or getattr(owner, "params", [])
        axes = axes if not axes or isinstance(axes[0], (list, tuple)) else [axes]
        parameters = copy.deepcopy(list(itertools.product(*axes))[index]) if axes else ()
        np.random.seed(0)
        if hasattr(module, "setup"):
            module.setup(*parameters)
        if hasattr(owner, "setup_cache"):
            parameters = (owner.setup_cache(), *parameters)
        if benchmark["class"] and hasattr(owner, "setup"):
            owner.setup(*parameters)
        undo = patching.replace(self._observer)
        try:
            function(*parameters)
        finally:
            for holder, attribute, original in undo:
                setattr(holder, attribute, original)

    def _observer(self, name, original):
        def observer(*args, **kwargs):
            if not patching.__is_benchmark__(sys._getframe(1)):
                return original(*args, **kwargs)
            self.targets[self.label].add(name)
            for kind in self.kinds:
                self._compare(kind, name, original, args, kwargs)
            return original(*args, **kwargs)

        return observer

    def _compare(self, kind, name, original, args, kwargs):
        # Copied together: what is one object stays one.
        good, bad = copy.deepcopy((args, kwargs)), copy.deepcopy((args, kwargs))
        state = np.random.get_state()
        right = original(*good[0], **good[1])
        np.random.set_state(state)
        try:
            wrong, applied = patching.Call(kind, name, original)(*bad)
            differs = not rules.agree((wrong, bad), (right, good))
        except faults.FaultError:
            applied = differs = True
        except Exception as error:  # of this program's own making
            applied = differs = True
            self.problems.append(f"{kind} of {name} in {self.label} raises {type(error).__name__}: {error}")
        finally:
            np.random.set_state(state)
        if applied:
            self.applied[self.label, kind].add(name)
        if differs:
            self.effective[self.label, kind].add(name)


class Tally:
    """What became of the faults of one kind."""

    def __init__(self):
        self.applied = self.effective = self.caught = self.harmless = 0
        self.verdicts = collections.Counter()
        self.missed, self.unnoticeable, self.false_alarms, self.inner_alarms = [], [], [], []

    def add(self, label, kind, effective, case, says_nothing):
        self.applied += 1
        self.verdicts[case["verdict"]] += 1
        failed = case["standing"] == "failed"
        if effective and not failed and explanation(label, kind):
            self.unnoticeable.append((label, case))
        elif effective:
            self.effective += 1
            self.caught += failed
            if not failed:
                self.missed.append((label, case))
        else:
            self.harmless += 1
            if failed:
                (self.inner_alarms if says_nothing else self.false_alarms).append((label, case))


def explanation(label, kind):
    """Why nobody can notice; None where somebody can."""
    for (explained, kinds), why in EXPLAINED.items():
        if label == explained and kind in kinds.split():
            return why
    return None


def why_missed(label, kind, case, status):
    if why := explanation(label, kind):
        return why
    if case["standing"] == "unverified":
        return f"{case['verdict']}: {case['reason']}"
    decided = {"inner": "only inner calls decide", "state": "only the state decides"}.get(
        status, "what the body computes decides"
    )
    agreed = ", ".join(f"{site['site']} {site['match']}" for site in case["sites"])
    return f"{case['verdict']} ({decided}; {agreed})"


def filter_of(labels):
    return "^(" + "|".join(sorted(re.escape(label) for label in labels)) + ")$"


def check_single(program, effects, sample, caught):
    """Faults one by one: the exit status, and the verdict of that one case."""
    found = []
    for label, kind in sample:
        status, report, _ = program.report("verify", "--filter", filter_of([label]), kind=kind)
        verdicts = {case["label"]: case["verdict"] for case in report["cases"]}
        # 5: nothing was verified.
        wanted = [1] if (label, kind) in caught else [0, 5]
        if status not in wanted or list(verdicts) != [label]:
            found.append(f"{kind} in {label} alone: exit status {status}, expected {wanted}; {verdicts}")
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary", type=os.path.abspath)
    parser.add_argument("--kind", action="append", choices=faults.ALL_KINDS, help="only this one; may be repeated")
    parser.add_argument("--jobs", type=int, default=0, help="cases at once; 0: as many as there are cores")
    parser.add_argument("--sample", type=int, help="only so many cases, chosen at random; default: all")
    parser.add_argument("--single", type=int, default=6, help="how many to try again one by one")
    parser.add_argument("--verbose", action="store_true", help="also list what was checked of each kind")
    asked = parser.parse_args()
    kinds = asked.kind or faults.ALL_KINDS
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="snapshot_test_faults.") as folder:
        os.chdir(folder)  # some benchmarks write files, here too
        return inject(Program(asked.binary, pathlib.Path(folder), asked.jobs), kinds, asked, started)


def inject(program, kinds, asked, started):
    problems = []
    status, captured, text = program.report("capture")
    if status != 0:
        sys.exit(f"capture ended with status {status}:\n{text}")
    statuses = {case["label"]: case["status"] for case in captured["cases"]}
    status, verified, text = program.report("verify")
    if status != 0 or verified["summary"]["failed"]:
        sys.exit(f"verify without a fault ended with status {status}:\n{text}")

    effects = Effects(kinds)
    cases = list(program.cases())
    if asked.sample is not None:
        cases = random.sample(cases, min(asked.sample, len(cases)))
        statuses = {label: statuses[label] for _, _, label in cases}
    for benchmark, index, label in cases:
        effects.observe(label, benchmark, index)
        if len(effects.targets[label]) != 1:
            problems.append(f"{label} should call one target, it calls {sorted(effects.targets[label])}")
    problems += effects.problems
    if asked.sample is None:
        unused = set(patching.names()) - set().union(*effects.targets.values())
        problems += [f"no benchmark calls {name}" for name in sorted(unused)]

    tallies, caught = {}, set()
    for kind in kinds:
        labels = [label for label in statuses if effects.applied[label, kind]]
        tally = tallies[kind] = Tally()
        if not labels:
            continue
        status, report, text = program.report("verify", "--filter", filter_of(labels), kind=kind)
        verdicts = {case["label"]: case for case in report["cases"]}
        if set(verdicts) != set(labels):
            problems.append(f"{kind}: verify reported other cases than were asked for")
        for label in set(labels) & set(verdicts):
            says_nothing = statuses[label] == "inner" and kind in faults.OTHER_CALLS
            tally.add(label, kind, bool(effects.effective[label, kind]), verdicts[label], says_nothing)
            if verdicts[label]["standing"] == "failed":
                caught.add((label, kind))
        failed = any(case["standing"] == "failed" for case in report["cases"])
        if (status == 1) != failed or status not in (0, 1):
            problems.append(f"{kind}: exit status {status}\n{text}")
        if kind in faults.REFACTORINGS:
            wrong = [label for label in labels if effects.effective[label, kind]]
            problems += [f"{kind} in {label} is no refactoring: it changes the result" for label in wrong]

    pairs = sorted((label, kind) for kind in kinds for label in statuses if effects.effective[label, kind])
    sample = random.Random(1).sample(pairs, min(asked.single, len(pairs)))
    problems += check_single(program, effects, sample, caught)
    whole = asked.kind is None and asked.sample is None
    seconds = time.monotonic() - started
    return summarise(tallies, effects, statuses, problems, len(sample), whole, asked.verbose, seconds)


def summarise(tallies, effects, statuses, problems, singles, whole, verbose, seconds):
    print(f"{'kind':<12}{'applied':>9}{'effective':>11}{'caught':>8}{'missed':>8}{'harmless':>10}{'false alarms':>14}")
    for kind, tally in tallies.items():
        print(
            f"{kind:<12}{tally.applied:>9}{tally.effective:>11}{tally.caught:>8}{len(tally.missed):>8}"
            f"{tally.harmless:>10}{len(tally.false_alarms):>14}"
        )
        if verbose:
            print("    " + ", ".join(f"{count} {verdict}" for verdict, count in tally.verdicts.most_common()))
    total = {
        field: sum(getattr(tally, field) for tally in tallies.values())
        for field in ("applied", "effective", "caught", "harmless")
    }

    missed = collections.defaultdict(list)
    for kind, tally in tallies.items():
        for label, case in tally.missed + tally.unnoticeable:
            missed[label, why_missed(label, kind, case, statuses[label])].append(kind)
    if missed:
        print("\nmissed, or of no consequence:")
    for (label, why), several in sorted(missed.items()):
        print(f"  {label} [{', '.join(sorted(effects.targets[label]))}] {' '.join(several)}\n      {why}")

    inner = collections.defaultdict(list)
    for kind, tally in tallies.items():
        for label, case in tally.inner_alarms:
            inner[label].append(f"{kind} ({case['reason']})")
    if inner:
        print("\nfailed, since other calls are made now, and only what inner calls return was captured:")
    for label, several in sorted(inner.items()):
        print(f"  {label}: {', '.join(several)}")

    alarms = [(kind, label, case) for kind, tally in tallies.items() for label, case in tally.false_alarms]
    if alarms:
        print("\nfalse alarms:")
    for kind, label, case in alarms:
        print(f"  {kind} in {label}: {case['verdict']}, {case['reason']}")
    for problem in problems:
        print(f"problem: {problem}")

    unnoticeable = sum(len(tally.unnoticeable) for tally in tallies.values())
    functions = set().union(*effects.targets.values())
    share = total["caught"] / total["effective"] if total["effective"] else 1.0
    print(
        f"\n{len(functions)} functions in {len(statuses)} cases: {total['applied']} changes tried, {total['effective']} of them"
        f" change a result, {total['caught']} of these were found ({100 * share:.2f} %, wanted {100 * WANTED_SHARE:.0f} %);"
        f"\n{unnoticeable} change a result of which the benchmark makes the same;"
        f"\n{total['harmless']} change nothing, {len(alarms)} of these failed, and {sum(map(len, inner.values()))} where only"
        f" inner calls decide;\n{singles} tried one by one; {seconds:.0f} s"
    )
    # Of a part the share says little.
    return 1 if (whole and share < WANTED_SHARE) or alarms or problems else 0


if __name__ == "__main__":
    sys.exit(main())
