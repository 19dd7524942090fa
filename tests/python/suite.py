"""Suites on disk for the tests."""

import textwrap


def make_suite(folder, **modules):
    """A package `folder`/benchmarks with these modules (name=source); returns its path."""
    suite = folder / "benchmarks"
    suite.mkdir()
    (suite / "__init__.py").write_text("")
    for name, source in modules.items():
        (suite / f"{name}.py").write_text(textwrap.dedent(source))
    return suite
