"""Comparing two values as scripts for the earlier tool expect it: by what they hold."""

from __future__ import annotations

from diff_tester.snapshot import comparison as _comparison
from diff_tester.snapshot.comparison import ComparisonResult

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

__all__ = ["Comparator", "ComparisonConfig", "ComparisonResult"]


class ComparisonConfig(_comparison.ComparisonConfig):
    """As diff_tester.snapshot.ComparisonConfig, but `strict_types` is about arrays and classes alone: a list and a
    tuple, and an int, a float and a bool agree where what they hold does."""

    def _checked(self) -> dict[str, float]:
        return {**super()._checked(), "lenient_builtins": True}


class Comparator(_comparison.Comparator):
    """As diff_tester.snapshot.Comparator, by the rules of the ComparisonConfig of this package (None: its defaults)."""

    def __init__(self, config: _comparison.ComparisonConfig | None = None) -> None:
        super().__init__(ComparisonConfig() if config is None else config)

    def compare_multiple(
        self, actual_values: Iterable[Any], expected_values: Iterable[Any] | None = None
    ) -> list[ComparisonResult]:
        """The results for two lists of equally many values, or for one of (actual, expected) pairs, in their order.

        ValueError: one list is longer. TypeError: something is no list, or no pair.
        """
        if expected_values is None:
            return super().compare_multiple(actual_values)
        actual, expected = list(actual_values), list(expected_values)
        if len(actual) != len(expected):
            raise ValueError(f"there are {len(actual)} actual_values, but {len(expected)} expected_values")
        return super().compare_multiple(zip(actual, expected))

    def get_summary_stats(self, results: Iterable[ComparisonResult]) -> dict[str, Any]:
        """As diff_tester.snapshot.Comparator.get_summary_stats(), and "failures" (all that are no matches, skipped ones
        too), "success_rate" and "failure_rate" (shares of the total, from 0.0 to 1.0; both 0.0 without results)."""
        stats = super().get_summary_stats(results)
        total, matches = stats["total"], stats["matches"]
        return {
            **stats,
            "failures": total - matches,
            "success_rate": matches / total if total else 0.0,
            "failure_rate": (total - matches) / total if total else 0.0,
        }
