"""Kills `snapshot_test` with SIGKILL at random moments of commands that write, and looks what there is afterwards.

    kill_commands.py SNAPSHOT_TEST_BINARY [--kills N] [--seed N]

A store of a small suite is changed again and again (capture, capture --undo, verify --pending, accept, clean, push, remote gc,
pull), each command killed after a random part of the time that it takes. After each kill:

  * `check --read-data` finds nothing damaged;
  * `verify` of the code of one of the two generations passes, of all cases: the baseline is the old one or the new one;
  * the next command of the kind works, and when all is done `clean` leaves nothing behind.

What the kernel has taken stays after a kill; what a power loss leaves is tests/crash's. Needs the standard library alone.
Runs the suite with $SNAPSHOT_TEST_PYTHON, else with this interpreter.
"""

import argparse
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time

SUITE = """
GENERATION = {generation}

class Suite:
    params = [[1, 2, 3]]
    def time_list(self, n): return [GENERATION * n + i for i in range(2000)]
    def time_text(self, n): return str(GENERATION) * 50 * n

def time_same(): return "always"
"""


class Failure(Exception):
    pass


class World:
    def __init__(self, binary, folder):
        self.binary = binary
        self.folder = pathlib.Path(folder)
        self.suites = {}
        for generation in (1, 2):
            suite = self.folder / f"suite-{generation}" / "benchmarks"
            suite.mkdir(parents=True)
            (suite / "__init__.py").write_text("")
            (suite / "bench.py").write_text(SUITE.format(generation=generation))
            self.suites[generation] = suite
        self.environment = dict(os.environ, HOME=str(self.folder), XDG_CACHE_HOME=str(self.folder / "cache"))
        self.environment.pop("CI", None)
        self.python = os.environ.get("SNAPSHOT_TEST_PYTHON", sys.executable)
        self.store = self.folder / "store"
        self.remote = self.folder / "remote"

    def words(self, *words, generation=None):
        command = [self.binary, words[0]]
        if generation:
            command += [str(self.suites[generation]), "--python", self.python]
        return command + list(words[1:])

    def run(self, command):
        return subprocess.run(command, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=120)

    def must(self, command, statuses=(0,)):
        done = self.run(command)
        if done.returncode not in statuses:
            raise Failure(f"{' '.join(command[1:])}: status {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def kill(self, command, after):
        """Whether it was killed before it ended."""
        process = subprocess.Popen(command, cwd=self.folder, env=self.environment, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        try:
            process.wait(timeout=after)
            return False
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            time.sleep(0.05)  # its processes end with it
            return True

    def generation(self):
        """Of the whole baseline; fails where it is of none."""
        said = []
        for generation in (1, 2):
            done = self.run(self.words("verify", "--snapshot-dir", str(self.store), "--min-cases", "7",
                                       generation=generation))
            if done.returncode == 0:
                return generation
            said.append(done.stdout + done.stderr)
        raise Failure("the baseline is neither the old one nor the new one:\n" + "\n".join(said))


def commands(world):
    store = ["--snapshot-dir", str(world.store)]
    remote = str(world.remote)
    return [
        ("capture 2", world.words("capture", *store, "--yes", generation=2), (0,)),
        ("capture 1", world.words("capture", *store, "--yes", generation=1), (0,)),
        ("undo", world.words("capture", "--undo", "--yes", *store), (0, 2, 4)),
        ("stage", world.words("verify", *store, "--pending", "always", generation=2), (0, 1)),
        ("accept", world.words("accept", "--all", *store), (0, 2)),
        ("push", world.words("push", remote, *store), (0,)),
        ("gc", world.words("remote", "gc", remote, "--apply"), (0,)),
        ("pull", world.words("pull", remote, *store), (0,)),
        ("clean", world.words("clean", *store), (0,)),
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary")
    parser.add_argument("--kills", type=int, default=18)
    parser.add_argument("--seed", type=int, default=20261128)
    arguments = parser.parse_args()
    chance = random.Random(arguments.seed)
    base = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="kill-commands-", dir=base) as folder:
        world = World(os.path.abspath(arguments.binary), folder)
        store = ["--snapshot-dir", str(world.store)]
        world.must(world.words("capture", *store, generation=1))
        world.must(world.words("push", str(world.remote), *store))
        takes = {}
        killed = 0
        tried = 0
        while killed < arguments.kills and tried < 6 * arguments.kills:
            name, command, statuses = commands(world)[tried % 9]
            tried += 1
            if name not in takes:
                begun = time.monotonic()
                world.must(command, statuses)
                takes[name] = time.monotonic() - begun
                continue
            # Most of a capture is spent on running cases: half of the kills are at the end, where it is committed.
            part = chance.uniform(0.7, 1) if chance.random() < 0.5 else chance.random()
            begun = time.monotonic()
            if not world.kill(command, takes[name] * part):
                takes[name] = time.monotonic() - begun  # the machine has less to do than it had
                continue
            killed += 1
            world.must(world.words("check", "--read-data", *store))
            if world.remote.exists():
                world.must(world.words("remote", "check", str(world.remote)))
            world.generation()
            world.must(command, statuses)
        world.must(world.words("capture", *store, "--yes", generation=1))
        world.must(world.words("clean", *store))
        pending = world.store / "pending"
        if pending.exists():
            world.must(world.words("clean", "--snapshot-dir", str(pending)))
        left = [str(each.relative_to(world.store)) for each in world.store.rglob("*")
                if each.name.startswith(".tmp-") or each.name == "staging"]
        if left:
            raise Failure(f"left behind: {left}")
        if world.generation() != 1:
            raise Failure("the last capture is not the baseline")
        print(f"{killed} kills of {tried} commands: no baseline lost, none torn")
    if killed < arguments.kills // 4:
        raise Failure("too few commands were killed before their end")


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        print(failure)
        sys.exit(1)
