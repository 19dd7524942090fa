#!/usr/bin/env python3
"""Does the installed package work here? The same as `python -m diff_tester.self_test`."""

import sys

try:
    from diff_tester.self_test import main
    from diff_tester.snapshot import Comparator  # noqa: F401, what is built in C++ is there
except ImportError as error:
    sys.exit(f"snapshot_test is not built for {sys.executable} yet ({error}): run {sys.executable} -m pip install .")


def test_snapshot_tool():
    assert main() == 0


if __name__ == "__main__":
    sys.exit(main())
