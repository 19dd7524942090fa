"""What storages share whose libraries block: each request has a thread, and a file is whole before it has its name."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import uuid
from collections.abc import AsyncIterator, Generator, Iterator
from typing import Any, Callable, Optional

from .attempts import Call, Failure, Refused, Source

#: What a read hands on, and a write sends, at a time.
PIECE = 256 << 10
#: A character that no key has: names with it are ours, and no objects.
MARK = "+"


def temporary_name() -> str:
    return f"{MARK}part-{uuid.uuid4().hex}"


def tag_of(data: bytes) -> str:
    """An entity tag that no two contents share; times and sizes, of which servers make theirs, do not do."""
    return hashlib.sha256(data).hexdigest()


async def in_thread(function: Callable[..., Any], *arguments: Any) -> Any:
    return await asyncio.get_running_loop().run_in_executor(None, function, *arguments)


def finish(pieces: Optional[Iterator[bytes]]) -> None:
    """Ends an iterator that may not have come to its end."""
    if isinstance(pieces, Generator):
        with contextlib.suppress(ValueError):  # a thread that nobody waits for any more is in it, and ends it
            pieces.close()


class Blocking:
    """A storage by calls that block. A kind of it has the methods that raise NotImplementedError here.

    They raise Failure, Refused and FileNotFoundError, and may be called from several threads at once.
    """

    def opened(self, key: str, offset: int, size: Optional[int]) -> tuple[str, int, Iterator[bytes]]:
        """What marks this version of the object, the end of the part, and an iterator, which may stop early."""
        raise NotImplementedError

    def store(self, key: str, source: Source, condition: str, tag: str) -> None:
        raise NotImplementedError

    def folder(self, path: str) -> list[tuple[str, bool, int, float]]:
        """Names, whether they are folders, sizes and times; FileNotFoundError where there is no such folder."""
        raise NotImplementedError

    def delete(self, key: str) -> None:
        raise NotImplementedError

    async def open(self) -> None:
        raise NotImplementedError

    async def close(self) -> None:
        pass

    async def read(
        self, call: Call, key: str, offset: int, size: Optional[int], tag: list[str]
    ) -> AsyncIterator[bytes]:
        at, end, version = offset, None if size is None else offset + size, None
        digest = hashlib.sha256()
        while version is None or (end is not None and at < end):
            pieces: Optional[Iterator[bytes]] = None
            try:
                call.requests += 1
                found, end, pieces = await call.within(
                    in_thread(self.opened, key, at, None if end is None else end - at)
                )
                if version not in {None, found}:
                    raise Failure("unavailable", f"{key} was changed while it was read")
                version = found
                while at < end:
                    piece = await call.within(in_thread(next, pieces, None))
                    if not piece:
                        raise Failure("corrupt", f"{key}: the body ends at byte {at}, before {end}", again=True)
                    call.moved()
                    call.received += len(piece)
                    digest.update(piece)
                    at += len(piece)
                    yield piece
            except Failure as failure:
                await call.pause(failure)
            except FileNotFoundError:
                if version is None:
                    raise
                raise Failure("unavailable", f"{key} was removed while it was read") from None
            finally:
                # Not left to the garbage collector, which may come while a library holds the lock that closing takes.
                await in_thread(finish, pieces)
        tag.append(digest.hexdigest())

    async def write(self, call: Call, key: str, source: Source, condition: str, tag: str) -> None:
        unknown = False  # has an attempt failed that may have been carried out?
        while True:
            call.requests += 1
            try:
                await call.within(in_thread(self.store, key, source, condition, tag), source.size)
                call.sent += source.size
                return
            except Refused:
                if unknown and await in_thread(self._holds, key, source):
                    return
                raise
            except Failure as failure:
                unknown = unknown or failure.unknown
                await call.pause(failure)

    def whole(self, key: str) -> Optional[bytes]:
        """A small object; None where there is none."""
        try:
            _, end, pieces = self.opened(key, 0, None)
            data = b"".join(pieces)
        except FileNotFoundError:
            return None
        if len(data) != end:
            raise Failure("corrupt", f"{key}: the body ends at byte {len(data)}, before {end}", again=True)
        return data

    @staticmethod
    def check(key: str, condition: str, tag: str, data: Optional[bytes]) -> None:
        """Raises Refused where the condition does not hold of what is there, None for nothing."""
        if condition == "absent" and data is not None:
            raise Refused(f"{key} is there")
        if condition == "matches" and (data is None or tag_of(data) != tag):
            raise Refused(f"{key} is another one")

    def _holds(self, key: str, source: Source) -> bool:
        """Is the object what an attempt was to write whose answer was lost?"""
        return self.whole(key) == source.piece(0, source.size)

    async def list(self, call: Call, prefix: str) -> AsyncIterator[list[tuple[str, int, float]]]:
        folders = [prefix.rpartition("/")[0]]
        while folders:
            path = folders.pop()
            try:
                entries = await call.repeated(lambda path=path: in_thread(self.folder, path))
            except FileNotFoundError:
                continue
            call.moved()
            found = []
            for name, is_folder, size, changed in entries:
                key = f"{path}/{name}" if path else name
                if MARK in name:
                    continue
                if is_folder:
                    if key.startswith(prefix) or prefix.startswith(key + "/"):
                        folders.append(key)
                elif key.startswith(prefix):
                    found.append((key, size, changed))
            for start in range(0, len(found), 1000):
                yield found[start : start + 1000]

    async def remove(self, call: Call, keys: list[str]) -> None:
        for key in keys:
            await call.repeated(lambda key=key: in_thread(self.delete, key))
            call.moved()
