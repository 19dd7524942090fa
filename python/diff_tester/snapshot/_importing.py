"""Importing a suite into the calling process."""

from __future__ import annotations

import sys


class WithoutBytecode:
    """No .pyc files are written while it lasts: Python would take one for the source of a file that is edited again
    within the same second to the same size, and a check would run what is no longer there."""

    def __enter__(self) -> None:
        self._before = sys.dont_write_bytecode
        sys.dont_write_bytecode = True

    def __exit__(self, *_: object) -> None:
        sys.dont_write_bytecode = self._before
