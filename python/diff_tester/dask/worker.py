"""What a worker of a Dask cluster gets: checks whether it fits, and runs cases in processes of the program.

This text travels as it is, and is executed by the worker's Python, 3.9 or later, which has dask.distributed and need
not have this package. Nothing of the suite is imported in the worker: its cases run in an agent, which is the program.
"""

import asyncio
import hashlib
import json
import os
import queue
import select
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import uuid

from distributed.diagnostics.plugin import WorkerPlugin

HEADER = struct.Struct("<2sBBI")
#: Seconds between two looks whether a run was cancelled.
TICK = 0.2
#: Seconds that news of cases may wait for others, since each is a message to the scheduler.
NEWS = 0.02
LAST_WORDS = 4096

#: Says what of an environment results depend on; run by the Python that the suite is imported with.
PROBE = r"""
import json, os, sys
wanted = json.load(sys.stdin)
sys.path[:0] = wanted["import_path"]
try:
    from importlib import metadata
except ImportError:
    metadata = None
known = {}
for distribution in metadata.distributions():
    try:
        top = (distribution.read_text("top_level.txt") or "").split()
        if not top:
            top = {str(file).split("/")[0] for file in distribution.files or () if str(file).endswith(".py")}
        for name in top:
            known.setdefault(name[:-3] if name.endswith(".py") else name, distribution.version)
    except Exception:
        pass
import importlib.util
places = {}
for name in wanted["tested"]:
    try:
        spec = importlib.util.find_spec(name)
    except Exception:
        spec = None
    if spec is not None:
        places[name] = list(spec.submodule_search_locations or ()) or [spec.origin]
print(json.dumps({"python": ".".join(map(str, sys.version_info[:3])), "implementation": sys.implementation.name,
                  "packages": {name: known.get(name) for name in wanted["packages"]}, "places": places}))
"""

#: From the widest to the narrowest, as /proc/cpuinfo names them.
VECTORS = ("avx512f", "avx2", "avx", "sse4_2", "sse2", "sve", "asimd", "neon")


def digest_of_file(path):
    """SHA-256 of what is in a file."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for piece in iter(lambda: file.read(1 << 20), b""):
            digest.update(piece)
    return digest.hexdigest()


def digest_of_tree(folder):
    """SHA-256 of the names and contents of all files below a folder, or of one file; no bytecode and no hidden files."""
    if os.path.isfile(folder):
        return digest_of_file(folder)
    digest = hashlib.sha256()
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name != "__pycache__" and not name.startswith("."))
        for name in sorted(files):
            path = os.path.join(parent, name)
            if name.startswith(".") or name.endswith((".pyc", ".pyo")) or not os.path.isfile(path):
                continue
            digest.update(os.path.relpath(path, folder).encode("utf-8", "surrogateescape") + b"\0")
            digest.update(digest_of_file(path).encode())
    return digest.hexdigest()


def vectors():
    """The widest vector instructions that the processor has."""
    try:
        with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
            words = set(file.read().split())
    except OSError:
        return ""
    return next((name for name in VECTORS if name in words), "")


def describe(python, spec):
    """What the results of a run depend on, as it is on this machine; an error where that cannot be said."""
    wanted = {key: spec[key] for key in ("packages", "tested", "import_path")}
    answer = subprocess.run(  # pylint: disable=subprocess-run-check
        [python, "-c", PROBE], input=json.dumps(wanted), capture_output=True, text=True, timeout=120)
    if answer.returncode != 0:
        raise OSError(f"'{python}' does not say what it has: {answer.stderr.strip()[-500:]}")
    found = json.loads(answer.stdout.splitlines()[-1])
    found["vectors"] = vectors()
    found["suite"] = digest_of_tree(spec["suite"]) if os.path.exists(spec["suite"]) else None
    found["code"] = {name: [digest_of_tree(place) for place in places if place and os.path.exists(place)]
                     for name, places in found.pop("places").items()}
    return found


def difference(here, there, spec):
    """Why a worker that is like `there` cannot run what was planned where all is like `here`; empty: it can."""
    if there["suite"] is None:
        return f"it has no folder '{spec['suite']}'; the suite has to be at the same path on all workers"
    if there["python"] != here["python"] or there["implementation"] != here["implementation"]:
        return (f"its Python is {there['implementation']} {there['python']}, and that of the suite is "
                f"{here['implementation']} {here['python']}")
    for name, version in sorted(here["packages"].items()):
        if there["packages"].get(name) != version:
            return f"it has {name} {there['packages'].get(name) or 'not at all'}, and here it is {version}"
    if there["vectors"] != here["vectors"]:
        return f"its processor has {there['vectors'] or 'no vectors'}, and this one {here['vectors'] or 'none'}"
    if there["suite"] != here["suite"]:
        return f"the files of the suite in '{spec['suite']}' are not the same there"
    for name, digests in sorted(here["code"].items()):
        if there["code"].get(name) != digests:
            return f"the files of the package '{name}' that is tested are not the same there"
    return ""


def find_program(spec):
    """The program with the right digest, and what is wrong where there is none."""
    candidates = [spec["program"]["path"], os.path.join(os.path.dirname(sys.executable), "snapshot_test"),
                  shutil.which("snapshot_test")]
    others = []
    for path in candidates:
        if path and os.path.isfile(path) and os.access(path, os.X_OK):
            if digest_of_file(path) == spec["program"]["sha256"]:
                return path, ""
            others.append(path)
    if others:
        return None, (f"'{others[0]}' there is another build of snapshot_test than the one here, which is "
                      f"{spec['program']['version']}")
    return None, f"it has no snapshot_test: neither '{candidates[0]}', nor beside its Python, nor on PATH"


class Agent:
    """The program as a process that runs cases for one thread of a worker."""

    def __init__(self, program, spec, python, parent):
        self.folder = tempfile.mkdtemp(prefix="snapshot_test-", dir=parent)
        self.errors = open(os.path.join(self.folder, "errors"), "w+b")  # pylint: disable=consider-using-with
        ours, childs = socket.socketpair()
        environment = {**os.environ}
        for name, value in spec["variables"].items():
            environment.pop(name, None)
            if value is not None:
                environment[name] = value
        try:
            self.process = subprocess.Popen(  # pylint: disable=consider-using-with
                [program, "agent"], stdin=childs, stdout=subprocess.DEVNULL, stderr=self.errors, env=environment,
                start_new_session=True, cwd=self.folder)
        finally:
            childs.close()
        self.socket = ours
        self.buffer = bytearray()
        self.send({"op": "open", "suite": {**spec["options"], "python": python}, "folder": self.folder,
                   "identity": spec["identity"]})

    def send(self, message):
        """Raises OSError where it has ended."""
        payload = json.dumps(message, separators=(",", ":")).encode()
        self.socket.sendall(HEADER.pack(b"sT", 1, 0, len(payload)) + payload)

    def receive(self, seconds):
        """The messages that arrive within that time; None where it has ended."""
        if not select.select([self.socket], [], [], seconds)[0]:
            return []
        try:
            data = self.socket.recv(1 << 20)
        except OSError:
            data = b""
        if not data:
            return None
        self.buffer += data
        messages = []
        while len(self.buffer) >= HEADER.size:
            end = HEADER.size + HEADER.unpack_from(self.buffer)[3]
            if len(self.buffer) < end:
                break
            messages.append(json.loads(bytes(self.buffer[HEADER.size:end])))
            del self.buffer[:end]
        return messages

    def clean(self):
        """Removes the values of the cases that it has run."""
        for name in ("objects", "staging"):
            shutil.rmtree(os.path.join(self.folder, name), ignore_errors=True)

    def end(self):
        """Ends it and all that it has started, and waits for that. Says how it ended."""
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.socket.close()
        self.errors.seek(0, os.SEEK_END)
        self.errors.seek(max(0, self.errors.tell() - LAST_WORDS))
        words = " | ".join(self.errors.read().decode("utf-8", "replace").split("\n")[-6:]).strip(" |")
        self.errors.close()
        shutil.rmtree(self.folder, ignore_errors=True)
        status = self.process.returncode
        how = f"signal {-status}" if status < 0 else f"exit status {status}"
        return f"{how}: {words}" if words else how


class Plugin(WorkerPlugin):
    """One run on one worker. Its tasks are leases: each takes cases when it begins, and not before."""

    def __init__(self, spec):
        self.spec = spec
        self.name = spec["run"]
        self.worker = None
        self.program = None
        self.python = None
        self.inboxes = {}
        self.agents = []
        self.idle = []
        self.lock = threading.Lock()
        self.closing = False

    def setup(self, worker):
        """Looks at the machine behind the worker's back: its start must not wait for that."""
        self.worker = worker
        worker.loop.add_callback(self.introduce)

    def tell(self, message):
        """To the client, in order. From any thread."""
        self.worker.log_event(self.name, {**message, "worker": self.worker.address})

    def check(self):
        """Why the worker does not fit; empty where it does."""
        self.program, why = find_program(self.spec)
        if why:
            return why
        self.python = self.spec["worker_python"] or sys.executable
        try:
            return difference(self.spec["here"], describe(self.python, self.spec), self.spec)
        except (OSError, ValueError, IndexError, subprocess.SubprocessError) as error:
            return str(error)

    async def introduce(self):
        """Says whether it fits; the scheduler gives no task of the run to a worker before."""
        why = await asyncio.get_running_loop().run_in_executor(None, self.check)
        if self.closing:
            return
        for _ in range(100):
            try:
                self.tell({"op": "worker", "why": why, "threads": self.worker.state.nthreads,
                           "name": str(self.worker.name)})
                break
            except OSError:  # it is not connected yet
                await asyncio.sleep(0.1)
        if not why:
            await self.worker.set_resources(**{self.name: self.worker.state.nthreads})
            self.tell({"op": "open"})

    def teardown(self, worker):
        """Ends all that runs here."""
        self.stop()
        if self.name in worker.state.total_resources:
            worker.loop.add_callback(self.leave)

    async def leave(self):
        await self.worker.set_resources(**{self.name: 0})

    def stop(self):
        """Ends the agents; what waits for them ends with that. From any thread."""
        self.closing = True
        with self.lock:
            agents = list(self.agents)
        for agent in agents:
            try:
                agent.socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self.end_idle()

    def cancel(self):
        """Ends what runs now; more may come."""
        for inbox in list(self.inboxes.values()):
            inbox.put(None)
        with self.lock:
            busy = [agent for agent in self.agents if agent not in self.idle]
        for agent in busy:
            try:
                agent.socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    async def reject(self):
        """It has shown that it cannot run cases."""
        await self.worker.set_resources(**{self.name: 0})

    def end_idle(self):
        while True:
            with self.lock:
                if not self.idle:
                    return
                agent = self.idle.pop()
                self.agents.remove(agent)
            agent.end()

    def deliver(self, attempt, work, files):
        """What a lease is to run; None: nothing. False where nobody waits for it any more."""
        inbox = self.inboxes.get(attempt)
        if inbox is not None:
            inbox.put(work and (work, files))
        return inbox is not None

    def is_wanted(self, lease):
        """False once the scheduler has told the worker that nobody wants the task's result."""
        task = self.worker.state.tasks.get(lease)
        return not self.closing and task is not None and task.state not in ("cancelled", "released", "forgotten")

    def serve(self, lease):
        """The task: waits for cases, runs them, returns what they showed."""
        attempt = uuid.uuid4().hex
        inbox = self.inboxes[attempt] = queue.Queue()
        try:
            self.tell({"op": "ready", "lease": lease, "attempt": attempt})
            while self.is_wanted(lease):
                try:
                    delivered = inbox.get(timeout=TICK)
                except queue.Empty:
                    continue
                return self.run(lease, attempt, *delivered) if delivered else {"attempt": attempt}
            return {"attempt": attempt}
        finally:
            del self.inboxes[attempt]

    def take_agent(self):
        with self.lock:
            if self.idle:
                return self.idle.pop()
        agent = Agent(self.program, self.spec, self.python, self.worker.local_directory)
        with self.lock:
            self.agents.append(agent)
        return agent

    def drop_agent(self, agent):
        with self.lock:
            if agent in self.agents:
                self.agents.remove(agent)
        return agent.end()

    def run(self, lease, attempt, work, files):
        """What the cases showed, with the files of their values; `died` where the agent did not come to the end."""
        result = {"attempt": attempt, "outcomes": [], "files": {}, "running": [], "begun": False}
        if work["identity"] != self.spec["identity"]:
            result["error"] = "what was sent is not of the run for which the worker was checked"
            return result
        try:
            agent = self.take_agent()
        except OSError as error:
            result["error"] = f"cannot start '{self.program}': {error}"
            return result
        try:
            for name, content in files.items():
                path = os.path.join(agent.folder, "objects", name)
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with open(path, "wb") as file:
                    file.write(content)
            agent.send({**work, "op": "run"})
            done = self.follow(lease, attempt, agent, result)
        except OSError as error:
            done = False
            result["died"] = str(error)
        if done:
            agent.clean()
            with self.lock:
                if not self.closing:
                    self.idle.append(agent)
                    return result
        words = self.drop_agent(agent)
        if not done and "error" not in result:
            result["died"] = words
        return result

    def follow(self, lease, attempt, agent, result):
        """Until the agent has run all that it was given. False where it cannot be used any more."""
        started, ended, told = [], [], 0.0
        while True:
            messages = agent.receive(NEWS if started or ended else TICK)
            if messages is None:
                return False
            for message in messages:
                if message["op"] == "started":
                    started.append(message["task"])
                    result["running"].append(message["task"])
                    result["begun"] = True
                elif message["op"] == "outcome":
                    self.take_files(agent, message.pop("files"), result["files"])
                    ended.append(message["task"])
                    if message["task"] in result["running"]:
                        result["running"].remove(message["task"])
                    result["outcomes"].append(message)
                elif message["op"] == "error":
                    result["error"] = message["message"]
                    return False
                else:
                    return True
            now = time.monotonic()
            if (started or ended) and now - told >= NEWS:
                self.tell({"op": "news", "attempt": attempt, "started": started, "ended": ended})
                started, ended, told = [], [], now
            if not self.is_wanted(lease):
                return False

    @staticmethod
    def take_files(agent, names, files):
        for name in names:
            if name not in files:
                with open(os.path.join(agent.folder, "staging", name), "rb") as file:
                    files[name] = file.read()
