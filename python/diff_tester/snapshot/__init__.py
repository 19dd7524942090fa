"""Is the result still the same? The programmatic interface of snapshot_test.

    from diff_tester.snapshot import BenchmarkRunner, SnapshotManager, Comparator

Names are imported when they are first used; numpy, when a value needs it. docs/python.md of the project has examples.
"""

# Each public name and the submodule that has it; __init__.pyi tells type checkers the same.
_HOMES = {
    "BenchmarkDiscovery": "discovery",
    "BenchmarkInfo": "discovery",
    "BenchmarkRunner": "execution",
    "ExecutionTracer": "execution",
    "TraceResult": "execution",
    "SnapshotManager": "storage",
    "SnapshotMetadata": "storage",
    "Comparator": "comparison",
    "ComparisonConfig": "comparison",
    "ComparisonResult": "comparison",
    "SnapshotConfig": "config",
    "ConfigManager": "config",
    "RNGPatcher": "rng",
    "patch_all_rngs": "rng",
    "unpatch_all_rngs": "rng",
    "reset_all_rngs": "rng",
    "SnapshotCLI": "cli",
    "main": "cli",
    "SnapshotError": "errors",
    "StoreError": "errors",
    "ConfigError": "errors",
    "BenchmarkError": "errors",
}

__all__ = list(_HOMES)


def __getattr__(name):  # type: ignore[no-untyped-def]
    if name == "__version__":
        from diff_tester._core import version

        return version
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # importlib.import_module would be an import of its own.
    value = getattr(__import__(f"{__name__}.{_HOMES[name]}", fromlist=(name,)), name)
    globals()[name] = value
    return value


def __dir__():  # type: ignore[no-untyped-def]
    return sorted([*globals(), *__all__])
