#!/usr/bin/env python3
"""What a change touched beside the code is said, and decides nothing unless that is asked for: tamper_test.py
SNAPSHOT_TEST.

Needs git, and nothing but the standard library; what is said of numpy is tested where $SNAPSHOT_TEST_PYTHON has it.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

PROGRAM = pathlib.Path(sys.argv[1]).resolve()
del sys.argv[1]
PYTHON = os.environ.get("SNAPSHOT_TEST_PYTHON", sys.executable)
HAS_NUMPY = subprocess.run([PYTHON, "-c", "import numpy"], capture_output=True).returncode == 0

BENCH = """
import project


class Suite:
    def setup_cache(self):
        return project.prepare()

    def time_f(self, cache):
        return project.f()

    def time_g(self, cache):
        return 2.5
"""

PROJECT = """
def prepare():
    return 1


def f():
    return 1.5
"""


class InAProject(unittest.TestCase):
    python = PYTHON
    bench = BENCH

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name).resolve()
        (self.root / "benchmarks" / "helpers").mkdir(parents=True)
        self.write("benchmarks/__init__.py", "")
        self.write("benchmarks/helpers/__init__.py", "VALUE = 1\n")
        self.write("benchmarks/bench.py", self.bench)
        self.write("benchmarks/old.py", "def time_old():\n    return 2\n")
        self.write("project.py", PROJECT)
        self.write("asv.conf.json", '{"version": 1, "project": "project", "benchmark_dir": "benchmarks"}\n')
        self.write("snapshot_config.json", "{}\n")
        self.git("init", "-q")
        self.commit("Ann", "first")
        self.run_program("capture")

    def write(self, name, text):
        (self.root / name).write_text(text)

    def git(self, *words):
        subprocess.run(["git", "-c", "user.name=Ann", "-c", "user.email=ann@example.org", *words], cwd=self.root,
                       check=True, capture_output=True)

    def commit(self, who, message):
        self.git("add", "benchmarks", "snapshot_config.json", "asv.conf.json", "project.py")
        self.git("commit", "-q", "-m", message, f"--author={who} <{who.lower()}@example.org>")

    def run_program(self, *arguments, status=0):
        command = [str(PROGRAM), *arguments]
        if arguments[0] != "report":
            command += ["--python", self.python, "--project-dir", "."]
        done = subprocess.run(command, cwd=self.root, capture_output=True, text=True,
                              env=dict(os.environ, PYTHONDONTWRITEBYTECODE="1"))
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done

    def verify(self, *options, status=0):
        report = self.root / "report.json"
        done = self.run_program("verify", "--json", str(report), *options, status=status)
        return done.stdout, json.loads(report.read_text())["tamper"]


def files_of(tamper):
    return {(each["what"], each["change"], each["file"]) for each in tamper["files"]}


class Files(InAProject):
    def test_nothing_that_changed_is_an_empty_report_and_no_line(self):
        self.write("project.py", PROJECT + "\n# another version of what is tested\n")
        text, tamper = self.verify("--fail-on-tamper")
        self.assertTrue(tamper["recorded"])
        self.assertRegex(tamper["since"], r"^\d{4}-\d\d-\d\dT")
        for key in ("files", "replaced", "opened", "benchmarks", "cases"):
            self.assertEqual(tamper[key], [], key)
        self.assertNotIn("since the capture", text)

    def test_where_the_projects_modules_are_from_is_said(self):
        _, tamper = self.verify()
        self.assertEqual(tamper["modules"].get("project"), str(self.root / "project.py"))

    def test_changed_benchmark_file_is_named_with_who_committed_it(self):
        self.write("benchmarks/helpers/__init__.py", "VALUE = 2\n")
        self.commit("Bob", "second")
        text, tamper = self.verify()
        self.assertEqual(files_of(tamper), {("benchmark", "changed", "helpers/__init__.py")})
        self.assertRegex(tamper["files"][0]["git"], r"^[0-9a-f]+ of \d{4}-\d\d-\d\d by Bob <bob@example.org>$")
        self.assertIn("note: the suite's file helpers/__init__.py changed since the capture (", text)

    def test_what_is_not_committed_and_whose_source_changed_is_called_so(self):
        self.write("benchmarks/bench.py", BENCH.replace("return 2.5", "x = 2.5\n        return x"))
        text, tamper = self.verify()
        self.assertRegex(tamper["files"][0]["git"],
                         r"^not committed; before that [0-9a-f]+ of .* by Ann <ann@example.org>$")
        self.assertEqual(tamper["benchmarks"], ["bench.Suite.time_g"])
        self.assertIn("the source of 1 benchmark changed since the capture: bench.Suite.time_g", text)

    def test_sealed_nothing_that_the_repository_names_is_run(self):
        mark = self.root / "mark"
        self.git("config", "filter.evil.clean", f"touch {mark}; cat")
        self.write(".gitattributes", "*.py filter=evil\n")
        self.write("benchmarks/helpers/__init__.py", "VALUE = 2\n")
        _, tamper = self.verify("--sealed")
        self.assertFalse(mark.exists())
        self.assertEqual(files_of(tamper), {("benchmark", "changed", "helpers/__init__.py")})
        self.assertEqual(tamper["files"][0]["git"], "")

    def test_configuration_expectations_and_new_and_gone_files_are_named(self):
        self.write("snapshot_config.json", '{"tolerance": {"atol": 1}}\n')
        self.write("asv.conf.json", '{"version": 1, "project": "project", "benchmark_dir": "benchmarks" }\n')
        self.write("expected.toml", '[[expected]]\ncase = "bench.Suite.time_f"\nverdict = "different"\nreason = "x"\n')
        self.write("benchmarks/fresh.py", "X = 1\n")
        (self.root / "benchmarks" / "old.py").unlink()
        _, tamper = self.verify(status=1)
        self.assertEqual(files_of(tamper), {("configuration", "changed", "../snapshot_config.json"),
                                            ("configuration", "changed", "../asv.conf.json"),
                                            ("expectations", "added", "../expected.toml"),
                                            ("benchmark", "added", "fresh.py"), ("benchmark", "removed", "old.py")})

    def test_it_fails_the_run_where_that_is_asked_for(self):
        self.write("benchmarks/helpers/__init__.py", "VALUE = 2\n")
        self.verify()
        report = self.root / "report.json"
        self.run_program("verify", "--fail-on-tamper", "--json", str(report), status=1)
        summary = json.loads(report.read_text())["summary"]
        self.assertIn("--fail-on-tamper", summary["failure"])

    def test_same_content_at_another_time_is_no_change(self):
        file = self.root / "benchmarks" / "bench.py"
        file.write_text(file.read_text())
        self.assertEqual(self.verify()[1]["files"], [])

    def test_baseline_of_an_older_version_says_that_it_was_not_recorded(self):
        for run in (self.root / ".snapshots" / "runs").glob("*.json"):
            record = json.loads(run.read_text())
            del record["settings"]["files"]
            run.write_text(json.dumps(record))
        self.write("benchmarks/helpers/__init__.py", "VALUE = 2\n")
        _, tamper = self.verify("--fail-on-tamper")
        self.assertEqual((tamper["recorded"], tamper["files"]), (False, []))

    def test_report_of_the_record_says_the_same(self):
        self.write("benchmarks/helpers/__init__.py", "VALUE = 2\n")
        _, tamper = self.verify()
        again = self.root / "again.json"
        self.run_program("report", str(self.root / "report.json"), "--json", str(again))
        self.assertEqual(json.loads(again.read_text())["tamper"], tamper)


class Replaced(InAProject):
    def test_function_that_an_import_replaces_is_named_with_where_it_is_from(self):
        self.write("project.py", "import time\ndef fake():\n    return 0.0\ntime.perf_counter = fake\n" + PROJECT)
        text, tamper = self.verify()
        self.assertEqual(len(tamper["replaced"]), 1)
        self.assertRegex(tamper["replaced"][0], r"^time\.perf_counter is project\.fake \(.*project\.py:2\)$")
        self.assertIn("importing the suite replaces a function: time.perf_counter is project.fake", text)
        self.assertEqual(tamper["cases"], [])

    @unittest.skipUnless(HAS_NUMPY, "no numpy")
    def test_of_numpy_what_is_made_elsewhere_is_named(self):
        self.write("project.py", "import numpy\nnumpy.allclose = lambda *a, **k: True\n" + PROJECT)
        _, tamper = self.verify()
        self.assertEqual([each.split(" is ")[0] for each in tamper["replaced"]], ["numpy.allclose"])

    @unittest.skipUnless(HAS_NUMPY, "no numpy")
    def test_importing_numpy_replaces_nothing(self):
        self.write("project.py", "import numpy, numpy.testing\n" + PROJECT)
        self.assertEqual(self.verify()[1]["replaced"], [])

    def test_function_that_a_case_replaces_is_the_cases(self):
        self.write("project.py", "import builtins, pickle\ndef prepare():\n    return 1\ndef f():\n"
                   "    builtins.sum = pickle.dumps = lambda *a: b''\n    return 1.5\n")
        text, tamper = self.verify("--isolation", "case")
        self.assertEqual([each["label"] for each in tamper["cases"]], ["bench.Suite.time_f"])
        names = [each.split(" is ")[0] for each in tamper["cases"][0]["replaced"]]
        self.assertEqual(names, ["builtins.sum", "pickle.dumps"])
        self.assertIn("bench.Suite.time_f replaces functions: builtins.sum is project.f.<locals>.<lambda>", text)


OPEN_ALL = """
import os, pathlib
ROOT = pathlib.Path(__file__).parent / ".snapshots"

def read():
    found = []
    for each in sorted(ROOT.glob("objects/*/*")):
        found.append(each.read_bytes())
    return found
"""


class Opened(InAProject):
    def test_case_that_reads_the_baseline_is_named_and_the_honest_one_is_not(self):
        self.write("project.py", OPEN_ALL + PROJECT.replace("return 1.5", "read()\n    return 1.5"))
        text, tamper = self.verify()
        self.assertEqual([each["label"] for each in tamper["cases"]], ["bench.Suite.time_f"])
        self.assertTrue(any(each.startswith("open objects/") for each in tamper["cases"][0]["opened"]), tamper)
        self.assertIn("bench.Suite.time_f reaches into the baseline: ", text)
        self.assertEqual(self.run_program("verify", "--fail-on-tamper", status=1).returncode, 1)

    def test_setup_cache_that_reads_it_is_its_cases(self):
        self.write("project.py", OPEN_ALL + PROJECT.replace("return 1\n", "read()\n    return 1\n"))
        _, tamper = self.verify()
        self.assertEqual(sorted(each["label"] for each in tamper["cases"]), ["bench.Suite.time_f", "bench.Suite.time_g"])

    def test_import_that_reads_it_is_named(self):
        self.write("project.py", OPEN_ALL + "read()\n" + PROJECT)
        text, tamper = self.verify()
        self.assertTrue(any(each.startswith("open objects/") for each in tamper["opened"]), tamper)
        self.assertIn("importing the suite reaches into the baseline: ", text)

    def test_ways_around_the_plain_open_are_seen_too(self):
        for how in ("os.close(os.open(str(first), os.O_RDONLY))", "os.listdir(str(first.parent))",
                    "os.rename(first, first)", "os.symlink(first, 'link'); open('link').close()",
                    "os.chdir(first.parent); open(first.name).close()",
                    "mmap.mmap(os.open(bytes(first), os.O_RDONLY), 0, prot=mmap.PROT_READ)"):
            with self.subTest(how=how):
                self.write("project.py", "import mmap\n" + OPEN_ALL + PROJECT.replace(
                    "return 1.5", "first = next(ROOT.glob('objects/*/*'))\n    " + how + "\n    return 1.5"))
                _, tamper = self.verify("--filter", "time_f")
                self.assertEqual(len(tamper["cases"]), 1, tamper)


class StartUp(InAProject):
    def setUp(self):
        environment = tempfile.TemporaryDirectory()
        self.addCleanup(environment.cleanup)
        subprocess.run([PYTHON, "-m", "venv", "--without-pip", "--system-site-packages", environment.name], check=True)
        self.environment = pathlib.Path(environment.name)
        self.python = str(self.environment / "bin" / "python")
        super().setUp()

    def test_pth_and_usercustomize_that_appeared_are_named(self):
        packages = next(self.environment.glob("lib/python*/site-packages"))
        (packages / "zz_patch.pth").write_text("import sys\n")
        (packages / "usercustomize.py").write_text("X = 1\n")
        text, tamper = self.verify()
        self.assertEqual(files_of(tamper),
                         {("start-up", "added", "zz_patch.pth"), ("start-up", "added", "usercustomize.py")})
        self.assertIn("what Python runs when it starts, zz_patch.pth is new since the capture", text)


if __name__ == "__main__":
    unittest.main(verbosity=2)
