"""Is the result still the same? See diff_tester.snapshot."""

__all__ = ["snapshot"]
