#!/usr/bin/env python3
"""The command line of the installed package: `python snapshot_test.py list benchmarks/`."""

import sys

try:
    from diff_tester.snapshot import main
except ImportError as error:
    sys.exit(f"snapshot_test is not built for {sys.executable} yet ({error}): run {sys.executable} -m pip install .")

if __name__ == "__main__":
    sys.exit(main())
