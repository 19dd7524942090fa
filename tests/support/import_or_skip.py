"""Libraries that a test script cannot do without."""
import importlib
import os
import sys


def import_or_skip(name):
    """The module. Where this interpreter has none, the script is run again by $SNAPSHOT_TEST_PYTHON; where that has none
    either, it exits with 77 (skipped), or with 1 if $SNAPSHOT_TEST_REQUIRE_ALL is set."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        other = os.environ.get("SNAPSHOT_TEST_PYTHON")
        if other and "RUN_AGAIN" not in os.environ:
            os.execve(other, [other, *sys.argv], {**os.environ, "RUN_AGAIN": "1"})
        print(f"skipped: {sys.executable} has no {name} ({error}); set SNAPSHOT_TEST_PYTHON to one that has")
        sys.exit(1 if os.environ.get("SNAPSHOT_TEST_REQUIRE_ALL") == "1" else 77)
