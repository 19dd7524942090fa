"""Where the package cannot work, it says so."""

import importlib
import subprocess
import sys

import pytest

import diff_tester.snapshot
import snapshot_tool

SUB_INTERPRETER = """
import importlib
for name in ("_interpreters", "_xxsubinterpreters"):
    try:
        interpreters = importlib.import_module(name)
        break
    except ImportError:
        pass
{before}
program = {program!r}
interpreter = interpreters.create({arguments})
try:
    raised = interpreters.run_string(interpreter, program)
    print("raised" if raised is None else raised.formatted)
except interpreters.RunFailedError as error:
    print(error)
"""


@pytest.mark.parametrize("before", ["", "import diff_tester._core"], ids=["alone", "after the main interpreter"])
def test_sub_interpreters_are_refused(before):
    program = SUB_INTERPRETER.format(before=before, program="import diff_tester._core", arguments="")
    if sys.version_info >= (3, 13):
        program = program.replace("interpreters.create()", "interpreters.create('legacy')")
        program = program.replace("interpreters.RunFailedError", "RuntimeError")
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30)
    assert "ImportError" in ended.stdout and "interpreter" in ended.stdout, ended


def test_what_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'Nothing'"):
        diff_tester.snapshot.Nothing
    with pytest.raises(ImportError):
        exec("from diff_tester.snapshot import Nothing")


def test_all_names_are_there_under_both_names_of_the_package():
    assert len(diff_tester.snapshot.__all__) >= 20
    for name in diff_tester.snapshot.__all__:
        value = getattr(diff_tester.snapshot, name)
        earlier = getattr(snapshot_tool, name)
        assert earlier is value or issubclass(earlier, value)  # test_earlier_tool.py
        assert value.__doc__
        assert name in dir(diff_tester.snapshot)
    scope = {}
    exec("from snapshot_tool import *", scope)
    assert scope["Comparator"] is snapshot_tool.Comparator


def test_every_public_method_has_a_docstring():
    for name in diff_tester.snapshot.__all__:
        value = getattr(diff_tester.snapshot, name)
        if isinstance(value, type) and not issubclass(value, Exception):
            for attribute, member in vars(value).items():
                if not attribute.startswith("_") and callable(member):
                    assert member.__doc__, f"{name}.{attribute}"


def test_importing_the_package_imports_no_submodule():
    program = "import sys, diff_tester.snapshot; print([m for m in sys.modules if m.startswith('diff_tester.')])"
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout
    assert shown == "['diff_tester.snapshot']\n"
    assert importlib.import_module("diff_tester.snapshot").__version__
