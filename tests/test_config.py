"""One frozen configuration: defaults, files over them, overrides over those."""

from __future__ import annotations

import dataclasses
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from skyportal_series.config import Config, ConfigError, load

DEFAULTS = Path(__file__).parent.parent / "config.yaml.defaults"


def write(path: Path, content: object) -> Path:
    path.write_text(yaml.safe_dump(content))
    return path


def test_the_defaults_alone_are_a_configuration():
    assert load().ports.app == 5000


def test_every_key_of_the_defaults_has_a_comment():
    lines = DEFAULTS.read_text().splitlines()
    leaves = [n for n, line in enumerate(lines) if re.match(r"\s*\w+: \S", line)]
    assert [lines[n] for n in leaves if not lines[n - 1].lstrip().startswith("#")] == []


def test_a_later_file_is_stronger(tmp_path):
    first = write(tmp_path / "1.yaml", {"ports": {"app": 1}, "log": {"level": "debug"}})
    second = write(tmp_path / "2.yaml", {"ports": {"app": 2}})
    config = load([first, second])
    assert (config.ports.app, config.log.level) == (2, "debug")


@pytest.mark.parametrize(
    "overrides", [{"misc.public_group_name": "All"}, {"misc": {"public_group_name": "All"}}]
)
def test_overrides_are_nested_or_dotted(overrides):
    assert load(overrides=overrides).misc.public_group_name == "All"


def test_it_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        load().ports = None  # type: ignore[misc,assignment]


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        ({"databse.url": None}, "databse.*did you mean database"),
        ({"limits.row": 5}, "limits.row.*did you mean limits.rows"),
        ({"ports.app": "5000"}, "ports.app must be a whole number, got '5000'"),
        ({"ports.app": True}, "ports.app must be a whole number"),
        ({"limits.worker_seconds": "x"}, "limits.worker_seconds must be a number"),
        ({"limits.rows": -1}, "limits.rows must not be negative"),
        ({"limits.worker_processes": 0}, "limits.worker_processes must be at least 1"),
        ({"limits.upload_seconds": float("nan")}, "limits.upload_seconds must be finite"),
        ({"ports.app": 65536}, "ports.app must be at most 65535"),
        ({"photometric_series_autodelete": 1}, "photometric_series_autodelete must be true"),
        ({"additional_bandpasses": "x"}, "additional_bandpasses must be a list of strings"),
        ({"additional_bandpasses": [1]}, "additional_bandpasses must be a string"),
        ({"log.format": "xml"}, "log.format must be one of text, json"),
        ({"database": 5}, "database must hold keys and values"),
        ({"data_dir": None}, "data_dir must be a path"),
    ],
)
def test_what_is_wrong_is_refused_by_name(overrides, said):
    with pytest.raises(ConfigError, match=said):
        load(overrides=overrides)


@pytest.mark.parametrize("text", ["ports: [", "- a\n- b\n", "5"])
def test_a_file_that_is_no_mapping_is_refused(tmp_path, text):
    file = tmp_path / "c.yaml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=str(file)):
        load([file])


def test_a_file_that_is_no_text_is_refused(tmp_path):
    file = tmp_path / "c.yaml"
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match=f"{file} is not text"):
        load([file])


def test_a_missing_file_is_refused():
    with pytest.raises(ConfigError, match="Cannot read the configuration"):
        load(["/nonexistent/c.yaml"])


def test_the_command_stops_with_one_line(tmp_path):
    file = write(tmp_path / "c.yaml", {"prots": {"app": 1}})
    command = [sys.executable, "-m", "skyportal_series", "serve", "-C", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "prots" in done.stderr


def test_the_object_holds_every_default():
    named = {field.name for field in dataclasses.fields(Config)}
    assert named == set(yaml.safe_load(DEFAULTS.read_text()))
