"""JSON and CSV. May touch: numpy, orjson.

orjson writes the numbers of both: shortest text that reads back as the same number, some ten times
as fast as Python.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import numpy.typing as npt
import orjson

from ..series import Columns
from ..utils.json_columns import as_json
from .plain import is_text, plain

#: Rows put together at a time: bounds the memory, and costs nothing.
BLOCK = 50_000


def write_json(columns: Columns, path: Path) -> None:
    """One object, column → list; null for what is missing or not finite."""
    with path.open("xb") as file:
        for place, (name, values) in enumerate(columns.items()):
            file.write(b"," if place else b"{")
            file.write(orjson.dumps(name) + b":")
            file.write(as_json(values))
        file.write(b"}" if columns else b"{}")


def write_csv(columns: Columns, path: Path) -> None:
    """A line of names, then a line per row; nothing stands for what is missing or not finite."""
    with path.open("xb") as file:
        write_lines(plain(columns), file)


def write_lines(columns: Columns, file: IO[bytes], missing: bytes = b"") -> None:
    """The lines of a CSV file (RFC 4180, UTF-8); `missing` stands for a missing number."""
    file.write(b",".join(_quoted(name) for name in columns) + b"\n")
    rows = len(next(iter(columns.values()), ()))
    for start in range(0, rows, BLOCK):
        block = [_cells(v[start : start + BLOCK], missing) for v in columns.values()]
        file.writelines(_lines(block))


def _lines(block: list[list[bytes]]) -> Iterator[bytes]:
    if len(block) == 1:  # a lone missing value would leave an empty line, which readers skip
        return ((cell or b'""') + b"\n" for cell in block[0])
    return (b",".join(cells) + b"\n" for cells in zip(*block, strict=True))


def _cells(values: npt.NDArray[Any], missing: bytes) -> list[bytes]:
    if is_text(values):
        texts = values.tolist()
        quoted = {text: _quoted(text) for text in dict.fromkeys(texts)}
        return [quoted[text] for text in texts]
    cells = as_json(values)[1:-1].replace(b"null", missing)
    if values.dtype.kind == "b":  # as pandas and astropy write them
        cells = cells.replace(b"true", b"True").replace(b"false", b"False")
    return cells.split(b",")


def _quoted(text: str | None) -> bytes:
    """A cell; an empty text is quoted, so that it is told from a missing one."""
    if text is None:
        return b""
    if not text or any(sign in text for sign in '",\r\n') or text != text.strip():
        return b'"' + text.replace('"', '""').encode() + b'"'
    return text.encode()
