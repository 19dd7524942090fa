#!/usr/bin/env python3
"""The recipes of docs/sharding.md with a stand-in for each system: recipes_test.py SNAPSHOT_TEST PYTHON SOURCE_DIR.

Takes the commands out of the page, runs each job of them in a checkout of its own, with the variables that the system
sets, and carries from one job to the next what the recipe says is carried. Nothing is installed.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

PYTHON, SOURCE = sys.argv[2], pathlib.Path(sys.argv[3])
PROGRAM = pathlib.Path(sys.argv[1])
del sys.argv[1:4]

MODULE = """
import lib
def time_value():
    return lib.value()
def time_list(n):
    return [n] * 3
time_list.params = [1, 2, 3]
"""


def recipe(title):
    """The first block of YAML below a title of the page."""
    text = (SOURCE / "docs/sharding.md").read_text()
    return re.search(r"```yaml\n(.*?)```", text[text.index(f"### {title}\n"):], re.DOTALL)[1]


def part(text, start, end=None):
    begin = text.index(start)
    return text[begin:text.index(end, begin) if end else len(text)]


class Recipes(unittest.TestCase):
    """A project of five modules with its baseline, as it is in a repository."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        project = self.root / "project"
        (project / "benchmarks").mkdir(parents=True)
        (project / "benchmarks/__init__.py").write_text("")
        for number in range(5):
            (project / f"benchmarks/bench_{number}.py").write_text(MODULE)
        (project / "lib.py").write_text("def value():\n    return 1\n")
        (project / "snapshot_config.json").write_text(json.dumps(
            {"benchmark_dir": "benchmarks", "project_dir": ".", "python": PYTHON}))
        (self.root / "bin").mkdir()
        (self.root / "bin/snapshot_test").symlink_to(PROGRAM.resolve())
        self.environment = {"PATH": f"{self.root}/bin:{os.environ['PATH']}", "HOME": folder.name, "TMPDIR": folder.name}
        self.assertEqual(self.shell(project, "snapshot_test capture").returncode, 0)

    def shell(self, folder, command, **variables):
        return subprocess.run(["bash", "-e", "-c", command], cwd=folder, env={**self.environment, **variables},
                              capture_output=True, text=True, check=False, timeout=120)

    def job(self, name, commands, wanted, carried=None, **variables):
        """Runs commands in a checkout of its own until one fails, as runners do; what it leaves is carried on."""
        checkout = self.root / name
        shutil.rmtree(checkout, ignore_errors=True)
        shutil.copytree(self.root / "project", checkout)
        for path in (carried.iterdir() if carried else ()):
            shutil.copy(path, checkout)
        done = None
        for command in commands:
            done = self.shell(checkout, command, **variables)
            if done.returncode:
                break
        artifacts = self.root / "artifacts"
        artifacts.mkdir(exist_ok=True)
        for path in checkout.glob(wanted):
            shutil.copy(path, artifacts)
        return done, checkout

    def change_code(self):
        (self.root / "project/lib.py").write_text("def value():\n    return 2\n")

    def github(self, left_out=()):
        """Each job of the matrix, then the merge; the statuses of the former, and how the latter ended."""
        text = recipe("GitHub")
        shard, merge = part(text, "  shard:", "  merge:"), part(text, "  merge:")
        self.assertIn("needs: shard", merge)
        self.assertEqual(shard.count("if: always()"), 1, "a shard that fails keeps its report")
        self.assertIn("if: always()", merge)
        commands = [each for each in re.findall(r"- run: (.*)", shard) if not each.startswith("pip ")]
        artifact = re.search(r"path: (.*)", shard)[1]
        pattern = re.search(r"pattern: (.*)", merge)[1]
        self.assertTrue(re.search(r"name: (.*)\n", shard)[1].startswith(pattern.rstrip("*")))
        statuses = []
        for value in json.loads(re.search(r"shard: (\[.*\])", shard)[1]):
            if value in left_out:
                continue
            filled = [re.sub(r"\$\{\{ matrix\.shard \}\}", str(value), each) for each in [*commands, artifact]]
            done, _ = self.job("job", filled[:-1], filled[-1])
            statuses.append(done.returncode)
        commands = [each for each in re.findall(r"- run: (.*)", merge) if not each.startswith("pip ")]
        done, checkout = self.job("merge", commands, "nothing", self.root / "artifacts")
        return statuses, done, checkout

    def test_github_matrix_of_unchanged_code_passes(self):
        statuses, done, checkout = self.github()
        self.assertEqual((statuses, done.returncode), ([0] * 8, 0), done.stdout + done.stderr)
        self.assertIn("verified 20 of 20 cases", done.stdout)
        self.assertTrue((checkout / "junit.xml").exists() and (checkout / "report.html").exists())

    def test_github_matrix_of_changed_code_fails(self):
        self.change_code()
        statuses, done, _ = self.github()
        self.assertIn(1, statuses)
        self.assertEqual(done.returncode, 1)
        self.assertIn("5 cases failed", done.stdout)

    def test_github_matrix_without_one_of_its_jobs_fails(self):
        statuses, done, _ = self.github(left_out={3})
        self.assertEqual((statuses, done.returncode), ([0] * 7, 1))
        self.assertIn("incomplete: shard 3 of 8 is missing", done.stdout)

    def test_gitlab_jobs_are_one_run(self):
        text = recipe("GitLab")
        shard, merge = part(text, "shard:", "\nmerge:"), part(text, "\nmerge:")
        self.change_code()
        total = int(re.search(r"parallel: (\d+)", shard)[1])
        wanted = re.search(r'paths: \["(.*)"\]', shard)[1]
        script = re.findall(r"    - (.*)", shard)
        self.assertIn("when: always", shard)
        statuses = [self.job("job", script, wanted, CI_NODE_INDEX=str(i), CI_NODE_TOTAL=str(total))[0].returncode
                    for i in range(1, total + 1)]
        self.assertLessEqual(set(statuses), {0, 1})
        done, checkout = self.job("merge", re.findall(r"    - (.*)", merge), "nothing", self.root / "artifacts")
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertIn("5 cases failed", done.stdout)
        self.assertTrue(list(checkout.glob(re.search(r"junit: (.*)", merge)[1])))

    def test_kubernetes_pods_are_one_run(self):
        text = recipe("Kubernetes")
        total = int(re.search(r"completions: (\d+)", text)[1])
        command = json.loads(re.search(r"command: (\[.*\])", text)[1])
        arguments = json.loads(re.search(r"args: (\[.*\])", text)[1])
        self.assertEqual(command, ["sh", "-c"])
        self.assertIn("mountPath: /results", text)
        volume = self.root / "volume"
        volume.mkdir()
        for index in range(total):
            done, _ = self.job("pod", [arguments[0].replace("/results", str(volume))], "nothing",
                               JOB_COMPLETION_INDEX=str(index))
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        done = self.shell(volume, "snapshot_test merge *.json")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("verified 20 of 20 cases", done.stdout)


if __name__ == "__main__":
    unittest.main()
