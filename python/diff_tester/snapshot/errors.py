"""What can go wrong, as exceptions.

Wrong arguments raise TypeError or ValueError that name the argument; what a benchmark itself raises is in
`TraceResult.error`.
"""

from __future__ import annotations

__all__ = ["BenchmarkError", "ConfigError", "SnapshotError", "StoreError"]


class SnapshotError(Exception):
    """Base of all the exceptions of this package. Its text says what happened, why, and what to do next."""


class StoreError(SnapshotError):
    """A snapshot store cannot be read or written: missing, damaged, of another version, locked, or the disk refuses."""

    def __init__(self, message: str, path: str) -> None:
        super().__init__(message)
        #: The store's folder.
        self.path = path

    def __reduce__(self) -> tuple[type[StoreError], tuple[str, str]]:
        return type(self), (str(self), self.path)


class ConfigError(SnapshotError, ValueError):
    """A configuration holds a key or value that does not belong there, or its file cannot be read or written."""


class BenchmarkError(SnapshotError):
    """The folder of a suite cannot be used, or has no such benchmark."""
