"""Does the installation work here? `python -m diff_tester.self_test`.

Exercises discovery, execution, storage, comparison and the command line on a suite that it writes into a temporary
folder, so that it needs nothing but the package. Arrays are compared where numpy is installed.
"""

from __future__ import annotations

import os
import sys
import tempfile
import traceback

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["main"]

MODULE = "bench_self_test"
SUITE = '''
import math


class Waves:
    params = ([4, 16], ["sine", "cosine"])
    param_names = ["samples", "kind"]

    def setup(self, samples, kind):
        if (samples, kind) == (4, "cosine"):
            raise NotImplementedError("too few samples")
        self.wave = {"sine": math.sin, "cosine": math.cos}[kind]

    def time_wave(self, samples, kind):
        return [self.wave(2 * math.pi * i / samples) for i in range(samples)]


def time_words():
    return {"names": ["a", "b"], "count": 2}
'''


def check(condition: object, what: str) -> None:
    """As assert, but not to be switched off."""
    if not condition:
        raise AssertionError(what)


def check_discovery(suite: str) -> str:
    from diff_tester.snapshot import BenchmarkDiscovery

    discovery = BenchmarkDiscovery(suite)
    benchmarks = discovery.discover_all()
    check(not discovery.failures, f"could not be imported: {discovery.failures}")
    wave = discovery.get_benchmark_by_name(f"{MODULE}.Waves.time_wave")
    if wave is None:
        raise AssertionError(f"{MODULE}.Waves.time_wave was not found")
    combinations = discovery.generate_parameter_combinations(wave)
    check(len(combinations) == 4 and combinations[0] == (4, "sine"), f"its parameters are {combinations}")
    return f"{len(benchmarks)} benchmarks"


def check_execution(suite: str) -> str:
    from diff_tester.snapshot import BenchmarkRunner

    runner = BenchmarkRunner(suite)
    result = runner.run_benchmark(f"{MODULE}.Waves.time_wave", (4, "sine"))
    check(result.success, f"it raised {result.error!r}")
    check(len(result.return_value) == 4 and result.return_value[1] == 1.0, f"it returned {result.return_value!r}")
    skipped = runner.run_benchmark(f"{MODULE}.Waves.time_wave", (4, "cosine"))
    check(skipped.skip_reason, "what raises NotImplementedError in its set-up was not skipped")
    return repr(result)


def check_storage(suite: str) -> str:
    from diff_tester.snapshot import BenchmarkRunner, SnapshotManager

    value = BenchmarkRunner(suite).run_benchmark(f"{MODULE}.time_words").return_value
    with tempfile.TemporaryDirectory() as folder:
        storage = SnapshotManager(os.path.join(folder, "snapshots"))
        path = storage.store_snapshot("time_words", MODULE, (), None, value)
        loaded = storage.load_snapshot("time_words", MODULE, ())
        check(loaded is not None and loaded[0] == value, f"stored {value!r}, loaded {loaded!r}")
        check(storage.load_snapshot("time_nothing", MODULE, ()) is None, "there is a snapshot of nothing")
        stats = storage.get_snapshot_stats()
        check(stats["total_snapshots"] == 1, f"the store says {stats}")
        return os.path.basename(path)


def check_comparison(suite: str) -> str:
    from diff_tester.snapshot import Comparator

    numbers = [i / 999 for i in range(1000)]
    moved = list(numbers)
    moved[500] += 0.001
    values = [numbers, [each * (1 + 1e-9) for each in numbers], moved]
    try:
        import numpy
    except ImportError:
        kind = "lists (numpy is not installed)"
    else:
        kind = "arrays"
        values = [numpy.array(each) for each in values]
    expected, close, wrong = ({"power": each, "names": ["a", "b"]} for each in values)
    comparator = Comparator()
    check(comparator.compare(expected, expected).match, "a value does not match itself")
    check(comparator.compare(close, expected).match, "what is close does not match")
    result = comparator.compare(wrong, expected)
    check(not result.match, "one wrong element in a thousand was not found")
    check(not comparator.compare(None, expected).match, "None matches a value")
    return f"{kind}: {result!r}"


def check_command_line(suite: str) -> str:
    from diff_tester.snapshot import main as snapshot_test

    with tempfile.TemporaryDirectory() as folder:
        words = [suite, "--snapshot-dir", os.path.join(folder, "snapshots"), "--quiet"]
        check(snapshot_test(["capture", *words]) == 0, "capture failed")
        check(snapshot_test(["verify", *words]) == 0, "verify failed")
    return "captured and verified"


CHECKS: dict[str, Callable[[str], str]] = {
    "discovery": check_discovery,
    "execution": check_execution,
    "storage": check_storage,
    "comparison": check_comparison,
    "command line": check_command_line,
}


def main() -> int:
    """Prints one line a check; 0 if all passed, else 1."""
    failed = 0
    with tempfile.TemporaryDirectory() as suite:
        with open(os.path.join(suite, MODULE + ".py"), "w") as file:
            file.write(SUITE)
        for name, run in CHECKS.items():
            try:
                print(f"passed  {name}: {run(suite)}", flush=True)
            except Exception:
                failed += 1
                print(f"FAILED  {name}", flush=True)
                traceback.print_exc()
    print("all passed" if failed == 0 else f"{failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
