"""The settings, as attributes and as arguments. Made from src/config/table.cpp by the test Documents, which
SNAPSHOT_TEST_UPDATE=1 in the environment lets write this file.
"""

from __future__ import annotations

from typing import TypedDict

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from typing import Any, Union

    AnyPath = Union[str, os.PathLike[str]]


class Attributes:
    """What a configuration holds."""

    #: The folder with the ASV benchmarks. None: that of `asv.conf.json`, else `benchmarks/` if there is such a folder.
    benchmark_dir: str | None
    #: The folder that holds the snapshots.
    snapshot_dir: str
    #: Which of several baselines in the store is used: a name, in which `{platform}`, `{machine}`, `{python}` and the
    #: name of an installed package in braces stand for what the environment has. None: the one baseline of the store.
    variant: str | None
    #: Variants whose baseline is used where `variant` has none, in this order; `@base` is the baseline of the store
    #: that is no variant.
    variant_fallback: list[str]
    #: A folder to put first on the import path, for a project that is not installed. None: none.
    project_dir: str | None
    #: The Python whose environment runs the benchmarks: a path, or a name to look up on `PATH`. None: that of
    #: `$VIRTUAL_ENV`, else `python3` on `PATH`.
    python: str | None
    #: `rtol`, `atol`, `equal_nan`, `by_dtype`, `exact_integers`, `strict_types`, `strict_shapes`, `ignore_order`.
    tolerance: dict[str, Any]
    #: Other tolerances for single benchmarks.
    overrides: list[dict[str, Any]]
    #: Python files that say how to store types of the project's own.
    reducers: list[str]
    #: Benchmarks to leave out: glob patterns on the method, `Class.method` or the full name.
    exclude_benchmarks: list[str]
    #: Wall time that one case may take; a benchmark's own timeout wins. None: `default_benchmark_timeout` of
    #: `asv.conf.json`, else 60 seconds.
    timeout: float | None
    #: Wall time that the import of one module may take. None: 600 seconds.
    import_timeout: float | None
    #: Private memory that one case may have, what its imports hold included. None: the limit of a container, if there
    #: is one.
    max_memory: int | None
    #: `case` runs each case in a fork of a process that has imported its module; `auto` has short cases share such
    #: forks that a capture has shown to depend on nothing before them; `spawn` runs each in an interpreter of its own,
    #: which takes longer, for libraries that cannot be forked.
    isolation: str
    #: Benchmarks that get `spawn` while the others are forked: glob patterns on the method, `Class.method` or the full
    #: name.
    spawn_benchmarks: list[str]
    #: Cases to run at once. 0: as many as there are processors for it.
    workers: int
    #: Where every source of randomness starts from.
    seed: int
    #: The time of day that benchmarks see, since 1970-01-01 UTC; clocks that measure go on. None: the clock runs.
    freeze_time: int | None
    #: `full` looks at what the benchmark returns and computes, `deepest` only at what the deepest call returns.
    mode: str
    #: Call each case so many times more in one process, each time set up anew.
    repeat: int
    #: Call each case again with arrays on its instance that were changed in place.
    perturb: bool
    #: How deep in the benchmark's calls values are observed.
    trace_depth_limit: int
    #: How many items of an iterator are kept and compared one by one.
    max_iterator_items: int
    #: A value whose pickle is larger cannot be checked. None: no limit.
    max_value_bytes: int | None
    #: A value that is nested deeper cannot be checked.
    max_value_depth: int
    #: A capture runs every case twice, to find what differs from run to run.
    stability_check: bool
    #: Go on where an interrupted capture of the same code with the same settings was stopped, and if this one is
    #: stopped, keep what it has run for the next `--resume`.
    resume: bool
    #: `auto` stores large values that compress well as zstd frames, `none` stores plain pickles only.
    compression: str
    #: Of a value whose pickle is larger only a digest and a sketch are stored. None: every value is stored whole.
    store_max_value_bytes: int | None
    #: Also fail for cases that could not be checked, whose inner values changed, or whose benchmark is gone, and in a
    #: capture for those that `verify` will not be able to check.
    strict: bool
    #: Fail if less than this share of the cases was checked, and in a capture if `verify` will be able to check less;
    #: skipped cases do not count.
    min_verified: float
    #: What `--min-verified` counts: `result` takes the cases that are checked by all of their result, `part` also those
    #: of whose result something cannot be compared, `any` also those that are checked by inner calls or state only.
    min_verified_counts: str
    #: Fail if fewer cases than this were checked, and in a capture if `verify` will be able to check fewer.
    min_cases: int
    #: What becomes of a case without a snapshot: `unverified` counts it, `fail` fails the run, `capture` runs it after
    #: the others and stores it. "auto": `fail` where the environment has `CI`, else `unverified`.
    missing: str
    #: What becomes of a snapshot whose case is gone: `ignore` does not speak of it, `warn` lists it, `fail` fails the
    #: run, `delete` removes it; the last two only where the whole suite was run. "auto": `fail` where the environment
    #: has `CI`, else `warn`.
    obsolete: str
    #: A TOML file of cases that are known not to pass: each with its verdict and the reason. None: `expected.toml`
    #: beside the configuration file, else in the current folder, where there is one.
    expected: str | None
    #: Parts of the environment that must be as when the baseline was captured: `python`, `cpu`, names of packages or
    #: variables, glob patterns of them.
    same_environment: list[str]
    #: Numerical libraries use kernels that every processor has, so that results depend less on it: sets
    #: `NPY_DISABLE_CPU_FEATURES`, `OPENBLAS_CORETYPE` and `MKL_CBWR`.
    portable: bool
    #: `always` runs cases that differ, are new or could not be captured once more after the others, and stages their
    #: values for `snapshot_test review`; `never` does not. "auto": `always` where standard output is a terminal and the
    #: environment has no `CI`, else `never`.
    pending: str
    #: The folder of values that wait to be accepted. None: `pending` in the snapshot folder.
    pending_dir: str | None
    #: What `continuous` and `bisect` keep of one repository's commits; what was not used for longest goes first; 0: no
    #: bound.
    max_cache_bytes: int
    #: Where `push`, `pull` and `remote` keep baselines, unless they are told: a folder or a URL. None: none.
    remote: str | None
    #: The Python that runs the helper for remotes that are no folders: a path, or a name to look up on `PATH`. None:
    #: that of the wheel that the program came with, else `python3` on `PATH`.
    remote_python: str | None
    #: Another program that reaches remotes in the helper's place: a path, or a name to look up on `PATH`. None: the
    #: helper that comes with this program.
    remote_helper: str | None
    #: How long nothing may move between the helper and a remote before a request is given up.
    remote_timeout: float
    #: The Python with dask.distributed that is the client of the cluster of `--dask`: a path, or a name to look up on
    #: `PATH`. None: that of the wheel that the program came with, else `python3` on `PATH`.
    dask_python: str | None
    #: The Python that imports the suite on the workers of `--dask`: its path there. None: the Python that each worker
    #: runs in; with `--dask local`, the suite's here.
    dask_worker_python: str | None
    #: How long a run with `--dask` waits for a worker, where the cluster has none.
    dask_timeout: float
    #: Show every case, notes and complete lists.
    verbose: bool
    #: Show failures and one closing line only.
    quiet: bool


class Arguments(TypedDict, total=False):
    """What may be given."""

    benchmark_dir: AnyPath | None
    snapshot_dir: AnyPath
    variant: AnyPath | None
    variant_fallback: list[str]
    project_dir: AnyPath | None
    python: AnyPath | None
    tolerance: dict[str, Any]
    overrides: list[dict[str, Any]]
    reducers: AnyPath | list[AnyPath]
    exclude_benchmarks: list[str]
    timeout: float | None
    import_timeout: float | None
    max_memory: int | None
    isolation: str
    spawn_benchmarks: list[str]
    workers: int
    seed: int
    freeze_time: int | None
    mode: str
    repeat: int
    perturb: bool
    trace_depth_limit: int
    max_iterator_items: int
    max_value_bytes: int | None
    max_value_depth: int
    stability_check: bool
    resume: bool
    compression: str
    store_max_value_bytes: int | None
    strict: bool
    min_verified: float
    min_verified_counts: str
    min_cases: int
    missing: str
    obsolete: str
    expected: AnyPath | None
    same_environment: list[str]
    portable: bool
    pending: str
    pending_dir: AnyPath | None
    max_cache_bytes: int
    remote: AnyPath | None
    remote_python: AnyPath | None
    remote_helper: AnyPath | None
    remote_timeout: float
    dask_python: AnyPath | None
    dask_worker_python: AnyPath | None
    dask_timeout: float
    verbose: bool
    quiet: bool
