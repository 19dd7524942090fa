#!/usr/bin/env python3
"""What running a suite costs, each time beside what it cannot do without: engine_speed.py COMMAND BINARY [OPTIONS]

    suite      capture and verify, beside a loop in one process that sets up and calls each case once, nothing observed
    case       CPU time of one more trivial case of verify, beside a bare fork, exit and wait of a process of its size
    discovery  list, beside asv_runner's own discovery of the same suite; and --help
    memory     the supervisor's peak resident size over many trivial cases
    width      many cases that sleep, many at a time

`COMMAND --help` has the options. Needs Python 3.9 or newer and no packages; --python names the interpreter whose
environment has what the suite imports (for `discovery`, asv_runner too).
"""

import argparse
import contextlib
import ctypes
import dataclasses
import importlib
import inspect
import itertools
import json
import os
import pickle
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ASV_REFERENCE = Path(__file__).resolve().parent.parent / "tests" / "support" / "asv_reference.py"
# As the program sets them for its hosts.
THREAD_VARIABLES = ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "VECLIB", "BLIS", "NUMBA")
TRIVIAL = "{imports}\n\ndef time_add(n):\n    return n + 1\n\ntime_add.params = list(range({count}))\n"
SLEEPING = "import time\n\ndef time_sleep(n):\n    time.sleep({seconds})\n    return n\n\ntime_sleep.params = list(range({count}))\n"


# ---- the plain loop: `engine_speed.py loop ROOT LISTING OUTPUT [forked]` in the suite's Python


def attributes(sources, name):
    """The attribute of each source that has it, the innermost first: of the function, the instance, the module."""
    return [getattr(source, name) for source in sources if hasattr(source, name)]


def combinations(sources):
    axes = (attributes(sources, "params") or [[]])[0]
    axes = list(axes)
    if axes and not isinstance(axes[0], (list, tuple)):
        axes = [axes]
    return list(itertools.product(*axes))


def takes_nothing(function):
    try:
        inspect.signature(function).bind()
    except (TypeError, ValueError):
        return False
    return True


class Loop:
    """Sets up, calls and tears down the cases of `list --json`, as ASV would, in this process."""

    def __init__(self, root, forked=False):
        self.package = os.path.basename(root)
        self.forked = forked  # a child for each case, whose ends are not counted
        self.caches = {}  # setup_cache_key -> pickle, or None where it failed
        self.parameters = {}  # benchmark -> its combinations
        self.ran = 0
        self.skipped = 0
        self.raised = {}  # type of the exception -> cases

    def sources(self, benchmark):
        name = ".".join(filter(None, (self.package, benchmark["module"])))
        module = importlib.import_module(name)
        if not benchmark["class"]:
            return [getattr(module, benchmark["function"]), module]
        instance = getattr(module, benchmark["class"])()
        return [getattr(instance, benchmark["function"]), instance, module]

    def cache(self, benchmark, sources):
        key = benchmark["setup_cache_key"]
        if key not in self.caches:
            self.caches[key] = None
            for setup in reversed(attributes(sources, "setup")):
                if not inspect.ismethod(setup) and takes_nothing(setup):  # the module's, as ASV does
                    setup()
            self.caches[key] = pickle.dumps(attributes(sources, "setup_cache")[0]())
        if self.caches[key] is None:
            raise RuntimeError("setup_cache failed before")
        return pickle.loads(self.caches[key])

    def call(self, benchmark, function, arguments):
        result = function(*arguments)
        if benchmark["type"] == "timeraw":
            parts = [result] if isinstance(result, str) else list(reversed(result))  # set-up second, as ASV has it
            subprocess.run([sys.executable, "-c", "\n".join(parts)], check=True)

    def case(self, benchmark, index):
        sources = self.sources(benchmark)
        if benchmark["name"] not in self.parameters:
            self.parameters[benchmark["name"]] = combinations(sources)
        parameters = self.parameters[benchmark["name"]][index]
        if parameters in [tuple(each) for each in (attributes(sources, "skip_params") or [[]])[0]]:
            self.skipped += 1
            return
        arguments = list(parameters)
        if benchmark["setup_cache_key"] is not None:
            cache = self.cache(benchmark, sources)
            arguments = arguments if cache is None else [cache, *arguments]
        try:
            try:
                for setup in reversed(attributes(sources, "setup")):
                    setup(*arguments)
            except NotImplementedError:
                self.skipped += 1
                return
            self.call(benchmark, sources[0], arguments)
            self.ran += 1
        finally:
            for teardown in attributes(sources, "teardown"):
                teardown(*arguments)

    def case_in_child(self, benchmark, index):
        sources = self.sources(benchmark)  # imports here, once
        if benchmark["setup_cache_key"] is not None:
            self.cache(benchmark, sources)
        child = os.fork()
        if child == 0:
            try:
                self.case(benchmark, index)
            finally:
                os._exit(0)
        os.waitpid(child, 0)

    def run(self, benchmarks):
        for benchmark in benchmarks:
            for index in benchmark.get("selected", range(benchmark["cases"])):
                try:
                    (self.case_in_child if self.forked else self.case)(benchmark, index)
                except (Exception, SystemExit) as error:
                    name = type(error).__name__
                    self.raised[name] = self.raised.get(name, 0) + 1
                    print(f"{benchmark['name']}[{index}]: {name}: {error}", file=sys.stderr)


def loop(root, listing, output, forked=""):
    sys.path[0] = os.path.dirname(root)
    loop = Loop(root, forked == "forked")
    with open(listing, encoding="utf-8") as file:
        loop.run(json.load(file)["benchmarks"])
    with open(output, "w", encoding="utf-8") as file:
        json.dump({"ran": loop.ran, "skipped": loop.skipped, "raised": loop.raised}, file)


# ---- bare processes: `engine_speed.py forks COUNT [MODULE...]` in the suite's Python


def cpu_seconds(who):
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime


def forks(count, modules):
    sys.path.pop(0)
    for module in modules:
        importlib.import_module(module)
    before = cpu_seconds(resource.RUSAGE_SELF) + cpu_seconds(resource.RUSAGE_CHILDREN)
    for _ in range(count):
        child = os.fork()
        if child == 0:
            os._exit(0)
        os.waitpid(child, 0)
    print(cpu_seconds(resource.RUSAGE_SELF) + cpu_seconds(resource.RUSAGE_CHILDREN) - before)


# ---- measuring


def environment():
    variables = {**os.environ, "PYTHONHASHSEED": "0"}
    for name in THREAD_VARIABLES:
        variables.setdefault(f"{name}_NUM_THREADS", "1")
    return variables


def finish(command, **options):
    """Runs it to its end; one that fails ends this program with what it said."""
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          stdin=subprocess.DEVNULL, text=True, errors="replace", **options)
    if done.returncode not in (0, 1):  # 1: a case failed
        sys.exit(f"{' '.join(map(str, command))} ended with {done.returncode}\n{done.stdout[-4000:]}")
    return done.stdout


def timed(command, **options):
    start = time.perf_counter()
    output = finish(command, **options)
    return time.perf_counter() - start, output


def adopt_orphans():
    """From here on, processes whose parents have ended are children of this one, so that their time is counted."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(36, 1, 0, 0, 0) != 0:  # PR_SET_CHILD_SUBREAPER
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


@dataclasses.dataclass
class Cost:
    """What a command and all its processes took."""

    wall: float  # seconds
    cpu: float  # seconds, user and system
    faults: int  # of pages

    def beside(self, peer, cores=1):
        """As multiples of the peer's; of wall times, of what the peer would take on that many cores."""
        divided = f" / {cores} cores" if cores > 1 else ""
        return (f"{self.wall / peer.wall * cores:.2f} x the loop's time{divided}, {self.cpu / peer.cpu:.2f} x its CPU,"
                f" {self.faults / peer.faults:.1f} x its page faults")

    def __str__(self):
        return f"{self.wall:.2f} s (CPU {self.cpu:.2f} s, {self.faults:,} page faults)"


def cost_of(command, **options):
    """Of the command with all that it starts, after adopt_orphans(); and what it printed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds, output = timed(command, **options)
    with contextlib.suppress(ChildProcessError):
        while True:
            os.wait()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(seconds, cpu, after.ru_minflt - before.ru_minflt), output


def children_cpu(command, **options):
    cost, output = cost_of(command, **options)
    return cost.cpu, output


def conclusion(output):
    lines = output.strip().splitlines()
    return " / ".join(line.strip() for line in lines[-2:])


def make_suite(folder, text):
    suite = Path(folder, "benchmarks")
    suite.mkdir(parents=True)
    (suite / "__init__.py").touch()
    (suite / "bench.py").write_text(text)
    return suite


def load():
    return f"load {os.getloadavg()[0]:.1f}"


def measure_suite(args):
    adopt_orphans()
    suite, cores = args.suite.resolve(), os.cpu_count()
    chosen = ["--python", args.python] + (["--filter", args.filter] if args.filter else [])
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        listing = Path(folder, "listing.json")
        with open(listing, "w", encoding="utf-8") as file:
            listed = subprocess.run([args.binary, "list", suite, "--json", *chosen], stdout=file)
        if listed.returncode not in (0, 1):  # 1: a module does not import
            sys.exit(f"list ended with {listed.returncode}")
        store = ["--snapshot-dir", f"{folder}/snapshots"]
        tool = {
            "capture --no-stability-check": [args.binary, "capture", suite, *chosen, *store, "--no-stability-check"],
            "capture": [args.binary, "capture", suite, *chosen, *store],
            "verify": [args.binary, "verify", suite, *chosen, *store],
            "verify --isolation case": [args.binary, "verify", suite, *chosen, *store, "--isolation", "case"],
        }
        for round_number in range(args.rounds):
            work = Path(folder, f"cwd-{round_number}")
            work.mkdir()
            loop = [args.python, Path(__file__).resolve(), "loop", suite, listing, f"{folder}/loop.json"]
            plain, said = cost_of(loop, env=environment(), cwd=work)
            counts = json.loads(Path(folder, "loop.json").read_text())
            raised = ", ".join(f"{count} {name}" for name, count in sorted(counts["raised"].items())) or "none"
            print(f"plain loop, one process: {plain}; {counts['ran']} cases ran, {counts['skipped']} skipped, "
                  f"raised: {raised}; {load()}", flush=True)
            if args.verbose:
                print(said)
            forked, _ = cost_of([*loop, "forked"], env=environment(), cwd=work)
            print(f"the same with a fork for each case: {forked} = {forked.beside(plain)}", flush=True)
            for name, command in tool.items():
                cost, output = cost_of(command)
                print(f"{name}: {cost} = {cost.beside(plain, cores)}", flush=True)
                print(f"    {conclusion(output)}; {load()}", flush=True)
                if "--no-stability-check" in command:
                    shutil.rmtree(f"{folder}/snapshots")  # the next one stores everything anew, too


def measure_case(args):
    adopt_orphans()
    few, many = args.cases // 2, args.cases
    for imports in ([], *([module.split("+") for module in args.imports])):
        with tempfile.TemporaryDirectory() as folder:
            runs = {}
            for count in (few, many):
                text = TRIVIAL.format(imports="\n".join(f"import {module}" for module in imports), count=count)
                suite = make_suite(Path(folder, str(count)), text)
                common = [suite, "--python", args.python, "--snapshot-dir", f"{folder}/store-{count}"]
                finish([args.binary, "capture", *common])  # both runs: they say what may share a process
                runs[count] = [args.binary, "verify", *common, *args.options]
            case, bare = [], []
            for _ in range(args.rounds):
                cpu = {}
                for count, command in runs.items():
                    cpu[count], output = children_cpu(command)
                    if ["identical", f"{count:,}", "passed"] not in [line.split() for line in output.splitlines()]:
                        sys.exit(f"not every case is identical\n{output[-4000:]}")
                case.append((cpu[many] - cpu[few]) / (many - few))
                command = [args.python, Path(__file__).resolve(), "forks", many - few, *imports]
                bare.append(float(finish(command, env=environment())) / (many - few))
            print(f"imports {' '.join(imports) or 'nothing'}: {min(case) * 1e3:.2f} ms CPU a case, bare fork "
                  f"{min(bare) * 1e3:.2f} ms, ratio {min(case) / min(bare):.2f} (best of {args.rounds}; middle "
                  f"{statistics.median(case) / statistics.median(bare):.2f}); {load()}", flush=True)


def measure_discovery(args):
    suite = args.suite.resolve()
    with tempfile.TemporaryDirectory() as folder:
        ours, whole, alone = [], [], []
        for _ in range(args.rounds):
            reference = Path(folder, "reference.json")
            whole.append(timed([args.python, ASV_REFERENCE, suite, reference], env=environment(), cwd=folder)[0])
            alone.append(json.loads(reference.read_text())["seconds"])
            ours.append(timed([args.binary, "list", suite, "--python", args.python, "--json"])[0])
        listed, peer, inside = map(statistics.median, (ours, whole, alone))
        print(f"list --json: {listed:.3f} s, asv_runner {peer:.3f} s ({inside:.3f} s of it discovery alone), "
              f"ratio {listed / peer:.2f} ({listed / inside:.2f}); middle of {args.rounds}; {load()}")
    helps = [timed([args.binary, "--help"])[0] for _ in range(20)]
    print(f"--help: {statistics.median(helps) * 1e3:.1f} ms, middle of 20")


def high_water_mark(pid):
    """VmHWM in kilobytes; None once the process has ended."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    return None


def measure_memory(args):
    with tempfile.TemporaryDirectory() as folder:
        suite = make_suite(folder, TRIVIAL.format(imports="", count=args.cases))
        common = [suite, "--python", args.python, "--snapshot-dir", f"{folder}/store", *args.options]
        for command in (["capture", *common, "--no-stability-check"], ["capture", *common], ["verify", *common]):
            with open(Path(folder, "output"), "w+", encoding="utf-8") as output:
                start = time.perf_counter()
                run = subprocess.Popen([str(word) for word in (args.binary, *command)], stdout=output,
                                       stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
                largest = 0
                while run.poll() is None:
                    largest = max(largest, high_water_mark(run.pid) or 0)
                    time.sleep(0.005)
                seconds = time.perf_counter() - start
                output.seek(0)
                text = output.read()
            if run.returncode != 0:
                sys.exit(f"{command[0]} ended with {run.returncode}\n{text[-4000:]}")
            name = " ".join(word for word in command if word in ("capture", "verify", "--no-stability-check"))
            print(f"{name} of {args.cases:,} cases: supervisor's peak {largest / 1000:.1f} MB, {seconds:.1f} s; "
                  f"{conclusion(text)}", flush=True)


def measure_width(args):
    with tempfile.TemporaryDirectory() as folder:
        suite = make_suite(folder, SLEEPING.format(seconds=args.seconds, count=args.cases))
        common = [suite, "--python", args.python, "--snapshot-dir", f"{folder}/store", "-j", args.workers]
        least = args.cases * args.seconds / args.workers
        for command in (["capture", "--no-stability-check"], ["verify"]):
            seconds, output = timed([args.binary, *command, *common])
            print(f"{' '.join(command)}, {args.cases:,} cases of {args.seconds} s, {args.workers} at a time: {seconds:.2f} s"
                  f" = {seconds / least:.2f} x the {least:.2f} s that they sleep; {conclusion(output)}; {load()}", flush=True)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)

    def add(name, measure):
        command = commands.add_parser(name)
        command.set_defaults(measure=measure)
        command.add_argument("binary", type=lambda path: str(Path(path).resolve()))
        command.add_argument("--python", default=sys.executable)
        return command

    suite = add("suite", measure_suite)
    suite.add_argument("--suite", type=Path, required=True, help="the folder with the benchmarks")
    suite.add_argument("--filter", help="only these cases, as of snapshot_test")
    suite.add_argument("--rounds", type=int, default=1)
    suite.add_argument("--verbose", action="store_true", help="show what the loop's cases print and raise")
    suite.add_argument("--folder", help="where stores and working folders go (default: $TMPDIR)")
    case = add("case", measure_case)
    case.add_argument("--cases", type=int, default=2000, help="the difference to half of them is what counts")
    case.add_argument("--imports", nargs="*", default=["numpy"], help="a variant each: numpy, pandas+scipy")
    case.add_argument("--rounds", type=int, default=3)
    discovery = add("discovery", measure_discovery)
    discovery.add_argument("--suite", type=Path, required=True)
    discovery.add_argument("--rounds", type=int, default=5)
    memory = add("memory", measure_memory)
    memory.add_argument("--cases", type=int, default=20_000)
    for command in (case, memory):
        command.add_argument("--options", nargs=argparse.REMAINDER, default=[], help="the rest goes to the program")
    width = add("width", measure_width)
    width.add_argument("--cases", type=int, default=1000)
    width.add_argument("--seconds", type=float, default=0.1)
    width.add_argument("--workers", "-j", type=int, default=50)
    return parser.parse_args()


if __name__ == "__main__":
    if sys.argv[1:2] == ["loop"]:
        loop(*sys.argv[2:])
    elif sys.argv[1:2] == ["forks"]:
        forks(int(sys.argv[2]), sys.argv[3:])
    else:
        chosen = arguments()
        chosen.measure(chosen)
