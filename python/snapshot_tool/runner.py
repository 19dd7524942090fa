"""Running benchmarks in the calling process, as scripts for the earlier tool expect it."""

from __future__ import annotations

import os
import warnings

from diff_tester.snapshot.discovery import BenchmarkInfo as _PlainInfo
from diff_tester.snapshot import execution as _execution
from diff_tester.snapshot.execution import ExecutionTracer, TraceResult
from snapshot_tool.discovery import BenchmarkDiscovery, BenchmarkInfo

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

__all__ = ["BenchmarkDiscovery", "BenchmarkInfo", "BenchmarkRunner", "ExecutionTracer", "TraceResult"]


class BenchmarkRunner(_execution.BenchmarkRunner):
    """As diff_tester.snapshot.BenchmarkRunner.

    project_dir: None means the folder that holds `benchmark_dir`.
    """

    _discovery = BenchmarkDiscovery

    def __init__(
        self,
        benchmark_dir: str | os.PathLike[str],
        project_dir: str | os.PathLike[str] | None = None,
        seed: int = 42,
        timeout: float | None = None,
    ) -> None:
        if project_dir is None and isinstance(benchmark_dir, (str, os.PathLike)) and os.path.isdir(benchmark_dir):
            project_dir = os.path.dirname(os.path.abspath(os.fspath(benchmark_dir)))
        super().__init__(benchmark_dir, project_dir, seed, timeout)

    def run_benchmark(
        self, benchmark: _PlainInfo | str, parameters: Sequence[Any] | None = None
    ) -> TraceResult:
        """Runs one case; see diff_tester.snapshot.BenchmarkRunner.run_benchmark().

        parameters: None means the first combination, of which a UserWarning tells.
        """
        if parameters is None:
            info = self._info(benchmark)
            combinations = self.get_param_combinations(info)
            parameters = combinations[0] if combinations else ()
            if parameters:
                warnings.warn(f"{info.full_name} is run with its first parameters, {parameters}", stacklevel=2)
            benchmark = info
        return super().run_benchmark(benchmark, parameters)

    def run_all_benchmarks(self, filter_pattern: str | None = None) -> dict[str, list[TraceResult]]:  # type: ignore[override]
        """Every case of the benchmarks whose function or method name contains the text (None: of all), as
        {"module.name": one result a case}, in order."""
        results: dict[str, list[TraceResult]] = {}
        for info in self._all():
            if filter_pattern is None or filter_pattern in info.name:
                of_benchmark = results.setdefault(f"{info.module_path}.{info.name}", [])
                of_benchmark += [self.run_benchmark(info, each) for each in self.get_param_combinations(info)]
        return results

    def _info(self, benchmark: _PlainInfo | str) -> _PlainInfo:
        """One that a script wrote down by itself need not say the parameters."""
        info = super()._info(benchmark)
        if info.params is None or info.needs_runtime_eval:
            return super()._info(info.full_name)
        return info
