"""Writes what asv_runner discovers in a suite as JSON: the reference that discovery is compared with.

    python asv_reference.py BENCHMARK_DIR OUTPUT.json

Run it with an interpreter that has asv_runner and whatever the suite imports.
"""

import importlib.metadata
import importlib.util
import io
import json
import os
import sys
import time

FIELDS = ("name", "params", "param_names", "type", "unit", "timeout", "setup_cache_key", "setup_cache_timeout", "version")


def discover(benchmark_dir):
    from asv_runner.discovery import list_benchmarks

    listing = io.StringIO()
    list_benchmarks(benchmark_dir, listing)
    return json.loads(listing.getvalue())


def main(benchmark_dir, output):
    # As `asv run` starts its children: the directory of this script is no part of the suite's import path.
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or ".") != os.path.dirname(os.path.abspath(__file__))]
    start = time.perf_counter()
    found = discover(os.path.abspath(benchmark_dir))
    seconds = time.perf_counter() - start
    reference = {
        "asv_runner": importlib.metadata.version("asv_runner"),
        # Without pympler asv_runner has no "mem" benchmarks at all.
        "has_mem": importlib.util.find_spec("pympler") is not None,
        "seconds": seconds,
        "benchmarks": [{field: benchmark.get(field) for field in FIELDS} for benchmark in found],
    }
    with open(output, "w", encoding="utf-8") as file:
        json.dump(reference, file, indent=1)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2])
