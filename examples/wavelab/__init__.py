"""A tiny signal-processing library: something to optimise, and to break."""

from . import filters, images, spectrum, statistics

__all__ = ["filters", "images", "spectrum", "statistics"]
