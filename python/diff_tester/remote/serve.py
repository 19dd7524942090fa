"""Answers requests: reads frames, has a storage do what they say, and writes frames."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Optional

from . import frames
from .attempts import Call, Failure, Refused, Source, Storage

#: What is done at once; more wait.
AT_ONCE = 64
THREADS = 32
#: How often somebody who waits is told that the helper is alive, in seconds.
PROGRESS = 2.0


def storage_of(url: str, timeout: float) -> Storage:
    scheme = url.partition("://")[0]
    if scheme in {"sftp", "ssh"}:
        from .sftp import Sftp

        return Sftp(url, timeout)
    if scheme in {"webdav", "webdavs"}:
        from .webdav import WebDav

        return WebDav(url, timeout)
    if scheme in {"s3", "s3a", "gs", "gcs", "az", "azure", "abfs", "abfss", "http", "https"}:
        from .objects import Objects

        return Objects(url, timeout)
    raise Failure("usage", f"no remotes of the kind {scheme}:// are known")


class Running:
    """A request that is being answered, as long as it is."""

    def __init__(self) -> None:
        self.task: Optional[asyncio.Task[None]] = None
        self.request: dict[str, Any] = {}
        self.upload = bytearray()
        self.wanted = 0  # bytes of the upload that have not come yet
        self.window = frames.WINDOW
        self.wider = asyncio.Event()


class Server:
    """One connection and the storage that its first request has opened."""

    def __init__(self, connection: frames.Frames):
        self._frames = connection
        self._running: dict[int, Running] = {}
        self._storage: Optional[Storage] = None
        self._timeout = 60.0
        self._places = asyncio.Semaphore(AT_ONCE)

    async def serve(self) -> None:
        """Until the input ends."""
        while True:
            frame = await self._frames.read()
            if frame is None:
                return
            kind, number, payload = frame
            if kind == frames.REQUEST:
                self._take_request(number, json.loads(payload))
            elif number in self._running:  # else it has been answered already
                self._take_more(kind, number, payload)

    def _take_request(self, number: int, request: dict[str, Any]) -> None:
        running = self._running[number] = Running()
        running.request = request
        if request.get("op") == "put":
            running.wanted = request["bytes"]
        if running.wanted == 0:
            running.task = asyncio.create_task(self._answer(number, running))

    def _take_more(self, kind: bytes, number: int, payload: bytes) -> None:
        running = self._running[number]
        if kind == frames.BODY:
            running.upload += payload
            running.wanted -= len(payload)
            if running.wanted == 0:
                running.task = asyncio.create_task(self._answer(number, running))
        elif kind == frames.CREDIT:
            running.window += int.from_bytes(payload, "little")
            running.wider.set()
        elif kind == frames.CANCEL and running.task is not None:
            running.task.cancel()

    async def _answer(self, number: int, running: Running) -> None:
        call = Call(self._timeout)
        alive = asyncio.create_task(self._tell_alive(number))
        try:
            async with self._places:
                call.moved()
                answer = await self._done(call, number, running)
        except asyncio.CancelledError:
            answer = {"error": {"kind": "unavailable", "message": "cancelled"}}
        except Failure as failure:
            answer = {"error": {"kind": failure.kind, "message": str(failure)}}
        except FileNotFoundError:
            answer = {"absent": True}
        except Refused:
            answer = {"written": False}
        except Exception as error:  # a defect, here or in a library: said, and no end of the others
            traceback.print_exc()
            answer = {"error": {"kind": "unavailable", "message": f"{type(error).__name__}: {error}"}}
        finally:
            alive.cancel()
            self._running.pop(number, None)
        answer["traffic"] = {
            "requests": call.requests,
            "retries": call.retries,
            "sent": call.sent,
            "received": call.received,
        }
        await self._frames.write(frames.ANSWER, number, json.dumps(answer).encode())

    async def _tell_alive(self, number: int) -> None:
        while True:
            await asyncio.sleep(min(PROGRESS, self._timeout / 4))
            await self._frames.write(frames.PROGRESS, number)

    async def _done(self, call: Call, number: int, running: Running) -> dict[str, Any]:
        request = running.request
        op = request.get("op")
        if op == "open":
            return await self._open(request)
        storage = self._storage
        if storage is None:
            raise Failure("usage", "no remote has been opened")
        if op in {"get", "read"}:
            offset, size = request.get("range") or (0, None)
            tag: list[str] = []
            sent = 0
            async for piece in storage.read(call, request["key"], offset, size, tag):
                await self._body(number, running, piece)
                sent += len(piece)
            return {"bytes": sent, "tag": tag[0]}
        if op in {"put", "put_file"}:
            source = Source(bytes(running.upload)) if op == "put" else file_source(request)
            running.upload = bytearray()
            await storage.write(call, request["key"], source, request.get("if", ""), request.get("tag", ""))
            return {"written": True}
        if op == "list":
            async for entries in storage.list(call, request["prefix"]):
                await self._body(number, running, "".join(json.dumps(entry) + "\n" for entry in entries).encode())
            return {}
        if op == "remove":
            await storage.remove(call, request["keys"])
            return {}
        raise Failure("unsupported", f"this helper does not know the request '{op}'")

    async def _open(self, request: dict[str, Any]) -> dict[str, Any]:
        if request.get("protocol") != 1:
            raise Failure("unsupported", f"this helper speaks version 1 of the protocol, not {request.get('protocol')}")
        self._timeout = float(request["timeout"])
        storage = storage_of(request["url"], self._timeout)
        await storage.open()
        self._storage = storage
        return {"protocol": 1}

    async def _body(self, number: int, running: Running, data: bytes) -> None:
        for start in range(0, len(data), frames.PIECE):
            piece = data[start : start + frames.PIECE]
            while running.window < len(piece):
                running.wider.clear()
                await running.wider.wait()
            running.window -= len(piece)
            await self._frames.write(frames.BODY, number, piece)


def file_source(request: dict[str, Any]) -> Source:
    try:
        size = os.stat(request["path"]).st_size
    except OSError as error:
        raise Failure("io", f"cannot read {request['path']}: {error.strerror}") from None
    offset, length = request.get("range") or (0, size)
    if offset + length > size:
        raise Failure("io", f"{request['path']} has {size} bytes, and not the {length} at offset {offset}")
    return Source(path=request["path"], offset=offset, size=length)


async def run(source: int, target: int) -> None:
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(THREADS))
    reader = asyncio.StreamReader(limit=frames.PAYLOAD_LIMIT)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(source, "rb", 0))
    transport, protocol = await loop.connect_write_pipe(asyncio.streams.FlowControlMixin, os.fdopen(target, "wb", 0))
    await Server(frames.Frames(reader, asyncio.StreamWriter(transport, protocol, None, loop))).serve()


def main() -> None:
    # What a library prints must not get among the frames.
    source, target = os.dup(0), os.dup(1)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    try:
        asyncio.run(run(source, target))
    except (frames.ProtocolError, BrokenPipeError, ConnectionResetError) as error:
        print(error, file=sys.stderr)
        os._exit(1)
    except KeyboardInterrupt:
        os._exit(130)
    # Threads may be waiting for a server that does not answer; nobody waits for them.
    sys.stderr.flush()
    os._exit(0)
