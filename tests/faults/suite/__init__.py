"""A suite whose benchmarks each call one function; ../inject.py makes these functions wrong."""

import os

from . import patching

if os.environ.get(patching.VARIABLE):
    patching.install(os.environ[patching.VARIABLE])
