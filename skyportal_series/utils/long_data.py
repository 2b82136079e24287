"""Long data in a JSON body, taken out of it before the rest is read as one document.

May touch: mapped files, strict_json, errors. A document of a long text reserves thirteen times its
length, one of a long list needs four times the memory of the list's numbers, and three times the
time. Here a text stays where it is, and a list of numbers becomes an array piece by piece.
"""

from __future__ import annotations

import mmap
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import orjson

from ..errors import InvalidInput
from .strict_json import MAX_CONTAINERS, parse_json

try:
    import simdjson
except ImportError:  # there is none for this Python: orjson does it, in twice the time
    simdjson = None  # type: ignore[assignment]

#: Characters of base64 that are worth to be left where they are.
LONG = 1 << 20
#: Characters of a list that are worth it, and that are read at a time.
LONG_LIST, PIECE = 1 << 16, 1 << 18

_NAME = b'"data"'
_TEXT = re.compile(rb'"data"\s*+:\s*+"')
_OPENING = re.compile(rb"\[")
_NUMBERS = re.compile(rb"[\d.eE+\-,nul\s]{%d}" % LONG_LIST)

#: The object without its `data`, and that: where a text is, or columns.
Taken = tuple[dict[str, Any], Any]


@dataclass(frozen=True)
class Base64:
    """A long base64 text: where in the body at `path` it is."""

    path: Path
    start: int
    stop: int

    @contextmanager
    def read(self) -> Iterator[memoryview]:
        """The characters, none of which are in memory yet."""
        with (
            mapped(self.path) as body,
            memoryview(body) as whole,
            whole[self.start : self.stop] as text,
        ):
            yield text


@contextmanager
def mapped(path: Path) -> Iterator[mmap.mmap]:
    """The file at `path`, whose bytes the system reads as they are looked at."""
    with path.open("rb") as source, mmap.mmap(source.fileno(), 0, access=mmap.ACCESS_READ) as text:
        yield text


def take_long_data(path: Path, text: mmap.mmap) -> Taken | None:
    """The JSON object `text`, which is at `path`, with long data as Base64 or arrays.

    None where there is none, or anything is not as it should be: then the whole is to be read, and
    to be blamed.
    """
    with suppress(InvalidInput):
        return _without_text(path, text) or _without_lists(text)
    return None


def _without_text(path: Path, text: mmap.mmap) -> Taken | None:
    """Where the data is a long text without escapes."""
    place = text.find(_NAME)
    if place < 0 or (found := _TEXT.match(text, place)) is None:
        return None
    start, stop = found.end(), text.find(b'"', found.end())
    if stop - start < LONG or text.find(b"\\", start, stop) >= 0:
        return None
    # Parsed with this in its place, what has been found is the data, or only looked like it.
    instead = secrets.token_hex()
    fields = parse_json(b"".join((text[:start], instead.encode(), text[stop:])))
    return (fields, Base64(path, start, stop)) if fields.pop("data", None) == instead else None


def _without_lists(text: mmap.mmap) -> Taken | None:
    """Where columns of the data are long lists of numbers."""
    arrays: dict[str, npt.NDArray[Any]] = {}
    rest: list[bytes] = []
    done = stop = lists = 0
    while (found := _OPENING.search(text, stop)) and lists < MAX_CONTAINERS:
        lists += 1
        start = stop = found.end()
        if _NUMBERS.match(text, start) and (read := _numbers(text, start)) is not None:
            array, stop = read
            instead = secrets.token_hex()
            arrays[instead] = array
            rest += [text[done : start - 1], b'"%s"' % instead.encode()]
            done = stop
    if not arrays:
        return None
    fields = parse_json(b"".join((*rest, text[done:])))
    data = fields.pop("data", None)
    if not isinstance(data, dict):
        return None
    for name, value in data.items():
        if isinstance(value, str) and value in arrays:
            data[name] = arrays.pop(value)
    return None if arrays else (fields, data)  # one that is left was no column


def _numbers(text: mmap.mmap, start: int) -> tuple[npt.NDArray[Any], int] | None:
    """The numbers of the list that begins before `start`, and where it ends.

    None where it holds anything else, or is not written as it should be.
    """
    pieces: list[npt.NDArray[Any]] = []
    parser = simdjson.Parser() if simdjson else None
    closed = False
    while not closed:
        piece = text[start : start + PIECE]
        stop = piece.find(b"]")
        closed = stop >= 0
        if not closed:
            stop = piece.rfind(b",")
        array = _array(piece[: max(stop, 0)], parser)
        if array is None or not len(array):
            return None
        pieces.append(array)
        start += stop + 1
    return np.concatenate(pieces), start


def _array(numbers: bytes, parser: simdjson.Parser | None) -> npt.NDArray[Any] | None:
    """An array of `numbers`, separated by commas: of int64 where all are whole, else of float64."""
    if b"[" in numbers:
        return None
    text = b"[%b]" % numbers
    if parser is not None:
        whole = not any(mark in numbers for mark in (b".", b"e", b"E"))
        with suppress(TypeError, ValueError, RuntimeError):  # such as null; orjson knows more
            found = cast("simdjson.Array", parser.parse(text))
            if whole:
                return np.frombuffer(found.as_buffer(of_type="i"), np.int64)
            return np.frombuffer(found.as_buffer(of_type="d"), np.float64)
    with suppress(orjson.JSONDecodeError, OverflowError):
        values = orjson.loads(text)
        if (kinds := set(map(type, values))) <= {int, float, type(None)}:
            return np.array(values, dtype=np.int64 if kinds == {int} else np.float64)
    return None
