"""Stands in for setuptools; see ../sdist_metadata.py."""
