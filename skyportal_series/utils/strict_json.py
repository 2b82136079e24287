"""Strict JSON: one object, in UTF-8, every key once, no number that is not what it says.

May touch: errors.
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator
from typing import Any

import orjson

from ..errors import InvalidInput
from .literal_pickle import MAX_DEPTH

#: A JSON string that is a key: one scan of the text counts them all, and nothing within strings.
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"(\s*+:)?')
#: A string, to be passed over, or a whole number that is near what 64 bits hold or past it.
_LONG = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|(?<![\d.eE+])(-?\d{19,}+)(?![.eE])')

_RUN = b"0" * 19
_ZEROS = bytes(ord("0") if chr(byte).isdigit() and byte < 128 else byte for byte in range(256))
BLOCK = 1 << 18

#: Lists and objects: a column is one, and the fields have room for few.
MAX_CONTAINERS = 1 << 16
#: What the beginning of a body says of it.
_BEGINNINGS = {
    b"\x1f\x8b": "The body is compressed; send it as it is.",
    b"\xff\xfe": "The body is UTF-16; JSON is UTF-8.",
    b"\xfe\xff": "The body is UTF-16; JSON is UTF-8.",
    b"\x89H": (
        "The body is an HDF5 file; send it as the part `data` of a form, "
        "or in base64 as `data` of a JSON object."
    ),
}


def parse_json(text: mmap.mmap | bytes, content_type: str = "application/json") -> dict[str, Any]:
    """The JSON object `text`: strict UTF-8, finite numbers of at most 64 bits, every key once.

    Nested as deep as metadata may be.
    """
    with memoryview(text) as view:
        try:
            value = orjson.loads(view)
        except orjson.JSONDecodeError as error:
            if "Not enough memory" in error.msg:
                raise MemoryError from error
            raise InvalidInput(_explain(error, text, content_type)) from None
    if not isinstance(value, dict):
        raise InvalidInput(f"The body must be a JSON object, not {_kind(value)}.")
    keys = _count_keys(value)
    if sum(1 for match in _STRING.finditer(text) if match[1]) != keys:
        raise InvalidInput("The JSON names a key twice in one object; give each key once.")
    if _has_many_digits(text) and _has_huge_float(value) and (number := _past_64_bits(text)):
        raise InvalidInput(f"The whole number {number} is too large: 64 bits is the most.")
    return value


def _has_many_digits(text: mmap.mmap | bytes) -> bool:
    """Whether there is a run of digits that may be past 64 bits: rare, and told quickly."""
    for start in range(0, len(text), BLOCK):
        # Every digit as a 0, so that a run of them can be searched for as such.
        if _RUN in text[max(0, start - len(_RUN)) : start + BLOCK].translate(_ZEROS):
            return True
    return False


def _past_64_bits(text: mmap.mmap | bytes) -> str | None:
    """The first whole number that orjson has read as a float, shortened."""
    for match in _LONG.finditer(text):
        number = match[1]
        if number and (len(number) > 20 or not -(2**63) <= int(number) < 2**64):
            return str(number[:24].decode()) + "…" * (len(number) > 24)
    return None


def _explain(error: orjson.JSONDecodeError, text: mmap.mmap | bytes, content_type: str) -> str:
    if said := _BEGINNINGS.get(bytes(text[:2])):
        return said
    near = bytes(text[max(0, error.pos - 8) : error.pos + 12])
    if re.search(rb"NaN|Infinity", near):
        return "JSON has no NaN or Infinity: write null for a missing value."
    if bytes(text[:2]) == b"--" or "json" not in content_type:
        return (
            "The body is not JSON. Send a JSON object with Content-Type: application/json, "
            "or a form with Content-Type: multipart/form-data; boundary=…."
        )
    return f"The body is not valid JSON: {error}."


def _kind(value: object) -> str:
    names = {list: "a list", str: "a string", type(None): "null", bool: "true or false"}
    return names.get(type(value), "a number")


def _containers(value: Any) -> Iterator[dict[str, Any] | list[Any]]:
    """Every object and list in `value`, itself included.

    Raises InvalidInput past MAX_DEPTH and MAX_CONTAINERS.
    """
    pending = [(value, 1)]
    count = 1
    while pending:
        item, depth = pending.pop()
        if depth > MAX_DEPTH:
            raise InvalidInput(f"The JSON is nested more than {MAX_DEPTH} deep.")
        yield item
        inner = item.values() if isinstance(item, dict) else item
        # Long lists are columns; a column of plain values holds no further container.
        kinds = set(map(type, inner))
        if dict in kinds or list in kinds:
            children = [child for child in inner if isinstance(child, dict | list)]
            count += len(children)
            if count > MAX_CONTAINERS:
                limit = f"{MAX_CONTAINERS:,} lists and objects"
                raise InvalidInput(f"The JSON holds more than {limit}.")
            pending += [(child, depth + 1) for child in children]


def _count_keys(value: dict[str, Any]) -> int:
    return sum(len(item) for item in _containers(value) if isinstance(item, dict))


def _has_huge_float(value: dict[str, Any]) -> bool:
    for item in _containers(value):
        inner = item.values() if isinstance(item, dict) else item
        floats = [child for child in inner if type(child) is float]
        if floats and (max(floats) >= 2.0**63 or min(floats) <= -(2.0**63)):
            return True
    return False
