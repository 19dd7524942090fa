"""SnapshotManager and SnapshotMetadata: the store of the command line, from scripts."""

import json
import os
import pickle
import subprocess
import sys
import textwrap
import threading
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

np = pytest.importorskip("numpy")

from diff_tester.snapshot import SnapshotError, SnapshotManager, SnapshotMetadata, StoreError  # noqa: E402


@pytest.fixture
def manager(tmp_path):
    return SnapshotManager(tmp_path / "snapshots")


def manifest_of(manager, name="bench/time_it"):
    return json.loads((manager.snapshot_dir / "cases" / f"{name}.json").read_text())


def indices_of(manager):
    return {tuple(case["ids"]): case["index"] for case in manifest_of(manager)["cases"]}


def store_number(manager, *parameters):
    return manager.store_snapshot("time_it", "bench", parameters, None, sum(parameters))


def program(*arguments, cwd):
    done = subprocess.run(
        [sys.executable, "-m", "diff_tester.snapshot", *map(str, arguments)], cwd=cwd, capture_output=True, text=True
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    "value",
    [3, 2.5, "text", b"bytes", [1, [2, 3]], {"a": (1, None)}, {1, 2}, datetime(2026, 1, 2), 1 + 2j, 0, [], ""],
    ids=repr,
)
def test_what_was_stored_is_loaded(manager, value):
    manager.store_snapshot("time_it", "bench", (), [], value)
    loaded, _ = manager.load_snapshot("time_it", "bench", ())
    assert loaded == value
    assert type(loaded) is type(value)


def test_large_array_is_a_plain_pickle(manager):
    array = np.zeros((1000, 100))
    path = manager.store_snapshot("time_it", "pkg.bench", (1000,), ["n"], array, class_name="Suite")
    assert isinstance(path, Path)
    with open(path, "rb") as file:
        assert np.array_equal(pickle.load(file), array)
    loaded, _ = manager.load_snapshot("time_it", "pkg.bench", (1000,), class_name="Suite")
    assert np.array_equal(loaded, array)
    loaded[0, 0] = 1  # it is the caller's own
    assert manager.load_snapshot("time_it", "pkg.bench", (1000,), class_name="Suite")[0][0, 0] == 0


def test_storing_again_replaces(manager):
    store_number(manager, 1)
    manager.store_snapshot("time_it", "bench", (1,), None, "new")
    assert manager.load_snapshot("time_it", "bench", (1,))[0] == "new"
    assert manager.get_snapshot_stats()["total_snapshots"] == 1


def test_metadata_says_what_was_stored_where(manager, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # no git work tree
    manager.store_snapshot("time_it", "pkg.bench", (3, "a", (1, 2), None, len), ["n", "k"], 1, class_name="Suite")
    _, metadata = manager.load_snapshot("time_it", "pkg.bench", (3, "a", (1, 2), None, len), class_name="Suite")
    assert (metadata.benchmark_name, metadata.module_path, metadata.class_name) == ("time_it", "pkg.bench", "Suite")
    assert metadata.parameters == (3, "a", (1, 2), None, "<built-in function len>")
    assert metadata.param_names == ["n", "k", "param3", "param4", "param5"]
    assert abs(datetime.now(timezone.utc) - metadata.timestamp) < timedelta(minutes=1)
    assert metadata.git_commit is None
    assert metadata.python_version == "%d.%d.%d" % sys.version_info[:3]
    assert os.uname().sysname in metadata.platform
    assert not metadata.capture_failed
    assert metadata.failure_reason is None


def test_metadata_names_the_commit(manager, tmp_path, monkeypatch):
    git = ["git", "-c", "user.name=n", "-c", "user.email=e@x"]
    try:
        subprocess.run(["git", "init", "-q", "-b", "topic", "."], cwd=tmp_path, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no git")
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "m"], cwd=tmp_path, check=True)
    commit = subprocess.run([*git, "rev-parse", "HEAD"], cwd=tmp_path, check=True, capture_output=True, text=True)
    monkeypatch.chdir(tmp_path)
    store_number(manager)
    metadata = manager.load_snapshot("time_it", "bench", ())[1]
    assert metadata.git_commit == commit.stdout.strip()
    assert metadata.git_branch == "topic"


def test_metadata_survives_json():
    metadata = SnapshotMetadata(
        "time_it", "bench", (1, "a", (2, "b"), 2.5, None, b"x", "nan"), ["n"], datetime(2026, 1, 2, tzinfo=timezone.utc)
    )
    as_json = json.loads(json.dumps(metadata.to_dict()))
    assert SnapshotMetadata.from_dict(as_json) == metadata
    assert as_json["timestamp"] == "2026-01-02T00:00:00+00:00"
    assert as_json["parameters"][:2] == [1, "a"]


@pytest.mark.parametrize(
    "change, message",
    [
        ({"color": 1}, "unknown keys: color"),
        ({"timestamp": "yesterday"}, "timestamp"),
        ({"parameters": 3}, "parameters"),
        ({"param_names": [1]}, "param_names"),
        ({"capture_failed": 1}, "capture_failed"),
        ({"module_path": None}, "module_path"),
    ],
)
def test_metadata_of_wrong_json_is_refused(change, message):
    good = SnapshotMetadata("time_it", "bench", (), [], datetime.now(timezone.utc)).to_dict()
    with pytest.raises(ValueError, match=message):
        SnapshotMetadata.from_dict({**good, **change})
    with pytest.raises(ValueError, match="missing keys: timestamp"):
        SnapshotMetadata.from_dict({key: value for key, value in good.items() if key != "timestamp"})


def test_nothing_stored_is_no_error(manager):
    assert manager.list_snapshots() == []
    assert manager.load_snapshot("time_it", "bench", (1,)) is None
    assert manager.is_failed_capture("time_it", "bench", (1,)) is False
    assert manager.delete_snapshot("time_it", "bench", (1,)) is False
    manager.cleanup_empty_directories()
    assert manager.get_snapshot_stats() == {
        "total_snapshots": 0,
        "modules": 0,
        "benchmarks": 0,
        "oldest_snapshot": None,
        "newest_snapshot": None,
        "total_size_bytes": 0,
    }
    assert not manager.snapshot_dir.exists()
    store_number(manager, 1)
    assert manager.load_snapshot("time_it", "bench", (2,)) is None
    assert manager.load_snapshot("time_it", "bench", (1, 1)) is None
    assert manager.load_snapshot("time_other", "bench", (1,)) is None


def test_value_that_says_nothing_is_refused(manager):
    with pytest.raises(SnapshotError, match="_thread.lock"):
        manager.store_snapshot("time_it", "bench", (), [], threading.Lock())
    assert not manager.snapshot_dir.exists()
    store_number(manager)
    with pytest.raises(SnapshotError, match="_thread.lock"):
        manager.store_snapshot("time_it", "bench", (), [], threading.Lock())
    assert manager.load_snapshot("time_it", "bench", ())[0] == 0


def test_none_is_stored_but_cannot_be_checked(manager):
    manager.store_snapshot("time_it", "bench", (), [], None)
    value, metadata = manager.load_snapshot("time_it", "bench", ())
    assert value is None
    assert not metadata.capture_failed
    assert manifest_of(manager)["cases"][0]["status"] == "vacuous"


def test_long_iterator_warns(manager):
    with pytest.warns(UserWarning, match="first 10000 items"):
        manager.store_snapshot("time_it", "bench", (), [], [(i for i in range(20_000))])


def test_new_parameter_values_extend_the_axes(manager):
    for parameters in [(1, 10), (2, 20), (1, 20), (3, 10)]:
        store_number(manager, *parameters)
    assert manifest_of(manager)["params"] == [
        {"name": "param1", "ids": ["1", "2", "3"]},
        {"name": "param2", "ids": ["10", "20"]},
    ]
    assert indices_of(manager) == {("1", "10"): 0, ("1", "20"): 1, ("2", "20"): 3, ("3", "10"): 4}
    for parameters in [(1, 10), (2, 20), (1, 20), (3, 10)]:
        assert manager.load_snapshot("time_it", "bench", parameters)[0] == sum(parameters)


def test_other_number_of_parameters_is_refused(manager):
    manager.store_snapshot("time_it", "bench", (1,), ["n"], 1)
    with pytest.raises(ValueError, match=r"parameters: .*has 1 \(n\), but 2 were given"):
        store_number(manager, 1, 2)
    with pytest.raises(ValueError, match="parameters"):
        store_number(manager)
    assert indices_of(manager) == {("1",): 0}


class Plain:
    pass


def test_addresses_in_reprs_do_not_matter(manager):
    manager.store_snapshot("time_it", "bench", ([Plain()],), None, 1)
    manager.store_snapshot("time_it", "bench", ([Plain()],), None, 2)
    assert manager.load_snapshot("time_it", "bench", ([Plain()],))[0] == 2
    assert len(manager.list_snapshots()) == 1


def test_failed_capture(manager):
    store_number(manager, 1)
    manager.store_failed_capture("time_it", "bench", (2,), ["n"], "ValueError: no\n  such thing")
    assert manager.is_failed_capture("time_it", "bench", (2,)) is True
    assert manager.is_failed_capture("time_it", "bench", (1,)) is False
    value, metadata = manager.load_snapshot("time_it", "bench", (2,))
    assert value is None
    assert metadata.capture_failed
    assert metadata.failure_reason == "ValueError: no; such thing"
    store_number(manager, 2)
    assert manager.is_failed_capture("time_it", "bench", (2,)) is False


def test_failed_capture_takes_the_exception(manager):
    manager.store_failed_capture("time_it", "bench", (), None, ValueError("no\nsuch thing"))
    assert manager.load_snapshot("time_it", "bench", ())[1].failure_reason == "ValueError: no; such thing"


def test_list_is_sorted_and_filtered(manager):
    for name, module, class_name in [("time_b", "m", None), ("time_a", "m.sub", "Suite"), ("time_a", "m", None)]:
        for n in (1, 2):
            manager.store_snapshot(name, module, (n,), ["n"], n, class_name=class_name)
    manager.store_failed_capture("time_f", "m", (), [], "because")

    def names(**which):
        return [
            (each.module_path, each.class_name, each.benchmark_name, each.parameters)
            for _, each in manager.list_snapshots(**which)
        ]

    assert names() == [
        ("m.sub", "Suite", "time_a", (1,)),
        ("m.sub", "Suite", "time_a", (2,)),
        ("m", None, "time_a", (1,)),
        ("m", None, "time_a", (2,)),
        ("m", None, "time_b", (1,)),
        ("m", None, "time_b", (2,)),
        ("m", None, "time_f", ()),
    ]
    assert names(module_path="m") == [each for each in names() if each[0] == "m"]
    assert names(benchmark_name="time_a") == names()[:4]
    assert names(module_path="m", benchmark_name="time_b") == names()[4:6]
    assert names(module_path="nowhere") == []
    paths = [path for path, _ in manager.list_snapshots()]
    assert [pickle.loads(path.read_bytes()) for path in paths[:6]] == [1, 2] * 3
    assert paths[6] == manager.snapshot_dir / "cases" / "m" / "time_f.json"


def test_delete_and_clean_up(manager):
    first, second = store_number(manager, 1), store_number(manager, 2)
    assert manager.delete_snapshot("time_it", "bench", (1,)) is True
    assert manager.delete_snapshot("time_it", "bench", (1,)) is False
    assert manager.load_snapshot("time_it", "bench", (1,)) is None
    assert manager.load_snapshot("time_it", "bench", (2,))[0] == 2
    manager.cleanup_empty_directories()
    assert not first.exists()
    assert second.exists()
    assert manager.delete_snapshot("time_it", "bench", (2,)) is True
    assert not (manager.snapshot_dir / "cases" / "bench").exists()
    (manager.snapshot_dir / "cases" / "empty").mkdir()
    manager.cleanup_empty_directories()
    assert not second.parent.exists()
    assert not (manager.snapshot_dir / "cases" / "empty").exists()
    assert manager.list_snapshots() == []
    assert manager.get_snapshot_stats()["total_size_bytes"] == 0
    store_number(manager, 3)
    assert manager.load_snapshot("time_it", "bench", (3,))[0] == 3


def test_stats(manager):
    before = datetime.now(timezone.utc).replace(microsecond=0)
    sizes = {path: path.stat().st_size for path in [store_number(manager, 1), store_number(manager, 2)]}
    manager.store_snapshot("time_same", "other", (), None, 2)  # an equal value is the same file
    manager.store_failed_capture("time_f", "other", (), None, "x")
    stats = manager.get_snapshot_stats()
    assert stats["total_snapshots"] == 4
    assert (stats["modules"], stats["benchmarks"]) == (2, 3)
    assert before <= stats["oldest_snapshot"] <= stats["newest_snapshot"] <= datetime.now(timezone.utc)
    assert stats["total_size_bytes"] == sum(sizes.values())


@pytest.mark.parametrize(
    "argument, arguments",
    [
        ("benchmark_name", (3, "bench", (), None, 1)),
        ("benchmark_name", ("", "bench", (), None, 1)),
        ("module_path", ("time_it", None, (), None, 1)),
        ("parameters", ("time_it", "bench", None, None, 1)),
        ("parameters", ("time_it", "bench", "abc", None, 1)),
        ("parameters", ("time_it", "bench", {1: 2}, None, 1)),
        ("param_names", ("time_it", "bench", (1,), "n", 1)),
        (r"param_names\[0\]", ("time_it", "bench", (1,), [3], 1)),
        ("class_name", ("time_it", "bench", (1,), [], 1, 3)),
    ],
)
def test_wrong_arguments_are_named(manager, argument, arguments):
    with pytest.raises((TypeError, ValueError), match=argument):
        manager.store_snapshot(*arguments)
    assert not manager.snapshot_dir.exists()


def test_wrong_arguments_of_the_others_are_named(manager):
    with pytest.raises(TypeError, match="snapshot_dir"):
        SnapshotManager(3)
    with pytest.raises(TypeError, match="failure_reason"):
        manager.store_failed_capture("time_it", "bench", (), None, 3)
    with pytest.raises(TypeError, match="module_path"):
        manager.list_snapshots(module_path=3)
    with pytest.raises(TypeError, match="parameters"):
        manager.delete_snapshot("time_it", "bench", 3)


def every_call(manager):
    return [
        lambda: store_number(manager, 1),
        lambda: manager.store_failed_capture("time_it", "bench", (1,), None, "x"),
        lambda: manager.load_snapshot("time_it", "bench", (1,)),
        lambda: manager.is_failed_capture("time_it", "bench", (1,)),
        lambda: manager.list_snapshots(),
        lambda: manager.delete_snapshot("time_it", "bench", (1,)),
        lambda: manager.cleanup_empty_directories(),
        lambda: manager.get_snapshot_stats(),
    ]


def all_refuse(manager, message):
    for call in every_call(manager):
        with pytest.raises(StoreError, match=message) as refused:
            call()
        assert refused.value.path == str(manager.snapshot_dir)


def test_file_in_place_of_the_folder(manager):
    manager.snapshot_dir.write_text("mine")
    all_refuse(manager, "is a file, not a folder")
    assert manager.snapshot_dir.read_text() == "mine"


def test_folder_of_other_files(manager):
    manager.snapshot_dir.mkdir()
    (manager.snapshot_dir / "thesis.txt").write_text("mine")
    all_refuse(manager, "holds other files")
    assert os.listdir(manager.snapshot_dir) == ["thesis.txt"]


def test_other_version_of_the_store(manager):
    store_number(manager, 1)
    (manager.snapshot_dir / "format.json").write_text('{"format": "snapshot_test store", "version": 7}')
    all_refuse(manager, "7")


def test_damaged_manifest(manager):
    store_number(manager, 1)
    (manager.snapshot_dir / "cases" / "bench" / "time_it.json").write_text('{"format": 1,')
    all_refuse(manager, "damaged")


def test_damaged_value_is_not_unpickled(manager):
    path = manager.store_snapshot("time_it", "bench", (), None, "good")
    path.chmod(0o644)
    path.write_bytes(path.read_bytes().replace(b"good", b"evil"))
    with pytest.raises(StoreError, match=path.name):
        manager.load_snapshot("time_it", "bench", ())
    path.unlink()
    with pytest.raises(StoreError):
        manager.load_snapshot("time_it", "bench", ())
    assert store_number(manager) != path
    assert manager.load_snapshot("time_it", "bench", ())[0] == 0


def test_store_that_cannot_be_written_keeps_what_it_has(manager):
    store_number(manager, 1)
    (manager.snapshot_dir / "lock").unlink()
    (manager.snapshot_dir / "lock").mkdir()  # in the way
    for write in (
        lambda: store_number(manager, 2),
        lambda: manager.delete_snapshot("time_it", "bench", (1,)),
        lambda: manager.cleanup_empty_directories(),
    ):
        with pytest.raises(StoreError, match="lock"):
            write()
    assert manager.load_snapshot("time_it", "bench", (1,))[0] == 1
    (manager.snapshot_dir / "lock").rmdir()
    store_number(manager, 2)


def test_type_that_is_gone(manager, tmp_path, monkeypatch):
    (tmp_path / "passing_module.py").write_text("class Passing:\n    def __init__(self):\n        self.x = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    import passing_module

    manager.store_snapshot("time_it", "bench", (), None, passing_module.Passing())
    monkeypatch.delitem(sys.modules, "passing_module")
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry != str(tmp_path)])
    with pytest.raises(SnapshotError, match="passing_module"):
        manager.load_snapshot("time_it", "bench", ())


def test_two_processes_store_at_once(manager):
    script = textwrap.dedent(
        """
        import sys
        from diff_tester.snapshot import SnapshotManager
        manager = SnapshotManager(sys.argv[1])
        for n in range(12):
            manager.store_snapshot("time_it", "bench", (sys.argv[2], n), ["who", "n"], (sys.argv[2], n))
        """
    )
    both = [subprocess.Popen([sys.executable, "-c", script, manager.snapshot_dir, who]) for who in "ab"]
    assert [process.wait() for process in both] == [0, 0]
    assert manager.get_snapshot_stats()["total_snapshots"] == 24
    for who in "ab":
        for n in range(12):
            assert manager.load_snapshot("time_it", "bench", (who, n))[0] == (who, n)
    assert sorted(indices_of(manager).values()) == list(range(24))


def test_threads_store_at_once(manager):
    def store(who):
        for n in range(5):
            manager.store_snapshot("time_it", "bench", (who, n), ["who", "n"], np.full(1000, n))

    threads = [threading.Thread(target=store, args=(who,)) for who in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert manager.get_snapshot_stats()["total_snapshots"] == 15


def test_writer_that_does_not_end_is_named(manager):
    store_number(manager, 1)
    hold = (
        "import fcntl, os, sys, time\n"
        "file = open(sys.argv[1], 'r+')\n"
        "fcntl.flock(file, fcntl.LOCK_EX)\n"
        "file.write(str(os.getpid())); file.flush(); print('held', flush=True); time.sleep(60)\n"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", hold, manager.snapshot_dir / "lock"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout.readline() == "held\n"
        started = time.monotonic()
        with pytest.raises(StoreError, match=rf"another capture.*pid {holder.pid}"):
            store_number(manager, 2)
        assert 5 < time.monotonic() - started < 60
        assert manager.load_snapshot("time_it", "bench", (1,))[0] == 1  # reading needs no lock
    finally:
        holder.kill()
        holder.wait()
    store_number(manager, 2)


SUITE = """
import numpy as np

def deep():
    return np.arange(6)

class Suite:
    params = [[1, 2], ["a", "b"]]
    param_names = ["n", "kind"]

    def time_returns(self, n, kind):
        return {"n": n, "kind": kind}

    def time_computes(self, n, kind):
        n * 2
        kind * 4

    def time_fails(self, n, kind):
        raise ValueError("no")

def track_big():
    return list(range(100000))
"""


@pytest.fixture
def captured(tmp_path):
    (tmp_path / "benchmarks").mkdir()
    (tmp_path / "benchmarks" / "bench.py").write_text(SUITE)
    _, output = program("capture", "benchmarks", cwd=tmp_path)
    manager = SnapshotManager(tmp_path / ".snapshots")
    assert manager.get_snapshot_stats()["total_snapshots"] == 13, output
    return manager


def test_captured_snapshots_are_loaded(captured):
    value, metadata = captured.load_snapshot("time_returns", "bench", (2, "b"), class_name="Suite")
    assert value == {"n": 2, "kind": "b"}
    assert metadata.param_names == ["n", "kind"]
    assert metadata.parameters == (2, "b")
    computed, _ = captured.load_snapshot("time_computes", "bench", (2, "b"), class_name="Suite")
    assert computed == (4, "bbbb")
    assert captured.load_snapshot("track_big", "bench", ())[0] == list(range(100000))
    failed, metadata = captured.load_snapshot("time_fails", "bench", (1, "a"), class_name="Suite")
    assert failed is None
    assert metadata.capture_failed
    assert "ValueError: no" in metadata.failure_reason
    assert captured.is_failed_capture("time_fails", "bench", (1, "a"), class_name="Suite")


def test_storing_into_a_captured_benchmark_leaves_the_others(captured, tmp_path):
    before = manifest_of(captured, "bench/Suite.time_returns")
    captured.store_snapshot("time_returns", "bench", (2, "a"), None, "mine", class_name="Suite")
    after = manifest_of(captured, "bench/Suite.time_returns")
    assert after["params"] == before["params"]
    assert after["version"] == before["version"]
    assert [case for case in after["cases"] if case["index"] != 2] == [
        case for case in before["cases"] if case["index"] != 2
    ]
    assert after["cases"][2]["sites"][0]["site"] == "result"
    status, output = program("show", "--snapshot-dir", captured.snapshot_dir, "time_returns", cwd=tmp_path)
    assert status == 0, output


def test_the_program_checks_what_was_stored(captured, tmp_path):
    def verify():
        return program("verify", "benchmarks", "--filter", "time_returns", cwd=tmp_path)

    captured.store_snapshot("time_returns", "bench", (2, "a"), None, {"n": 2, "kind": "a"}, class_name="Suite")
    status, output = verify()
    assert status == 0, output
    captured.store_snapshot("time_returns", "bench", (2, "a"), None, {"n": 2, "kind": "z"}, class_name="Suite")
    status, output = verify()
    assert status == 1, output


def test_capturing_what_was_stored_keeps_it_readable(captured, tmp_path):
    path = captured.store_snapshot("track_big", "bench", (), None, list(range(100000)))
    assert pickle.loads(path.read_bytes()) == list(range(100000))
    program("capture", "benchmarks", "--filter", "track_big", cwd=tmp_path)
    assert captured.load_snapshot("track_big", "bench", ())[0] == list(range(100000))
