"""BenchmarkRunner, ExecutionTracer and TraceResult."""

import os
import py_compile
import subprocess
import sys
import textwrap
import threading
import time

import pytest
from suite import make_suite

from diff_tester.snapshot import BenchmarkDiscovery, BenchmarkError, BenchmarkRunner, ExecutionTracer, TraceResult

SUITE = """
    import os, random, time, uuid
    import numpy as np

    log = []

    def inner(x):
        return [x]

    def time_returns():
        inner(1)
        return 0

    def time_body():
        a = inner(1)
        inner([2])

    def time_one_value():
        np.add(1, 2)

    def time_deepest():
        for _ in range(3):
            nothing()

    def nothing():
        inner(7)

    def time_nothing():
        pass

    def time_random():
        return [random.random(), np.random.rand(), np.random.default_rng().random(), uuid.uuid4().hex]

    def time_raises():
        raise KeyError("gone")

    def time_exits():
        raise SystemExit(3)

    def time_slow():
        while True:
            time.sleep(0.01)

    def time_clock():
        return time.time()

    def timeraw_code():
        return "import json"

    class Order:
        params = [1, 2]

        def setup(self, n):
            if n == 2:
                raise NotImplementedError("no two")
            log.append(("setup", n))

        def time_it(self, n):
            log.append(("call", n))
            return list(log)

        def teardown(self, n):
            log.append(("teardown", n))

    class Cached:
        def setup_cache(self):
            with open("left.txt", "w") as file:
                file.write("by setup_cache")
            log.append("setup_cache")
            return {"numbers": [1]}

        def time_uses(self, cache):
            cache["numbers"].append(2)
            return cache["numbers"], open("left.txt").read(), log.count("setup_cache")

    class Skips:
        params = ["a", "b"]
        skip_params = [("b",)]

        def time_it(self, letter):
            return letter
"""


@pytest.fixture
def runner(tmp_path):
    return BenchmarkRunner(make_suite(tmp_path, bench=SUITE))


def test_the_value_is_what_the_benchmark_returned_even_if_it_is_zero(runner):
    result = runner.run_benchmark("time_returns")
    assert result.success and result.error is None
    assert (result.return_value, result.function_name, result.module_name) == (0, "time_returns", "benchmarks.bench")
    assert result.depth == 0
    assert result.sites["deepest"] == [1]


def test_else_what_its_body_computed(runner):
    assert runner.run_benchmark("time_one_value").return_value == 3
    assert runner.run_benchmark("time_body").return_value == ([1], [[2]])


def test_else_what_the_deepest_call_returned(runner):
    result = runner.run_benchmark("time_deepest")
    assert (result.return_value, result.function_name, result.depth) == ([7], "inner", 2)
    assert runner.get_trace_stats() == {
        "max_depth_reached": 2,
        "deepest_call_depth": 2,
        "deepest_function": "inner",
        "deepest_module": "benchmarks.bench",
        "captured_return": True,
        "had_exception": False,
    }


def test_nothing_is_nothing(runner):
    result = runner.run_benchmark("time_nothing")
    assert result.success and result.return_value is None and result.sites == {}


def test_a_reading_of_the_clock_is_no_result(runner):
    result = runner.run_benchmark("time_clock")
    assert result.return_value is None
    assert result.notes == ["return is a reading of the clock, and not compared"]


def test_the_value_is_the_live_object(runner):
    value = runner.run_benchmark("time_returns").sites["deepest"]
    assert type(value) is list and value == [1]


def test_random_numbers_are_the_same_every_time_and_given_back(runner):
    import random

    random.seed(1)
    expected = random.Random(1).random()
    urandom = os.urandom
    first = runner.run_benchmark("time_random").return_value
    assert runner.run_benchmark("time_random").return_value == first
    assert BenchmarkRunner(runner.benchmark_dir, seed=7).run_benchmark("time_random").return_value != first
    assert random.random() == expected
    assert os.urandom is urandom


def test_exceptions_are_results(runner):
    result = runner.run_benchmark("time_raises")
    assert not result.success and isinstance(result.error, KeyError)
    assert repr(result) == "<TraceResult: KeyError: 'gone'>"
    assert runner.get_trace_stats()["had_exception"]
    assert isinstance(runner.run_benchmark("time_exits").error, SystemExit)


def test_set_up_call_and_teardown_in_order_and_instances_of_their_own(runner):
    assert runner.run_benchmark("Order.time_it", (1,)).return_value[-2:] == [("setup", 1), ("call", 1)]
    assert runner.run_benchmark("Order.time_it", [1]).return_value[-3:] == [("teardown", 1), ("setup", 1), ("call", 1)]


def test_skips_say_why(runner):
    result = runner.run_benchmark("Order.time_it", (2,))
    assert (result.success, result.error) == (False, None)
    assert result.skip_reason == "NotImplementedError: no two"
    assert runner.run_benchmark("Skips.time_it", ("b",)).skip_reason == "skip_params names this combination"
    assert runner.run_benchmark("Skips.time_it", ("a",)).return_value == "a"


def test_setup_cache_runs_once_and_everybody_gets_a_copy(runner):
    here = os.getcwd()
    for _ in range(2):
        assert runner.run_benchmark("Cached.time_uses").return_value == ([1, 2], "by setup_cache", 1)
    assert os.getcwd() == here


def test_timeraw_is_refused_rather_than_its_text_compared(runner):
    result = runner.run_benchmark("timeraw_code")
    assert not result.success and isinstance(result.error, NotImplementedError)


def test_timeout(runner, tmp_path):
    limited = BenchmarkRunner(runner.benchmark_dir, timeout=0.2)
    begun = time.monotonic()
    result = limited.run_benchmark("time_slow")
    assert not result.success and isinstance(result.error, TimeoutError)
    assert "0.2 s" in str(result.error)
    assert time.monotonic() - begun < 5


def test_timeout_outside_the_main_thread_is_refused(runner):
    limited = BenchmarkRunner(runner.benchmark_dir, timeout=10)
    raised = []

    def run():
        try:
            limited.run_benchmark("time_returns")
        except RuntimeError as error:
            raised.append(str(error))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert raised and "main thread" in raised[0]


def test_the_thread_that_runs_it_is_observed(runner):
    results = []
    thread = threading.Thread(target=lambda: results.append(runner.run_benchmark("time_deepest")))
    thread.start()
    thread.join()
    assert results[0].return_value == [7]


def test_run_all(runner):
    results = runner.run_all_benchmarks(["Skips.time_it", "Order.time_it"])
    assert list(results) == [
        "bench.Skips.time_it('a')",
        "bench.Skips.time_it('b')",
        "bench.Order.time_it(1)",
        "bench.Order.time_it(2)",
    ]


def test_questions_about_the_suite(runner):
    assert "bench.Cached.time_uses" in runner.list_benchmarks()
    assert runner.get_benchmark_info("time_returns").full_name == "bench.time_returns"
    assert len(runner.get_module_benchmarks("bench")) == len(runner.list_benchmarks())
    assert runner.get_param_combinations("Order.time_it") == [(1,), (2,)]
    assert (runner.seed, runner.timeout) == (42, None)
    assert runner.discovery.benchmark_dir == runner.benchmark_dir


def test_clear_cache_sees_edited_files(tmp_path):
    suite = make_suite(tmp_path, bench="def time_a(): return 1\n")
    runner = BenchmarkRunner(suite)
    assert runner.run_benchmark("time_a").return_value == 1
    (suite / "bench.py").write_text("def time_a(): return 'two'\n")
    runner.clear_cache()
    assert runner.run_benchmark("time_a").return_value == "two"


def edit(file, source):
    """Other content of the same size, with the same times: nothing but the content tells that it was edited."""
    before = file.stat()
    assert len(source) == before.st_size
    file.write_text(source)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_a_new_runner_runs_what_a_file_says_now(tmp_path):
    suite = make_suite(tmp_path, bench="def time_a():\n    return [1]\n")
    assert BenchmarkRunner(suite).run_benchmark("time_a").return_value == [1]
    edit(suite / "bench.py", "def time_a():\n    return [2]\n")
    assert BenchmarkRunner(suite).run_benchmark("time_a").return_value == [2]
    edit(suite / "bench.py", "def time_b():\n    return [3]\n")
    assert BenchmarkRunner(suite).list_benchmarks() == ["bench.time_b"]
    assert [each.name for each in BenchmarkDiscovery(suite).discover_all()] == ["time_b"]


def test_a_body_without_return_is_run_as_its_file_says_now(tmp_path):
    suite = make_suite(tmp_path, bench="def time_a():\n    sorted([2, 1])\n")
    assert BenchmarkRunner(suite).run_benchmark("time_a").return_value == [1, 2]
    edit(suite / "bench.py", "def time_a():\n    sorted([4, 3])\n")
    assert BenchmarkRunner(suite).run_benchmark("time_a").return_value == [3, 4]


@pytest.mark.parametrize(
    "how", ["from . import helper_7", "from benchmarks.helper_7 import *", "import helper_7 as helper_7"]
)
def test_a_changed_helper_is_run_as_its_file_says_now(tmp_path, monkeypatch, how):
    call = "answer()" if "*" in how else "helper_7.answer()"
    suite = make_suite(
        tmp_path, bench=f"{how}\ndef time_a():\n    return {call}\n", helper_7="def answer(): return [1]\n"
    )
    monkeypatch.syspath_prepend(str(suite))
    first = BenchmarkRunner(suite)
    info = first.get_benchmark_info("time_a")
    assert first.run_benchmark(info).return_value == [1]
    edit(suite / "helper_7.py", "def answer(): return [2]\n")
    assert BenchmarkRunner(suite).run_benchmark(info).return_value == [2]


def test_bytecode_of_before_an_edit_is_not_run(tmp_path):
    suite = make_suite(tmp_path, bench="def time_a():\n    return [1]\n")
    py_compile.compile(str(suite / "bench.py"))
    assert BenchmarkRunner(suite).run_benchmark("time_a").return_value == [1]
    edit(suite / "bench.py", "def time_a():\n    return [2]\n")
    assert BenchmarkRunner(suite).run_benchmark("time_a").return_value == [2]


def test_a_helper_that_a_benchmark_imports_while_it_runs(tmp_path):
    source = "def time_a():\n    from . import late\n    return late.answer\n"
    suite = make_suite(tmp_path, bench=source, late="answer = [1]\n")
    (suite / "late.py").rename(tmp_path / "late.py")
    runner = BenchmarkRunner(suite)
    runner.list_benchmarks()
    (tmp_path / "late.py").rename(suite / "late.py")
    assert runner.run_benchmark("time_a").return_value == [1]
    edit(suite / "late.py", "answer = [2]\n")
    assert BenchmarkRunner(suite).run_benchmark("time_a").return_value == [2]


def test_what_has_not_changed_stays_imported(tmp_path):
    suite = make_suite(tmp_path, bench="marks = []\ndef time_a():\n    marks.append(1)\n    return len(marks)\n")
    assert BenchmarkRunner(suite).run_benchmark("time_a").return_value == 1
    assert BenchmarkRunner(suite).run_benchmark("time_a").return_value == 2


def test_a_script_in_the_suite_s_folder_keeps_its_own_modules(tmp_path):
    suite = make_suite(tmp_path, bench="def time_a():\n    return [1]\n", mine_7="answer = 1\n")
    (suite / "_script.py").write_text(
        textwrap.dedent("""
        import os, sys, mine_7
        from diff_tester.snapshot import BenchmarkRunner

        if __name__ == "__main__":
            folder = os.path.dirname(os.path.abspath(__file__))
            print(BenchmarkRunner(folder).run_benchmark("time_a").return_value)
            with open(os.path.join(folder, "bench.py"), "w") as file:
                file.write("def time_a(): return [2]")
            print(BenchmarkRunner(folder).run_benchmark("time_a").return_value)
            print(sys.modules["mine_7"] is mine_7, sys.modules["__main__"].folder == folder)
        """)
    )
    shown = subprocess.run([sys.executable, str(suite / "_script.py")], capture_output=True, text=True)
    assert shown.stdout.splitlines() == ["[1]", "[2]", "True True"], shown


def test_a_project_that_has_changed_is_told(tmp_path):
    (tmp_path / "project").mkdir()
    module = tmp_path / "project" / "my_project_8.py"
    module.write_text("answer = 42\n")
    suite = make_suite(tmp_path, bench="import my_project_8\ndef time_a(): return my_project_8.answer\n")

    def answer():
        return BenchmarkRunner(suite, project_dir=tmp_path / "project").run_benchmark("time_a").return_value

    assert answer() == answer() == 42
    edit(module, "answer = 43\n")
    with pytest.warns(RuntimeWarning, match="my_project_8 has changed since .*; start a new process"):
        assert answer() == 42
    sys.path.remove(str(tmp_path / "project"))


def test_no_bytecode_is_left_that_would_hide_an_edit_within_the_same_second(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    suite = make_suite(tmp_path, bench="def time_a(): return 1\n")
    BenchmarkRunner(suite).run_all_benchmarks()
    assert not list(suite.rglob("*.pyc"))
    assert sys.dont_write_bytecode is False


def test_project_dir(tmp_path):
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "my_project_9.py").write_text("answer = 42\n")
    suite = make_suite(tmp_path, bench="import my_project_9\ndef time_a(): return my_project_9.answer\n")
    assert BenchmarkRunner(suite, project_dir=tmp_path / "project").run_benchmark("time_a").return_value == 42
    sys.path.remove(str(tmp_path / "project"))
    with pytest.raises(BenchmarkError, match="does not exist"):
        BenchmarkRunner(suite, project_dir=tmp_path / "nowhere")


def test_wrong_arguments_are_named(runner):
    with pytest.raises(BenchmarkError, match="is called 'time_nowhere'"):
        runner.run_benchmark("time_nowhere")
    with pytest.raises(ValueError, match="parameters: bench.Order.time_it takes 1 of them, not 0"):
        runner.run_benchmark("Order.time_it")
    with pytest.raises(TypeError, match="parameters must be a tuple"):
        runner.run_benchmark("Order.time_it", 1)
    with pytest.raises(TypeError, match="benchmark must be a BenchmarkInfo or a name, not int"):
        runner.run_benchmark(1)
    with pytest.raises(TypeError, match="seed must be an int"):
        BenchmarkRunner(runner.benchmark_dir, seed="x")
    with pytest.raises(TypeError, match="timeout must be a number"):
        BenchmarkRunner(runner.benchmark_dir, timeout="x")
    with pytest.raises(ValueError, match="timeout must be more than 0"):
        BenchmarkRunner(runner.benchmark_dir, timeout=0)


def leaf(x):
    return [x]


def middle(x):
    return leaf(x) + [2]


def outer(x, y=1):
    middle(x)


def test_trace_execution():
    tracer = ExecutionTracer()
    result = tracer.trace_execution(middle, 1)
    assert (result.return_value, result.function_name, result.module_name) == ([1, 2], "middle", __name__)
    assert result.success and result.depth == 0
    stats = tracer.get_trace_stats()
    assert (stats["deepest_function"], stats["deepest_call_depth"], stats["max_depth_reached"]) == ("leaf", 1, 1)


def test_where_a_call_returns_none_the_deepest_below_it_counts():
    result = ExecutionTracer().trace_execution(outer, 1, y=2)
    assert (result.return_value, result.function_name, result.depth) == ([1], "leaf", 2)


def test_calls_deeper_than_the_limit_are_not_looked_at():
    result = ExecutionTracer(max_depth=1).trace_execution(outer, 1)
    assert (result.return_value, result.function_name) == ([1, 2], "middle")


def test_trace_of_what_raises():
    tracer = ExecutionTracer()
    result = tracer.trace_execution(int, "x")
    assert not result.success and isinstance(result.error, ValueError)
    assert tracer.get_trace_stats()["had_exception"]
    with pytest.raises(KeyboardInterrupt):
        tracer.trace_execution(interrupt)


def interrupt():
    raise KeyboardInterrupt


def test_start_and_stop():
    tracer = ExecutionTracer()
    assert tracer.stop_tracing() is None
    tracer.start_tracing()
    middle(5)
    result = tracer.stop_tracing()
    assert (result.return_value, result.function_name, result.depth) == ([5, 2], "middle", 1)
    assert tracer.get_trace_stats()["deepest_function"] == "leaf"
    tracer.start_tracing()
    assert tracer.stop_tracing() is None


def test_one_trace_at_a_time():
    tracer = ExecutionTracer()
    tracer.start_tracing()
    with pytest.raises(RuntimeError, match="tracing already"):
        tracer.start_tracing()
    with pytest.raises(RuntimeError, match="another trace is under way"):
        ExecutionTracer().start_tracing()
    tracer.stop_tracing()
    ExecutionTracer().start_tracing()  # dropped while it traces: that ends it
    ExecutionTracer().start_tracing()


def test_a_traced_call_that_traces_says_that_it_saw_nothing_more():
    inner = ExecutionTracer()
    result = ExecutionTracer().trace_execution(lambda: inner.trace_execution(middle, 1))
    assert result.return_value.return_value == [1, 2]
    assert "another trace is under way" in result.return_value.notes[0]


def test_wrong_arguments_of_the_tracer():
    with pytest.raises(TypeError, match="func must be callable, not int"):
        ExecutionTracer().trace_execution(3)
    with pytest.raises(TypeError, match="max_depth must be an int, not str"):
        ExecutionTracer("x")
    with pytest.raises(ValueError, match="max_depth must be at least 0"):
        ExecutionTracer(-1)


def test_reprs_are_one_short_line():
    class Rude:
        def __repr__(self):
            raise ValueError

    assert repr(TraceResult([1], "f", "m", 0)) == "<TraceResult: [1] from m.f at depth 0>"
    assert len(repr(TraceResult("x" * 5000, "f", "m", 0))) < 200
    assert "repr raises ValueError" in repr(TraceResult(Rude(), "f", "m", 0))
