"""Snapshots from scripts, as scripts for the earlier tool expect it."""

from __future__ import annotations

import hashlib
import os
import urllib.parse
from pathlib import Path

from diff_tester.snapshot import storage as _storage
from diff_tester.snapshot.storage import SnapshotMetadata

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from diff_tester import _core

__all__ = ["SnapshotManager", "SnapshotMetadata"]

_LONGEST_NAME = 150


class SnapshotManager(_storage.SnapshotManager):
    """As diff_tester.snapshot.SnapshotManager. Each case has a path of its own, which stays the same whatever is stored
    of it: a link in the store's folder `named`, where the file system has links. A value that can only be described
    (a function, a lock) is stored as its description, which `verify` never counts as checked."""

    _stores_descriptions = True

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

        Equal parameters of a benchmark have one path. See diff_tester.snapshot.SnapshotManager.store_snapshot().
        """
        stored = super().store_snapshot(
            benchmark_name, module_path, parameters, param_names, return_value, class_name
        )
        case = self._find(benchmark_name, module_path, parameters, class_name)
        if case is None:  # another process has removed it meanwhile
            return stored
        link = self._link(case)
        fresh = link.with_name(f".{os.getpid()}-{link.name}")
        try:
            link.parent.mkdir(exist_ok=True)
            fresh.symlink_to(os.path.relpath(stored, link.parent))
        except OSError:  # no links here
            return stored
        os.replace(fresh, link)
        return link

    def delete_snapshot(
        self, benchmark_name: str, module_path: str, parameters: Sequence[Any], class_name: str | None = None
    ) -> bool:
        """Removes what is stored of a case; False if there was nothing."""
        case = self._find(benchmark_name, module_path, parameters, class_name)
        removed = super().delete_snapshot(benchmark_name, module_path, parameters, class_name)
        if case is not None and removed:
            self._link(case).unlink(missing_ok=True)
        return removed

    def cleanup_empty_directories(self) -> None:
        """Removes values that no snapshot refers to any more, what killed captures left, links to what is gone, and
        empty folders."""
        super().cleanup_empty_directories()
        folder = self.snapshot_dir / "named"
        if folder.is_dir():
            for link in list(folder.iterdir()):
                if link.is_symlink() and not link.exists():
                    link.unlink(missing_ok=True)
            if not any(folder.iterdir()):
                folder.rmdir()

    def _link(self, case: _core.StoredCase) -> Path:
        name = case.target.full_name
        of_case = hashlib.sha256("\0".join([name, *case.ids]).encode()).hexdigest()[:16]
        return self.snapshot_dir / "named" / f"{urllib.parse.quote(name, safe='')[:_LONGEST_NAME]}.{of_case}.pkl"

    def _path_of(self, case: _core.StoredCase) -> Path:
        link, stored = self._link(case), super()._path_of(case)
        return link if link.is_symlink() and link.exists() and link.samefile(stored) else stored
