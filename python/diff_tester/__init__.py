"""The Python package of snapshot_test; diff_tester.snapshot is its public part."""
