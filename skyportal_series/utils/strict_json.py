"""Strict JSON: one object, in UTF-8, every key once, no number that is not what it says.

May touch: errors. A body may be hundreds of megabytes: what needs no look at each character, or
at each number, does without.
"""

from __future__ import annotations

import mmap
import re
from collections import deque
from collections.abc import Iterator
from typing import Any

import orjson

from ..errors import InvalidInput
from .literal_pickle import MAX_DEPTH

#: A JSON string that is a key: one scan of the text counts them all, and nothing within strings.
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"(\s*+:)?')
#: A string, to be passed over, or a whole number that is near what 64 bits hold or past it.
_LONG = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|(?<![\d.eE+])(-?\d{19,}+)(?![.eE])')

BLOCK = 1 << 18

#: Lists and objects: a column is one, and the fields have room for few.
MAX_CONTAINERS = 1 << 16
#: From here on a float may have been a whole number of more than 64 bits.
HUGE = 2.0**63
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
    """The JSON object `text`: strict UTF-8, finite numbers, every key once.

    Nested as deep as metadata may be. Whole numbers past 64 bits are floats in it: who keeps any
    asks `check_whole_numbers`. Raises InvalidInput.
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
    colons, brackets = _count_marks(text)
    keys = sum(len(item) for item in _containers(value, brackets) if isinstance(item, dict))
    # Without a colon in any text, each belongs to a key; otherwise the keys are to be told apart.
    if colons != keys and keys != sum(1 for match in _STRING.finditer(text) if match[1]):
        raise InvalidInput("The JSON names a key twice in one object; give each key once.")
    return value


def check_whole_numbers(text: mmap.mmap | bytes) -> None:
    """Raises InvalidInput for a whole number in JSON that 64 bits do not hold."""
    for match in _LONG.finditer(text):
        number = match[1]
        if number and (len(number) > 20 or not -(2**63) <= int(number) < 2**64):
            shown = number[:24].decode() + "…" * (len(number) > 24)
            raise InvalidInput(f"The whole number {shown} is too large: 64 bits is the most.")


def has_huge_float(value: Any) -> bool:
    """Whether there is a float in `value` that may have been a whole number past 64 bits."""
    for item in _containers(value, MAX_CONTAINERS):
        inner = item.values() if isinstance(item, dict) else item
        if any(type(child) is float and abs(child) >= HUGE for child in inner):
            return True
    return False


def _count_marks(text: mmap.mmap | bytes) -> tuple[int, int]:
    """How many colons there are, and how many brackets that open, those in strings included."""
    colons = brackets = 0
    for start in range(0, len(text), BLOCK):
        block = text[start : start + BLOCK]
        colons += block.count(b":")
        brackets += block.count(b"{") + block.count(b"[")
    return colons, brackets


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


def _containers(value: Any, most: int) -> Iterator[dict[str, Any] | list[Any]]:
    """Every object and list in `value`, itself included; there are `most` at most.

    Raises InvalidInput past MAX_DEPTH and MAX_CONTAINERS.
    """
    # Objects first: lists are columns, which need not be looked through once all has been found.
    objects, lists = deque([(value, 1)]), deque[tuple[Any, int]]()
    count = 1
    while objects or lists:
        item, depth = (objects or lists).popleft()
        if depth > MAX_DEPTH:
            raise InvalidInput(f"The JSON is nested more than {MAX_DEPTH} deep.")
        yield item
        if count >= most:
            continue
        inner = item.values() if isinstance(item, dict) else item
        kinds = set(map(type, inner))
        if dict in kinds or list in kinds:
            for child in inner:
                if isinstance(child, dict | list):
                    (objects if isinstance(child, dict) else lists).append((child, depth + 1))
                    count += 1
            if count > MAX_CONTAINERS:
                limit = f"{MAX_CONTAINERS:,} lists and objects"
                raise InvalidInput(f"The JSON holds more than {limit}.")
