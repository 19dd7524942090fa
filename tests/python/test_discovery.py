"""BenchmarkDiscovery and BenchmarkInfo."""

import subprocess
import sys

import pytest
from suite import make_suite

from diff_tester.snapshot import BenchmarkDiscovery, BenchmarkError, BenchmarkInfo

SUITE = """
    import numpy as np

    def time_plain():
        return 1

    def helper():
        pass

    class Base:
        params = [[1, 2], ["a", "b", "c"]]
        param_names = ["number", "letter"]

        def setup(self, number, letter):
            pass

        def time_inherited(self, number, letter):
            return number

    class Suite(Base):
        def setup_cache(self):
            return {}

        def track_length(self, cache, number, letter):
            return number
    Suite.__name__ = "Suite"

    class Computed:
        params = [n ** 2 for n in range(4)]

        def mem_squares(self, n):
            return [n]
"""


@pytest.fixture
def discovery(tmp_path):
    return BenchmarkDiscovery(make_suite(tmp_path, bench_a=SUITE, bench_b="def time_other(): return 2\n"))


def test_every_benchmark_that_asv_has_is_found(discovery):
    assert sorted(each.full_name for each in discovery.discover_all()) == [
        "bench_a.Base.time_inherited",
        "bench_a.Computed.mem_squares",
        "bench_a.Suite.time_inherited",
        "bench_a.Suite.track_length",
        "bench_a.time_plain",
        "bench_b.time_other",
    ]
    assert discovery.failures == []


def test_fields_of_a_method(discovery):
    info = discovery.get_benchmark_by_name("bench_a.Suite.track_length")
    assert info.name == "track_length"
    assert info.module_path == "bench_a"
    assert info.benchmark_type == "method"
    assert info.class_name == "Suite"
    assert info.params == [[1, 2], ["a", "b", "c"]]
    assert info.param_names == ["number", "letter"]
    assert (info.has_setup, info.setup_method) == (True, "setup")
    assert info.has_setup_cache
    assert info.method_params == ["cache", "number", "letter"]
    assert info.asv_type == "track"
    assert not info.needs_runtime_eval
    assert info.file.endswith("bench_a.py") and info.line > 0


def test_fields_of_a_function(discovery):
    info = discovery.get_benchmark_by_name("time_plain")
    assert (info.benchmark_type, info.class_name, info.full_name) == ("function", None, "bench_a.time_plain")
    assert (info.params, info.param_names, info.has_setup, info.setup_method) == ([], [], False, None)


def test_names(discovery):
    assert discovery.get_benchmark_by_name("Base.time_inherited").full_name == "bench_a.Base.time_inherited"
    assert discovery.get_benchmark_by_name("plain") is None
    assert [each.name for each in discovery.get_benchmarks_by_module("bench_b")] == ["time_other"]
    assert discovery.get_benchmarks_by_module("bench_c") == []


def test_combinations_are_in_the_order_of_product(discovery):
    info = discovery.get_benchmark_by_name("Base.time_inherited")
    assert discovery.generate_parameter_combinations(info) == [
        (1, "a"), (1, "b"), (1, "c"), (2, "a"), (2, "b"), (2, "c"),
    ]  # fmt: skip
    assert discovery.generate_parameter_combinations(discovery.get_benchmark_by_name("time_plain")) == [()]
    computed = discovery.get_benchmark_by_name("mem_squares")
    assert discovery.generate_parameter_combinations(computed) == [(0,), (1,), (4,), (9,)]


def test_a_module_that_does_not_import_is_told_and_the_others_are_found(tmp_path):
    suite = make_suite(tmp_path, good="def time_a(): return 1\n", bad="import nowhere_to_be_found\n")
    discovery = BenchmarkDiscovery(suite)
    with pytest.warns(RuntimeWarning, match="bad could not be imported: ModuleNotFoundError"):
        found = discovery.discover_all()
    assert [each.full_name for each in found] == ["good.time_a"]
    (where, cause, traceback) = discovery.failures[0]
    assert where == "bad" and "nowhere_to_be_found" in cause and "Traceback" in traceback


def test_two_projects_whose_suites_are_called_the_same(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    first = make_suite(tmp_path / "one", bench="def time_first(): return 1\n")
    second = make_suite(tmp_path / "two", bench="def time_second(): return 2\n")
    for _ in range(2):
        assert [each.name for each in BenchmarkDiscovery(first).discover_all()] == ["time_first"]
        assert [each.name for each in BenchmarkDiscovery(second).discover_all()] == ["time_second"]


@pytest.mark.parametrize("folder", ["missing", "empty", "file"])
def test_a_folder_that_is_no_suite(tmp_path, folder):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("")
    with pytest.raises(BenchmarkError, match=folder):
        BenchmarkDiscovery(tmp_path / folder).discover_all()


def test_wrong_arguments_are_named(discovery):
    with pytest.raises(TypeError, match="benchmark_dir must be a str or a path, not int"):
        BenchmarkDiscovery(3)
    with pytest.raises(TypeError, match="benchmark must be a BenchmarkInfo, not str"):
        discovery.generate_parameter_combinations("time_plain")
    with pytest.raises(TypeError, match="name must be a str, not NoneType"):
        discovery.get_benchmark_by_name(None)


def test_info_of_ones_own():
    info = BenchmarkInfo("time_x", "mod.sub", "method", "Class")
    assert info.full_name == "mod.sub.Class.time_x"
    assert info == BenchmarkInfo("time_x", "mod.sub", "method", "Class")


def test_discovery_does_not_import_numpy(tmp_path):
    suite = make_suite(tmp_path, bench="def time_a(): return 1\n")
    program = f"""
import sys
from diff_tester.snapshot import BenchmarkDiscovery, BenchmarkRunner, Comparator
BenchmarkRunner({str(suite)!r}).run_all_benchmarks()
Comparator().compare([1.0, "a"], [1.0, "a"])
sys.exit("numpy" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0
