"""Importing a suite into the calling process, and noticing that its files are no longer what was imported."""

from __future__ import annotations

import hashlib
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

#: By a folder, of a suite or of a project: its modules that were imported, by name, each with its file and what the file
#: held then.
_imported: dict[str, dict[str, tuple[ModuleType, str, str | None]]] = {}


class SuiteImports:
    """While it lasts, modules of the suite in this folder may be imported, and of the project in the other one; which
    ones were is remembered.

    No .pyc files are written: Python would take one for the source of a file that is edited again within the same
    second to the same size, and a check would run what is no longer there.
    """

    def __init__(self, benchmark_dir: str, project_dir: str | None = None) -> None:
        self._suite = os.path.abspath(benchmark_dir)
        self._project = None if project_dir is None else os.path.abspath(project_dir)

    def __enter__(self) -> None:
        self._wrote_bytecode = not sys.dont_write_bytecode
        self._loaded = set(sys.modules)
        sys.dont_write_bytecode = True

    def __exit__(self, *_: object) -> None:
        sys.dont_write_bytecode = not self._wrote_bytecode
        package = os.path.basename(self._suite)
        for name, module in list(sys.modules.items()):
            file = getattr(module, "__file__", None)
            if not isinstance(file, str) or name == "__main__":
                continue
            file = os.path.abspath(file)
            # A script in the suite's folder, and what it imported by itself, are its own.
            is_of_suite = name == package or name.startswith(package + ".") or name not in self._loaded
            if _is_below(file, self._suite):
                if is_of_suite:
                    _remember(self._suite, name, module, file)
            elif self._project is not None and _is_below(file, self._project):
                _remember(self._project, name, module, file)


def _is_below(file: str, folder: str) -> bool:
    return file.startswith(os.path.join(folder, ""))


def _remember(folder: str, name: str, module: ModuleType, file: str) -> None:
    imported = _imported.setdefault(folder, {})
    if name not in imported or imported[name][0] is not module:
        imported[name] = (module, file, _digest(file))


def _digest(file: str) -> str | None:
    """Of what the file holds; None where it cannot be read. Times and sizes do not tell two edits of a second apart."""
    try:
        with open(file, "rb") as opened:
            return hashlib.sha256(opened.read()).hexdigest()
    except OSError:
        return None


def changed(folder: str) -> list[str]:
    """The loaded modules of a suite or a project whose file is no longer what was imported."""
    imported = _imported.get(os.path.abspath(folder), {})
    loaded = {name: each for name, each in imported.items() if sys.modules.get(name) is each[0]}
    return [name for name, (_, file, held) in loaded.items() if _digest(file) != held]


def forget_changed(benchmark_dir: str) -> None:
    """Lets go of the suite's modules if one of them has changed: they are imported anew when they are needed next, and
    so is what imported it. Objects of the old ones live on."""
    import importlib

    # Finders know by a folder's time what it holds, and a file that came in the same moment does not change that.
    importlib.invalidate_caches()
    names = changed(benchmark_dir)
    for name in names:
        _remove_bytecode(sys.modules[name])
    if names:
        forget(benchmark_dir)


def _remove_bytecode(module: ModuleType) -> None:
    """Of a module whose source has changed: Python may take it for the new source's."""
    file = getattr(module, "__cached__", None)
    if isinstance(file, str) and os.path.exists(file):
        os.unlink(file)


def forget(benchmark_dir: str) -> None:
    """Lets go of all modules of the suite."""
    import linecache

    from diff_tester import _core

    for name, (module, file, _) in _imported.pop(os.path.abspath(benchmark_dir), {}).items():
        if sys.modules.get(name) is module:
            del sys.modules[name]
        linecache.cache.pop(file, None)
    _core.forget_suite(benchmark_dir)
