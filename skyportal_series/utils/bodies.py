"""The body of an upload → its fields and its data. May touch: files, errors.

A body is JSON, or `multipart/form-data` with the file as the part `data` and the fields as JSON in
the part `metadata`. It is somebody else's bytes: what is not understood is refused.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt
import orjson

from ..errors import InvalidInput
from .long_data import mapped, take_long_data
from .strict_json import HUGE, check_whole_numbers, has_huge_float, parse_json

#: The fields, as JSON, are far smaller than this: everything but the data.
MAX_METADATA_BYTES = 1 << 20


@dataclass(frozen=True)
class Body:
    """`data` is a dict of columns, base64 text or a Base64, the path of a file, or None."""

    fields: dict[str, Any]
    data: Any


def read_body(path: Path, content_type: str, file: Path) -> Body:
    """Read the request body at `path`; the file of a form is written to `file`.

    Raises InvalidInput for anything that is not the one JSON object, or the one form, expected.
    """
    if content_type.lower().startswith("multipart/form-data"):
        return _read_form(path, content_type, file)
    if path.stat().st_size == 0:
        raise InvalidInput("The body is empty; send a JSON object with `data` and the fields.")
    with mapped(path) as text:
        fields, data = take_long_data(path, text) or _whole(text, content_type)
        if has_huge_float(fields):
            check_whole_numbers(text)
    if (size := len(orjson.dumps(fields))) > MAX_METADATA_BYTES:
        raise InvalidInput(
            f"The fields beside `data` take {size:,} bytes; {MAX_METADATA_BYTES:,} is the most."
        )
    return Body(fields, data)


def _whole(text: mmap.mmap, content_type: str) -> tuple[dict[str, Any], Any]:
    fields = parse_json(text, content_type)
    return fields, fields.pop("data", None)


def check_columns(path: Path, columns: Iterable[npt.NDArray[Any]]) -> None:
    """Raises InvalidInput where `columns`, of the JSON body at `path`, were not what it says."""
    if any(values.dtype.kind == "f" and (np.abs(values) >= HUGE).any() for values in columns):
        with mapped(path) as text:
            check_whole_numbers(text)


def _read_form(path: Path, content_type: str, file: Path) -> Body:
    from multipart import MultipartError, PushMultipartParser, parse_options_header

    boundary = parse_options_header(content_type)[1].get("boundary", "")
    if not boundary:
        raise InvalidInput("The Content-Type multipart/form-data names no boundary.")
    form = _Form(file)
    try:
        with PushMultipartParser(boundary, max_segment_count=8) as parser, form:
            _feed(path, parser, form)
    except MultipartError as error:
        raise InvalidInput(f"The form is not valid multipart/form-data: {error}.") from None
    return form.body()


def _feed(path: Path, parser: Any, form: _Form) -> None:
    with path.open("rb") as source:
        while not parser.closed:
            for event in parser.parse(source.read(1 << 20)):
                form.take(event)


class _Form:
    """Collects the parts of a form: `data` goes to a file, `metadata` to memory."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._seen: set[str] = set()
        self._part = ""
        self._metadata = bytearray()
        self._closing = ExitStack()
        self._output: IO[bytes] | None = None

    def __enter__(self) -> _Form:
        return self

    def __exit__(self, *exception: object) -> None:
        self._closing.close()

    def take(self, event: Any) -> None:
        """One event of the parser: a part's head, a piece of its content, or None at its end."""
        if event is None:
            return
        if not isinstance(event, bytes | bytearray):
            self._begin(str(event.name))
        elif self._part == "data" and self._output is not None:
            self._output.write(event)
        else:
            self._metadata += event
            if len(self._metadata) > MAX_METADATA_BYTES:
                raise InvalidInput(f"The part `metadata` is over {MAX_METADATA_BYTES:,} bytes.")

    def _begin(self, name: str) -> None:
        if name not in ("data", "metadata"):
            raise InvalidInput(
                f"The form has a part {name[:80]!r}; it takes `data` (the HDF5 file) "
                "and `metadata` (the fields, as one JSON object)."
            )
        if name in self._seen:
            raise InvalidInput(f"The form has the part `{name}` twice.")
        self._seen.add(name)
        self._part = name
        if name == "data":
            self._output = self._closing.enter_context(self._file.open("wb"))

    def body(self) -> Body:
        text = bytes(self._metadata)
        fields = parse_json(text) if text.strip() else {}
        if has_huge_float(fields):
            check_whole_numbers(text)
        if "data" in fields:
            raise InvalidInput("In a form, `data` is a part of its own, not a key of `metadata`.")
        return Body(fields, self._file if "data" in self._seen else None)
