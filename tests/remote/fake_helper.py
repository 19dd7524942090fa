"""A remote helper of a few lines, as docs/remote-helper.md describes them: objects in memory, by Python's own library.

fake_helper.py [FAULT [KEY]]: does something wrong, on every request or those of the key.
"""

import hashlib
import json
import os
import queue
import struct
import sys
import threading
import time

HEADER = struct.Struct("<2sBcII")
WINDOW = 1 << 20
OBJECTS = {}
LOCK = threading.Lock()
OUTPUT = threading.Lock()
FAULT, FAULTY_KEY = (sys.argv[1:] + ["", ""])[:2]


def read(size):
    data = b""
    while len(data) < size:
        piece = os.read(0, size - len(data))
        if not piece:
            os._exit(0)
        data += piece
    return data


def write(kind, number, payload=b""):
    data = HEADER.pack(b"sR", 1, kind, number, len(payload)) + payload
    with OUTPUT:
        while data:
            data = data[os.write(1, data):]


def body(number, inbox, data):
    window = WINDOW
    for start in range(0, len(data), 100_000):
        piece = data[start:start + 100_000]
        while window < len(piece):
            kind, payload = inbox.get()
            if kind == b"C":
                return False
            window += int.from_bytes(payload, "little")
        window -= len(piece)
        write(b"B", number, piece)
    return True


def answer(number, inbox, request, upload):
    op, key = request["op"], request.get("key")
    tag = lambda data: hashlib.sha256(data).hexdigest()
    if op == "open":
        return {"protocol": 1}
    if op in ("get", "read"):
        data = OBJECTS.get(key)
        if data is None:
            return {"absent": True}
        offset, size = request.get("range", (0, len(data)))
        part = data[offset:offset + size]
        if FAULT == "short":
            body(number, inbox, part[:-1])
            return {"bytes": len(part), "tag": tag(data)}
        if FAULT == "dies-in-body":
            body(number, inbox, part[:3])
            os._exit(7)
        body(number, inbox, part)
        return {"bytes": len(part), "tag": tag(data)}
    if op in ("put", "put_file"):
        if op == "put_file":
            try:
                with open(request["path"], "rb") as file:
                    upload = file.read()
            except OSError as error:
                return {"error": {"kind": "io", "message": str(error)}}
            offset, size = request.get("range", (0, len(upload)))
            upload = upload[offset:offset + size]
        with LOCK:
            there = OBJECTS.get(key)
            condition = request.get("if")
            if condition == "absent" and there is not None:
                return {"written": False}
            if condition == "matches" and (there is None or tag(there) != request["tag"]):
                return {"written": False}
            OBJECTS[key] = bytes(upload)
        return {"written": True}
    if op == "list":
        with LOCK:
            lines = [json.dumps([k, len(v), time.time()]) + "\n" for k, v in OBJECTS.items()
                     if k.startswith(request["prefix"])]
        body(number, inbox, "".join(lines).encode())
        return {}
    if op == "remove":
        with LOCK:
            for key in request["keys"]:
                OBJECTS.pop(key, None)
        return {}
    return {"error": {"kind": "unsupported", "message": op}}


def faulty(number):
    """Never returns where the fault is one in which nothing is answered."""
    if FAULT == "garbage":
        os.write(1, b"Traceback (most recent call last):\n")
    elif FAULT == "dies":
        print("Fatal: out of luck", file=sys.stderr)
        print("by password=hunter22 of https://user:secret-word@host/?sig=abcdef", file=sys.stderr, flush=True)
        os._exit(3)
    elif FAULT == "silent":
        time.sleep(1000)
    elif FAULT == "not-json":
        write(b"A", number, b"{")
    elif FAULT == "wrong-type":
        write(b"A", number, json.dumps({"bytes": "many", "tag": 1, "written": 3}).encode())
    elif FAULT == "unknown-id":
        write(b"A", number + 1000, b"{}")
    elif FAULT == "unasked-body":
        write(b"B", number, b"x")
    elif FAULT == "too-long":
        os.write(1, HEADER.pack(b"sR", 1, b"B", number, 1 << 30))
    elif FAULT == "closes-output":
        os.close(1)
        time.sleep(1000)
    elif FAULT == "error":
        message = os.environ.get("FAKE_MESSAGE", "no reason")
        write(b"A", number, json.dumps({"error": {"kind": "unavailable", "message": message}}).encode())
    else:
        return False
    return True


def handle(number, inbox, request):
    upload = bytearray()
    while len(upload) < request.get("bytes", 0):
        upload += inbox.get()[1]
    if request["op"] != "open" and FAULTY_KEY in ("", request.get("key")) and faulty(number):
        return
    done = answer(number, inbox, request, upload)
    done["traffic"] = {"requests": 1, "retries": 0, "sent": len(upload), "received": done.get("bytes", 0)}
    write(b"A", number, json.dumps(done).encode())


def main():
    inboxes = {}
    if FAULT == "dies-at-start":
        sys.exit("no module named obstore")
    while True:
        _, _, kind, number, length = HEADER.unpack(read(HEADER.size))
        payload = read(length)
        if FAULT == "reads-nothing" and number > 0:
            time.sleep(1000)
        if kind == b"Q":
            inboxes[number] = queue.Queue()
            threading.Thread(target=handle, args=(number, inboxes[number], json.loads(payload)), daemon=True).start()
        else:
            inboxes[number].put((kind, payload))


main()
