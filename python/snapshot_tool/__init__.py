"""The earlier name of diff_tester.snapshot, for scripts that were written for it. Where that tool did something else than
diff_tester.snapshot does, the names here do what its users expect; docs/python.md has the list.
"""

from diff_tester import snapshot as _snapshot

# What is not just diff_tester.snapshot's, and the submodule that has it.
_HOMES = {
    "BenchmarkDiscovery": "discovery",
    "BenchmarkInfo": "discovery",
    "BenchmarkRunner": "runner",
    "Comparator": "comparator",
    "ComparisonConfig": "comparator",
    "SnapshotManager": "storage",
}

__all__ = _snapshot.__all__


def __getattr__(name):  # type: ignore[no-untyped-def]
    if name not in _HOMES:
        return getattr(_snapshot, name)
    value = getattr(__import__(f"{__name__}.{_HOMES[name]}", fromlist=(name,)), name)
    globals()[name] = value
    return value


def __dir__():  # type: ignore[no-untyped-def]
    return sorted([*globals(), *__all__])
