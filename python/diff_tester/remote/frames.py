"""The protocol's frames.

frame = magic "sR" · version u8 (1) · kind u8 · id u32 · length u32 · payload: length bytes      (little-endian)
"""

from __future__ import annotations

import asyncio
import struct

HEADER = struct.Struct("<2sBcII")
PAYLOAD_LIMIT = 4 << 20
#: How long a piece of a body may be.
PIECE = 256 << 10
#: How many bytes of one body may be under way that the other side has not taken yet.
WINDOW = 1 << 20

REQUEST, BODY, CREDIT, CANCEL, PROGRESS, ANSWER = b"Q", b"B", b"K", b"C", b"P", b"A"


class ProtocolError(Exception):
    """What has come is not the protocol."""


class Frames:
    """Both directions. One task reads; any number may write."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter):
        self._reader = reader
        self._writer = writer
        self._lock = asyncio.Lock()

    async def read(self) -> tuple[bytes, int, bytes] | None:
        """Kind, id and payload; None at the end."""
        try:
            header = await self._reader.readexactly(HEADER.size)
        except asyncio.IncompleteReadError as error:
            if error.partial:
                raise ProtocolError("the input ends in the middle of a frame") from None
            return None
        magic, version, kind, number, length = HEADER.unpack(header)
        if magic != b"sR" or version != 1 or length > PAYLOAD_LIMIT:
            raise ProtocolError(f"no frame of version 1 starts with {header!r}")
        return kind, number, await self._reader.readexactly(length)

    async def write(self, kind: bytes, number: int, payload: bytes | memoryview = b"") -> None:
        async with self._lock:
            self._writer.write(HEADER.pack(b"sR", 1, kind, number, len(payload)))
            if payload:
                self._writer.write(payload)
            await self._writer.drain()
