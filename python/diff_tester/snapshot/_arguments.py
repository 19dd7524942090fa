"""Checks of arguments: TypeError and ValueError that name the argument."""

from __future__ import annotations

import os

from diff_tester import _core

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def wrong_type(name: str, wanted: str, value: object) -> TypeError:
    """The exception for an argument of another type than `wanted`."""
    return TypeError(f"{name} must be {wanted}, not {type(value).__name__}")


def text(name: str, value: Any) -> str:
    """A str, or TypeError."""
    if not isinstance(value, str):
        raise wrong_type(name, "a str", value)
    return value


def optional_text(name: str, value: Any) -> str | None:
    """A str or None, or TypeError."""
    return None if value is None else text(name, value)


def flag(name: str, value: Any) -> bool:
    """A bool, or TypeError: 0 and "no" are not flags."""
    if not isinstance(value, bool):
        raise wrong_type(name, "a bool", value)
    return value


def whole(name: str, value: Any, least: int = 0) -> int:
    """An int of at least `least` (numpy's are fine), or TypeError, or ValueError."""
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise wrong_type(name, "an int", value)
    number = value.__index__()
    if number < least:
        raise ValueError(f"{name} must be at least {least}, not {number}")
    return int(number)


def not_negative(name: str, value: Any) -> float:
    """A number of at least 0 and not NaN (numpy's are fine), or TypeError, or ValueError."""
    # Before 3.10 a complex number had a __float__ that raised.
    has_value = hasattr(value, "__float__") or hasattr(value, "__index__")
    if isinstance(value, (bool, complex, str, bytes)) or not has_value:
        raise wrong_type(name, "a number", value)
    number = float(value)
    if not number >= 0:
        raise ValueError(f"{name} must be a number of at least 0, not {number}")
    return number


def absolute_tolerance(name: str, value: Any) -> float:
    """As not_negative(); "auto" is what the comparison takes for it."""
    if not isinstance(value, str):
        return not_negative(name, value)
    if value != "auto":
        raise TypeError(f'{name} must be a number of at least 0 or "auto", not {value!r}')
    return _core.auto_atol


def path(name: str, value: Any) -> str:
    """A path as text, or TypeError."""
    if not isinstance(value, (str, os.PathLike)):
        raise wrong_type(name, "a str or a path", value)
    found = os.fspath(value)
    if not isinstance(found, str):
        raise wrong_type(name, "a str or a path of text", value)
    return found
