from diff_tester.snapshot import (
    BenchmarkError as BenchmarkError,
    ConfigError as ConfigError,
    SnapshotError as SnapshotError,
    StoreError as StoreError,
)

from .cli import SnapshotCLI as SnapshotCLI, main as main
from .comparator import (
    Comparator as Comparator,
    ComparisonConfig as ComparisonConfig,
    ComparisonResult as ComparisonResult,
)
from .config import ConfigManager as ConfigManager, SnapshotConfig as SnapshotConfig
from .discovery import BenchmarkDiscovery as BenchmarkDiscovery, BenchmarkInfo as BenchmarkInfo
from .rng_patcher import (
    RNGPatcher as RNGPatcher,
    patch_all_rngs as patch_all_rngs,
    reset_all_rngs as reset_all_rngs,
    unpatch_all_rngs as unpatch_all_rngs,
)
from .runner import BenchmarkRunner as BenchmarkRunner
from .storage import SnapshotManager as SnapshotManager, SnapshotMetadata as SnapshotMetadata
from .tracer import ExecutionTracer as ExecutionTracer, TraceResult as TraceResult

__version__: str
__all__ = [
    "BenchmarkDiscovery",
    "BenchmarkInfo",
    "BenchmarkRunner",
    "ExecutionTracer",
    "TraceResult",
    "SnapshotManager",
    "SnapshotMetadata",
    "Comparator",
    "ComparisonConfig",
    "ComparisonResult",
    "SnapshotConfig",
    "ConfigManager",
    "RNGPatcher",
    "patch_all_rngs",
    "unpatch_all_rngs",
    "reset_all_rngs",
    "SnapshotCLI",
    "main",
    "SnapshotError",
    "StoreError",
    "ConfigError",
    "BenchmarkError",
]
