"""Messages over a socket, as the program's own channels have them (src/util/channel.hpp).

    frame = magic "sT" · version u8 · descriptors u8 (0) · length u32, little-endian · payload: length bytes of JSON
"""

import json
import struct

HEADER = struct.Struct("<2sBBI")
MOST_BYTES = 256 << 20


def encode(message):
    """The frame of a message."""
    payload = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    return HEADER.pack(b"sT", 1, 0, len(payload)) + payload


class Decoder:
    """Puts frames together from whatever pieces arrive."""

    def __init__(self):
        self.buffer = bytearray()

    def feed(self, data):
        self.buffer += data

    def __iter__(self):
        while len(self.buffer) >= HEADER.size:
            magic, version, descriptors, length = HEADER.unpack_from(self.buffer)
            if (magic, version, descriptors) != (b"sT", 1, 0) or length > MOST_BYTES:
                raise ValueError("what came is no message of snapshot_test")
            end = HEADER.size + length
            if len(self.buffer) < end:
                return
            payload = bytes(self.buffer[HEADER.size:end])
            del self.buffer[:end]
            yield json.loads(payload.decode("utf-8", "surrogatepass"))
