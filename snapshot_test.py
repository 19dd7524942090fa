#!/usr/bin/env python3
"""The command line, where the package is installed: `python snapshot_test.py list benchmarks/`."""

import sys

from diff_tester.snapshot import main

if __name__ == "__main__":
    sys.exit(main())
