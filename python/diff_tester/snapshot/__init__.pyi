from .discovery import BenchmarkDiscovery as BenchmarkDiscovery, BenchmarkInfo as BenchmarkInfo
from .execution import (
    BenchmarkRunner as BenchmarkRunner,
    ExecutionTracer as ExecutionTracer,
    TraceResult as TraceResult,
)
from .storage import SnapshotManager as SnapshotManager, SnapshotMetadata as SnapshotMetadata
from .comparison import (
    Comparator as Comparator,
    ComparisonConfig as ComparisonConfig,
    ComparisonResult as ComparisonResult,
)
from .config import SnapshotConfig as SnapshotConfig, ConfigManager as ConfigManager
from .rng import (
    RNGPatcher as RNGPatcher,
    patch_all_rngs as patch_all_rngs,
    unpatch_all_rngs as unpatch_all_rngs,
    reset_all_rngs as reset_all_rngs,
)
from .cli import SnapshotCLI as SnapshotCLI, main as main
from .errors import (
    SnapshotError as SnapshotError,
    StoreError as StoreError,
    ConfigError as ConfigError,
    BenchmarkError as BenchmarkError,
)

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
