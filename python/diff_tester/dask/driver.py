"""The client of a Dask cluster: takes its orders from snapshot_test over its standard input, a socket.

Orders are `open` first of all, then `leases`, `run`, `nothing`, `reject`, `cancel`, `check`; the end of the input ends
the run. News go back over the same socket: `opened`, `present`, `worker`, `ready`, `news`, `done`, `lost`, `gone`,
`error` (src/cluster/driver.hpp).

A task of the cluster is a lease: it says when it begins, and is told then which cases to run. So the longest of what is
left goes to whichever worker is free, a worker that the scheduler replaces does not begin the same cases by itself, and
an adaptive cluster sees how much there is to do.
"""

import asyncio
import importlib
import logging
import os
import re
import socket
import sys
import threading

from snapshot_test_dask import frames

MISSING = ("{} has no dask.distributed ({}): run `{} -m pip install 'snapshot_test[dask]'`, or name a Python that has it "
           "with dask_python")
#: Seconds in which the scheduler has to answer.
PATIENCE = 20
#: Seconds between two questions whether it is still there.
HEARTBEAT = 2
OBJECT = re.compile(r"^[0-9a-f]{2}/[0-9a-f]{62}\.pkl(\.zst)?$")


class Remote:
    """A function for workers, as an expression: it is pickled by its text, so that their Python may be another one."""

    def __init__(self, text, **values):
        self.text, self.values = text, values

    def __reduce__(self):
        return eval, (self.text, self.values)

    def __call__(self, *args, **kwargs):
        raise TypeError("it is for workers")


def of_plugin(run, call):
    """Calls a method of the run's plugin on a worker, if it is there."""
    return Remote("lambda *args, dask_worker=None: (lambda plugin: plugin and " + call +
                  ")((dask_worker or __import__('distributed').get_worker()).plugins.get(run))", run=run)


class Refused(Exception):
    """The run cannot begin; the first argument is the kind of the error."""


class Driver:
    """One run on one cluster."""

    def __init__(self, channel):
        self.channel = channel
        self.lock = threading.Lock()
        self.client = None
        self.cluster = None
        self.run = ""
        self.staging = ""
        self.attempts = {}
        self.leases = {}
        self.futures = set()
        self.beats = 0
        self.count = 0
        self.stopping = False

    def tell(self, op, **fields):
        """To the program; quietly nothing where that has ended, which the end of the input says, too."""
        try:
            with self.lock:
                self.channel.sendall(frames.encode({"op": op, **fields}))
        except OSError:
            pass

    async def open(self, order):
        """Connects, and has each worker looked at."""
        distributed = importlib.import_module("distributed")
        worker = importlib.import_module("snapshot_test_dask.worker")
        address = order["address"]
        options = {"asynchronous": True, "timeout": PATIENCE, "set_as_default": False}
        try:
            local = re.fullmatch(r"local(?::([1-9][0-9]*))?", address)
            if local:
                self.cluster = await distributed.LocalCluster(
                    n_workers=int(local.group(1) or order["processors"]), threads_per_worker=1, processes=True,
                    asynchronous=True, dashboard_address=None, silence_logs=logging.CRITICAL, host="127.0.0.1",
                    memory_limit=0)
                self.client = await distributed.Client(self.cluster, **options)
            elif os.path.isfile(address):
                self.client = await distributed.Client(scheduler_file=address, **options)
            else:
                self.client = await distributed.Client(address, **options)
        except (ValueError, KeyError, TypeError) as error:
            raise Refused("usage", f"'{address}' is no scheduler: {error}; name tcp://HOST:PORT, a scheduler file, "
                          "local or local:N") from error
        except (OSError, asyncio.TimeoutError) as error:
            raise Refused("unavailable", f"the Dask scheduler '{address}' does not answer: {error}") from error
        self.run = order["spec"]["run"]
        here = await asyncio.get_running_loop().run_in_executor(
            None, worker.describe, order["spec"]["python"], order["spec"])
        spec = {**order["spec"], "here": here}
        self.client.subscribe_topic(self.run, self.on_news)
        self.client.subscribe_topic("all", self.on_event)
        self.tell("opened", scheduler=self.client.scheduler.address)
        await self.client.register_plugin(plugin_of(worker, spec), name=self.run)
        await self.say_present()
        asyncio.create_task(self.watch())

    async def say_present(self):
        answer = await asyncio.wait_for(self.client.scheduler.identity(), PATIENCE)
        self.tell("present", workers=sorted(answer["workers"]))

    async def watch(self):
        """Says when the scheduler is gone."""
        while not self.stopping:
            await asyncio.sleep(HEARTBEAT / 4)
            why = f"its connection is {self.client.status}" if self.client.status != "running" else ""
            self.beats += 1
            if not why and self.beats % 4 == 0:
                try:
                    await asyncio.wait_for(self.client.scheduler.identity(), PATIENCE)
                except (OSError, asyncio.TimeoutError) as error:
                    why = str(error) or f"it did not answer within {PATIENCE} s"
            if why and not self.stopping:
                self.tell("gone", message=why)
                return

    def on_news(self, event):
        """From a worker's plugin, in its order."""
        message = event[1]
        if message["op"] == "open":
            self.renew()
            return
        if message["op"] == "ready":
            if message["lease"] not in self.leases:
                return  # it was cancelled as it began
            self.attempts[message["attempt"]] = (message["worker"], message["lease"])
            before = self.leases.get(message["lease"])
            if before in self.attempts:  # the scheduler has started the task anew
                self.lose(before, False)
            self.leases[message["lease"]] = message["attempt"]
        self.tell(**message)

    async def on_event(self, event):
        """From the scheduler."""
        message = event[1]
        action = message.get("action")
        if action == "remove-worker":
            for attempt, (worker, _) in list(self.attempts.items()):
                if worker == message.get("worker"):
                    self.lose(attempt, bool(message.get("expected")))
        if action in ("add-worker", "remove-worker") and not self.stopping:
            try:
                await self.say_present()
            except (OSError, asyncio.TimeoutError):
                pass  # watch() says so

    def lose(self, attempt, expected):
        worker, lease = self.attempts.pop(attempt)
        if self.leases.get(lease) == attempt:
            self.leases[lease] = None  # the scheduler starts it anew
        self.tell("lost", attempt=attempt, worker=worker, expected=expected)

    def want(self, count):
        """Has as many tasks wait for a worker; those that are too many find nothing when they begin."""
        waiting = sum(1 for attempt in self.leases.values() if attempt is None)
        for _ in range(count - waiting):
            self.count += 1
            key = f"snapshot_test-{self.run[-8:]}-{self.count}"
            future = self.client.submit(
                Remote("lambda key: __import__('distributed').get_worker().plugins[run].serve(key)", run=self.run), key,
                key=key, pure=False, resources={self.run: 1}, retries=0, priority=-self.count)
            self.leases[key] = None
            self.futures.add(future)
            asyncio.create_task(self.follow(key, future))

    def renew(self):
        """Has the scheduler place the tasks anew that have not begun: there is a worker that may run them, and was not
        when it placed them."""
        waiting = [future for future in self.futures if self.leases.get(future.key, "") is None]
        for future in waiting:
            del self.leases[future.key]
        if waiting:
            asyncio.create_task(self.client.cancel(waiting, force=True))
            self.want(len(waiting))

    async def follow(self, lease, future):
        """Until the task has ended."""
        try:
            result = await future._result(raiseit=True)  # pylint: disable=protected-access
        except (Exception, asyncio.CancelledError) as error:  # pylint: disable=broad-exception-caught
            attempt = self.leases.pop(lease, None)
            if attempt in self.attempts:
                worker, _ = self.attempts.pop(attempt)
                if type(error).__name__ in ("KilledWorker", "CancelledError", "FutureCancelledError"):
                    self.tell("lost", attempt=attempt, worker=worker, expected=type(error).__name__ != "KilledWorker")
                else:
                    self.tell("done", attempt=attempt, worker=worker, result={"error": repr(error)})
            elif attempt is None and not self.stopping:
                self.tell("ended", lease=lease)
            return
        finally:
            self.futures.discard(future)
        self.leases.pop(lease, None)
        attempt = result.get("attempt")
        if attempt not in self.attempts:
            self.tell("ended", lease=lease)
            return
        worker, _ = self.attempts.pop(attempt)
        try:
            for name, content in result.pop("files", {}).items():
                await asyncio.get_running_loop().run_in_executor(None, self.keep, name, content)
        except OSError as error:
            self.tell("error", kind="io", message=f"cannot store what a worker has sent: {error}")
            return
        self.tell("done", attempt=attempt, worker=worker, result=result)

    def keep(self, name, content):
        """Puts a value's file where the capture has those that it is going to store."""
        if not OBJECT.match(name) or not self.staging:
            raise OSError(f"'{name}' is no value of this capture")
        path = os.path.join(self.staging, name)
        if os.path.exists(path):
            return
        os.makedirs(os.path.dirname(path), exist_ok=True)
        temporary = f"{path}.{os.getpid()}-{threading.get_ident()}"
        with open(temporary, "wb") as file:
            file.write(content)
        os.replace(temporary, path)

    async def deliver(self, attempt, work, files):
        """To the lease that waits for it. Where its worker has gone, the scheduler says so."""
        if attempt not in self.attempts:
            return
        worker, _ = self.attempts[attempt]
        contents = {}
        try:
            for name, path in files:
                with open(path, "rb") as file:
                    contents[name] = file.read()
            taken = await self.client._run(  # pylint: disable=protected-access
                of_plugin(self.run, "plugin.deliver(*args)"), attempt, work, contents, workers=[worker],
                on_error="return")
        except OSError:
            taken = {}
        if taken.get(worker) is not True and attempt in self.attempts:
            self.lose(attempt, True)

    async def on_all(self, call, seconds=PATIENCE):
        """Calls a method of the plugin on every worker that answers."""
        try:
            await asyncio.wait_for(self.client._run(of_plugin(self.run, call), on_error="ignore"), seconds)
        except (OSError, asyncio.TimeoutError):
            pass

    async def obey(self, order):
        """All but `open`."""
        if order["op"] == "leases":
            self.want(order["count"])
        elif order["op"] == "run":
            self.staging = order["work"].pop("keep", "")
            await self.deliver(order["attempt"], order["work"], order["files"])
        elif order["op"] == "nothing":
            await self.deliver(order["attempt"], None, [])
        elif order["op"] == "reject":
            await self.client._run(of_plugin(self.run, "plugin.reject()"), workers=[order["worker"]],
                                   on_error="ignore")
        elif order["op"] == "cancel":
            self.attempts.clear()
            await self.on_all("plugin.cancel()")
            self.tell("cancelled")

    async def close(self):
        """Nothing goes on anywhere."""
        self.stopping = True
        if self.client is not None:
            if self.client.status == "running" and self.run:
                await self.on_all("plugin.stop()", 5)
                await asyncio.wait_for(self.client.cancel(list(self.futures), force=True), 5)
                await asyncio.wait_for(self.client.unregister_worker_plugin(self.run), 5)
            await asyncio.wait_for(self.client.close(timeout=2), 5)
        if self.cluster is not None:
            await asyncio.wait_for(self.cluster.close(timeout=5), 10)

    async def serve(self, orders):
        """Until the input ends."""
        order = await orders.get()
        if order is None:
            return
        await self.open(order)
        tasks = set()
        while True:
            order = await orders.get()
            if order is None:
                return
            task = asyncio.create_task(self.obey(order))
            tasks.add(task)
            task.add_done_callback(lambda done: (tasks.discard(done), self.complain(done)))

    def complain(self, task):
        if not task.cancelled() and task.exception() is not None and not self.stopping:
            self.tell("error", kind="unavailable", message=f"the Dask client failed: {task.exception()!r}")


def plugin_of(worker, spec):
    """A plugin that is made on each worker from the text of the module `worker`."""
    base = importlib.import_module("distributed").WorkerPlugin
    text = worker.__dict__.get("__source__")
    if text is None:
        text = importlib.import_module("inspect").getsource(worker)

    class Made(Remote, base):
        """Known to the client as a plugin; a worker gets what its text makes."""

        name = spec["run"]

    return Made("exec(compile(source, '<snapshot_test worker>', 'exec'), names) or names['Plugin'](spec)", source=text,
                names={"__name__": "snapshot_test_dask_worker"}, spec=spec)


def read_orders(channel, loop, orders):
    """In a thread of its own: the program's orders, and its end."""
    decoder = frames.Decoder()
    while True:
        try:
            data = channel.recv(1 << 20)
        except OSError:
            data = b""
        if not data:
            loop.call_soon_threadsafe(orders.put_nowait, None)
            return
        decoder.feed(data)
        for order in decoder:
            loop.call_soon_threadsafe(orders.put_nowait, order)


async def drive(channel):
    driver = Driver(channel)
    orders = asyncio.Queue()
    threading.Thread(target=read_orders, args=(channel, asyncio.get_running_loop(), orders), daemon=True).start()
    try:
        await driver.serve(orders)
    except Refused as error:
        driver.tell("error", kind=error.args[0], message=error.args[1])
    except Exception as error:  # pylint: disable=broad-exception-caught
        driver.tell("error", kind="unavailable", message=f"the Dask client failed: {error!r}")
        raise
    finally:
        try:
            await driver.close()
        except (OSError, asyncio.TimeoutError, RuntimeError):
            pass


def main():
    channel = socket.socket(fileno=os.dup(0))
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    try:
        importlib.import_module("distributed")
    except ImportError as error:
        message = MISSING.format(f"the Python {sys.executable}", error, sys.executable)
        channel.sendall(frames.encode({"op": "error", "kind": "usage", "message": message}))
        sys.exit(1)
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    asyncio.run(drive(channel))
    os._exit(0)  # threads of libraries must not hold up who waits for the end
