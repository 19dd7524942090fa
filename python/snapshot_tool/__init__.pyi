from diff_tester.snapshot import *

__version__: str
