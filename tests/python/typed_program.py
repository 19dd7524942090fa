"""Uses every public name of diff_tester.snapshot, for mypy --strict. Run, it does the whole workflow on a small suite."""

from __future__ import annotations

import datetime
import sys
import tempfile
from pathlib import Path

from diff_tester.snapshot import (
    BenchmarkDiscovery,
    BenchmarkError,
    BenchmarkInfo,
    BenchmarkRunner,
    Comparator,
    ComparisonConfig,
    ComparisonResult,
    ConfigError,
    ConfigManager,
    ExecutionTracer,
    RNGPatcher,
    SnapshotCLI,
    SnapshotConfig,
    SnapshotError,
    SnapshotManager,
    SnapshotMetadata,
    StoreError,
    TraceResult,
    main,
    patch_all_rngs,
    reset_all_rngs,
    unpatch_all_rngs,
)


def discover(folder: Path) -> list[BenchmarkInfo]:
    discovery = BenchmarkDiscovery(folder)
    found: list[BenchmarkInfo] = discovery.discover_all()
    assert found == discovery.discovered_benchmarks
    one = discovery.get_benchmark_by_name("time_sum")
    assert one is not None
    combinations: list[tuple[object, ...]] = discovery.generate_parameter_combinations(one)
    assert combinations == [(3,), (4,)]
    module: list[BenchmarkInfo] = discovery.get_benchmarks_by_module("bench")
    name: str = one.name + one.module_path + one.benchmark_type + (one.class_name or "") + (one.setup_method or "")
    axes: tuple[list[list[object]], list[str], list[str]] = (one.params, one.param_names, one.method_params)
    flags: tuple[bool, bool, bool] = (one.has_setup, one.has_setup_cache, one.needs_runtime_eval)
    assert module and name and axes and not any(flags) and one.full_name
    return found


def execute(folder: Path) -> TraceResult:
    runner = BenchmarkRunner(folder, project_dir=None, seed=42, timeout=30)
    names: list[str] = runner.list_benchmarks()
    info = runner.get_benchmark_info(names[0])
    assert info is not None and runner.get_module_benchmarks("bench")
    for parameters in runner.get_param_combinations(info):
        result = runner.run_benchmark(info, parameters)
    everything: dict[str, TraceResult] = runner.run_all_benchmarks()
    stats: dict[str, object] = runner.get_trace_stats()
    runner.clear_cache()
    seed: int = runner.seed
    timeout: float | None = runner.timeout
    assert everything and stats and seed and timeout and runner.discovery and runner.tracer
    tracer = ExecutionTracer(max_depth=10)
    tracer.start_tracing()
    stopped: TraceResult | None = tracer.stop_tracing()
    traced = tracer.trace_execution(sorted, [2, 1], reverse=True)
    where: str = traced.function_name + traced.module_name
    error: BaseException | None = traced.error
    depth: int = traced.depth
    assert stopped is None and traced.success and where and error is None and depth == 0
    assert tracer.get_trace_stats()
    return result


def store(folder: Path, value: object) -> None:
    manager = SnapshotManager(folder)
    path: Path = manager.store_snapshot(
        benchmark_name="time_sum", module_path="bench", parameters=(3,), param_names=["n"], return_value=value
    )
    assert path.exists()
    manager.store_failed_capture("time_sum", "bench", (4,), ["n"], "it raised", class_name=None)
    assert manager.is_failed_capture("time_sum", "bench", (4,))
    loaded = manager.load_snapshot("time_sum", "bench", (3,))
    assert loaded is not None
    metadata: SnapshotMetadata = loaded[1]
    moment: datetime.datetime = metadata.timestamp
    texts: list[str | None] = [metadata.class_name, metadata.git_commit, metadata.git_branch, metadata.failure_reason]
    more: list[str | None] = [metadata.benchmark_name, metadata.module_path, metadata.python_version, metadata.platform]
    assert moment and texts and more and not metadata.capture_failed
    assert SnapshotMetadata.from_dict(metadata.to_dict()) == metadata
    listed: list[tuple[Path, SnapshotMetadata]] = manager.list_snapshots(module_path="bench", benchmark_name=None)
    assert len(listed) == 2
    stats: dict[str, object] = manager.get_snapshot_stats()
    assert stats["total_snapshots"]
    deleted: bool = manager.delete_snapshot("time_sum", "bench", (4,))
    assert deleted
    manager.cleanup_empty_directories()


def compare(value: object) -> None:
    config = ComparisonConfig(
        rtol=1e-5, atol=1e-8, equal_nan=False, strict_types=True, strict_shapes=True, ignore_order=False
    )
    comparator = Comparator(config)
    result: ComparisonResult = comparator.compare(value, value)
    message: str | None = result.error_message
    matched: bool = result.match and not result.skipped
    assert matched and message is None
    results: list[ComparisonResult] = comparator.compare_multiple([(1, 1), (1, 2)])
    stats: dict[str, object] = dict(comparator.get_summary_stats(results))
    assert stats and (result.tolerance_used is None or result.tolerance_used) and (result.details or True)
    assert Comparator().compare(1.0, 1.0).match and not Comparator(ComparisonConfig(exact_integers=True)).compare(1, 2)


def configure(folder: Path) -> None:
    config = SnapshotConfig(benchmark_dir="benchmarks/", exclude_benchmarks=["timeraw_*"])
    assert SnapshotConfig.from_dict(config.to_dict()) == config
    path = folder / "snapshot_config.json"
    config.save_to_file(path)
    again = SnapshotConfig.from_file(path)
    places: list[Path | None] = [again.get_benchmark_dir(), again.get_snapshot_dir(), again.get_project_dir()]
    assert places and again.should_exclude_benchmark("timeraw_x")
    assert again.tolerance and again.trace_depth_limit and not again.verbose and not again.quiet
    manager = ConfigManager(path)
    manager.update_config(verbose=True)
    manager.save_config()
    manager.reload_config()
    assert manager.get_config().verbose
    ConfigManager(folder / "other.json").create_default_config()


def patch() -> None:
    with RNGPatcher(seed=1) as patcher:
        patcher.patch_all()
    patcher.unpatch_all()
    patch_all_rngs(1)
    reset_all_rngs(1)
    unpatch_all_rngs()


def run() -> int:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        suite = folder / "benchmarks"
        suite.mkdir()
        (suite / "__init__.py").write_text("")
        (suite / "bench.py").write_text("def time_sum(n):\n    return sum(range(n))\ntime_sum.params = [3, 4]\n")
        discover(suite)
        result = execute(suite)
        store(folder / "snapshots", result.return_value)
        compare(result.return_value)
        configure(folder)
        patch()
        try:
            BenchmarkDiscovery(folder / "nowhere").discover_all()
        except BenchmarkError as error:
            problem: SnapshotError = error
            assert problem
        kinds: tuple[type[SnapshotError], ...] = (StoreError, ConfigError)
        assert kinds
        cli = SnapshotCLI()
        status: int = cli.run(["--version"])
        return status or main(["list", str(suite)])


if __name__ == "__main__":
    sys.exit(run())
