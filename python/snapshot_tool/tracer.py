"""Seeing what a call computes."""

from diff_tester.snapshot.execution import ExecutionTracer, TraceResult

__all__ = ["ExecutionTracer", "TraceResult"]
