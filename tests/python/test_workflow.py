"""Scripts and the command line on one store."""

import pytest
from suite import make_suite

from diff_tester.snapshot import BenchmarkRunner, Comparator, SnapshotManager, main

SUITE = """
    import numpy as np

    def inner(x):
        return [x, 1.5]

    def nothing():
        inner(3)

    def time_returns():
        inner(2)
        return np.arange(5.0)

    def time_body():
        np.add(1, 2)
        np.cumsum([1, 2])

    def time_deepest():
        for _ in range(2):
            nothing()

    class Suite:
        params = [[1, 2], ["a"]]
        param_names = ["n", "letter"]

        def time_method(self, n, letter):
            return letter * n
"""


@pytest.fixture
def suite(tmp_path):
    return make_suite(tmp_path, bench=SUITE)


def store_all(suite, folder):
    runner, manager = BenchmarkRunner(suite), SnapshotManager(folder)
    for info in runner.discovery.discover_all():
        for parameters in runner.get_param_combinations(info):
            result = runner.run_benchmark(info, parameters)
            manager.store_snapshot(
                info.name, info.module_path, parameters, info.param_names, result.return_value, info.class_name
            )


def verify(suite, folder, capfd):
    status = main(["verify", str(suite), "--snapshot-dir", str(folder)])
    return status, capfd.readouterr().out


def test_verify_checks_what_a_script_has_stored(suite, tmp_path, capfd):
    store_all(suite, tmp_path / "s")
    status, shown = verify(suite, tmp_path / "s", capfd)
    assert status == 0, shown
    assert "identical               5" in shown


@pytest.mark.parametrize(
    "before, after, benchmark",
    [
        ("arange(5.0)", "arange(6.0)", "time_returns"),
        ("np.cumsum([1, 2])", "np.cumsum([1, 3])", "time_body"),
        ("return [x, 1.5]", "return [x, 1.25]", "time_deepest"),
        ("return letter * n", "return letter", "time_method(2, 'a')"),
    ],
)
def test_and_finds_what_has_changed(suite, tmp_path, capfd, before, after, benchmark):
    store_all(suite, tmp_path / "s")
    source = suite / "bench.py"
    source.write_text(source.read_text().replace(before, after))
    status, shown = verify(suite, tmp_path / "s", capfd)
    assert status == 1, shown
    assert f"{benchmark}\n" in shown and "different               1" in shown


def test_scripts_read_what_the_command_line_captured(suite, tmp_path):
    assert main(["capture", str(suite), "--snapshot-dir", str(tmp_path / "s"), "--quiet"]) == 0
    runner, manager, comparator = BenchmarkRunner(suite), SnapshotManager(tmp_path / "s"), Comparator()
    compared = 0
    for info in runner.discovery.discover_all():
        for parameters in runner.get_param_combinations(info):
            loaded = manager.load_snapshot(info.name, info.module_path, parameters, info.class_name)
            assert loaded is not None, info.full_name
            value, metadata = loaded
            assert comparator.compare(runner.run_benchmark(info, parameters).return_value, value).match, info.full_name
            assert metadata.parameters == parameters
            compared += 1
    assert compared == 5
    assert manager.get_snapshot_stats()["total_snapshots"] == 5
