"""The process in which benchmarks run, where the program snapshot_test does not embed this interpreter.

`python -m diff_tester.host PID` is started by snapshot_test itself, the supervisor with that pid.
"""

import os
import sys
from typing import NoReturn

from diff_tester._core import host as _serve
from diff_tester._core import version

__all__ = ["clock_library", "main", "version"]

#: What `--freeze-time` preloads, so that C code sees the time stand still as well.
clock_library = os.path.join(os.path.dirname(os.path.abspath(__file__)), "libsnapshot_test_clock.so")


def _restore(variable: str) -> None:
    """Gives benchmarks the user's own value of a variable that was meant for this process's start only."""
    before = os.environ.pop("SNAPSHOT_TEST_" + variable, None)
    if before:
        os.environ[variable] = before
    elif before is not None:
        del os.environ[variable]


def main() -> NoReturn:
    """Serves the supervisor over descriptor 3 until it is told to end."""
    if len(sys.argv) != 2 or not sys.argv[1].isdigit():
        sys.exit("diff_tester.host is started by snapshot_test itself")
    supervisor = int(sys.argv[1])
    sys.argv[:] = ["snapshot_test"]
    _restore("LD_PRELOAD")
    _serve(supervisor)


if __name__ == "__main__":
    main()
