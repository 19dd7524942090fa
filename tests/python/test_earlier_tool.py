"""Scripts that were written for the earlier tool: the modules of snapshot_tool, and what its users expect of them."""

import datetime
import importlib
import os
import pickle
import subprocess
import sys
import sysconfig
import threading

import numpy as np
import pytest
from suite import make_suite

import diff_tester.snapshot
import snapshot_tool
from snapshot_tool.comparator import Comparator, ComparisonConfig, ComparisonResult
from snapshot_tool.discovery import BenchmarkDiscovery, BenchmarkInfo
from snapshot_tool.runner import BenchmarkRunner
from snapshot_tool.storage import SnapshotManager, SnapshotMetadata
from snapshot_tool.tracer import ExecutionTracer, TraceResult

MODULES = {
    "cli": ["SnapshotCLI", "main"],
    "comparator": ["Comparator", "ComparisonConfig", "ComparisonResult"],
    "config": ["ConfigManager", "SnapshotConfig"],
    "discovery": ["BenchmarkDiscovery", "BenchmarkInfo"],
    "rng_patcher": ["RNGPatcher", "patch_all_rngs", "reset_all_rngs", "unpatch_all_rngs"],
    "runner": ["BenchmarkRunner"],
    "storage": ["SnapshotManager", "SnapshotMetadata"],
    "tracer": ["ExecutionTracer", "TraceResult"],
}


@pytest.mark.parametrize("module", MODULES)
def test_the_modules_have_their_names(module):
    found = importlib.import_module(f"snapshot_tool.{module}")
    for name in MODULES[module]:
        assert getattr(found, name) is getattr(snapshot_tool, name)
        assert name in found.__all__


def test_what_goes_in_and_out_is_of_one_kind_under_both_names():
    for name in diff_tester.snapshot.__all__:
        here, there = getattr(snapshot_tool, name), getattr(diff_tester.snapshot, name)
        assert here is there or issubclass(here, there), name


# The command


def test_the_command_is_installed(tmp_path):
    command = os.path.join(sysconfig.get_path("scripts"), "snapshot-tool")
    shown = subprocess.run([command, "--version"], capture_output=True, text=True)
    assert shown.stdout == f"snapshot_test {snapshot_tool.__version__}\n", shown
    suite = make_suite(tmp_path, bench="def time_a(): return [1]\n")
    words = [command, "capture", str(suite), "--snapshot-dir", str(tmp_path / "s")]
    assert subprocess.run(words, capture_output=True).returncode == 0
    assert SnapshotManager(tmp_path / "s").load_snapshot("time_a", "bench", ())[0] == [1]


# Discovery


@pytest.mark.parametrize("files", [[], ["readme.txt"], ["data/table.csv"], [".hidden/module.py"]])
def test_a_folder_without_python_has_no_benchmarks(tmp_path, files):
    suite = tmp_path / "benchmarks"
    suite.mkdir()
    for name in files:
        (suite / name).parent.mkdir(exist_ok=True)
        (suite / name).write_text("")
    discovery = BenchmarkDiscovery(suite)
    assert discovery.discover_all() == [] == discovery.discovered_benchmarks
    assert discovery.get_benchmark_by_name("time_a") is None
    assert BenchmarkRunner(suite).list_benchmarks() == []
    assert BenchmarkRunner(suite).run_all_benchmarks() == {}


def test_a_folder_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(snapshot_tool.BenchmarkError, match="does not exist"):
        BenchmarkDiscovery(tmp_path / "nowhere").discover_all()


def test_param_names_are_those_that_the_suite_gives(tmp_path):
    source = """
    def time_function():
        return 1

    class Named:
        params = [[1, 2], ["a"]]
        param_names = ["n", "letter"]
        def time_it(self, n, letter):
            return n

    class Unnamed:
        params = [1, 2]
        def time_it(self, n):
            return n

    class Plain:
        def time_it(self):
            return 1
    """
    found = {each.class_name: each for each in BenchmarkDiscovery(make_suite(tmp_path, bench=source)).discover_all()}
    assert found[None].param_names is None
    assert found["Named"].param_names == ["n", "letter"]
    assert found["Unnamed"].param_names is None
    assert found["Unnamed"].params == [[1, 2]]
    assert found["Plain"].param_names is None


NESTED = {
    "top.py": "def time_top(): return 'top'\n",
    "package/__init__.py": "",
    "package/bench.py": "def time_packaged(): return 'packaged'\n",
    "folder/bench.py": "from . import helper\ndef time_nested(): return helper.answer\n",
    "folder/helper.py": "answer = 'nested'\n",
    "folder/deeper/bench.py": "class Deep:\n    def time_deep(self): return 'deep'\n",
    "package/plain/bench.py": "def time_plain(): return 'plain'\n",
    "only/pkg/__init__.py": "",
    "only/pkg/bench.py": "def time_below(): return 'below'\n",
}


@pytest.mark.parametrize("root", ["with modules of its own", "without"])
def test_modules_in_nested_folders_have_their_names(tmp_path, root):
    suite = tmp_path / "benchmarks"
    for name, source in NESTED.items():
        if root == "without" and not name.startswith("folder"):
            continue
        (suite / name).parent.mkdir(parents=True, exist_ok=True)
        (suite / name).write_text(source)
    runner = BenchmarkRunner(suite)
    found = {(each.module_path, each.class_name, each.name) for each in runner.discovery.discover_all()}
    expected = {("folder.bench", None, "time_nested"), ("folder.deeper.bench", "Deep", "time_deep")}
    if root != "without":
        expected |= {
            ("top", None, "time_top"),
            ("package.bench", None, "time_packaged"),
            ("package.plain.bench", None, "time_plain"),
            ("only.pkg.bench", None, "time_below"),
        }
    assert found == expected
    for module_path, _, name in sorted(found, key=str):
        assert runner.run_benchmark(name).return_value == name[len("time_") :]
        assert [each.name for each in runner.get_module_benchmarks(module_path)] == [name]


COMPUTED = """
    def choices(*more):
        return [1, 2, *more]

    class Called:
        params = choices(3)
        def time_it(self, n):
            return [n]

    class Axes:
        params = [choices(), sorted({"b": 1, "a": 2})]
        param_names = ["n", "letter"]
        def time_it(self, n, letter):
            return letter * n
"""


def test_parameters_from_a_call_are_the_values(tmp_path):
    runner = BenchmarkRunner(make_suite(tmp_path, bench=COMPUTED))
    called, axes = (runner.get_benchmark_info(f"{name}.time_it") for name in ("Called", "Axes"))
    assert runner.get_param_combinations(called) == [(1,), (2,), (3,)]
    assert runner.get_param_combinations(axes) == [(1, "a"), (1, "b"), (2, "a"), (2, "b")]
    assert runner.discovery.generate_parameter_combinations(axes) == runner.get_param_combinations(axes)
    assert runner.run_benchmark(axes, (2, "b")).return_value == "bb"


def test_a_benchmark_that_a_script_wrote_down_by_itself(tmp_path):
    runner = BenchmarkRunner(make_suite(tmp_path, bench=COMPUTED, plain="def time_a(): return [7]\n"))
    written = BenchmarkInfo("time_it", "bench", "method", class_name="Axes", needs_runtime_eval=True)
    assert runner.get_param_combinations(written) == [(1, "a"), (1, "b"), (2, "a"), (2, "b")]
    assert runner.run_benchmark(written, (2, "a")).return_value == "aa"
    plain = BenchmarkInfo(name="time_a", module_path="plain", benchmark_type="function")
    assert (plain.params, plain.param_names) == (None, None)
    assert runner.get_param_combinations(plain) == [()]
    assert runner.discovery.generate_parameter_combinations(plain) == [()]
    assert runner.run_benchmark(plain).return_value == [7]


# Runner


def test_without_parameters_the_first_are_taken_and_told(tmp_path):
    runner = BenchmarkRunner(make_suite(tmp_path, bench=COMPUTED))
    with pytest.warns(UserWarning, match=r"bench.Axes.time_it is run with its first parameters, \(1, 'a'\)"):
        assert runner.run_benchmark(runner.get_benchmark_info("Axes.time_it")).return_value == "a"


def test_all_benchmarks_give_one_list_each(tmp_path):
    runner = BenchmarkRunner(make_suite(tmp_path, bench=COMPUTED, plain="def time_a(): return [7]\n"))
    results = runner.run_all_benchmarks()
    assert [each.return_value for each in results["plain.time_a"]] == [[7]]
    assert {key: len(each) for key, each in results.items()} == {"bench.time_it": 7, "plain.time_a": 1}
    assert all(isinstance(each, TraceResult) and each.success for each in results["bench.time_it"])
    assert list(runner.run_all_benchmarks("_a")) == ["plain.time_a"]


def test_the_folder_of_the_suite_is_the_project(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "project_of_mine_5.py").write_text("answer = [42]\n")
    suite = make_suite(tmp_path, bench="import project_of_mine_5 as p\ndef time_a(): return p.answer\n")
    assert BenchmarkRunner(suite).run_benchmark("time_a").return_value == [42]


def check(suite, store):
    """What a script of before did to verify: each case against its snapshot."""
    runner, manager, comparator = BenchmarkRunner(suite), SnapshotManager(store), Comparator()
    verdicts = {}
    for info in runner.discovery.discover_all():
        for parameters in runner.get_param_combinations(info):
            result = runner.run_benchmark(info, parameters)
            value, _ = manager.load_snapshot(info.name, info.module_path, parameters, class_name=info.class_name)
            verdicts[info.name] = bool(comparator.compare(result.return_value, value))
    return verdicts


def capture(suite, store):
    runner, manager = BenchmarkRunner(suite), SnapshotManager(store)
    for info in runner.discovery.discover_all():
        for parameters in runner.get_param_combinations(info):
            result = runner.run_benchmark(info, parameters)
            names = (info.name, info.module_path, parameters, info.param_names)
            if result.success:
                manager.store_snapshot(*names, result.return_value, class_name=info.class_name)
            else:
                manager.store_failed_capture(*names, result.error, class_name=info.class_name)


def test_verify_sees_a_changed_benchmark(tmp_path):
    suite = make_suite(tmp_path, bench="def time_a(): return [1.0]\ndef time_b(): return [2.0]\n")
    capture(suite, tmp_path / "s")
    assert check(suite, tmp_path / "s") == {"time_a": True, "time_b": True}
    (suite / "bench.py").write_text("def time_a(): return [1.0]\ndef time_b(): return [3.0]\n")
    assert check(suite, tmp_path / "s") == {"time_a": True, "time_b": False}


def test_a_failed_benchmark_is_stored_as_failed(tmp_path):
    suite = make_suite(tmp_path, bench="def time_a(): return [1]\ndef time_bad(): raise ValueError('no\\nway')\n")
    capture(suite, tmp_path / "s")
    assert snapshot_tool.main(["capture", str(suite), "--snapshot-dir", str(tmp_path / "t"), "--quiet"]) == 0
    for store in ("s", "t"):
        manager = SnapshotManager(tmp_path / store)
        assert manager.is_failed_capture("time_bad", "bench", ()) is True
        assert manager.is_failed_capture("time_a", "bench", ()) is False
        value, metadata = manager.load_snapshot("time_bad", "bench", ())
        assert value is None and metadata.capture_failed
        assert metadata.failure_reason.startswith("ValueError: no")
        assert len(manager.list_snapshots()) == 2


# Storage


@pytest.fixture
def manager(tmp_path):
    return SnapshotManager(tmp_path / "snapshots")


def test_equal_parameters_have_one_path(manager):
    def store(value, parameters=(1, "a"), class_name=None):
        return manager.store_snapshot("time_it", "bench", parameters, ["n", "k"], value, class_name=class_name)

    path = store([1.0])
    assert path.is_file() and path.suffix == ".pkl" and manager.snapshot_dir in path.parents
    with open(path, "rb") as file:
        assert pickle.load(file) == [1.0]
    assert store([2.0], parameters=[1, "a"]) == path
    with open(path, "rb") as file:
        assert pickle.load(file) == [2.0]
    assert SnapshotManager(manager.snapshot_dir).list_snapshots()[0][0] == path
    others = {store([2.0], parameters=(1, "b")), store([2.0], parameters=(2, "a")), store([2.0], class_name="Suite")}
    assert len(others | {path}) == 4


def test_paths_go_with_what_they_name(manager):
    path = manager.store_snapshot("time_it", "bench", (1,), None, [1])
    other = manager.store_snapshot("time_it", "bench", (2,), None, [2])
    assert manager.delete_snapshot("time_it", "bench", (1,)) is True
    assert not os.path.lexists(path) and other.is_file()
    assert manager.delete_snapshot("time_it", "bench", (1,)) is False
    diff_tester.snapshot.SnapshotManager(manager.snapshot_dir).delete_snapshot("time_it", "bench", (2,))
    manager.cleanup_empty_directories()
    assert not os.path.lexists(other) and not (manager.snapshot_dir / "named").exists()


def test_a_path_that_is_behind_is_not_listed(manager):
    path = manager.store_snapshot("time_it", "bench", (), None, [1])
    later = diff_tester.snapshot.SnapshotManager(manager.snapshot_dir).store_snapshot("time_it", "bench", (), None, [2])
    assert [each for each, _ in manager.list_snapshots()] == [later]
    assert path != later and manager.load_snapshot("time_it", "bench", ())[0] == [2]


def test_names_of_any_kind_stay_in_the_folder(manager):
    for name in ("../../up", "time_" + "x" * 300, "..", "time_ü"):
        path = manager.store_snapshot(name, "bench", (), None, [name])
        assert path.parent == manager.snapshot_dir / "named"
        assert manager.load_snapshot(name, "bench", ())[0] == [name]


def test_where_there_are_no_links_the_value_has_its_own_path(manager, monkeypatch):
    def refuse(*_):
        raise OSError("no links here")

    monkeypatch.setattr(os, "symlink", refuse)
    path = manager.store_snapshot("time_it", "bench", (), None, [1])
    assert "objects" in path.parts and manager.list_snapshots()[0][0] == path


def test_a_lambda_is_stored_as_its_description(manager):
    manager.store_snapshot("time_it", "bench", (), None, lambda x: x + 1)
    loaded, _ = manager.load_snapshot("time_it", "bench", ())
    assert loaded["__snapshot_test__"] == "function" and loaded["name"].endswith("<lambda>")


def test_what_can_only_be_described_is_stored_but_never_verified(tmp_path):
    suite = make_suite(tmp_path, bench="import threading\ndef time_it(): return threading.Lock()\n")
    manager = SnapshotManager(tmp_path / "s")
    with pytest.warns(UserWarning, match="_thread.lock is described"):
        manager.store_snapshot("time_it", "bench", (), None, threading.Lock())
    loaded, metadata = manager.load_snapshot("time_it", "bench", ())
    assert loaded == {"__snapshot_test__": "object", "type": "_thread.lock"} and not metadata.capture_failed
    shown = subprocess.run(
        [sys.executable, "-m", "snapshot_tool", "verify", str(suite), "--snapshot-dir", str(tmp_path / "s")],
        capture_output=True, text=True,
    )  # fmt: skip
    assert shown.returncode == 5 and "vacuous" in shown.stdout, shown.stdout + shown.stderr


def test_a_generator_is_stored_as_its_items(manager):
    manager.store_snapshot("time_it", "bench", (), None, (n * n for n in range(4)))
    loaded, _ = manager.load_snapshot("time_it", "bench", ())
    assert loaded["__snapshot_test__"] == "iterator" and list(loaded["items"]) == [0, 1, 4, 9]


def test_metadata_without_names():
    metadata = SnapshotMetadata("time_it", "bench", (), None, datetime.datetime(2026, 1, 2))
    assert metadata.param_names is None
    assert SnapshotMetadata.from_dict(metadata.to_dict()).param_names is None


# Comparator


ALIKE = [
    (1, 1.0),
    (True, 1),
    (np.int64(2), 2.0),
    (np.float32(1.5), 1.5),
    ([1, 2.0], (1.0, 2)),
    ([(1, 2), {"a": [3]}], ([1, 2], {"a": (3.0,)})),
    ([], ()),
]


@pytest.mark.parametrize("actual, expected", ALIKE, ids=repr)
def test_lists_and_tuples_and_numbers_agree_by_what_they_hold(actual, expected):
    for comparator in (Comparator(), Comparator(ComparisonConfig()), Comparator(ComparisonConfig(strict_types=True))):
        assert comparator.compare(actual, expected).match
        assert comparator.compare(expected, actual).match
    assert not diff_tester.snapshot.Comparator().compare(actual, expected).match or actual == np.float32(1.5)


UNLIKE = [
    (1, 1.1),
    ([1, 2], (1, 3)),
    ([1, 2], (1, 2, 3)),
    (1, "1"),
    ([1], "1"),
    (None, 0),
    (None, []),
    ({1}, [1]),
    ({"a": 1}, [("a", 1)]),
    (np.arange(3), np.arange(3.0)),
    (np.arange(3, dtype="f4"), np.arange(3.0)),
    (np.zeros((1, 3)), np.zeros(3)),
    ([1.0, 2.0], np.array([1.0, 2.0])),
]


@pytest.mark.parametrize("actual, expected", UNLIKE, ids=repr)
def test_everything_else_is_as_strict_as_ever(actual, expected):
    assert not Comparator().compare(actual, expected).match
    assert not Comparator().compare(expected, actual).match


def test_an_int_and_a_float_agree_within_the_tolerance():
    result = Comparator().compare(1.000001, 1)
    assert result.match and result.tolerance_used == {"rtol": 1e-5, "atol": 1e-8, "equal_nan": False}
    assert not Comparator(ComparisonConfig(rtol=0, atol=0)).compare(1.000001, 1).match


def test_changes_of_the_rules_apply():
    comparator = Comparator()
    assert not comparator.compare([1.1], (1,)).match
    comparator.config.rtol = 0.2
    assert comparator.compare([1.1], (1,)).match


def test_two_lists_of_values_are_compared():
    comparator = Comparator()
    results = comparator.compare_multiple([1, 2, [3]], [1.0, 5, (3,)])
    assert [each.match for each in results] == [True, False, True]
    assert [each.match for each in comparator.compare_multiple([(1, 1), (1, 2)])] == [True, False]
    stats = comparator.get_summary_stats(results)
    assert (stats["total"], stats["matches"], stats["failures"]) == (3, 2, 1)
    assert (stats["success_rate"], stats["failure_rate"]) == (pytest.approx(2 / 3), pytest.approx(1 / 3))
    assert comparator.get_summary_stats([])["success_rate"] == 0
    assert comparator.get_summary_stats([ComparisonResult(False, skipped=True)])["failures"] == 1
    with pytest.raises(ValueError, match="1 actual_values, but 2 expected_values"):
        comparator.compare_multiple([1], [1, 2])


def test_the_tracer_s_module():
    result = ExecutionTracer().trace_execution(sorted, [2, 1])
    assert isinstance(result, TraceResult) and result.return_value == [1, 2]
