"""SnapshotConfig and ConfigManager: the settings of the command line, from scripts."""

import copy
import json
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from diff_tester import _core
from diff_tester.snapshot import ConfigError, ConfigManager, SnapshotConfig


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_attributes_are_the_keys_of_the_command_line():
    keys = {key.split(".")[0] for key in _core.config_keys()}
    from diff_tester.snapshot import _settings

    assert set(_settings.Attributes.__annotations__) == keys
    assert set(_settings.Arguments.__annotations__) == keys
    assert {f"tolerance.{key}" for key in SnapshotConfig().tolerance} == {
        key for key in _core.config_keys() if key.startswith("tolerance.")
    }


def test_defaults_are_what_the_program_writes(here):
    init = [sys.executable, "-m", "diff_tester.snapshot", "config", "--init", "--config", "made.json"]
    subprocess.run(init, check=True, capture_output=True)
    assert SnapshotConfig().to_dict() == json.loads(Path("made.json").read_text())
    assert SnapshotConfig.from_file("made.json") == SnapshotConfig()


def test_defaults():
    config = SnapshotConfig()
    assert config.benchmark_dir == "benchmarks/"
    assert config.snapshot_dir == ".snapshots/"
    assert config.project_dir is None
    assert (config.tolerance["rtol"], config.tolerance["atol"], config.tolerance["equal_nan"]) == (1e-5, 1e-8, True)
    assert config.exclude_benchmarks == []
    assert (config.trace_depth_limit, config.seed, config.verbose, config.quiet) == (100, 42, False, False)


def test_asv_conf_names_the_benchmarks(here):
    (here / "asv.conf.json").write_text('{"benchmark_dir": "asv_bench", // comments are fine\n}')
    assert SnapshotConfig().get_benchmark_dir() == Path("asv_bench")
    assert SnapshotConfig(benchmark_dir="mine").get_benchmark_dir() == Path("mine")
    (here / "asv.conf.json").write_text("{")
    with pytest.raises(ConfigError, match="asv.conf.json"):
        SnapshotConfig()
    SnapshotConfig(benchmark_dir="mine")


def test_keywords_paths_and_partial_tolerance():
    config = SnapshotConfig(benchmark_dir=Path("b"), tolerance={"rtol": 1e-3}, reducers="r.py", timeout=5)
    assert config.benchmark_dir == "b"
    assert config.tolerance["rtol"] == 1e-3
    assert config.tolerance["atol"] == 1e-8
    assert config.reducers == ["r.py"]
    assert config.timeout == 5


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"sed": 1}, "sed: unknown key; did you mean 'seed'"),
        ({"seed": -1}, "seed: must be a whole number of at least 0, not -1"),
        ({"seed": "1"}, "seed: must be a whole number"),
        ({"seed": object()}, "seed: is of type object"),
        ({"min_verified": float("nan")}, "min_verified"),
        ({"verbose": 1}, "verbose: must be true or false, not 1"),
        ({"verbose": True, "quiet": True}, "verbose and quiet contradict"),
        ({"tolerance": {"rtoll": 1}}, "tolerance.rtoll: unknown key; did you mean 'rtol'"),
        ({"tolerance": {"rtol": -1}}, "tolerance.rtol: must be a number of at least 0"),
        ({"tolerance": 1e-3}, "tolerance: must be an object"),
        ({"isolation": "threads"}, "isolation: must be"),
        ({"overrides": [{"benchmarks": "x"}]}, "overrides: entry 1"),
    ],
)
def test_what_does_not_belong_is_named(here, settings, message):
    for make in (lambda: SnapshotConfig(**settings), lambda: SnapshotConfig.from_dict(settings)):
        with pytest.raises(ConfigError, match=message):
            make()
    config = SnapshotConfig()
    with pytest.raises(ConfigError, match=message):
        for key, value in settings.items():
            setattr(config, key, value)
    manager = ConfigManager()
    with pytest.raises(ConfigError, match=message):
        manager.update_config(**settings)
    assert manager.get_config() == SnapshotConfig()


def test_dict_and_file_give_an_equal_configuration():
    config = SnapshotConfig(
        benchmark_dir="custom/",
        tolerance={"atol": 0, "by_dtype": {"float16": None, "int8": {"atol": 1}}},
        overrides=[{"benchmarks": ["a.*"], "tolerance": {"rtol": 1}}],
        max_memory=1 << 40,
        exclude_benchmarks=("timeraw_*",),
        project_dir="ü",
    )
    assert SnapshotConfig.from_dict(config.to_dict()) == config
    config.save_to_file("sub.json")
    assert SnapshotConfig.from_file("sub.json") == config
    assert json.loads(Path("sub.json").read_text()) == config.to_dict()
    assert config != SnapshotConfig()
    assert config != 3
    for twin in (copy.copy(config), copy.deepcopy(config), pickle.loads(pickle.dumps(config))):
        assert twin == config
    assert "benchmark_dir='custom/'" in repr(config)


def test_what_is_changed_inside_is_checked_when_it_is_written(here):
    config = SnapshotConfig()
    config.tolerance["rtol"] = "much"
    with pytest.raises(ConfigError, match="tolerance.rtol"):
        config.save_to_file("x.json")
    assert not (here / "x.json").exists()


def test_to_dict_is_a_copy():
    config = SnapshotConfig()
    config.to_dict()["tolerance"]["rtol"] = 1
    assert config.tolerance["rtol"] == 1e-5


def test_paths_of_a_file_are_relative_to_its_folder(here):
    (here / "conf").mkdir()
    (here / "conf" / "c.json").write_text('{"snapshot_dir": "../snaps", "project_dir": "src", "seed": 1}')
    config = SnapshotConfig.from_file(here / "conf" / "c.json")
    assert config.snapshot_dir == "../snaps"
    assert config.get_snapshot_dir() == here / "snaps"
    assert config.get_project_dir() == here / "conf" / "src"
    assert config.get_benchmark_dir() == Path("benchmarks/")  # the file does not say
    config.snapshot_dir = "other"
    assert config.get_snapshot_dir() == Path("other")
    assert config.get_project_dir() == here / "conf" / "src"
    assert SnapshotConfig().get_project_dir() is None


@pytest.mark.parametrize(
    "content, message",
    [
        ('{"seed": 1,}', r"c.json:1:\d+: malformed JSON"),
        ('{"seed": 1, "seed": 2}', "c.json.*seed"),
        ('{"sede": 1}', "c.json: sede: unknown key; did you mean 'seed'"),
        ("[]", "c.json: must be an object"),
    ],
)
def test_wrong_files_are_named(here, content, message):
    (here / "c.json").write_text(content)
    with pytest.raises(ConfigError, match=message):
        SnapshotConfig.from_file("c.json")
    with pytest.raises(ConfigError, match=message):
        ConfigManager("c.json")


def test_files_that_cannot_be_read_or_written(here):
    with pytest.raises(ConfigError, match="missing.json"):
        SnapshotConfig.from_file("missing.json")
    (here / "file").write_text("")
    with pytest.raises(ConfigError, match="file/c.json"):
        SnapshotConfig().save_to_file("file/c.json")
    with pytest.raises(TypeError, match="path"):
        SnapshotConfig().save_to_file(3)
    with pytest.raises(TypeError, match="d must be a dict"):
        SnapshotConfig.from_dict([])


def test_excluded_benchmarks():
    config = SnapshotConfig(exclude_benchmarks=["timeraw_*", "Suite.time_b", "linalg.*"])
    assert config.should_exclude_benchmark("timeraw_import")
    assert config.should_exclude_benchmark("bench.Any.timeraw_import")
    assert config.should_exclude_benchmark("bench.Suite.time_b")
    assert config.should_exclude_benchmark("bench.Suite.time_b(1, 'x')")
    assert config.should_exclude_benchmark("linalg.time_svd")
    assert not config.should_exclude_benchmark("bench.Other.time_b")
    assert not config.should_exclude_benchmark("time_b")
    assert not SnapshotConfig().should_exclude_benchmark("timeraw_import")
    with pytest.raises(TypeError, match="name"):
        config.should_exclude_benchmark(None)


def test_manager_updates_saves_and_reloads(here):
    manager = ConfigManager("c.json")
    assert manager.get_config() == SnapshotConfig()
    manager.update_config(seed=7, tolerance={"rtol": 1e-3})
    manager.update_config(tolerance={"atol": 0.5})
    assert manager.get_config().tolerance["rtol"] == 1e-3
    manager.save_config()
    assert ConfigManager("c.json").get_config() == manager.get_config()
    manager.update_config(seed=8)
    assert manager.reload_config().seed == 7
    (here / "c.json").unlink()
    with pytest.raises(ConfigError, match="c.json"):
        manager.reload_config()
    assert manager.get_config().seed == 7


def test_manager_finds_the_file_of_the_current_folder(here):
    (here / "snapshot_config.json").write_text('{"seed": 3}')
    assert ConfigManager().get_config().seed == 3


def test_manager_makes_the_default_file_once(here):
    manager = ConfigManager()
    assert manager.create_default_config() == SnapshotConfig()
    assert json.loads((here / "snapshot_config.json").read_text()) == SnapshotConfig().to_dict()
    with pytest.raises(ConfigError, match="exists already"):
        manager.create_default_config()
