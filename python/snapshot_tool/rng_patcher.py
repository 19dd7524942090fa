"""Generators of random numbers, made the same in every run."""

from diff_tester.snapshot.rng import RNGPatcher, patch_all_rngs, reset_all_rngs, unpatch_all_rngs

__all__ = ["RNGPatcher", "patch_all_rngs", "reset_all_rngs", "unpatch_all_rngs"]
