#!/usr/bin/env python3
"""action.yml and ci/gitlab.yml as a runner runs them: ci_files_test.py SNAPSHOT_TEST PYTHON SOURCE_DIR.

Takes the script out of each file, and runs it with the variables that the runner would set, in a repository with a
change that makes a result differ.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import textwrap
import unittest

PYTHON, SOURCE = sys.argv[2], pathlib.Path(sys.argv[3])
PROGRAM = pathlib.Path(sys.argv[1])
del sys.argv[1:4]


def script_of(path, key):
    """The block of text below `key: |` or `- |`."""
    lines = path.read_text().splitlines()
    start = next(i for i, line in enumerate(lines) if line.strip() == key)
    block = []
    indent = len(lines[start + 1]) - len(lines[start + 1].lstrip())
    for line in lines[start + 1:]:
        if line.strip() and len(line) - len(line.lstrip()) < indent:
            break
        block.append(line)
    return textwrap.dedent("\n".join(block))


class Files(unittest.TestCase):
    """A repository whose second commit changes a result."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name, "project")
        (self.root / "benchmarks").mkdir(parents=True)
        (self.root / "benchmarks/__init__.py").write_text("")
        (self.root / "benchmarks/bench.py").write_text("import lib\ndef time_value():\n    return lib.value()\n")
        (self.root / "lib.py").write_text("def value():\n    return 1\n")
        (self.root / "snapshot_config.json").write_text(
            f'{{"benchmark_dir": "benchmarks", "project_dir": ".", "python": "{PYTHON}"}}')
        (self.root / ".gitignore").write_text(".snapshots\n__pycache__\n")
        programs = pathlib.Path(folder.name, "bin")
        programs.mkdir()
        (programs / "snapshot_test").symlink_to(PROGRAM.resolve())
        self.environment = {"PATH": f"{programs}:{os.environ['PATH']}", "HOME": folder.name, "TMPDIR": folder.name}
        self.git("init", "--quiet", "-b", "main")
        self.commit("first")
        (self.root / "lib.py").write_text("def value():\n    return 2\n")
        self.commit("second")

    def git(self, *words):
        return subprocess.run(["git", "-C", self.root, "-c", "user.name=a", "-c", "user.email=a@b", *words], check=True,
                              capture_output=True, text=True, env=self.environment).stdout.strip()

    def commit(self, message):
        self.git("add", ".")
        self.git("commit", "--quiet", "-m", message)

    def run_script(self, script, **variables):
        return subprocess.run(["bash", "-c", script], cwd=self.root, env={**self.environment, **variables}, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)

    def test_the_action_fails_a_change_names_its_line_and_writes_the_summary(self):
        text = (SOURCE / "action.yml").read_text()
        verify = re.search(r'verify-arguments:\n.*\n +default: "(.*)"', text).group(1)
        summary = self.root.parent / "summary.md"
        result = self.run_script(script_of(SOURCE / "action.yml", "run: |"), SNAPSHOT_BASE=self.git("rev-parse", "HEAD~"),
                                 SNAPSHOT_CAPTURE_ARGUMENTS="--quiet", SNAPSHOT_VERIFY_ARGUMENTS=verify,
                                 GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=str(summary),
                                 GITHUB_WORKSPACE=str(self.root))
        self.assertEqual(result.returncode, 1, result.stdout)
        self.assertIn("::error file=benchmarks/bench.py,line=2::different: bench.time_value", result.stdout)
        self.assertIn("1 case failed</code>", summary.read_text())
        self.assertIn("<noscript>", (self.root / "snapshot-report.html").read_text())
        self.assertEqual(len(self.git("worktree", "list").splitlines()), 1)

    def test_gitlab_gets_its_reports(self):
        result = self.run_script(script_of(SOURCE / "ci/gitlab.yml", "- |"),
                                 CI_MERGE_REQUEST_DIFF_BASE_SHA=self.git("rev-parse", "HEAD~"),
                                 SNAPSHOT_CAPTURE_ARGUMENTS="--quiet", SNAPSHOT_VERIFY_ARGUMENTS="--min-verified 95")
        self.assertEqual(result.returncode, 1, result.stdout)
        self.assertIn("<failure", (self.root / "junit.xml").read_text())
        self.assertIn("fingerprint", (self.root / "codequality.json").read_text())
        self.assertNotIn("::error", result.stdout)

    def test_an_unchanged_result_passes(self):
        (self.root / "lib.py").write_text("def value():\n    return 1\n")
        self.commit("third")
        base = self.git("rev-parse", "HEAD~2")
        result = self.run_script(script_of(SOURCE / "action.yml", "run: |"), SNAPSHOT_BASE=base, GITHUB_ACTIONS="true",
                                 SNAPSHOT_CAPTURE_ARGUMENTS="", SNAPSHOT_VERIFY_ARGUMENTS="--filter 'time_value$'")
        self.assertEqual(result.returncode, 0, result.stdout)


unittest.main(verbosity=2)
