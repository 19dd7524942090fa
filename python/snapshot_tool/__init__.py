"""The earlier name of diff_tester.snapshot, for scripts that were written for it."""

from diff_tester import snapshot as _snapshot

__all__ = _snapshot.__all__


def __getattr__(name):  # type: ignore[no-untyped-def]
    return getattr(_snapshot, name)


def __dir__():  # type: ignore[no-untyped-def]
    return dir(_snapshot)
