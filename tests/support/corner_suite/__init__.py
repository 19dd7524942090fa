"""What breaks naive readings of ASV's rules, in one suite that asv_runner itself accepts; the standard library only.

The differential test compares what asv_runner and snapshot_test find here.
"""

from .star_source import *  # noqa: F401,F403
from .nested.inner import TimeNested  # noqa: F401


def time_in_root():
    pass


class TimeInRoot:
    def setup_cache(self):
        return 1

    def time_method(self, cache):
        return cache
