"""What all kinds of storages share: failures, how often a request is made, and what a storage has to be able to do."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator
from typing import Any, Optional, Protocol

#: A connection on which less than this moves in a second counts as standing still.
SLOWEST = 64 << 10
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 10.0
#: How often a body that came short is asked for in all.
SHORT_BODIES = 4


class Failure(Exception):
    """A request that failed. `kind` is one of the protocol's; `again` says that it may succeed when made again, and
    `unknown` that a write may have been carried out all the same."""

    def __init__(self, kind: str, message: str, again: bool = False, unknown: bool = False):
        super().__init__(message)
        self.kind = kind
        self.again = again
        self.unknown = unknown


class Refused(Exception):
    """The condition of a write did not hold."""


class Call:
    """One request of the program: what it has cost so far, and when it is given up.

    It fails once nothing has moved for `timeout` seconds, pauses between attempts among them.
    """

    def __init__(self, timeout: float):
        self.timeout = timeout
        self.requests = self.retries = self.sent = self.received = 0
        self._moved = time.monotonic()
        self._pause = FIRST_PAUSE
        self._short = 0

    def moved(self) -> None:
        self._moved = time.monotonic()
        self._pause = FIRST_PAUSE

    async def pause(self, failure: Failure) -> None:
        """Waits before another attempt; raises the failure where there is to be none."""
        if not failure.again:
            raise failure
        if failure.kind == "corrupt":
            self._short += 1
            if self._short >= SHORT_BODIES:
                raise Failure("corrupt", f"{failure}; asked for {self._short} times")
        # "Equal jitter": those that failed together do not come back together.
        wait = self._pause / 2 + random.uniform(0, self._pause / 2)
        if time.monotonic() + wait - self._moved > self.timeout:
            tries = f"; tried {self.requests} times" if self.requests > 1 else ""
            raise Failure(failure.kind, f"{failure}{tries}; given up after {self.timeout:g} s without progress")
        self._pause = min(2 * self._pause, LONGEST_PAUSE)
        self.retries += 1
        await asyncio.sleep(wait)

    async def within(self, awaitable: Any, size: int = 0) -> Any:
        """Its result, in the time that `size` bytes may take."""
        limit = self.timeout + size / SLOWEST
        try:
            return await asyncio.wait_for(awaitable, limit)
        except asyncio.TimeoutError:
            raise Failure("unavailable", f"no answer within {limit:g} s", again=True, unknown=True) from None

    async def repeated(self, attempt: Any, size: int = 0) -> Any:
        """The result of attempt(), which is called until it does not fail with something that may pass."""
        while True:
            self.requests += 1
            try:
                return await self.within(attempt(), size)
            except Failure as failure:
                await self.pause(failure)


class Source:
    """What is to be written: bytes, or part of a file, of which no more than a piece is in memory."""

    def __init__(self, data: Optional[bytes] = None, path: str = "", offset: int = 0, size: int = 0):
        self._data = data
        self._path = path
        self._offset = offset
        self.size = size if data is None else len(data)

    async def bytes(self) -> bytes:
        if self._data is not None:
            return self._data
        pieces = [piece async for piece in self.pieces(self.size or 1)]
        return b"".join(pieces)

    async def pieces(self, size: int) -> AsyncIterator[bytes]:
        loop = asyncio.get_running_loop()
        for number in range(0, self.size, size):
            yield await loop.run_in_executor(None, self.piece, number, min(size, self.size - number))

    def piece(self, start: int, size: int) -> bytes:
        if self._data is not None:
            return self._data[start : start + size]
        try:
            with open(self._path, "rb") as file:
                file.seek(self._offset + start)
                data = file.read(size)
        except OSError as error:
            raise Failure("io", f"cannot read {self._path}: {error.strerror}") from None
        if len(data) != size:
            raise Failure("io", f"{self._path} ends at byte {self._offset + start + len(data)} while it is sent")
        return data


class Storage(Protocol):
    """What a kind of storage has to be able to do. Keys are as the program has them."""

    async def open(self) -> None:
        """Nothing is asked of the remote; raises Failure where the URL or a package will not do."""

    def read(self, call: Call, key: str, offset: int, size: Optional[int], tag: list[str]) -> AsyncIterator[bytes]:
        """The object's bytes in pieces; puts its entity tag into `tag`. FileNotFoundError where there is none."""

    async def write(self, call: Call, key: str, source: Source, condition: str, tag: str) -> None:
        """Raises Refused where the condition ("", "absent" or "matches") does not hold."""

    def list(self, call: Call, prefix: str) -> AsyncIterator[list[tuple[str, int, float]]]:
        """Keys, sizes and times (seconds since 1970), some at a time."""

    async def remove(self, call: Call, keys: list[str]) -> None:
        """What is not there is removed."""

    async def close(self) -> None:
        """At the end."""


def needs(package: str, why: str) -> Failure:
    """For a package that this Python does not have."""
    import sys

    return Failure(
        "unavailable",
        f"{why} needs the Python package {package}, which {sys.executable} does not have. Install it with: "
        f"{sys.executable} -m pip install 'snapshot_test[remote]', or name a Python that has it as remote_python",
    )
