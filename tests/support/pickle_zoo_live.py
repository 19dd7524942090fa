"""Has every CPython of this machine pickle the zoo, and the reader's test read it.

    pickle_zoo_live.py PICKLE_ZOO_TEST

Pythons: those named in $SNAPSHOT_TEST_PYTHONS (separated by colons), else pyenv's, /usr/bin's and the one that runs
this; and $SNAPSHOT_TEST_PYTHON, whose numpy counts. Exits 77 where none of them can be used.
"""
import glob
import os
import pathlib
import subprocess
import sys
import tempfile

ZOO = pathlib.Path(__file__).with_name("pickle_zoo.py")


def candidates():
    named = os.environ.get("SNAPSHOT_TEST_PYTHONS")
    if named:
        yield from named.split(":")
    else:
        home = os.environ.get("PYENV_ROOT", os.path.expanduser("~/.pyenv"))
        yield from sorted(glob.glob(home + "/versions/*/bin/python"))
        yield from sorted(glob.glob("/usr/bin/python3.[0-9]*[0-9]"))
        yield sys.executable
    if os.environ.get("SNAPSHOT_TEST_PYTHON"):
        yield os.environ["SNAPSHOT_TEST_PYTHON"]


def run(python, code):
    return subprocess.run([python, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def write_with(python, folder):
    """One line on what this Python wrote; None if it wrote nothing."""
    asked = run(python, "import platform, sys; assert sys.version_info >= (3, 9) and "
                        "sys.implementation.name == 'cpython'; print(platform.python_version())")
    if asked.returncode != 0:
        print("left out: %s (does not run, or is no CPython from 3.9 on)" % python)
        return None
    wrote = [asked.stdout.strip()]
    subprocess.run([python, "-W", "ignore", ZOO, folder], check=True)
    numpy = run(python, "import numpy; print(numpy.__version__)")
    if numpy.returncode == 0:
        subprocess.run([python, "-W", "ignore", ZOO, folder, "--numpy"], check=True)
        wrote.append("numpy " + numpy.stdout.strip())
    return ", ".join(wrote)


def main(test):
    with tempfile.TemporaryDirectory() as folder:
        wrote = sorted({line for line in (write_with(python, folder) for python in candidates()) if line})
        if not wrote:
            print("no CPython from 3.9 on was found")
            return 77
        print("pickled by:", "; ".join(wrote), flush=True)
        return subprocess.run([test], env=dict(os.environ, SNAPSHOT_TEST_ZOO=folder)).returncode


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
