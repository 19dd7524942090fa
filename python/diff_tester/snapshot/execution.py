"""Running benchmarks in the calling process, and seeing what they compute."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field

from . import _arguments
from ._importing import SuiteImports, changed, forget, forget_changed
from .discovery import BenchmarkDiscovery, BenchmarkInfo
from .errors import BenchmarkError
from .rng import RNGPatcher

TYPE_CHECKING = False
if TYPE_CHECKING:
    import tempfile
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    from diff_tester import _core

__all__ = ["BenchmarkRunner", "ExecutionTracer", "TraceResult"]

_REPR_LENGTH = 120


@dataclass
class TraceResult:
    """What one observed call showed."""

    #: What the call returned, the very object; where that is None, what a benchmark's own body computed (the value, or a
    #: tuple of several); where it computed nothing, what the deepest call below it returned.
    return_value: Any = None
    #: Whose value that is: the name of the function, and its module's.
    function_name: str = ""
    module_name: str = ""
    #: Its depth in calls below what was called, which has depth 0.
    depth: int = 0
    #: Did the call come to its end without an exception?
    success: bool = True
    #: The exception that ended set-up, call or teardown.
    error: BaseException | None = None
    #: Why the benchmark skips these parameters; then `success` is False and `error` None.
    skip_reason: str | None = None
    #: Of a benchmark: every value that was seen, by its site ("return", "body[0]", "deepest", "path[1]").
    sites: dict[str, Any] = field(default_factory=dict)
    #: What limits the observation.
    notes: list[str] = field(default_factory=list)

    def __repr__(self) -> str:
        if self.skip_reason is not None:
            return f"<TraceResult: skipped: {self.skip_reason}>"
        if not self.success:
            return f"<TraceResult: {_shortened(f'{type(self.error).__name__}: {self.error}')}>"
        try:
            value = repr(self.return_value)
        except Exception as error:
            value = f"<{type(self.return_value).__name__} whose repr raises {type(error).__name__}>"
        where = ".".join(part for part in (self.module_name, self.function_name) if part)
        return f"<TraceResult: {_shortened(value)} from {where} at depth {self.depth}>"


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _REPR_LENGTH else line[: _REPR_LENGTH - 3] + "..."


_shared_eligibility: _core.Eligibility | None = None


def _eligibility() -> _core.Eligibility:
    """One for the whole process: what it decides is cached in code objects, which have few places for that."""
    global _shared_eligibility
    if _shared_eligibility is None:
        from diff_tester import _core

        _shared_eligibility = _core.Eligibility()
    return _shared_eligibility


def _split(qualified: str) -> tuple[str, str]:
    """ "package.module.Class.method" as ("package.module", "method")."""
    module, _, _ = qualified.rpartition(".")
    while module and module not in sys.modules:
        module, _, _ = module.rpartition(".")
    return module, qualified.rpartition(".")[2]


class ExecutionTracer:
    """Observes Python calls through a C-level hook, in the thread that starts it.

    `max_depth`: calls deeper than this below the first one run unobserved, at full speed. One observation at a time is
    possible in a process.
    """

    def __init__(self, max_depth: int = 100) -> None:
        self.max_depth = _arguments.whole("max_depth", max_depth)
        if self.max_depth > 2**31 - 1:
            raise ValueError(f"max_depth must be at most {2**31 - 1}, not {max_depth}")
        self._running: _core.Tracer | None = None
        self._stats: dict[str, Any] = {}
        self._remember(None, 0, None, False, False)

    def trace_execution(self, func: Callable[..., Any], *args: Any, **kwargs: Any) -> TraceResult:
        """Calls func(*args, **kwargs). What it raises is in the result's `error`; KeyboardInterrupt is raised."""
        if not callable(func):
            raise _arguments.wrong_type("func", "callable", func)
        from diff_tester import _core

        tracer = _core.Tracer(_eligibility(), self.max_depth)
        called: Any = func
        if kwargs:
            from functools import partial

            called = partial(func, **kwargs)
        value, error, seen = tracer.call(called, args)
        if isinstance(error, KeyboardInterrupt):
            raise error
        name = getattr(func, "__name__", type(func).__name__)
        module = getattr(func, "__module__", None) or ""
        result = TraceResult(value, name, module, 0, error is None, error, notes=seen["notes"])
        if value is None and error is None and seen["deepest"] is not None:
            self._take(result, seen["deepest"])
        self._summarise(seen, result.return_value is not None, error is not None)
        return result

    def start_tracing(self) -> None:
        """Observes what this thread calls from here to stop_tracing(). RuntimeError if a trace is under way already."""
        from diff_tester import _core

        if self._running is not None:
            raise RuntimeError("this tracer is tracing already; call stop_tracing() first")
        tracer = _core.Tracer(_eligibility(), self.max_depth)
        self._running = tracer
        if not tracer.start():
            self._running = None
            raise RuntimeError("another trace is under way in this process")

    def stop_tracing(self) -> TraceResult | None:
        """What was seen: the outermost call on the way to the deepest one that returned something. None if no call
        did, or no trace is under way."""
        if self._running is None:
            return None
        seen = self._running.stop()
        self._running = None
        if seen is None or seen["deepest"] is None:
            self._summarise(seen or {"deepest": None, "max_depth": 0}, False, False)
            return None
        result = TraceResult(notes=seen["notes"])
        outermost = next((call for call in seen["path"] if call[0] is not None), seen["deepest"])
        self._take(result, outermost)
        self._summarise(seen, True, False)
        return result

    def get_trace_stats(self) -> dict[str, Any]:
        """Of the last observation: `max_depth_reached` (the greatest depth entered), `deepest_call_depth`,
        `deepest_function` and `deepest_module` (of the deepest call that returned something but None, an empty container
        or zero; 0 and None if there was none), `captured_return` and `had_exception` (bool)."""
        return dict(self._stats)

    @staticmethod
    def _take(result: TraceResult, call: tuple[Any, str, int]) -> None:
        result.return_value, qualified, result.depth = call
        result.module_name, result.function_name = _split(qualified)

    def _summarise(self, seen: dict[str, Any], captured: bool, failed: bool) -> None:
        deepest = seen["deepest"]
        function = None if deepest is None else deepest[1]
        self._remember(function, seen["max_depth"], None if deepest is None else deepest[2], captured, failed)

    def _remember(
        self, deepest: str | None, max_depth: int, deepest_depth: int | None, captured: bool, failed: bool
    ) -> None:
        module, name = (None, None) if deepest is None else _split(deepest)
        self._stats = {
            "max_depth_reached": max(max_depth, 0),
            "deepest_call_depth": deepest_depth or 0,
            "deepest_function": name,
            "deepest_module": module,
            "captured_return": captured,
            "had_exception": failed,
        }


class _TimeLimit:
    """Raises TimeoutError in the main thread's Python code after so many seconds; None: never."""

    def __init__(self, seconds: float | None) -> None:
        self._seconds = seconds

    def __enter__(self) -> None:
        if self._seconds is None:
            return
        import signal
        import threading

        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError("a timeout can only be kept in the main thread; make the BenchmarkRunner without one")
        seconds = self._seconds

        def on_alarm(*_: object) -> None:
            raise TimeoutError(f"the benchmark took longer than {seconds:g} s")

        self._handler = signal.signal(signal.SIGALRM, on_alarm)
        self._timer = signal.setitimer(signal.ITIMER_REAL, seconds)

    def __exit__(self, *_: object) -> None:
        if self._seconds is not None:
            import signal

            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, self._handler)
            signal.setitimer(signal.ITIMER_REAL, *self._timer)


class _Folder:
    """The current directory of this process is this one while it lasts."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __enter__(self) -> None:
        self._before = os.getcwd()
        os.chdir(self._path)

    def __exit__(self, *_: object) -> None:
        os.chdir(self._before)


class BenchmarkRunner:
    """Runs benchmarks in the calling process, so what they return is the live object.

    Nothing protects this process: a benchmark that crashes takes it along, and what one changes the next one finds. The
    command line runs each in a process of its own. A new runner imports the suite anew if a file of it has changed
    since its import. Everything else that is imported stays as it is: a RuntimeWarning says so of a project in
    `project_dir` that has changed. What is sure to run what the files say is a new process.

    benchmark_dir: the suite's folder, as for BenchmarkDiscovery.
    project_dir: a folder that is put first on sys.path, for benchmarks of a project that is not installed.
    seed: what unseeded random numbers start from, before set-up and before the call (see RNGPatcher).
    timeout: seconds for set-up, call and teardown of one benchmark; None: no limit. Kept by SIGALRM, so only in the
        main thread, and C code that does not come back to Python is not interrupted.
    """

    #: What finds the benchmarks.
    _discovery: type[BenchmarkDiscovery] = BenchmarkDiscovery

    def __init__(
        self,
        benchmark_dir: str | os.PathLike[str],
        project_dir: str | os.PathLike[str] | None = None,
        seed: int = 42,
        timeout: float | None = None,
    ) -> None:
        self.benchmark_dir = _arguments.path("benchmark_dir", benchmark_dir)
        self.project_dir = None if project_dir is None else _arguments.path("project_dir", project_dir)
        self.seed = RNGPatcher(seed).seed
        self.timeout = None if timeout is None else _arguments.not_negative("timeout", timeout)
        if self.timeout == 0:
            raise ValueError("timeout must be more than 0; None means no limit")
        if self.project_dir is not None:
            folder = os.path.abspath(self.project_dir)
            if not os.path.isdir(folder):
                raise BenchmarkError(f"the project folder '{folder}' does not exist")
            if folder not in sys.path:
                sys.path.insert(0, folder)
        self.discovery = self._discovery(self.benchmark_dir)
        self.tracer = ExecutionTracer()
        self._knows_changes = False
        self._caches: dict[str, bytes] = {}
        self._folders: dict[str, tempfile.TemporaryDirectory[str]] = {}

    def run_benchmark(self, benchmark: BenchmarkInfo | str, parameters: Sequence[Any] = ()) -> TraceResult:
        """Runs one case: setup_cache (once for all that share it), set-up, the call, teardown.

        benchmark: a BenchmarkInfo, or a name as get_benchmark_info() takes it.
        parameters: one value an axis, as get_param_combinations() gives them.
        What the benchmark raises is in the result's `error`. BenchmarkError: there is no such benchmark. ValueError:
        wrong number of parameters. KeyboardInterrupt is raised.
        """
        self._look_for_changes()
        info = self._info(benchmark)
        if isinstance(parameters, (str, bytes)) or not hasattr(parameters, "__iter__"):
            raise _arguments.wrong_type("parameters", "a tuple of one value an axis", parameters)
        values = tuple(parameters)
        if len(values) != len(info.params):
            raise ValueError(f"parameters: {info.full_name} takes {len(info.params)} of them, not {len(values)}")
        before = self.tracer.get_trace_stats()
        imports = SuiteImports(self.benchmark_dir, self.project_dir)
        try:
            with _TimeLimit(self.timeout), RNGPatcher(self.seed), imports:
                return self._run(info, values)
        except (BenchmarkError, KeyboardInterrupt):
            raise
        except BaseException as error:
            if isinstance(error, RuntimeError) and "timeout can only be kept" in str(error):
                raise
            self.tracer._remember(None, before["max_depth_reached"], None, False, True)
            return TraceResult(None, info.name, self._module_name(info), 0, False, error)

    def _run(self, info: BenchmarkInfo, parameters: tuple[Any, ...]) -> TraceResult:
        from diff_tester import _core

        live = _core.Benchmark(self.benchmark_dir, info.full_name, _eligibility())
        if live.type == "timeraw":
            raise NotImplementedError("timeraw benchmarks are run in an interpreter of their own: use the command line")
        result = TraceResult(None, info.name, self._module_name(info))
        if live.is_skipped(parameters):
            result.success, result.skip_reason = False, "skip_params names this combination"
            return result
        with _Folder(self._folder(live.cache_key or info.full_name)):
            args = (*self._cached(live), *parameters)
            skipped = live.set_up(args, self.seed)
            if skipped:
                live.tear_down(args)
                result.success, result.skip_reason = False, skipped
                return result
            shown = live.call(args, self.seed, self.tracer.max_depth)
            live.tear_down(args)
        result.return_value, result.sites, result.notes = shown["result"], shown["sites"], shown["notes"]
        deepest = shown["deepest_function"]
        if shown["of_deepest"]:
            result.depth = shown["deepest_depth"]
            result.module_name, result.function_name = _split(deepest)
        captured = result.return_value is not None
        self.tracer._remember(deepest, shown["max_depth"], shown["deepest_depth"], captured, False)
        return result

    def run_all_benchmarks(self, benchmarks: Sequence[BenchmarkInfo | str] | None = None) -> dict[str, TraceResult]:
        """Every case of these benchmarks (None: of the suite): {"name" or "name(repr, repr)": result}, in order."""
        wanted = self._all() if benchmarks is None else [self._info(each) for each in benchmarks]
        return {
            label: self.run_benchmark(info, parameters) for info in wanted for label, parameters in self._cases(info)
        }

    def get_param_combinations(self, benchmark: BenchmarkInfo | str) -> list[tuple[Any, ...]]:
        """The parameter tuples of a benchmark, as BenchmarkDiscovery.generate_parameter_combinations() orders them."""
        return self.discovery.generate_parameter_combinations(self._info(benchmark))

    def list_benchmarks(self) -> list[str]:
        """The full names of all benchmarks."""
        return [each.full_name for each in self._all()]

    def get_benchmark_info(self, name: str) -> BenchmarkInfo | None:
        """The benchmark of this full name, "Class.method" or method name; None if there is none."""
        return self.discovery.get_benchmark_by_name(name)

    def get_module_benchmarks(self, module_path: str) -> list[BenchmarkInfo]:
        """The benchmarks of one module, by its dotted path relative to the benchmark directory."""
        return self.discovery.get_benchmarks_by_module(module_path)

    def clear_cache(self) -> None:
        """Forgets what setup_cache gave, the benchmarks' folders, and the suite's imported modules: what comes next
        sees the source files as they are then."""
        self._caches.clear()
        for folder in self._folders.values():
            folder.cleanup()
        self._folders.clear()
        forget(self.benchmark_dir)
        self.discovery = self._discovery(self.benchmark_dir)

    def get_trace_stats(self) -> dict[str, Any]:
        """Of the last call: see ExecutionTracer.get_trace_stats()."""
        return self.tracer.get_trace_stats()

    def _look_for_changes(self) -> None:
        if self._knows_changes:
            return
        self._knows_changes = True
        forget_changed(self.benchmark_dir)
        stale = [] if self.project_dir is None else changed(self.project_dir)
        if stale:
            import warnings

            more = f" (and {len(stale) - 1} more)" if len(stale) > 1 else ""
            warnings.warn(
                f"{stale[0]}{more} has changed since this process imported it, and the benchmarks run what was imported; "
                "start a new process",
                RuntimeWarning,
                stacklevel=3,
            )

    def _all(self) -> list[BenchmarkInfo]:
        return self.discovery._all()

    def _info(self, benchmark: BenchmarkInfo | str) -> BenchmarkInfo:
        if isinstance(benchmark, BenchmarkInfo):
            return benchmark
        if not isinstance(benchmark, str):
            raise _arguments.wrong_type("benchmark", "a BenchmarkInfo or a name", benchmark)
        found = self.get_benchmark_info(benchmark)
        if found is None:
            raise BenchmarkError(f"no benchmark in '{self.benchmark_dir}' is called '{benchmark}'")
        return found

    def _module_name(self, info: BenchmarkInfo) -> str:
        root = os.path.basename(os.path.abspath(self.benchmark_dir))
        return f"{root}.{info.module_path}" if info.module_path else root

    def _cases(self, info: BenchmarkInfo) -> Iterator[tuple[str, tuple[Any, ...]]]:
        for parameters in self.discovery.generate_parameter_combinations(info):
            ids = ", ".join(repr(each) for each in parameters)
            yield (f"{info.full_name}({ids})" if parameters else info.full_name), parameters

    def _folder(self, key: str) -> str:
        """The current directory of benchmarks with this key: what setup_cache leaves there, they find."""
        if key not in self._folders:
            import tempfile

            self._folders[key] = tempfile.TemporaryDirectory(prefix="snapshot_test-")
        return self._folders[key].name

    def _cached(self, live: _core.Benchmark) -> tuple[Any, ...]:
        """What setup_cache returned, as the first argument: a copy for everybody, as under ASV; nothing without one, or
        where it returned None."""
        import pickle

        key = live.cache_key
        if key is None:
            return ()
        if key not in self._caches:
            from diff_tester import _core

            _core.reseed(self.seed)
            self._caches[key] = pickle.dumps(live.setup_cache(), pickle.HIGHEST_PROTOCOL)
        value = pickle.loads(self._caches[key])
        return () if value is None else (value,)
