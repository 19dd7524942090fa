#!/usr/bin/env python3
"""push and pull beside `rclone copy` of the same store, to the same places.

  remote_peer.py REMOTE_SPEED FOLDER SMALL LARGE LARGE_BYTES --python PYTHON

PYTHON is of an environment with tests/remote/requirements.txt. REMOTE_SPEED (benchmarks/remote_speed.cpp) makes the
store and prints its own lines; rclone copies that store's folder to a folder, and to `rclone serve webdav` on loopback,
and back. FOLDER holds a store, two copies in the server, and two that came back: five times the values.
"""
import argparse
import os
import pathlib
import shutil
import socket
import subprocess
import time

USER, PASSWORD = "user", "remote-peer"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def bytes_below(folder):
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def timed(name, command, result, environment):
    begun = time.perf_counter()
    subprocess.run([str(word) for word in command], check=True, env=environment)
    seconds = time.perf_counter() - begun
    print(f"{name:<28} {bytes_below(result):>14} bytes there {seconds:>9.2f} s", flush=True)


def served(rclone, folder, port, environment):
    """rclone as a server, once it takes requests."""
    server = subprocess.Popen([rclone, "serve", "webdav", folder, "--addr", f"127.0.0.1:{port}", "--user", USER, "--pass",
                               PASSWORD, "--log-level", "ERROR"], env=environment)
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return server
        time.sleep(0.1)
    server.kill()
    raise SystemExit("rclone does not serve")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("remote_speed")
    parser.add_argument("folder", type=pathlib.Path)
    for count in ("small", "large", "large_bytes"):
        parser.add_argument(count, type=int)
    parser.add_argument("--python", required=True, type=pathlib.Path)
    arguments = parser.parse_args()
    folder = arguments.folder.absolute()
    rclone = arguments.python.absolute().parent / "rclone"
    environment = {**os.environ, "RCLONE_CONFIG": os.devnull, "SNAPSHOT_TEST_REMOTE_PYTHON": str(arguments.python)}
    values = [str(arguments.small), str(arguments.large), str(arguments.large_bytes)]

    print("-- a folder", flush=True)
    subprocess.run([arguments.remote_speed, folder, *values], check=True, env=environment)
    shutil.rmtree(folder / "remote")
    shutil.rmtree(folder / "pulled")
    shutil.rmtree(folder / "cache")
    copy = [rclone, "copy", "--transfers", "32"]  # as many at once as push
    timed("rclone copy", [*copy, folder / "store", folder / "copied"], folder / "copied", environment)
    shutil.rmtree(folder / "copied")

    print("-- WebDAV", flush=True)
    port, data = free_port(), folder / "served"
    data.mkdir()
    server = served(rclone, data, port, environment)
    try:
        subprocess.run([arguments.remote_speed, folder, *values, f"webdav://{USER}:{PASSWORD}@127.0.0.1:{port}/ours"],
                       check=True, env=environment)
        shutil.rmtree(folder / "pulled")
        hidden = subprocess.run([rclone, "obscure", PASSWORD], check=True, capture_output=True, text=True).stdout.strip()
        there = f":webdav,url='http://127.0.0.1:{port}',user={USER},pass={hidden}:peer"
        timed("rclone copy, there", [*copy, folder / "store", there], data / "peer", environment)
        timed("rclone copy, back", [*copy, there, folder / "copied"], folder / "copied", environment)
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main()
