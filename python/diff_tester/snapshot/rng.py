"""Generators of random numbers, made the same in every run."""

from __future__ import annotations

import sys

from . import _arguments

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any

__all__ = ["RNGPatcher", "patch_all_rngs", "reset_all_rngs", "unpatch_all_rngs"]

_MOST = 2**64 - 1


def _checked(seed: Any) -> int:
    number = _arguments.whole("seed", seed)
    if number > _MOST:
        raise ValueError(f"seed must be at most {_MOST}, not {number}")
    return number


class RNGPatcher:
    """Makes what is drawn without a seed of one's own come out the same every time, between patch_all() and
    unpatch_all(), or in a `with` block:

    the module `random`; `numpy.random`'s functions and its unseeded `default_rng()` and `SeedSequence()`;
    `random.Random()`, `random.SystemRandom`, `secrets`, `os.urandom`, `uuid.uuid1` and `uuid4`; torch and tensorflow if
    they are imported. Generators that were seeded explicitly are nobody's business. `seed`: 0 to 2**64 - 1.

    The whole process is affected, all of its threads. Do not make keys or passwords meanwhile.
    """

    def __init__(self, seed: int = 42) -> None:
        self.seed = _checked(seed)
        self._replaced: Any = None
        self._states: list[tuple[Any, Any]] = []

    @property
    def is_patched(self) -> bool:
        """Between patch_all() and unpatch_all()?"""
        return self._replaced is not None

    def patch_all(self) -> None:
        """Seeds everything. Done twice, it seeds anew."""
        from diff_tester import _core

        if self._replaced is None:
            import random

            self._states = [(random.setstate, random.getstate())]
            # numpy 2 imports numpy.random when somebody first uses it.
            numpy_random: Any = getattr(sys.modules.get("numpy"), "random", None)
            if numpy_random is not None:
                self._states.append((numpy_random.set_state, numpy_random.get_state()))
            self._replaced = _core.replace_entropy(self.seed)
        _core.reseed(self.seed)

    def unpatch_all(self) -> None:
        """Gives back the system's entropy, and the states that `random` and `numpy.random` had. Nothing happens if
        nothing is patched. torch and tensorflow stay seeded."""
        if self._replaced is None:
            return
        self._replaced.restore()
        self._replaced = None
        for set_state, state in self._states:
            set_state(state)
        if len(self._states) == 1 and "numpy.random" in sys.modules:
            sys.modules["numpy.random"].seed()  # it was imported meanwhile, so it has no state to go back to
        self._states = []

    def __enter__(self) -> RNGPatcher:
        self.patch_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.unpatch_all()

    def __repr__(self) -> str:
        return f"<RNGPatcher: seed {self.seed}, {'patched' if self.is_patched else 'not patched'}>"


_patcher: RNGPatcher | None = None


def patch_all_rngs(seed: int = 42) -> None:
    """RNGPatcher(seed).patch_all() for the whole process, until unpatch_all_rngs()."""
    global _patcher
    patcher = RNGPatcher(seed)
    unpatch_all_rngs()
    patcher.patch_all()
    _patcher = patcher


def unpatch_all_rngs() -> None:
    """Takes back the last patch_all_rngs(), if there was one."""
    global _patcher
    if _patcher is not None:
        _patcher.unpatch_all()
        _patcher = None


def reset_all_rngs(seed: int = 42) -> None:
    """Seeds the generators that are there, once: `random`, `numpy.random`, torch, tensorflow; and, where they are
    patched, what takes the place of the system's entropy."""
    from diff_tester import _core

    _core.reseed(_checked(seed))
