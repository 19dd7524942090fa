"""numpy, for scripts that compare with it: `from numpy_or_skip import np`.

Where this interpreter has none, the script is run again by $SNAPSHOT_TEST_PYTHON; where that has none either, it exits
with 77 (skipped), or with 1 if $SNAPSHOT_TEST_REQUIRE_ALL is set.
"""
import os
import sys

try:
    import numpy as np
except ImportError as error:
    other = os.environ.get("SNAPSHOT_TEST_PYTHON")
    if other and "NO_NUMPY" not in os.environ:
        os.execve(other, [other, *sys.argv], {**os.environ, "NO_NUMPY": "1"})
    print(f"skipped: {sys.executable} has no numpy ({error}); set SNAPSHOT_TEST_PYTHON to one that has")
    sys.exit(1 if os.environ.get("SNAPSHOT_TEST_REQUIRE_ALL") == "1" else 77)
