"""The command line program that comes with the package, and the module as its host."""

import io
import json
import os
import pathlib
import subprocess
import sys
import sysconfig

import pytest
from suite import make_suite

import diff_tester.self_test
import diff_tester.snapshot
from diff_tester.snapshot import SnapshotCLI, main

SUITE = """
    import sys
    import numpy as np

    def time_sum():
        return np.arange(10.0).sum()

    def time_who():
        return [sys.argv, sys.path[0] != "", sys.flags.dont_write_bytecode]

    def time_executable():
        return sys.executable

    def time_prints():
        print("to be kept for the report")
        return 1
"""


@pytest.fixture
def suite(tmp_path):
    return make_suite(tmp_path, bench=SUITE)


def run(*words, **options):
    return subprocess.run([str(each) for each in words], capture_output=True, text=True, **options)


COMMANDS = [
    [os.path.join(sysconfig.get_path("scripts"), "snapshot_test")],
    [sys.executable, "-m", "diff_tester.snapshot"],
    [sys.executable, "-m", "snapshot_tool"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=["snapshot_test", "-m diff_tester.snapshot", "-m snapshot_tool"])
def test_capture_and_verify_run_in_this_interpreter(command, suite, tmp_path):
    captured = run(*command, "capture", suite, "--snapshot-dir", tmp_path / "s", "--verbose", cwd=tmp_path)
    assert captured.returncode == 0, captured.stdout + captured.stderr
    verified = run(*command, "verify", suite, "--snapshot-dir", tmp_path / "s", "--json", tmp_path / "r.json")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    report = json.loads((tmp_path / "r.json").read_text())
    assert {case["verdict"] for case in report["cases"]} == {"identical"}
    assert len(report["cases"]) == 4
    shown = run(*command, "show", "bench.time_executable", "--snapshot-dir", tmp_path / "s").stdout
    assert os.path.basename(sys.prefix) in shown


def test_another_environment_s_variables_do_not_decide(suite, tmp_path):
    environment = {**os.environ, "VIRTUAL_ENV": "/nowhere"}
    assert run(*COMMANDS[0], "list", suite, env=environment).returncode == 0


def test_verbose_says_how_the_host_runs(suite):
    shown = run(*COMMANDS[0], "list", suite, "--verbose")
    version = ".".join(map(str, sys.version_info[:3]))
    assert f"Python {version} at " in shown.stderr
    assert "as a process of its own (diff_tester.host), since this program embeds no Python" in shown.stderr


def test_a_folder_called_like_the_package_does_not_get_in_the_way(suite, tmp_path):
    (tmp_path / "diff_tester").mkdir()
    (tmp_path / "diff_tester" / "__init__.py").write_text("raise RuntimeError('the wrong one')\n")
    assert run(*COMMANDS[0], "list", suite, cwd=tmp_path).returncode == 0


def test_a_program_that_embeds_python_chooses_by_itself_and_sees_the_same(suite, tmp_path):
    program = os.environ.get("SNAPSHOT_TEST_PROGRAM")
    if not program:
        pytest.skip("$SNAPSHOT_TEST_PROGRAM names no program that was built by CMake")
    words = [suite, "--snapshot-dir", tmp_path / "s", "--python", sys.executable, "--verbose"]
    captured = run(program, "capture", *words)
    assert captured.returncode == 0, captured.stdout + captured.stderr
    said = captured.stdout + captured.stderr
    assert ", with /" in said or "as a process of its own (diff_tester.host), since " in said
    for one in (program, COMMANDS[0][0]):
        verified = run(one, "verify", *words, "--filter", "time_sum|time_who|time_prints")
        assert verified.returncode == 0, verified.stdout + verified.stderr
        assert "identical               3" in verified.stdout


def test_a_change_is_found(suite, tmp_path):
    store = tmp_path / "s"
    assert main(["capture", str(suite), "--snapshot-dir", str(store), "--quiet"]) == 0
    (suite / "bench.py").write_text((suite / "bench.py").read_text().replace("10.0", "11.0"))
    assert main(["verify", str(suite), "--snapshot-dir", str(store), "--quiet"]) == 1


def test_the_clock_stands_still(tmp_path):
    suite = make_suite(tmp_path, bench="import time, datetime\ndef time_now(): return str(datetime.datetime.now())\n")
    words = ["--snapshot-dir", tmp_path / "s", "--freeze-time", "1580601600"]
    captured = run(*COMMANDS[0], "capture", suite, *words)
    assert captured.returncode == 0, captured.stdout + captured.stderr
    assert "2020-02-02" in run(*COMMANDS[0], "show", "bench.time_now", "--snapshot-dir", tmp_path / "s").stdout


def test_main_returns_the_exit_status(tmp_path, capfd):
    assert main(["--version"]) == 0
    assert capfd.readouterr().out == f"snapshot_test {diff_tester.snapshot.__version__}\n"
    assert main(["nonsense"]) == 2
    assert "unknown subcommand 'nonsense'" in capfd.readouterr().err
    assert SnapshotCLI().run(["verify", str(tmp_path)]) == 2


def test_main_prints_where_print_does(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("snapshot_test ")
    assert main(["nonsense"]) == 2
    assert "nonsense" in capsys.readouterr().err


def test_main_takes_the_process_s_arguments(monkeypatch, capfd):
    monkeypatch.setattr(sys, "argv", ["script", "--version"])
    assert main() == 0
    assert capfd.readouterr().out.startswith("snapshot_test ")


def test_main_without_streams(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    assert main(["--help"]) == 0


def test_wrong_arguments_are_named():
    with pytest.raises(TypeError, match="argv must be a sequence of str"):
        main("--help")
    with pytest.raises(TypeError, match=r"argv\[1\] must be a str, not int"):
        main(["list", 3])


def test_the_host_says_who_starts_it():
    told = run(sys.executable, "-m", "diff_tester.host")
    assert told.returncode == 1 and "started by snapshot_test itself" in told.stderr


def test_without_the_package_the_message_says_what_to_do(suite, tmp_path):
    other = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(other)], check=True)
    told = run(*COMMANDS[0], "list", suite, "--python", other / "bin" / "python")
    assert told.returncode == 2
    assert f"{other}/bin/python -m pip install PATH, where PATH is the source folder or the wheel of version" in told.stderr


def test_a_repository_s_commit_is_recorded(tmp_path):
    suite = make_suite(tmp_path, bench="def time_a(): return 1\n")
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b"]
    for words in (["init", "-q", "-b", "trunk"], ["add", "."], ["commit", "-qm", "first"]):
        subprocess.run([*git, *words], cwd=tmp_path, check=True)
    commit = run(*git, "rev-parse", "HEAD", cwd=tmp_path).stdout.strip()
    captured = run(*COMMANDS[0], "capture", suite, cwd=tmp_path)
    assert captured.returncode == 0
    (record,) = (tmp_path / ".snapshots" / "runs").glob("*.json")
    assert json.loads(record.read_text())["git"]["commit"] == commit


def test_completions_and_the_manual_are_installed():
    data = pathlib.Path(sysconfig.get_path("data")) / "share"
    assert (data / "man/man1/snapshot_test.1").read_text().startswith(".")
    assert "snapshot_test" in (data / "bash-completion/completions/snapshot_test").read_text()


def test_output_of_any_length_is_relayed():
    out, before = io.StringIO(), sys.stdout
    sys.stdout = out
    try:
        assert main(["--help"]) == 0
    finally:
        sys.stdout = before
    # The same environment: readline, which pytest imports, gives C programs a COLUMNS that os.environ has not.
    assert out.getvalue() == run(*COMMANDS[0], "--help", env=dict(os.environ)).stdout


def test_self_test_here_passes():
    shown = run(sys.executable, "-m", "diff_tester.self_test")
    assert shown.returncode == 0, shown.stdout + shown.stderr
    assert shown.stdout.splitlines()[-1] == "all passed"


def test_self_test_with_a_comparator_that_sees_nothing_fails(monkeypatch, capsys):
    seeing = diff_tester.snapshot.Comparator

    class Blind:
        def compare(self, actual, expected):
            return seeing().compare(expected, expected)

    monkeypatch.setattr(diff_tester.snapshot, "Comparator", Blind)
    assert diff_tester.self_test.main() == 1
    assert "one wrong element in a thousand was not found" in capsys.readouterr().err
