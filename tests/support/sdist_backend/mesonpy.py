"""Stands in for meson-python; see sdist_metadata.py."""

from sdist_metadata import *  # noqa: F401,F403
