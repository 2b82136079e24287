"""Metadata as plain literals, which any reader can take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from skyportal_series.errors import InvalidInput
from skyportal_series.utils.literal_pickle import MAX_DEPTH


def plain_metadata(metadata: Mapping[str, Any] | None) -> dict[Any, Any]:
    """A copy that holds Python's own numbers, texts, lists, tuples and dicts alone.

    numpy's scalars and arrays become numbers and lists, sets become sorted lists. Raises
    InvalidInput for anything else, and says where it is.
    """
    if not isinstance(metadata, Mapping | None):
        raise InvalidInput(f"metadata must be a dictionary; this is {_a(metadata)}.")
    plain: dict[Any, Any] = _plain("metadata", metadata or {}, MAX_DEPTH)
    return plain


def _plain(where: str, value: Any, depth: int) -> Any:
    if depth < 0:
        raise InvalidInput(f"metadata is nested more than {MAX_DEPTH} deep.")
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    match value:
        case None | bool():
            return value
        case Mapping():
            return {
                _key(where, key): _plain(f"{where}[{key!r}]", item, depth - 1)
                for key, item in value.items()
            }
        case list() | tuple():
            items = [_plain(f"{where}[{i}]", v, depth - 1) for i, v in enumerate(value)]
            return tuple(items) if isinstance(value, tuple) else items
        case set() | frozenset():
            return _plain(where, sorted(value, key=repr), depth)
    for kind in (str, int, float, bytes):
        if isinstance(value, kind):
            return kind(value)  # type: ignore[arg-type]
    raise InvalidInput(f"{where} holds {_a(value)}: make it a number, a text, a list or a dict.")


def _key(where: str, key: Any) -> Any:
    if not isinstance(key, str | int | float | None):
        raise InvalidInput(f"{where} has a key that is {_a(key)}: make it a text.")
    return _plain(where, key, 0)


def _a(value: Any) -> str:
    return f"of type {type(value).__module__}.{type(value).__qualname__}"
