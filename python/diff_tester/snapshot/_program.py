"""The command line program that comes with this package."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

#: The program itself. It embeds no Python: its hosts are processes of the interpreter that runs the benchmarks.
PROGRAM = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "snapshot_test")


def environment() -> dict[str, str]:
    """What the program is started with: without `--python`, benchmarks run in this interpreter."""
    return {**os.environ, "SNAPSHOT_TEST_DEFAULT_PYTHON": sys.executable}


def replace_process() -> NoReturn:
    """The commands `snapshot_test` and `python -m diff_tester.snapshot`: this process becomes the program."""
    os.execve(PROGRAM, ["snapshot_test", *sys.argv[1:]], environment())
