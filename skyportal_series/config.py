"""The configuration: one frozen object, built once and passed in.

`config.yaml.defaults` says what every key means. `load` puts files and a mapping over it.
"""

from __future__ import annotations

import dataclasses
import difflib
import math
import types
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

MAX_PORT = 65535


class ConfigError(Exception):
    """A configuration that cannot be used; the message names the key."""


@dataclass(frozen=True)
class Ports:
    app: int


@dataclass(frozen=True)
class Server:
    host: str
    workers: int
    shutdown_seconds: float
    behind_proxy: bool


@dataclass(frozen=True)
class DatabaseSettings:
    url: str | None
    pool_size: int


@dataclass(frozen=True)
class Misc:
    public_group_name: str
    photometry_detection_threshold_nsigma: float


@dataclass(frozen=True)
class Limits:
    upload_bytes: int
    upload_seconds: float
    concurrent_uploads: int
    rows: int
    columns: int
    frame_bytes: int
    worker_processes: int
    worker_seconds: float
    worker_memory_bytes: int


@dataclass(frozen=True)
class Log:
    format: typing.Literal["text", "json"]
    level: typing.Literal["debug", "info", "warning", "error"]


@dataclass(frozen=True)
class Config:
    ports: Ports
    server: Server
    database: DatabaseSettings
    data_dir: Path
    photometric_series_folder: Path
    photometric_series_autodelete: bool
    misc: Misc
    additional_bandpasses: tuple[str, ...]
    limits: Limits
    log: Log


def load(files: Iterable[str | Path] = (), overrides: Mapping[str, Any] | None = None) -> Config:
    """The defaults, under `files` (the later the stronger), under `overrides`.

    `overrides` may be nested, or name keys with dots (`{"database.url": …}`).

    Raises
    ------
    ConfigError
        For a file that cannot be read, an unknown key, or a value of the wrong type.
    """
    merged = _parse(_defaults_text(), "config.yaml.defaults")
    for file in files:
        merged = _overlay(merged, _parse(_read(Path(file)), str(file)))
    merged = _overlay(merged, _nested(overrides or {}))
    return typing.cast("Config", _build(Config, merged, ""))


def _defaults_text() -> str:
    return resources.files("skyportal_series").joinpath("config.yaml.defaults").read_text("utf-8")


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except OSError as error:
        raise ConfigError(f"Cannot read the configuration {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"The configuration {path} is not text in UTF-8") from error


def _parse(text: str, name: str) -> dict[str, Any]:
    import yaml

    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError(f"{name} is not valid YAML: {error}") from error
    if not isinstance(content or {}, dict):
        raise ConfigError(f"{name} must hold keys and values, not a {type(content).__name__}")
    return content or {}


def _nested(flat: Mapping[str, Any]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in flat.items():
        *parents, last = str(key).split(".")
        if isinstance(value, Mapping):
            value = _nested(value)
        for parent in reversed([*parents, last]):
            value = {parent: value}
        result = _overlay(result, value)
    return result


def _overlay(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(below)
    for key, value in above.items():
        if isinstance(value, Mapping) and isinstance(result.get(key), Mapping):
            value = _overlay(result[key], value)
        result[key] = value
    return result


def _build(kind: type[Any], values: Any, prefix: str) -> Any:
    if not isinstance(values, Mapping):
        raise ConfigError(f"{prefix.rstrip('.')} must hold keys and values, got {values!r}")
    hints = typing.get_type_hints(kind)
    for key in values:
        if key not in hints:
            raise ConfigError(_unknown(f"{prefix}{key}", [f"{prefix}{name}" for name in hints]))
    built = {name: _convert(hint, values[name], prefix + name) for name, hint in hints.items()}
    return kind(**built)


def _unknown(key: str, known: list[str]) -> str:
    near = difflib.get_close_matches(key, known, n=1)
    hint = f"; did you mean {near[0]}?" if near else f"; known here: {', '.join(known)}"
    return f"Unknown configuration key {key}{hint}"


def _convert(hint: Any, value: Any, key: str) -> Any:
    """`value` as the type that `hint` names; a wrong type is refused by the key's name."""
    if dataclasses.is_dataclass(hint):
        return _build(typing.cast("type[Any]", hint), value, f"{key}.")
    origin = typing.get_origin(hint)
    if origin is types.UnionType:
        return None if value is None else _convert(typing.get_args(hint)[0], value, key)
    if origin is typing.Literal:
        return _one_of(typing.get_args(hint), value, key)
    if origin is tuple:
        if not isinstance(value, list | tuple):
            raise ConfigError(f"{key} must be a list of strings, got {value!r}")
        return tuple(_convert(str, item, key) for item in value)
    return _scalar(hint, value, key)


def _one_of(allowed: tuple[Any, ...], value: Any, key: str) -> Any:
    if value not in allowed:
        raise ConfigError(f"{key} must be one of {', '.join(allowed)}, got {value!r}")
    return value


_SCALARS: dict[type[Any], tuple[tuple[type[Any], ...], str]] = {
    int: ((int,), "a whole number"),
    float: ((int, float), "a number"),
    bool: ((bool,), "true or false"),
    str: ((str,), "a string"),
    Path: ((str, Path), "a path"),
}


def _scalar(kind: type[Any], value: Any, key: str) -> Any:
    accepted, description = _SCALARS[kind]
    if not isinstance(value, accepted) or (isinstance(value, bool) and kind is not bool):
        raise ConfigError(f"{key} must be {description}, got {value!r}")
    if kind in (int, float) and (bound := _bound(kind, value, key)):
        raise ConfigError(f"{key} must {bound}, got {value!r}")
    return kind(value)


def _bound(kind: type[Any], value: float, key: str) -> str | None:
    """What the number `value` should have been and is not."""
    if isinstance(value, float) and not math.isfinite(value):
        return "be finite"
    if value < 0:
        return "not be negative"
    if key == "ports.app":
        return f"be at most {MAX_PORT}" if value > MAX_PORT else None
    # No workers, or no places for uploads, would have requests wait for ever.
    return "be at least 1" if kind is int and value == 0 else None
