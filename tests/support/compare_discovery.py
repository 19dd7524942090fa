"""Compares what asv_runner discovers in a suite with what snapshot_test does. Exits 1 if they differ.

    python compare_discovery.py REFERENCE.json LISTING.json

REFERENCE.json comes from asv_reference.py, LISTING.json from `snapshot_test list --json`. Deliberate differences
(docs/asv.md) are allowed for here and nowhere else.
"""

import json
import re
import sys

# "timeraw" says more than ASV's "time"; the others are ASV's words cut short.
ASV_TYPES = {"time": "time", "timeraw": "time", "mem": "memory", "peakmem": "peakmemory", "track": "track"}
ADDRESS = re.compile(r"0x[0-9a-fA-F]{6,}")
MOST_SHOWN = 20


def without_addresses(axes):
    return [[ADDRESS.sub("0x", value) for value in axis] for axis in axes]


def normalise_reference(benchmark):
    return {**benchmark, "params": without_addresses(benchmark["params"])}


def normalise_listing(benchmark):
    return {**benchmark, "params": without_addresses(benchmark["params"]), "type": ASV_TYPES.get(benchmark["type"], benchmark["type"])}


def differences(reference, listing):
    # Of several benchmarks with one name the last one's metadata counts, in ASV too.
    expected = {benchmark["name"]: normalise_reference(benchmark) for benchmark in reference["benchmarks"]}
    actual = {benchmark["name"]: normalise_listing(benchmark) for benchmark in listing["benchmarks"]}
    if len(actual) != len(listing["benchmarks"]):
        yield "a name is listed twice"
    for name in sorted(expected.keys() - actual.keys()):
        yield f"{name}: only asv_runner finds it"
    for name in sorted(actual.keys() - expected.keys()):
        if actual[name]["type"] == "memory" and not reference["has_mem"]:
            continue
        yield f"{name}: only snapshot_test finds it"
    for name in sorted(expected.keys() & actual.keys()):
        for field, value in expected[name].items():
            if actual[name].get(field) != value:
                yield f"{name}: {field} is {actual[name].get(field)!r}, asv_runner has {value!r}"


def main(reference_path, listing_path):
    with open(reference_path, encoding="utf-8") as file:
        reference = json.load(file)
    with open(listing_path, encoding="utf-8") as file:
        listing = json.load(file)
    if not reference["benchmarks"]:
        sys.exit("asv_runner found no benchmarks: nothing was compared")
    found = list(differences(reference, listing))
    for line in found[:MOST_SHOWN]:
        print(line)
    if len(found) > MOST_SHOWN:
        print(f"... and {len(found) - MOST_SHOWN} more")
    print(f"asv_runner {reference['asv_runner']}: {len(reference['benchmarks'])} benchmarks, {len(found)} differences")
    return 1 if found else 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], sys.argv[2]))
