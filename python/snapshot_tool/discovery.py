"""What benchmarks a suite has, as scripts for the earlier tool expect it."""

from __future__ import annotations

import itertools
import os
from dataclasses import dataclass

from diff_tester.snapshot import discovery as _discovery

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["BenchmarkDiscovery", "BenchmarkInfo"]


@dataclass
class BenchmarkInfo(_discovery.BenchmarkInfo):
    """One benchmark: a function or a method of a class."""

    #: As there; None may be given for no parameters.
    params: list[list[Any]] | None = None  # type: ignore[assignment]
    #: One name an axis; None without parameters, and where the suite gives them no names.
    param_names: list[str] | None = None  # type: ignore[assignment]


class BenchmarkDiscovery(_discovery.BenchmarkDiscovery):
    """As diff_tester.snapshot.BenchmarkDiscovery. Folders without `__init__.py` are searched, too, under the names that
    their modules had; a folder without any Python file has no benchmarks, and is no error."""

    def discover_all(self) -> list[_discovery.BenchmarkInfo]:
        """All benchmarks of the suite; see diff_tester.snapshot.BenchmarkDiscovery.discover_all().

        BenchmarkError: the directory is missing, or named like a module that is loaded already.
        """
        if os.path.isdir(self.benchmark_dir) and not any(map(_has_modules, self._walk().values())):
            self.discovered_benchmarks, self.failures, self.notes = [], [], []
            self._looked = True
            return []
        return super().discover_all()

    def generate_parameter_combinations(self, benchmark: _discovery.BenchmarkInfo) -> list[tuple[Any, ...]]:
        """The parameter tuples in the order of itertools.product, the last axis fastest; [()] without parameters."""
        if isinstance(benchmark, BenchmarkInfo):
            return list(itertools.product(*(benchmark.params or [])))
        return super().generate_parameter_combinations(benchmark)

    def _walk(self) -> dict[str, list[str]]:
        """The files of each folder that can be part of a module's name, by its dotted name; the suite's is empty."""
        found = {}
        for folder, folders, files in os.walk(self.benchmark_dir):
            folders[:] = sorted(name for name in folders if "." not in name and name != "__pycache__")
            below = os.path.relpath(folder, self.benchmark_dir)
            found["" if below == os.curdir else below.replace(os.sep, ".")] = files
        return found

    def _folders_without_init(self) -> list[str]:
        folders = self._walk()
        with_modules = [folder for folder, files in folders.items() if _has_modules(files)]
        return [
            folder
            for folder, files in folders.items()
            if folder
            and "__init__.py" not in files
            and any(f"{each}.".startswith(f"{folder}.") for each in with_modules)
        ]

    def _described(self, names_given: bool, **facts: Any) -> BenchmarkInfo:
        if not names_given:
            facts["param_names"] = None
        return BenchmarkInfo(**facts)


def _has_modules(files: list[str]) -> bool:
    return any(name.endswith((".py", ".so")) for name in files)
