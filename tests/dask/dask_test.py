#!/usr/bin/env python3
"""capture and verify with --dask, on real clusters: dask_test.py PROGRAM [unittest's arguments].

$SNAPSHOT_TEST_DASK_PYTHON is of an environment with requirements.txt; without it the tests are skipped (exit status 77).
"""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import time
import unittest
from pathlib import Path

PROGRAM = ""
DASK = os.environ.get("SNAPSHOT_TEST_DASK_PYTHON", "")
SUITE = os.environ.get("SNAPSHOT_TEST_PYTHON") or sys.executable
#: What is not the same in two runs of the same.
TIMES = {"seconds", "total_seconds", "command_line", "timestamp", "time", "run", "id", "run_id"}

BENCH = """
    import os, signal, time

    class Cached:
        def setup_cache(self):
            return {"x": [1.5, 2.5]}
        def time_x(self, cache):
            return cache["x"]
        def time_y(self, cache):
            return [each * FACTOR for each in cache["x"]]

    FACTOR = 2.0

    def time_n(n):
        return [FACTOR * i for i in range(n)]
    time_n.params = [1, 2, 3, 4, 5, 6]

    def time_text():
        return "text"
    def time_address():
        return object()
    def time_skips():
        return 1
    def _skip():
        raise NotImplementedError
    time_skips.setup = _skip
    def time_raises():
        raise ValueError("always")
    def time_nothing():
        pass
"""
MORE = """
    import os

    class Grown:
        params = [10, 20, 30]
        def setup(self, n):
            self.values = []
        def time_grow(self, n):
            self.values.extend(range(n))
    def time_aborts():
        if os.environ.get("ABORT"):
            os.abort()
        return 1
    def time_big():
        return bytes(range(256)) * 2000
"""
#: What a case does to the processes above it, where an agent of a cluster is among them.
ABOVE = """
    import os, signal, time

    def _above():
        found, pid = [], os.getpid()
        while pid > 1:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                words = file.read().split(b"\\0")
            with open(f"/proc/{pid}/stat") as file:
                pid_above = int(file.read().rsplit(")", 1)[1].split()[1])
            found.append((pid, words))
            pid = pid_above
        return found

    def _kill(steps):
        above = _above()
        for place, (pid, words) in enumerate(above):
            if words[1:2] == [b"agent"]:
                os.kill(above[place + steps][0], signal.SIGKILL)
                time.sleep(20)

    def time_innocent(n):
        time.sleep(0.4)
        return n
    time_innocent.params = list(range(16))
"""


def clean(value):
    """A report or a manifest without what is not the same in two runs."""
    if isinstance(value, dict):
        return {key: clean(each) for key, each in value.items() if key not in TIMES}
    if isinstance(value, str):
        return re.sub("0x[0-9a-f]+", "0x", value)
    return [clean(each) for each in value] if isinstance(value, list) else value


def processes_with(text):
    """The processes that have it in their command line or current folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                words = (entry / "cmdline").read_bytes().decode(errors="replace") + os.readlink(entry / "cwd")
                if text in words:
                    found.append((int(entry.name), words))
    return found


class Cluster:
    """A scheduler and its workers, as processes."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.file = self.folder / "scheduler.json"
        self.workers = []
        self.log = open(self.folder / "cluster.log", "ab")  # pylint: disable=consider-using-with
        self.scheduler = self.start("distributed.cli.dask_scheduler", "--port", "0", "--scheduler-file", str(self.file),
                                    "--no-dashboard", "--host", "127.0.0.1")
        self.wait(self.file.exists)
        self.wait(lambda: "address" in self.file.read_text())
        self.address = json.loads(self.file.read_text())["address"]

    @staticmethod
    def wait(condition, seconds=40):
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                raise TimeoutError("a cluster did not come up")
            time.sleep(0.05)

    def start(self, module, *arguments, env=None):
        return subprocess.Popen([DASK, "-m", module, *arguments], stdout=self.log, stderr=self.log,  # pylint: disable=consider-using-with
                                env={**os.environ, **(env or {})}, start_new_session=True, cwd=self.folder)

    def add(self, *arguments, env=None, nanny=False):
        """One worker with one thread."""
        worker = self.start("distributed.cli.dask_worker", self.address, "--nthreads", "1", "--no-dashboard",
                            "--local-directory", str(self.folder), "--host", "127.0.0.1",
                            *([] if nanny else ["--no-nanny"]), *arguments, env=env)
        self.workers.append(worker)
        return worker

    def close(self):
        for process in [*self.workers, self.scheduler]:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        for pid, _ in processes_with(str(self.folder)):
            if pid != os.getpid():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        self.log.close()


class Dask(unittest.TestCase):
    """What a user of a cluster sees."""

    maxDiff = 4000

    def setUp(self):
        self.root = Path(tempfile.mkdtemp(prefix="dask-test-"))
        self.addCleanup(shutil.rmtree, self.root, ignore_errors=True)
        (self.root / "cluster").mkdir()
        self.write("benchmarks/__init__.py", "")
        self.configure()

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))

    def configure(self, **settings):
        self.write("snapshot_config.json", json.dumps({
            "benchmark_dir": "benchmarks", "python": SUITE, "dask_python": DASK, "dask_worker_python": SUITE,
            **settings}))

    def suite(self):
        self.write("benchmarks/bench.py", BENCH)
        self.write("benchmarks/bench_more.py", MORE)

    def cluster(self, workers=0, **how):
        cluster = Cluster(self.root / "cluster")
        self.addCleanup(cluster.close)
        for _ in range(workers):
            cluster.add(**how)
        return cluster

    def agents(self):
        """What runs cases on the workers of this test."""
        return [each for each in processes_with("snapshot_test\0agent") if str(self.root) in each[1]]

    def start(self, *arguments, env=None):
        return subprocess.Popen([PROGRAM, *arguments], cwd=self.root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                text=True, env={**os.environ, "HOME": str(self.root), **(env or {})})

    def run_program(self, *arguments, env=None, seconds=120):
        """Exit status and text."""
        process = self.start(*arguments, env=env)
        try:
            text, _ = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGTERM)
            text, _ = process.communicate()
            self.fail(f"it did not end: {text}")
        return process.returncode, text

    def report(self, *arguments, env=None, seconds=120):
        """A run's exit status, text, and verdict or status by label."""
        file = self.root / "report.json"
        file.unlink(missing_ok=True)
        status, text = self.run_program(*arguments, "--json", str(file), env=env, seconds=seconds)
        report = json.loads(file.read_text()) if file.exists() else {}
        return status, text, report

    def verdicts(self, *arguments, **how):
        status, text, report = self.report("verify", *arguments, **how)
        return status, text, {each["label"]: each["verdict"] for each in report.get("cases", [])}

    def same_reports(self, *arguments, dask="local:2", env=None):
        status, text, here = self.report(*arguments, env=env)
        status_there, text_there, there = self.report(*arguments, "--dask", dask, env=env)
        self.assertEqual(status, status_there, text + text_there)
        for report in (here, there):
            report["cases"].sort(key=lambda each: each["label"])
        self.assertEqual(clean(here), clean(there))
        return here

    def test_verdicts_are_those_of_a_local_run(self):
        self.suite()
        self.assertEqual(self.run_program("capture")[0], 0)
        self.same_reports("verify")
        self.write("benchmarks/bench.py", BENCH.replace("FACTOR = 2.0", "FACTOR = 2.5"))
        changed = self.same_reports("verify", env={"ABORT": "1"})
        self.assertGreaterEqual(changed["summary"]["by_verdict"]["different"], 6)
        self.assertEqual(changed["summary"]["by_verdict"]["crashed"], 1)
        self.same_reports("verify", "--read-data", "--isolation", "spawn", "--filter", "time_n|time_x")
        self.write("expected.toml", '[[case]]\ncases = "bench_more.time_aborts"\nverdict = "crashed"\nreason = "known"\n')
        self.same_reports("verify", "--min-verified", "99", "--strict", env={"ABORT": "1"})

    def test_a_damaged_baseline_is_said_to_be_damaged(self):
        self.suite()
        self.assertEqual(self.run_program("capture")[0], 0)
        files = sorted((self.root / ".snapshots/objects").rglob("*.pkl*"))
        files[0].unlink()
        files[1].write_bytes(files[1].read_bytes()[:-3])
        self.same_reports("verify")

    def test_a_captured_store_is_that_of_a_local_run(self):
        self.suite()
        self.assertEqual(self.run_program("capture", "--snapshot-dir", "here")[0], 0)
        status, text = self.run_program("capture", "--snapshot-dir", "there", "--dask", "local:2")
        self.assertEqual(status, 0, text)

        def tree(folder):
            files = {}
            for path in (self.root / folder).rglob("*"):
                name = str(path.relative_to(self.root / folder))
                if path.is_file() and not name.startswith("runs/"):
                    data = path.read_bytes()
                    files[name] = clean(json.loads(data)) if name.endswith(".json") else data
            return files

        here, there = tree("here"), tree("there")
        self.assertEqual(sorted(here), sorted(there))
        self.assertEqual(here, there)

    def test_a_cluster_is_named_by_address_or_file(self):
        self.suite()
        self.assertEqual(self.run_program("capture")[0], 0)
        cluster = self.cluster(2)
        self.same_reports("verify", dask=cluster.address)
        self.same_reports("verify", dask=str(cluster.file))
        cluster.wait(lambda: not self.agents(), 5)

    def test_what_is_no_cluster_is_said(self):
        self.suite()
        self.assertEqual(self.run_program("capture")[0], 0)
        status, text = self.run_program("verify", "--dask", "nonsense://x")
        self.assertEqual(status, 2, text)
        self.assertIn("'nonsense://x' is no scheduler", text)
        status, text = self.run_program("verify", "--dask", "tcp://127.0.0.1:9")
        self.assertEqual(status, 4, text)
        self.assertIn("does not answer", text)
        self.configure(dask_python="/usr/bin/python3")
        status, text = self.run_program("verify", "--dask", "local:1")
        self.assertEqual(status, 2, text)
        self.assertIn("-m pip install 'snapshot_test[dask]'", text)

    def test_without_workers_a_run_ends_with_what_to_do(self):
        self.suite()
        self.assertEqual(self.run_program("capture")[0], 0)
        self.configure(dask_timeout=2)
        status, text = self.run_program("verify", "--dask", self.cluster().address)
        self.assertEqual(status, 4, text)
        self.assertIn("has had no worker for 2 s (dask_timeout): start some", text)

    def package(self, folder, version):
        self.write(f"{folder}/thing.py", f"VALUE = {version!r}\n")
        self.write(f"{folder}/thing-{version}.dist-info/METADATA",
                   f"Metadata-Version: 2.1\nName: thing\nVersion: {version}\n")
        self.write(f"{folder}/thing-{version}.dist-info/top_level.txt", "thing\n")
        return {"PYTHONPATH": str(self.root / folder)}

    def test_workers_that_do_not_fit_get_no_cases(self):
        self.write("benchmarks/bench.py", "import thing\ndef time_a(n):\n    return thing.VALUE\ntime_a.params = [1, 2, 3]")
        one, two = self.package("one", "1.0"), self.package("two", "2.0")
        self.assertEqual(self.run_program("capture", env=one)[0], 0)
        cluster = self.cluster(1, env=two)
        status, text = self.run_program("verify", "--dask", cluster.address, env=one)
        self.assertEqual(status, 2, text)
        self.assertIn("it has thing 2.0, and here it is 1.0", text)
        self.assertIn("Start workers in the environment of the suite", text)
        cluster.add(env=one)
        status, text, verdicts = self.verdicts("--dask", cluster.address, env=one)
        while status == 2:  # the second worker was not there yet
            status, text, verdicts = self.verdicts("--dask", cluster.address, env=one)
        self.assertEqual(status, 0, text)
        self.assertEqual(set(verdicts.values()), {"identical"})
        self.assertIn("gets no cases: it has thing 2.0", text)

    def test_a_lost_worker_costs_no_verdict(self):
        self.write("benchmarks/bench.py", ABOVE)
        self.assertEqual(self.run_program("capture")[0], 0)
        cluster = self.cluster(3)
        process = self.start("verify", "--dask", cluster.address, "--json", "report.json", "-v")
        cluster.wait(self.agents)
        time.sleep(0.7)
        cluster.workers[0].kill()
        cluster.add()
        text, _ = process.communicate(timeout=120)
        self.assertEqual(process.returncode, 0, text)
        report = json.loads((self.root / "report.json").read_text())
        self.assertEqual([each["verdict"] for each in report["cases"]], ["identical"] * 16)

    def killing_case(self, steps):
        self.write("benchmarks/bench.py", textwrap.dedent(ABOVE) +
                   f"def time_kills():\n    _kill({steps})\n    return 1\n")
        self.assertEqual(self.run_program("capture")[0], 0)
        cluster = self.cluster(3, nanny=True)
        status, text, verdicts = self.verdicts("--dask", cluster.address)
        self.assertEqual(status, 1, text)
        self.assertEqual(verdicts.pop("bench.time_kills"), "crashed", text)
        self.assertEqual(list(verdicts.values()), ["identical"] * 16)
        self.assertIn("its worker was lost 2 times while it ran", text)

    def test_a_case_that_kills_its_worker_is_blamed_alone(self):
        self.killing_case(1)

    def test_a_case_that_kills_its_agent_is_blamed_alone(self):
        self.killing_case(0)

    def test_a_module_that_kills_its_worker_is_blamed_with_all_its_cases(self):
        self.write("benchmarks/bench.py", ABOVE)
        self.write("benchmarks/bench_kills.py", textwrap.dedent(ABOVE).replace("time_innocent", "time_lost") +
                   "_kill(1)\n")
        self.assertEqual(self.run_program("capture")[0], 0)
        cluster = self.cluster(3, nanny=True)
        status, text, verdicts = self.verdicts("--dask", cluster.address, seconds=240)
        self.assertEqual(status, 1, text)
        self.assertEqual({label: verdict for label, verdict in verdicts.items() if verdict != "identical"},
                         {f"bench_kills.time_lost({n})": "crashed" for n in range(16)})

    def test_a_scheduler_that_goes_away_is_no_pass(self):
        self.write("benchmarks/bench.py", ABOVE)
        self.assertEqual(self.run_program("capture")[0], 0)
        cluster = self.cluster(2)
        process = self.start("verify", "--dask", cluster.address)
        cluster.wait(self.agents)
        time.sleep(0.7)
        cluster.scheduler.kill()
        text, _ = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 4, text)
        self.assertIn("has gone away", text)

    def test_an_interrupt_ends_all_on_the_workers(self):
        self.write("benchmarks/bench.py", "import time\ndef time_long(n):\n    time.sleep(30)\n    return 1\n"
                   "time_long.params = [1, 2, 3, 4]\ndef time_short():\n    return 1\n")
        self.assertEqual(self.run_program("capture", "--filter", "time_short")[0], 0)
        cluster = self.cluster(2)
        process = self.start("capture", "--dask", cluster.address)
        cluster.wait(self.agents)
        time.sleep(2)
        process.send_signal(signal.SIGINT)
        text, _ = process.communicate(timeout=40)
        self.assertEqual(process.returncode, 130, text)
        cluster.wait(lambda: not self.agents(), 15)
        self.assertEqual(self.run_program("verify", "--filter", "time_short", "--dask", cluster.address)[0], 0)

    def test_a_client_that_is_killed_leaves_nothing_on_the_workers(self):
        self.write("benchmarks/bench.py", "import time\ndef time_long():\n    time.sleep(30)\n    return 1\n")
        cluster = self.cluster(1)
        process = self.start("capture", "--dask", cluster.address)
        cluster.wait(self.agents)
        process.kill()
        process.communicate()
        cluster.wait(lambda: not self.agents(), 20)

    def ssh_server(self):
        """The port of a server on loopback, which lets the key in ssh/key in."""
        folder = self.root / "ssh"
        folder.mkdir()
        for name in ("host_key", "key"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
        (folder / "authorized_keys").write_text((folder / "key.pub").read_text())
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        if os.getuid() == 0:
            Path("/run/sshd").mkdir(exist_ok=True)
        (folder / "config").write_text(f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host_key\n"
                                       f"AuthorizedKeysFile {folder}/authorized_keys\nPidFile none\nStrictModes no\n"
                                       "UsePAM no\nPermitRootLogin yes\nPasswordAuthentication no\n")
        with open(folder / "log", "wb") as log:
            server = subprocess.Popen(["/usr/sbin/sshd", "-D", "-e", "-f", str(folder / "config")],  # pylint: disable=consider-using-with
                                      stdout=log, stderr=log)
        self.addCleanup(lambda: (server.kill(), server.wait()))
        return port

    @unittest.skipUnless(os.path.exists("/usr/sbin/sshd"), "there is no sshd")
    def test_a_cluster_over_ssh(self):
        self.suite()
        self.assertEqual(self.run_program("capture")[0], 0)
        self.write("ssh_cluster.py", f"""
            import getpass, sys
            from distributed import SSHCluster
            if __name__ == "__main__":
                cluster = SSHCluster(["127.0.0.1"] * 3, remote_python={DASK!r},
                                     connect_options={{"port": {self.ssh_server()}, "username": getpass.getuser(),
                                                      "client_keys": ["ssh/key"], "known_hosts": None}},
                                     worker_options={{"nthreads": 1}}, scheduler_options={{"port": 0, "dashboard": False}})
                print("ADDRESS", cluster.scheduler_address, flush=True)
                sys.stdin.read()
                cluster.close()
        """)
        with subprocess.Popen([DASK, "ssh_cluster.py"], cwd=self.root, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True, start_new_session=True) as process:
            try:
                address = next((line.split()[1] for line in process.stdout if line.startswith("ADDRESS")), None)
                self.assertIsNotNone(address, "the cluster did not come up")
                self.same_reports("verify", dask=address)
            finally:
                process.stdin.close()
                process.wait(30)

    def test_a_baseline_in_a_remote_comes_through_this_machine(self):
        self.suite()
        self.assertEqual(self.run_program("capture")[0], 0)
        self.assertEqual(self.run_program("push", "remote")[0], 0)
        self.write("benchmarks/bench.py", BENCH.replace("FACTOR = 2.0", "FACTOR = 2.5"))
        here = self.report("verify", "--baseline", "remote")
        there = self.report("verify", "--baseline", "remote", "--dask", "local:2")
        self.assertEqual((here[0], there[0]), (1, 1), there[1])
        for _, _, report in (here, there):
            report["cases"].sort(key=lambda each: each["label"])
        self.assertEqual(clean(here[2]["cases"]), clean(there[2]["cases"]))

    def test_numpys_suite_is_judged_as_here(self):
        suites = os.environ.get("SNAPSHOT_TEST_REAL_SUITES")
        if not suites:
            self.skipTest("SNAPSHOT_TEST_REAL_SUITES is not set")
        shutil.copytree(Path(suites) / "numpy/benchmarks/benchmarks", self.root / "benchmarks", dirs_exist_ok=True)
        which = ["--filter", "bench_(shape_base|itemselection)", "--exclude", "Kron"]
        self.assertEqual(self.run_program("capture", *which, seconds=600)[0], 0)
        self.same_reports("verify", *which)

    def test_an_adaptive_cluster_grows_and_runs_all(self):
        self.write("benchmarks/bench.py", ABOVE)
        self.assertEqual(self.run_program("capture")[0], 0)
        self.write("adaptive.py", """
            import sys, time
            from distributed import LocalCluster
            if __name__ == "__main__":
                cluster = LocalCluster(n_workers=0, threads_per_worker=1, dashboard_address=None, host="127.0.0.1")
                cluster.adapt(minimum=0, maximum=2, interval="200ms", target_duration="500ms")
                print(cluster.scheduler_address, flush=True)
                most = 0
                while True:
                    most = max(most, len(cluster.scheduler.workers))
                    open("most", "w").write(str(most))
                    time.sleep(0.1)
        """)
        with subprocess.Popen([DASK, "adaptive.py"], cwd=self.root, stdout=subprocess.PIPE, text=True,
                              start_new_session=True) as adaptive:
            try:
                address = adaptive.stdout.readline().strip()
                status, text, verdicts = self.verdicts("--dask", address)
            finally:
                os.killpg(adaptive.pid, signal.SIGKILL)
        self.assertEqual(status, 0, text)
        self.assertEqual(set(verdicts.values()), {"identical"})
        self.assertEqual((self.root / "most").read_text(), "2")


def main():
    global PROGRAM  # pylint: disable=global-statement
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    if not DASK:
        print("SNAPSHOT_TEST_DASK_PYTHON names no Python with tests/dask/requirements.txt (scripts/test provides it)")
        sys.exit(1 if os.environ.get("SNAPSHOT_TEST_REQUIRE_ALL") else 77)
    unittest.main(verbosity=2)


if __name__ == "__main__":
    main()
