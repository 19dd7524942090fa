"""Settings: those of the command line, by the same rules (docs/configuration.md).

Keys, types, ranges and defaults are the C++ library's; a wrong one raises ConfigError with the command line's message.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from diff_tester import _core
from diff_tester.snapshot import _arguments
from diff_tester.snapshot._settings import Attributes
from diff_tester.snapshot.errors import ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from typing_extensions import Unpack

    from diff_tester.snapshot._settings import AnyPath, Arguments

__all__ = ["ConfigManager", "SnapshotConfig"]

#: The file that the command line looks for in the current folder.
_FILE_NAME = "snapshot_config.json"

_KEYS = tuple(Attributes.__annotations__)


def _plain(value: Any) -> Any:
    """What json does not know but means something it does: paths, numpy's numbers."""
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if hasattr(value, "__index__"):
        return value.__index__()
    if hasattr(value, "__float__"):
        return float(value)
    raise TypeError(f"is of type {type(value).__name__}, which no setting has")


def _to_json(settings: dict[str, Any], source: str) -> str:
    parts = []
    for key, value in settings.items():
        try:
            parts.append(f"{json.dumps(key)}: {json.dumps(value, default=_plain, allow_nan=False)}")
        except (TypeError, ValueError) as error:
            raise ConfigError(f"{source}: {key}: {error}") from None
    return "{" + ", ".join(parts) + "}"


def _settle(settings: dict[str, Any], source: str) -> dict[str, Any]:
    """Every setting: those given, and the defaults. ConfigError for what does not belong there."""
    settled: dict[str, Any] = json.loads(_core.config_settle(_to_json(settings, source), source))
    return settled


class SnapshotConfig(Attributes):
    """The settings of a run. Each is a keyword of the constructor and an attribute.

        SnapshotConfig(benchmark_dir="benchmarks", tolerance={"rtol": 1e-3}, exclude_benchmarks=["timeraw_*"])

    What is not given has the default of the command line; of `tolerance`, too, only what differs needs to be given.
    Assigning an attribute checks the value; what is changed inside a dict or list is checked when it is written.
    Two configurations are equal where all their attributes are.

    Paths are text, relative to the current folder; those that were read from a file stay as they are there, and
    `get_benchmark_dir()` and the like give them relative to the file's folder, as the command line takes them.
    """

    #: The folder with the ASV benchmarks: there always is one.
    benchmark_dir: str

    def __init__(self, **settings: Unpack[Arguments]) -> None:
        """ConfigError for unknown keys and wrong values, and where an asv.conf.json is needed and cannot be read."""
        self._take(_settle(dict(settings), type(self).__name__), "", ())

    @classmethod
    def from_dict(cls, d: dict[str, Any]) -> SnapshotConfig:
        """A configuration of what `to_dict` gave, or of some of it; the defaults for the rest."""
        if not isinstance(d, dict):
            raise _arguments.wrong_type("d", "a dict", d)
        return cls._make(_settle({str(key): value for key, value in d.items()}, cls.__name__), "", ())

    @classmethod
    def from_file(cls, path: AnyPath) -> SnapshotConfig:
        """What a snapshot_config.json says; the defaults for the rest. ConfigError names file, key and cause."""
        file = _arguments.path("path", path)
        text, keys = _core.config_read(file)
        return cls._make(json.loads(text), os.path.dirname(file), keys)

    def to_dict(self) -> dict[str, Any]:
        """Every setting, as JSON knows it; a copy. ConfigError where a dict or list was changed to what is wrong."""
        return _settle({key: getattr(self, key) for key in _KEYS}, type(self).__name__)

    def save_to_file(self, path: AnyPath) -> None:
        """Writes every setting as JSON, in place of what the file held before, at once or not at all.

        Relative paths are written as they are; whoever reads the file takes them as relative to its folder.
        """
        _core.config_write(_arguments.path("path", path), json.dumps(self.to_dict()))

    def get_benchmark_dir(self) -> Path:
        """The folder with the ASV benchmarks."""
        return self._folder_of("benchmark_dir", self.benchmark_dir)

    def get_snapshot_dir(self) -> Path:
        """The folder with the snapshots."""
        return self._folder_of("snapshot_dir", self.snapshot_dir)

    def get_project_dir(self) -> Path | None:
        """The folder that goes first on the import path, if there is one."""
        return None if self.project_dir is None else self._folder_of("project_dir", self.project_dir)

    def should_exclude_benchmark(self, name: str) -> bool:
        """Does `exclude_benchmarks` leave out a benchmark with this method, Class.method or full name?"""
        return _core.matches_any(_arguments.text("name", name), self.exclude_benchmarks)

    def __setattr__(self, name: str, value: Any) -> None:
        self._change({name: value})

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SnapshotConfig):
            return NotImplemented
        return all(getattr(self, key) == getattr(other, key) for key in _KEYS)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        settings = (f"{key}={getattr(self, key)!r}" for key in _KEYS)
        return f"{type(self).__name__}({', '.join(settings)})"

    @classmethod
    def _make(cls, settled: dict[str, Any], folder: str, keys: tuple[str, ...] | list[str]) -> SnapshotConfig:
        made = cls.__new__(cls)
        made._take(settled, folder, keys)
        return made

    def _take(self, settled: dict[str, Any], folder: str, keys: tuple[str, ...] | list[str]) -> None:
        # Not through __setattr__, which checks.
        self.__dict__.update(settled, _folder=folder, _from_file=frozenset(keys))

    def _change(self, changes: dict[str, Any]) -> None:
        """Changes some settings, or none of them where one is wrong."""
        present = {key: getattr(self, key) for key in _KEYS if key in self.__dict__}
        self.__dict__.update(
            _settle({**present, **changes}, type(self).__name__),
            _from_file=self.__dict__["_from_file"] - set(changes),
        )

    def _folder_of(self, key: str, value: str) -> Path:
        folder = self.__dict__["_folder"]
        if key not in self.__dict__["_from_file"] or not folder:
            return Path(value)
        return Path(os.path.normpath(os.path.join(folder, value)))


class ConfigManager:
    """A configuration and the file it is kept in."""

    def __init__(self, config_path: AnyPath | None = None) -> None:
        """`config_path`: by default snapshot_config.json in the current folder. A file that is not there yet means the
        defaults; ConfigError where it cannot be read."""
        #: The file.
        self.config_path = Path(_FILE_NAME if config_path is None else _arguments.path("config_path", config_path))
        self._config = SnapshotConfig.from_file(self.config_path) if self.config_path.exists() else SnapshotConfig()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self.config_path)!r})"

    def get_config(self) -> SnapshotConfig:
        """The configuration; changing it changes the manager's."""
        return self._config

    def update_config(self, **settings: Unpack[Arguments]) -> SnapshotConfig:
        """Changes some settings and returns the configuration; `save_config()` writes it.

        Of `tolerance` only what changes needs to be given. ConfigError names what is wrong, and then nothing changes.
        """
        changes: dict[str, Any] = dict(settings)
        if isinstance(changes.get("tolerance"), dict):
            changes["tolerance"] = {**self._config.tolerance, **changes["tolerance"]}
        self._config._change(changes)
        return self._config

    def save_config(self) -> None:
        """Writes the configuration to the file. ConfigError where that is not possible."""
        self._config.save_to_file(self.config_path)

    def reload_config(self) -> SnapshotConfig:
        """Reads the file again and returns the configuration; what was changed and not saved is gone.

        ConfigError, and no change, where the file cannot be read or is not there.
        """
        self._config = SnapshotConfig.from_file(self.config_path)
        return self._config

    def create_default_config(self) -> SnapshotConfig:
        """Writes a file with every key and its default, as `snapshot_test config --init` does, and takes it.

        ConfigError where there is such a file: remove it first, or change it with `update_config` and `save_config`.
        """
        if os.path.lexists(self.config_path):
            raise ConfigError(f"'{self.config_path}' exists already; remove it to have it written anew")
        _core.config_write_defaults(str(self.config_path))
        return self.reload_config()
