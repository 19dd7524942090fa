"""What benchmarks a suite has, by ASV's rules."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

from . import _arguments
from ._importing import SuiteImports, forget_changed

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from typing import Any

__all__ = ["BenchmarkDiscovery", "BenchmarkInfo"]


@dataclass
class BenchmarkInfo:
    """One benchmark: a function or a method of a class."""

    #: Name of the function or method: "time_sum".
    name: str
    #: Dotted, relative to the benchmark directory: "images.bench_resample"; empty for the suite's own `__init__`.
    module_path: str
    #: "function" or "method".
    benchmark_type: str = "function"
    class_name: str | None = None
    #: One list of values an axis; empty without parameters.
    params: list[list[Any]] = field(default_factory=list)
    #: One name an axis.
    param_names: list[str] = field(default_factory=list)
    #: Name of the set-up that runs last before the call, "setup" as a rule; None without one.
    setup_method: str | None = None
    #: Is there a set-up, be it the method's, the class's or the module's?
    has_setup: bool = False
    has_setup_cache: bool = False
    #: Names of the arguments it is called with, without self.
    method_params: list[str] = field(default_factory=list)
    #: Always False: modules are imported, so parameters are the values themselves, however they are computed.
    needs_runtime_eval: bool = False
    #: ASV's name, unique in a suite: "images.bench_resample.Noise.time_edges".
    full_name: str = ""
    #: "time", "timeraw", "mem", "peakmem", "track" or a plugin's.
    asv_type: str = "time"
    #: Source file, absolute; empty where Python does not know.
    file: str = ""
    #: First line of the source; 0 where Python does not know.
    line: int = 0

    def __post_init__(self) -> None:
        if not self.full_name:
            parts = (self.module_path, self.class_name, self.name)
            self.full_name = ".".join(part for part in parts if part)


class BenchmarkDiscovery:
    """Finds the benchmarks of a suite. Its modules are imported into this process, under the directory's name; once one
    of its files has changed, anew.

    `benchmark_dir`: the folder that ASV calls `benchmark_dir`. Creating the object looks at nothing yet.
    """

    def __init__(self, benchmark_dir: str | os.PathLike[str]) -> None:
        self.benchmark_dir = _arguments.path("benchmark_dir", benchmark_dir)
        #: Those of the last discover_all(), in ASV's order.
        self.discovered_benchmarks: list[BenchmarkInfo] = []
        #: What could not be imported or read: (module or class, the exception in a line, its traceback).
        self.failures: list[tuple[str, str, str]] = []
        #: What somebody should know, but that fails nothing.
        self.notes: list[str] = []
        self._looked = False

    def discover_all(self) -> list[BenchmarkInfo]:
        """All benchmarks of the suite.

        A module that cannot be imported is left out, and told in `failures` and by a warning; the others are found.
        BenchmarkError: the directory is missing, empty, no package, or named like a module that is loaded already.
        """
        from diff_tester import _core

        forget_changed(self.benchmark_dir)
        with SuiteImports(self.benchmark_dir):
            benchmarks, self.failures, self.notes = _core.discover(self.benchmark_dir, self._folders_without_init())
        self.discovered_benchmarks = [self._described(**each) for each in benchmarks]
        self._looked = True
        if self.failures:
            import warnings

            where, cause, _ = self.failures[0]
            more = f" (and {len(self.failures) - 1} more)" if len(self.failures) > 1 else ""
            warnings.warn(
                f"benchmarks of '{self.benchmark_dir}' are missing: {where} could not be imported: {cause}{more}",
                RuntimeWarning,
                stacklevel=2,
            )
        return self.discovered_benchmarks

    def _folders_without_init(self) -> list[str]:
        """Folders that are searched although they are no packages, as dotted names."""
        return []

    def _described(self, names_given: bool, **facts: Any) -> BenchmarkInfo:
        """`names_given`: whether the suite says the param_names, which ASV makes up otherwise."""
        return BenchmarkInfo(**facts)

    def _all(self) -> list[BenchmarkInfo]:
        return self.discovered_benchmarks if self._looked else self.discover_all()

    def get_benchmark_by_name(self, name: str) -> BenchmarkInfo | None:
        """The benchmark of this full name, "Class.method" or function or method name; None if there is none.

        Of several with one short name the first. Discovers if that has not been done.
        """
        _arguments.text("name", name)
        wanted = "." + name
        found = None
        for each in self._all():
            if each.full_name == name:
                return each
            if found is None and each.full_name.endswith(wanted):
                found = each
        return found

    def get_benchmarks_by_module(self, module_path: str) -> list[BenchmarkInfo]:
        """Those of one module, by its dotted path relative to the benchmark directory. Discovers if need be."""
        _arguments.text("module_path", module_path)
        return [each for each in self._all() if each.module_path == module_path]

    def generate_parameter_combinations(self, benchmark: BenchmarkInfo) -> list[tuple[Any, ...]]:
        """The parameter tuples in the order of itertools.product, the last axis fastest; [()] without parameters."""
        if not isinstance(benchmark, BenchmarkInfo):
            raise _arguments.wrong_type("benchmark", "a BenchmarkInfo", benchmark)
        return list(itertools.product(*benchmark.params))
