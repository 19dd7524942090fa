"""A build backend that only answers what pip asks before it keeps a source distribution.

`pip download` of an sdist runs the project's build backend for nothing but its name and version, which for numpy means
a compiler and minutes. The same facts are in the sdist's PKG-INFO. With this folder on PYTHONPATH and
--no-build-isolation pip reads them there; it cannot build anything this way.
"""

import re
import sys
from pathlib import Path


def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    metadata = Path("PKG-INFO").read_text(encoding="utf-8")
    name = re.search(r"^Name: *(\S+)", metadata, re.MULTILINE).group(1)
    version = re.search(r"^Version: *(\S+)", metadata, re.MULTILINE).group(1)
    folder = "{}-{}.dist-info".format(re.sub(r"[-_.]+", "_", name), version)
    target = Path(metadata_directory, folder)
    target.mkdir()
    target.joinpath("METADATA").write_text(metadata, encoding="utf-8")
    return folder


def get_requires_for_build_wheel(config_settings=None):
    return []


# setuptools.build_meta:__legacy__, which projects without a [build-system] table get.
__legacy__ = sys.modules[__name__]
