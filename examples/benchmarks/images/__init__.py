"""Benchmarks may be nested in packages."""
