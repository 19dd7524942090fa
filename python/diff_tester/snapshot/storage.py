"""Snapshots from scripts: store what a benchmark came to, load it, look at what there is.

The store is the one of the command line (docs/store.md): `snapshot_test verify` checks what was stored here, and what
`snapshot_test capture` stored can be loaded here.
"""

from __future__ import annotations

import ast
import math
import pickle
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timezone
from pathlib import Path

from diff_tester import _core
from diff_tester.snapshot import _arguments
from diff_tester.snapshot.errors import SnapshotError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from typing import Any

__all__ = ["SnapshotManager", "SnapshotMetadata"]


@dataclass
class SnapshotMetadata:
    """What is known of one snapshot besides its value."""

    #: The function or method.
    benchmark_name: str
    #: Dotted, without the folder of the suite.
    module_path: str
    #: One value an axis. Where a value was loaded from a store, whose manifests hold reprs, a literal (numbers, text,
    #: None, and containers of these) is the value itself, and everything else is the text of its repr.
    parameters: tuple[Any, ...]
    #: One name an axis; None where a script gives none.
    param_names: list[str] | None
    #: When it was stored; aware, in UTC, whole seconds.
    timestamp: datetime
    #: None for functions.
    class_name: str | None = None
    #: Hex; None outside a git work tree.
    git_commit: str | None = None
    #: None outside a git work tree, and where no branch was checked out.
    git_branch: str | None = None
    #: "3.11.7"; None where it is not known.
    python_version: str | None = None
    #: "Linux 6.1.0 x86_64"; None where it is not known.
    platform: str | None = None
    #: There is no value, because the benchmark failed, was skipped, or its value cannot be stored.
    capture_failed: bool = False
    #: Why, in one line; None where it did not fail.
    failure_reason: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """All fields as what JSON knows: the time as ISO 8601 text, parameters as a list.

        A parameter that JSON has no form for is `{"repr": text}`. `from_dict` makes an equal object of it, as long as
        all parameters are literals or text.
        """
        out = {field.name: getattr(self, field.name) for field in fields(self)}
        out["timestamp"] = self.timestamp.isoformat()
        out["parameters"] = [_to_json(value) for value in self.parameters]
        out["param_names"] = None if self.param_names is None else list(self.param_names)
        return out

    @classmethod
    def from_dict(cls, d: dict[str, Any]) -> SnapshotMetadata:
        """The opposite of `to_dict`. ValueError names keys that are unknown, missing, or of the wrong type."""
        if not isinstance(d, dict):
            raise _arguments.wrong_type("d", "a dict", d)
        known = [field.name for field in fields(cls)]
        unknown = [str(key) for key in d if key not in known]
        if unknown:
            raise ValueError(f"unknown keys: {', '.join(unknown)}; known are {', '.join(known)}")
        missing = [name for name in known[:5] if name not in d]
        if missing:
            raise ValueError(f"missing keys: {', '.join(missing)}")
        values = dict(d)
        for name, value in d.items():
            if name == "parameters":
                values[name] = tuple(_from_json(each) for each in _listed(name, value))
            elif name == "param_names" and value is not None:
                values[name] = [_checked(name, each, str) for each in _listed(name, value)]
            elif name == "timestamp":
                values[name] = _time_from_iso(_checked(name, value, str))
            elif name == "capture_failed":
                _checked(name, value, bool)
            elif value is not None or name in known[:2]:
                _checked(name, value, str)
        return cls(**values)


def _checked(key: str, value: Any, wanted: type) -> Any:
    if not isinstance(value, wanted):
        raise ValueError(f"{key}: must be {wanted.__name__}, not {value!r}")
    return value


def _listed(key: str, value: Any) -> list[Any] | tuple[Any, ...]:
    if not isinstance(value, (list, tuple)):
        raise ValueError(f"{key}: must be a list, not {value!r}")
    return value


def _time_from_iso(text: str) -> datetime:
    # Before 3.11, fromisoformat() does not know Z.
    try:
        time = datetime.fromisoformat(text[:-1] + "+00:00" if text.endswith("Z") else text)
    except ValueError:
        raise ValueError(f"timestamp: must be a time such as 2026-11-23T07:15:00+00:00, not {text!r}") from None
    return time if time.tzinfo is not None else time.replace(tzinfo=timezone.utc)


def _to_json(value: Any) -> Any:
    if value is None or type(value) in (bool, int, str) or (type(value) is float and math.isfinite(value)):
        return value
    return {"repr": repr(value)}


def _from_json(value: Any) -> Any:
    if isinstance(value, dict):
        if list(value) != ["repr"] or not isinstance(value["repr"], str):
            raise ValueError(f'parameters: an object must be {{"repr": text}}, not {value!r}')
        return _literal(value["repr"])
    if isinstance(value, list):
        raise ValueError(f'parameters: must be numbers, text or {{"repr": text}}, not {value!r}')
    return value


def _literal(text: str) -> Any:
    """The value of a repr that is a literal; else the text."""
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return text


def _metadata(case: _core.StoredCase) -> SnapshotMetadata:
    return SnapshotMetadata(
        benchmark_name=case.target.function,
        module_path=case.target.module,
        parameters=tuple(_literal(text) for text in case.ids),
        param_names=case.names,
        timestamp=_time_from_iso(case.time),
        class_name=case.target.class_name or None,
        git_commit=case.git_commit or None,
        git_branch=case.git_branch or None,
        python_version=case.python_version or None,
        platform=case.platform or None,
        capture_failed=case.failed,
        failure_reason=case.reason if case.failed else None,
    )


def _target(benchmark_name: str, module_path: str, class_name: str | None) -> _core.SnapshotTarget:
    if not _arguments.text("benchmark_name", benchmark_name):
        raise ValueError("benchmark_name must not be empty")
    return _core.SnapshotTarget(
        _arguments.text("module_path", module_path),
        _arguments.optional_text("class_name", class_name) or "",
        benchmark_name,
    )


def _parameters(parameters: Sequence[Any]) -> tuple[Any, ...]:
    if not isinstance(parameters, Sequence) or isinstance(parameters, (str, bytes, bytearray)):
        raise _arguments.wrong_type("parameters", "a tuple with one value a parameter", parameters)
    return tuple(parameters)


def _names(param_names: Sequence[str] | None, count: int) -> list[str]:
    """One name an axis, as ASV has them: `param2` for what has none, and what is too much is left out."""
    if param_names is None:
        return []
    if not isinstance(param_names, Sequence) or isinstance(param_names, (str, bytes)):
        raise _arguments.wrong_type("param_names", "a list of str, or None", param_names)
    names = [_arguments.text(f"param_names[{i}]", name) for i, name in enumerate(param_names)]
    return names[:count] + [f"param{i + 1}" for i in range(len(names), count)]


class SnapshotManager:
    """The snapshots in one folder, which is made when something is first stored.

    A case is a benchmark with one value for each of its parameters. It is found by the reprs of these values, as the
    command line finds it; addresses in them (`at 0x7f…`) do not matter.

    Where there is no folder yet, there are no snapshots; that is no error. StoreError is raised where the folder is
    something else, is damaged, of another version, or cannot be read or written, and where another process is still
    writing to it after 10 seconds. Any number of threads and processes may use one folder.
    """

    #: Are values stored of which nothing but a description can be? They are nothing that `verify` could check.
    _stores_descriptions = False

    def __init__(self, snapshot_dir: str | os.PathLike[str]) -> None:
        """`snapshot_dir`: the folder; `--snapshot-dir` of the command line, where it is `.snapshots` by default."""
        #: The folder with the snapshots.
        self.snapshot_dir = Path(_arguments.path("snapshot_dir", snapshot_dir))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self.snapshot_dir)!r})"

    def store_snapshot(
        self,
        benchmark_name: str,
        module_path: str,
        parameters: Sequence[Any],
        param_names: Sequence[str] | None,
        return_value: Any,
        class_name: str | None = None,
    ) -> Path:
        """Stores what a case came to, in place of what was stored of it before, and returns the path of the pickle.

        `pickle.load` reads that file. It is named by its content: it stays until the case is stored or captured anew
        and the store is cleaned, and equal values share one file.

        A part of the value that cannot be pickled (an iterator, a function, a lock) is stored as a dict that describes
        it: `{"__snapshot_test__": "iterator", "items": […], …}`. A warning says where only the first 10,000 items of an
        iterator are kept. Where all of the value can only be described without saying what was computed, nothing is
        stored and SnapshotError says why. None can be stored, but is nothing that `verify` could check.

        TypeError and ValueError name the argument: `parameters` must have as many values as the benchmark's stored
        cases have. `param_names=None` keeps the stored names, or makes them `param1`, `param2`, …
        """
        target = _target(benchmark_name, module_path, class_name)
        values = _parameters(parameters)
        names = _names(param_names, len(values))
        path, notes = _core.store_value(self._root, target, values, names, return_value, self._stores_descriptions)
        for note in notes:
            warnings.warn(f"snapshot of {target.full_name}: {note}", stacklevel=2)
        return Path(path)

    def store_failed_capture(
        self,
        benchmark_name: str,
        module_path: str,
        parameters: Sequence[Any],
        param_names: Sequence[str] | None,
        failure_reason: str | BaseException,
        class_name: str | None = None,
    ) -> None:
        """Stores that a case could not be captured, in place of what was stored of it before.

        The reason, a text or an exception ("ValueError: its text"), becomes one line. Arguments and errors are those of `store_snapshot`.
        """
        target = _target(benchmark_name, module_path, class_name)
        values = _parameters(parameters)
        if isinstance(failure_reason, BaseException):
            failure_reason = f"{type(failure_reason).__name__}: {failure_reason}"
        lines = [line.strip() for line in _arguments.text("failure_reason", failure_reason).splitlines()]
        reason = "; ".join(line for line in lines if line)
        _core.store_failure(self._root, target, values, _names(param_names, len(values)), reason)

    def load_snapshot(
        self,
        benchmark_name: str,
        module_path: str,
        parameters: Sequence[Any],
        class_name: str | None = None,
    ) -> tuple[Any, SnapshotMetadata] | None:
        """The stored value of a case and what is known of it; None if there is no snapshot.

        **Only for stores that you trust:** the value is unpickled, which runs what the pickle says. That the bytes are
        the ones that were stored is checked before.

        Of a snapshot that the command line captured, the value is what the benchmark returned; where that was None,
        what its statements computed (one value, or a tuple of them); where there is nothing of that either, what the
        deepest call returned, else what the call changed. A case without a value gives None as the value: look at
        `capture_failed` and `failure_reason` of the metadata.

        Parts that could not be pickled are dicts that describe them, as `store_snapshot` says. SnapshotError: the types
        of the value cannot be imported here, or do not accept what was stored; or only a sketch of the value is stored,
        since it is larger than `store_max_value_bytes` was.
        """
        case = self._find(benchmark_name, module_path, parameters, class_name)
        if case is None:
            return None
        if case.sketched:
            raise SnapshotError(
                f"of the snapshot of {case.target.full_name} only a sketch is stored: its value is larger than "
                "store_max_value_bytes was when it was captured; `snapshot_test verify` compares with it"
            )
        values = [self._unpickle(case, sha256, size) for sha256, size in case.values]
        if not values:
            return None, _metadata(case)
        return values[0] if len(values) == 1 else tuple(values), _metadata(case)

    def is_failed_capture(
        self,
        benchmark_name: str,
        module_path: str,
        parameters: Sequence[Any],
        class_name: str | None = None,
    ) -> bool:
        """Is it known of the case that it has no value to load? False where nothing is known of it."""
        case = self._find(benchmark_name, module_path, parameters, class_name)
        return case is not None and case.failed

    def list_snapshots(
        self, module_path: str | None = None, benchmark_name: str | None = None
    ) -> list[tuple[Path, SnapshotMetadata]]:
        """Every case of the store, or of a module, or of the benchmarks of a name, sorted by benchmark and case.

        The path is that of the value's file (the first, where `load_snapshot` gives several; the command line
        compresses large ones), or of the benchmark's manifest where there is no value.
        """
        cases = _core.list_stored(
            self._root,
            _arguments.optional_text("module_path", module_path),
            _arguments.optional_text("benchmark_name", benchmark_name),
        )
        return [(self._path_of(case), _metadata(case)) for case in cases]

    def delete_snapshot(
        self,
        benchmark_name: str,
        module_path: str,
        parameters: Sequence[Any],
        class_name: str | None = None,
    ) -> bool:
        """Removes what is stored of a case; False if there was nothing.

        The file of its value, which other cases may share, goes with the next `cleanup_empty_directories()`.
        """
        target = _target(benchmark_name, module_path, class_name)
        return _core.forget_stored(self._root, target, _parameters(parameters))

    def cleanup_empty_directories(self) -> None:
        """Removes values that no snapshot refers to any more, what killed captures left, and empty folders."""
        _core.clean_store(self._root)

    def get_snapshot_stats(self) -> dict[str, Any]:
        """Counts: `total_snapshots` (cases), `modules`, `benchmarks`; `oldest_snapshot` and `newest_snapshot` (aware
        datetimes in UTC, or None); `total_size_bytes`, the size of the files that hold the snapshots' values."""
        stats = _core.store_stats(self._root)
        return {
            "total_snapshots": stats.snapshots,
            "modules": stats.modules,
            "benchmarks": stats.benchmarks,
            "oldest_snapshot": _time_from_iso(stats.oldest) if stats.oldest else None,
            "newest_snapshot": _time_from_iso(stats.newest) if stats.newest else None,
            "total_size_bytes": stats.bytes,
        }

    @property
    def _root(self) -> str:
        return str(self.snapshot_dir)

    def _path_of(self, case: _core.StoredCase) -> Path:
        return Path(case.path)

    def _find(
        self, benchmark_name: str, module_path: str, parameters: Sequence[Any], class_name: str | None
    ) -> _core.StoredCase | None:
        target = _target(benchmark_name, module_path, class_name)
        return _core.find_stored(self._root, target, _parameters(parameters))

    def _unpickle(self, case: _core.StoredCase, sha256: str, size: int) -> Any:
        stored = _core.load_object(self._root, sha256, size)
        try:
            return pickle.loads(stored)
        except Exception as error:
            raise SnapshotError(
                f"the snapshot of {case.target.full_name} cannot be unpickled here: {type(error).__name__}: {error}; "
                f"it was stored by Python {case.python_version}"
            ) from error
