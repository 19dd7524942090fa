"""The command line, called from Python."""

from __future__ import annotations

import sys

from . import _arguments, _program

TYPE_CHECKING = False
if TYPE_CHECKING:
    import subprocess
    from collections.abc import Sequence
    from typing import IO, Any

__all__ = ["SnapshotCLI", "main"]


def _is_real(stream: Any, descriptor: int) -> bool:
    """Is what Python writes to also what a child process would write to?"""
    try:
        return bool(stream.fileno() == descriptor)
    except (AttributeError, OSError, ValueError):
        return False


def _relay(pipe: IO[str], stream: IO[str]) -> None:
    for line in pipe:
        stream.write(line)
        stream.flush()


def _wait(child: subprocess.Popen[str]) -> int:
    """The program ends in order when it is interrupted, and what it says then is the answer."""
    import subprocess

    while True:
        try:
            return child.wait()
        except KeyboardInterrupt:
            try:
                return child.wait(1)  # a terminal's Ctrl-C has reached the program as well
            except (KeyboardInterrupt, subprocess.TimeoutExpired):
                child.send_signal(2)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the program with these arguments (None: those of this process) and returns its exit status.

    Benchmarks run in processes of this interpreter unless the arguments name another by --python. What the program
    prints appears where Python's print() would: also where sys.stdout has been replaced, as in notebooks and tests.
    """
    if argv is None:
        argv = sys.argv[1:]
    if isinstance(argv, str):
        raise TypeError("argv must be a sequence of str, not a str")
    words = [_arguments.text(f"argv[{i}]", word) for i, word in enumerate(argv)]

    import subprocess
    import threading

    outer = [(sys.stdout, 1), (sys.stderr, 2)]
    for stream, _ in outer:
        if stream is not None:
            stream.flush()
    pipes = [
        subprocess.DEVNULL if stream is None else None if _is_real(stream, descriptor) else subprocess.PIPE
        for stream, descriptor in outer
    ]
    child = subprocess.Popen(
        ["snapshot_test", *words],
        executable=_program.PROGRAM,
        env=_program.environment(),
        stdout=pipes[0],
        stderr=pipes[1],
        text=True,
        encoding="utf-8",
        errors="replace",
    )
    relays = [
        threading.Thread(target=_relay, args=(pipe, stream), daemon=True)
        for pipe, (stream, _) in zip((child.stdout, child.stderr), outer)
        if pipe is not None and stream is not None
    ]
    for relay in relays:
        relay.start()
    status = _wait(child)
    for relay in relays:
        relay.join()
    return status if status >= 0 else 128 - status


class SnapshotCLI:
    """The command line as an object, for scripts that were written for one."""

    def run(self, argv: Sequence[str] | None = None) -> int:
        """As main()."""
        return main(argv)
