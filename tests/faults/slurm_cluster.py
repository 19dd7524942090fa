"""Verifies a suite as an array job of Slurm, on one node that this starts: see scripts/try-slurm, which calls it.

    slurm_cluster.py [--binary FILE] [--python FILE] [--kill SECONDS] [--seed N]

  recipe    sbatch of the script in docs/sharding.md, with its merge as a job that depends on it
  requeue   the same, but one task is requeued while it runs its cases
  kill      with --kill: arrays, one after the other. Every few hundred milliseconds a task's program, or all processes
            of it, or its slurmstepd are killed, a task is requeued, or the node's slurmd is killed and started again.
            What was killed is requeued, as an administrator or a batch script does it

Each merged report has to be that of the run without shards, but for times and command lines: the same cases, the same
verdicts, none of them lost or blamed for a kill. The suite has cases that pass, fail, raise, crash and skip themselves.
"""

import argparse
import contextlib
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

SOURCE = pathlib.Path(__file__).resolve().parents[2]
TASKS = 8
SUITE = """
import ctypes, os, time
CHANGED = os.environ.get("CHANGED") == "1"

class Steps:
    params = [list(range(12))]

    def setup_cache(self):
        return {"base": SEED}

    def time_sum(self, cache, n):
        time.sleep(0.02)
        return [cache["base"] + i for i in range(n)]

class Plain:
    params = [list(range(12))]

    def setup(self, n):
        if n == 11:
            raise NotImplementedError("not on this machine")

    def time_quotient(self, n):
        time.sleep(0.05 * (n % 3))
        return (n + (1 if CHANGED and n == 5 else 0)) / (SEED + 7), {"n": n}

def time_raises():
    if CHANGED and SEED == 2:
        raise ValueError("no longer")
    return SEED

def time_crashes():
    if CHANGED and SEED == 3:
        ctypes.string_at(0)
    return SEED

def time_long():
    time.sleep(1)
    return ["long"] * SEED
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Cluster:
    """munged, slurmctld and slurmd, with everything that they write below one folder; ended with the block."""

    def __init__(self, folder):
        self.folder = folder
        self.host = socket.gethostname().split(".")[0]
        self.environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "SLURM_CONF": str(folder / "slurm.conf"),
                            "HOME": str(folder), "LC_ALL": "C.UTF-8"}
        self.daemons = {}
        self.run_times = {}  # of jobs, in seconds, when they were last asked for

    def __enter__(self):
        for name in ("state", "spool", "munge"):
            (self.folder / name).mkdir(mode=0o700)
        key = self.folder / "munge/key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o400)
        cores = len(os.sched_getaffinity(0))
        (self.folder / "slurm.conf").write_text(f"""\
ClusterName=one
SlurmctldHost={self.host}(127.0.0.1)
SlurmctldPort={free_port()}
SlurmdPort={free_port()}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={self.folder}/munge/socket,cred_expire=5
CredType=cred/munge
StateSaveLocation={self.folder}/state
SlurmdSpoolDir={self.folder}/spool
SlurmctldPidFile={self.folder}/slurmctld.pid
SlurmdPidFile={self.folder}/slurmd.pid
SlurmctldLogFile={self.folder}/slurmctld.log
SlurmdLogFile={self.folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/affinity
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=sched_interval=1,batch_sched_delay=0,bf_interval=1,requeue_setup_env_fail
SlurmctldTimeout=30
SlurmdTimeout=30
KillWait=5
MinJobAge=3600
ReturnToService=2
NodeName={self.host} NodeAddr=127.0.0.1 CPUs={cores} State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
""")
        munge = self.folder / "munge"
        try:
            self.start("munged", "--foreground", "--force", f"--key-file={key}", f"--socket={munge}/socket",
                       f"--pid-file={munge}/pid", f"--log-file={munge}/log", f"--seed-file={munge}/seed")
            self.start("slurmctld", "-D", "-i")
            self.start("slurmd", "-D", "-N", self.host)
            self.wait(lambda: "idle" in self.ask("sinfo", "--noheader", "--format=%t"), 60, "the node is not there")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if "slurmctld" in self.daemons:
            subprocess.run(["scancel", "--user=root"], env=self.environment, timeout=30, capture_output=True, check=False)
            time.sleep(1)
        for name in reversed(list(self.daemons)):
            self.stop(name)
        for pid, _, _, _ in self.processes():  # scripts whose slurmstepd was killed wait for ever
            kill(pid)

    def start(self, name, *words):
        with open(self.folder / f"{name}.out", "ab") as out:
            self.daemons[name] = (subprocess.Popen([name, *words], env=self.environment, stdout=out, stderr=out,
                                                   stdin=subprocess.DEVNULL), words)
        if name == "munged":
            self.wait((self.folder / "munge/socket").exists, 20, "munged does not start")

    def stop(self, name, how=signal.SIGTERM):
        daemon, _ = self.daemons[name]
        daemon.send_signal(how)
        try:
            daemon.wait(15)
        except subprocess.TimeoutExpired:
            daemon.kill()
            daemon.wait()

    def restart(self, name):
        self.stop(name, signal.SIGKILL)
        self.start(name, *self.daemons[name][1])

    def processes(self):
        """The processes of this cluster's tasks: (pid, name, is it the program that has the task, job)."""
        found = []
        for path in pathlib.Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError, ValueError):
                environment = (path / "environ").read_bytes()
                if f"SLURM_CONF={self.folder}/slurm.conf".encode() not in environment:
                    continue
                words = (path / "cmdline").read_bytes().split(b"\0")
                name = pathlib.Path(os.fsdecode(words[0])).name.split(":")[0]  # "slurmstepd: [7.batch]"
                job = re.search(rb"(?:^|\0)SLURM_JOB_ID=(\d+)", environment)
                found.append((int(path.name), name, b"--shard" in words, job[1].decode() if job else None))
        return found

    @staticmethod
    def wait(condition, seconds, otherwise):
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                raise RuntimeError(f"{otherwise} after {seconds} s")
            time.sleep(0.2)

    def ask(self, *command, check=True, cwd=None):
        return subprocess.run(command, env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=120, cwd=cwd, check=check).stdout.strip()

    def tasks(self, job):
        """The state of each task of an array, by its index."""
        text = self.ask("scontrol", "--oneliner", "show", "job", job, check=False)
        found = {}
        for line in text.splitlines():
            facts = dict(re.findall(r"(\w+)=(\S*)", line))
            for index in indices(facts.get("ArrayTaskId", "")):
                found[index] = (facts["JobId"], facts["JobState"])
                self.run_times[facts["JobId"]] = seconds_of(facts.get("RunTime", "00:00:00"))
        return found


def indices(text):
    """"3" or "4-7" or "4-7%2", as Slurm names tasks that have not started."""
    for part in text.split("%")[0].split(","):
        first, _, last = part.partition("-")
        if first.isdigit():
            yield from range(int(first), int(last or first) + 1)


def seconds_of(text):
    """"1-02:03:04" or "02:03:04"."""
    days, _, clock = text.rpartition("-")
    hours, minutes, seconds = (int(each) for each in clock.split(":"))
    return ((int(days or 0) * 24 + hours) * 60 + minutes) * 60 + seconds


def recipe():
    """The two scripts that docs/sharding.md has for Slurm: the array's, and what submits it and the merge."""
    text = (SOURCE / "docs/sharding.md").read_text()
    section = text[text.index("### Slurm"):]
    blocks = re.findall(r"```sh\n(.*?)```", section, re.DOTALL)
    return blocks[0], blocks[1]


ENDED = {"COMPLETED", "FAILED", "CANCELLED", "NODE_FAIL", "TIMEOUT", "OUT_OF_MEMORY", "BOOT_FAIL"}


class Work:
    """A suite with a baseline, what one run says of it, and what arrays have to say of it."""

    def __init__(self, folder, binary, python):
        self.folder, self.binary, self.python = folder, binary, python
        (folder / "benchmarks").mkdir(parents=True)
        (folder / "benchmarks/__init__.py").write_text("")
        for seed in range(1, 6):
            (folder / f"benchmarks/bench_{seed}.py").write_text(SUITE.replace("SEED", str(seed)))
        (folder / "bin").mkdir()
        (folder / "bin/snapshot_test").symlink_to(binary)
        (folder / "snapshot_config.json").write_text(json.dumps({"python": python, "benchmark_dir": "benchmarks"}))
        self.environment = {"PATH": f"{folder}/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(folder)}
        self.run("capture", changed="0")
        self.run("verify", "--json", "whole.json", changed="1")
        self.whole = comparable(folder / "whole.json")

    def run(self, *words, changed="1"):
        done = subprocess.run([self.binary, *words], cwd=self.folder, env={**self.environment, "CHANGED": changed},
                              capture_output=True, text=True, check=False)
        if done.returncode not in (0, 1):
            sys.exit(f"{words}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def differences(self, merged):
        """What a merged report says otherwise than the run without shards."""
        return differences(self.whole, comparable(merged))


def comparable(path):
    """A report without times, and without who wrote it."""
    report = json.loads(pathlib.Path(path).read_text())
    drop(report, {"seconds", "timestamp", "command_line", "content_sha256"})
    for case in report["cases"]:  # the thread that crashed, as faulthandler names it
        case["observation"]["output"] = re.sub("0x[0-9a-f]+", "0x", case["observation"]["output"])
    return report


def drop(value, names):
    if isinstance(value, dict):
        for name in names & value.keys():
            del value[name]
        for each in value.values():
            drop(each, names)
    elif isinstance(value, list):
        for each in value:
            drop(each, names)


def differences(whole, merged):
    lines = []
    known = {case["label"]: case for case in whole["cases"]}
    seen = {case["label"]: case for case in merged["cases"]}
    for label in sorted(known.keys() | seen.keys()):
        if label not in seen:
            lines.append(f"lost: {label}")
        elif label not in known:
            lines.append(f"more: {label}")
        elif known[label] != seen[label]:
            keys = [key for key in known[label] if known[label][key] != seen[label].get(key)]
            lines.append(f"{label}: {', '.join(keys)}: {known[label]['verdict']} and {seen[label]['verdict']}")
    # As many run at once as the machine running them has processors for: not the same on a node of a cluster.
    whole["plan"].pop("workers", None)
    merged["plan"].pop("workers", None)
    for key in ("plan", "summary", "not_run"):
        if whole[key] != merged[key]:
            lines.append(f"{key}: {whole[key]} and {merged[key]}")
    return lines


def submit(cluster, work, script):
    cluster.environment["PATH"] = work.environment["PATH"]
    cluster.environment["CHANGED"] = "1"
    for name in ("shards", "all.json"):
        path = work.folder / name
        shutil.rmtree(path, ignore_errors=True)
        path.unlink(missing_ok=True)
    (work.folder / "shards").mkdir()
    (work.folder / "shards.sh").write_text(script)
    return work.folder


def try_recipe(cluster, work, requeue):
    """The two blocks of the document, as they are; the array's tasks on one processor each."""
    script, commands = recipe()
    folder = submit(cluster, work, script.replace("--cpus-per-task=4", "--cpus-per-task=1"))
    began = time.monotonic()
    submitted = cluster.ask("sh", "-euc", commands + 'echo "$job"', cwd=folder)
    job = submitted.splitlines()[-1]
    if requeue:
        def started():
            return [i for i, (_, state) in cluster.tasks(job).items() if state == "RUNNING"]

        cluster.wait(started, 120, "no task runs")
        index = started()[0]
        time.sleep(0.7)  # it has begun with its cases
        cluster.ask("scontrol", "requeue", f"{job}_{index}")
    merge = int(re.search(r"Submitted batch job (\d+)", submitted)[1])

    def state_of_merge():
        text = cluster.ask("scontrol", "--oneliner", "show", "job", str(merge), check=False)
        return re.search(r"JobState=(\w+)", text)[1] in ENDED

    cluster.wait(state_of_merge, 600, "the merge does not end")
    found = work.differences(folder / "all.json")
    restarts = [int(n) for n in re.findall(r"Restarts=(\d+)",
                                           cluster.ask("scontrol", "--oneliner", "show", "job", job))]
    reports = [json.loads(path.read_text()) for path in sorted((folder / "shards").glob("*.json"))]
    print(f"{'requeue' if requeue else 'recipe'}: {len(work.whole['cases'])} cases in {len(reports)} tasks, "
          f"{sum(restarts)} requeued, {time.monotonic() - began:.0f} s: "
          f"{'as the run without shards' if not found else 'DIFFERENT'}", flush=True)
    workers = {report["plan"]["workers"] for report in reports}
    if workers != {1}:
        found.append(f"tasks of one processor ran {workers} cases at once")
    if requeue and not sum(restarts):
        found.append("no task was requeued")
    return found, (folder / f"slurm-{merge}.out").read_text()


KILLS = """\
#!/bin/sh
#SBATCH --array=0-7
#SBATCH --cpus-per-task=1
#SBATCH --requeue
#SBATCH --open-mode=append
# Every attempt has a report of its own. What ends without an answer runs again.
srun snapshot_test verify benchmarks/ --shard auto \\
  --json "shards/$SLURM_ARRAY_TASK_ID.${SLURM_RESTART_COUNT:-0}.json"
test $? -le 1 || scontrol requeue "$SLURM_JOB_ID"
"""


class Killer:
    """What goes wrong on clusters, at random."""

    def __init__(self, cluster, chance):
        self.cluster, self.chance, self.done = cluster, chance, {}

    def strike(self, job):
        running = [i for i, (_, state) in self.cluster.tasks(job).items() if state == "RUNNING"]
        kind = self.chance.choices(["program", "stepd", "requeue", "node"], [6, 3, 3, 1])[0]
        if kind == "program":
            mains = [pid for pid, name, main, _ in self.cluster.processes() if main and name == "snapshot_test"]
            done = mains and kill(self.chance.choice(mains))
        elif kind == "stepd":
            stepds = [pid for pid, name, _, _ in self.cluster.processes() if name == "slurmstepd"]
            done = stepds and kill(self.chance.choice(stepds))
        elif kind == "requeue":
            done = running and not self.cluster.ask("scontrol", "requeue", f"{job}_{self.chance.choice(running)}",
                                                    check=False)
        else:
            self.cluster.restart("slurmd")
            done = True
        if done:
            self.done[kind] = self.done.get(kind, 0) + 1


    def requeue_dead(self, job):
        """Slurm takes minutes to see that a task lost its slurmstepd; whoever looks after the cluster requeues it."""
        running = {id: index for index, (id, state) in self.cluster.tasks(job).items()
                   if state == "RUNNING" and self.cluster.run_times[id] > 20}  # it has had time to start
        alive = {job for _, name, _, job in self.cluster.processes() if name in ("snapshot_test", "slurmstepd")}
        for id in running.keys() - alive:
            self.cluster.ask("scontrol", "requeue", f"{job}_{running[id]}", check=False)


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def try_kills(cluster, work, seconds, chance):
    end = time.monotonic() + seconds
    rounds, problems, killer = 0, [], Killer(cluster, chance)
    attempts = 0
    while time.monotonic() < end:
        folder = submit(cluster, work, KILLS)
        job = cluster.ask("sbatch", "--parsable", "shards.sh", cwd=folder)
        quiet = time.monotonic() + 20  # then it may end
        last = time.monotonic() + 600
        while True:
            tasks = cluster.tasks(job)
            if len(tasks) == TASKS and all(state in ENDED for _, state in tasks.values()):
                if complete(work, folder):
                    break
                for index, (_, state) in tasks.items():  # what an administrator does with failed tasks
                    if state != "COMPLETED":
                        cluster.ask("scontrol", "requeue", f"{job}_{index}", check=False)
            if time.monotonic() > last:
                problems.append(f"round {rounds}: the array does not end: {tasks}")
                break
            if time.monotonic() < quiet:
                killer.strike(job)
            else:
                killer.requeue_dead(job)
            time.sleep(chance.uniform(0.1, 0.8))
        attempts += len(list((folder / "shards").glob("*.json")))
        done = work.run("merge", *sorted(str(path) for path in (folder / "shards").glob("*.json")), "--json", "all.json")
        problems += [f"round {rounds}: {line}" for line in work.differences(folder / "all.json")]
        if problems:
            problems.append(done.stdout + done.stderr)
            break
        rounds += 1
    what = ", ".join(f"{count} {kind}" for kind, count in sorted(killer.done.items()))
    print(f"kill: {rounds} arrays of {TASKS} tasks, struck {sum(killer.done.values())} times ({what})\n"
          f"      {attempts} reports, each array merged: "
          f"{'as the run without shards' if not problems else 'DIFFERENT'}", flush=True)
    return problems


def complete(work, folder):
    reports = sorted(str(path) for path in (folder / "shards").glob("*.json"))
    if not reports:
        return False
    return "incomplete" not in work.run("merge", *reports, "--json", "all.json").stdout


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", default=str(SOURCE / "build/release/snapshot_test"))
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--kill", type=float, default=0, metavar="SECONDS")
    parser.add_argument("--seed", type=int, default=None)
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else random.randrange(10**6)
    print(f"seed {seed}", flush=True)
    problems = []
    with tempfile.TemporaryDirectory(prefix="slurm-") as name:
        folder = pathlib.Path(name)
        work = Work(folder / "project", str(pathlib.Path(options.binary).resolve()), options.python)
        (folder / "cluster").mkdir()
        try:
            with Cluster(folder / "cluster") as cluster:
                for requeue in (False, True):
                    found, said = try_recipe(cluster, work, requeue)
                    problems += found
                print(said, end="", flush=True)
                if options.kill and not problems:
                    problems += try_kills(cluster, work, options.kill, random.Random(seed))
        except Exception:
            for log in sorted((folder / "cluster").glob("*.log")):
                print(f"-- {log.name}", *log.read_text(errors="replace").splitlines()[-30:], sep="\n", file=sys.stderr)
            raise
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
