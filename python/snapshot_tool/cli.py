"""The command line, called from Python."""

from diff_tester.snapshot.cli import SnapshotCLI, main

__all__ = ["SnapshotCLI", "main"]
