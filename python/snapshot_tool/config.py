"""Settings: `snapshot_config.json`."""

from diff_tester.snapshot.config import ConfigManager, SnapshotConfig

__all__ = ["ConfigManager", "SnapshotConfig"]
