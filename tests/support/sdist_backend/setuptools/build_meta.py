from sdist_metadata import *  # noqa: F401,F403
from sdist_metadata import __legacy__  # noqa: F401
