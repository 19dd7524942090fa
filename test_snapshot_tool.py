#!/usr/bin/env python3
"""Does the snapshot tool work here? Exercises discovery, storage, comparison and execution on examples/.

    python -m pip install . numpy
    python test_snapshot_tool.py
"""

import os
import sys
import tempfile
import traceback

EXAMPLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "examples")
BENCHMARKS = os.path.join(EXAMPLES, "benchmarks")


def check(condition, what):
    """As assert, but not to be switched off."""
    if not condition:
        raise AssertionError(what)


def test_discovery():
    from diff_tester.snapshot import BenchmarkDiscovery

    discovery = BenchmarkDiscovery(BENCHMARKS)
    benchmarks = discovery.discover_all()
    check(not discovery.failures, f"could not be imported: {discovery.failures}")
    peaks = discovery.get_benchmark_by_name("bench_spectrum.Spectrum.time_peaks")
    check(peaks is not None, "bench_spectrum.Spectrum.time_peaks was not found")
    combinations = discovery.generate_parameter_combinations(peaks)
    check(len(combinations) == 6 and combinations[0] == (256, "hann"), f"its parameters are {combinations}")
    return f"{len(benchmarks)} benchmarks"


def test_execution():
    from diff_tester.snapshot import BenchmarkRunner

    runner = BenchmarkRunner(BENCHMARKS, project_dir=EXAMPLES)
    result = runner.run_benchmark("bench_spectrum.Spectrum.time_peaks", (256, "hann"))
    check(result.success, f"it raised {result.error!r}")
    check(result.return_value[0]["frequency"] == 50.78125, f"it returned {result.return_value!r}")
    check(runner.run_benchmark("bench_spectrum.Median.time_median", (4,)).skip_reason, "even widths are not skipped")
    return repr(result)


def test_storage():
    from diff_tester.snapshot import BenchmarkRunner, SnapshotManager

    value = BenchmarkRunner(BENCHMARKS, project_dir=EXAMPLES).run_benchmark("bench_types.Types.time_crossings").return_value
    with tempfile.TemporaryDirectory() as folder:
        storage = SnapshotManager(os.path.join(folder, "snapshots"))
        path = storage.store_snapshot("time_crossings", "bench_types", (), None, value, class_name="Types")
        loaded = storage.load_snapshot("time_crossings", "bench_types", (), class_name="Types")
        check(loaded is not None and loaded[0] == value, f"stored {value!r}, loaded {loaded!r}")
        check(storage.load_snapshot("time_nothing", "bench_types", ()) is None, "there is a snapshot of nothing")
        stats = storage.get_snapshot_stats()
        check(stats["total_snapshots"] == 1, f"the store says {stats}")
        return os.path.basename(path)


def test_comparison():
    import numpy as np

    from diff_tester.snapshot import Comparator

    comparator = Comparator()
    expected = {"power": np.linspace(0.0, 1.0, 1000), "names": ["a", "b"]}
    close = {"power": expected["power"] * (1 + 1e-9), "names": ["a", "b"]}
    wrong = {"power": expected["power"].copy(), "names": ["a", "b"]}
    wrong["power"][500] += 0.001
    check(comparator.compare(expected, expected).match, "a value does not match itself")
    check(comparator.compare(close, expected).match, "what is close does not match")
    result = comparator.compare(wrong, expected)
    check(not result.match, "one wrong element in a thousand was not found")
    check(not comparator.compare(None, expected).match, "None matches a value")
    return repr(result)


def test_command_line():
    from diff_tester.snapshot import main

    with tempfile.TemporaryDirectory() as folder:
        words = [BENCHMARKS, "--project-dir", EXAMPLES, "--snapshot-dir", folder, "--filter", "Spectrum", "--quiet"]
        check(main(["capture", *words]) == 0, "capture failed")
        check(main(["verify", *words]) == 0, "verify failed")
    return "captured and verified"


def run_all():
    failed = 0
    sys.path.insert(0, EXAMPLES)
    for test in (test_discovery, test_execution, test_storage, test_comparison, test_command_line):
        name = test.__name__[len("test_") :].replace("_", " ")
        try:
            print(f"passed  {name}: {test()}", flush=True)
        except Exception:
            failed += 1
            print(f"FAILED  {name}", flush=True)
            traceback.print_exc()
    print("all passed" if failed == 0 else f"{failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        import diff_tester.snapshot
    except ImportError as error:
        sys.exit(f"{error}; install it first: {sys.executable} -m pip install {os.path.dirname(EXAMPLES)}")
    sys.exit(run_all())
