"""VOTable 1.4 (IVOA) with its rows in BINARY2.

Written here and not by astropy, which takes some seconds for a hundred thousand rows; this takes
some milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import numpy as np
import numpy.typing as npt
import orjson
import pybase64

from ..series import Columns
from ..series.columns import TIME
from .plain import is_text, plain
from .words import Meaning, fields_with_meaning, meaning

#: Rows at a time; a multiple of 3, so that the pieces' base64 joins without padding.
BLOCK = 3 * (1 << 14)

_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3">
<RESOURCE type="results">
<COOSYS ID="position" system="ICRS"/>
<TIMESYS ID="time" timeorigin="MJD-origin" timescale="UTC" refposition="UNKNOWN"/>
<TABLE name="photometric_series" nrows="{rows}">
"""
_TAIL = "</STREAM></BINARY2></DATA>\n</TABLE>\n</RESOURCE>\n</VOTABLE>\n"

#: numpy's type → VOTable's, and the type in which it travels (big-endian).
_TYPES = {
    "f8": ("double", ">f8"),
    "f4": ("float", ">f4"),
    "i8": ("long", ">i8"),
    "i4": ("int", ">i4"),
    "i2": ("short", ">i2"),
    "i1": ("short", ">i2"),
    "u4": ("long", ">i8"),
    "u2": ("int", ">i4"),
    "u1": ("unsignedByte", "u1"),
    "b1": ("boolean", "S1"),
}


#: Python's type of a field of the series → VOTable's; other fields are texts.
_DATATYPES = {bool: "boolean", int: "long", float: "double"}


class _Field:
    """A column: its element, and its values as they travel."""

    def __init__(self, name: str, values: npt.NDArray[Any]) -> None:
        self.name, self.values = name, values
        self.texts: list[bytes | None] | None = None
        if values.dtype.str[1:] == "u8":  # VOTable has no such type
            self.values = values = values.astype(str).astype(object)
        if is_text(values):
            self._encode(values.tolist())
        else:
            self.datatype, self.travels = _TYPES[values.dtype.str[1:]]
            self.arraysize = ""

    def _encode(self, texts: list[str | None]) -> None:
        """Texts of one length each, padded by NULs: so a row has one length as well."""
        ascii_only = all(text is None or text.isascii() for text in texts)
        encoding, width = ("ascii", 1) if ascii_only else ("utf-16-be", 2)
        self.texts = [None if text is None else text.encode(encoding) for text in texts]
        longest = max((len(text) for text in self.texts if text), default=width)
        self.datatype = "char" if ascii_only else "unicodeChar"
        self.travels, self.arraysize = f"V{longest}", f' arraysize="{longest // width}"'

    def element(self) -> str:
        kind = f'datatype="{self.datatype}"{self.arraysize}{_reference(self.name)}'
        return _element("FIELD", self.name, kind, meaning(self.name))

    def fill(self, rows: npt.NDArray[Any], place: int, start: int) -> None:
        """Put the values from `start` on into the field `place` of `rows`."""
        stop = start + len(rows)
        if self.texts is None:
            values = self.values[start:stop]
            rows[f"f{place}"] = np.where(values, b"T", b"F") if self.travels == "S1" else values
            return
        width = rows.dtype[f"f{place}"].itemsize
        part = self.texts[start:stop]
        joined = b"".join((text or b"").ljust(width, b"\0") for text in part)
        rows[f"f{place}"] = np.frombuffer(joined, self.travels)
        missing = np.array([text is None for text in part])
        # The flags of missing values stand before the row, the first field's in the highest bit.
        rows["flags"][:, place // 8] |= (missing * (0x80 >> place % 8)).astype(np.uint8)


def write(columns: Columns, metadata: Mapping[str, Any], path: Path) -> None:
    """Fields with units and UCDs, the time system, and what is known of the series as PARAMs."""
    fields = [_Field(name, values) for name, values in plain(columns).items()]
    rows = len(fields[0].values) if fields else 0
    with path.open("xb") as file:
        file.write(_HEAD.format(rows=rows).encode())
        file.writelines(_params(metadata))
        file.writelines(f"{field.element()}\n".encode() for field in fields)
        file.write(b'<DATA><BINARY2><STREAM encoding="base64">\n')
        file.writelines(_stream(fields, rows))
        file.write(_TAIL.encode())


def _stream(fields: list[_Field], rows: int) -> Iterator[bytes]:
    row = np.dtype(
        [("flags", "u1", ((len(fields) + 7) // 8,))]
        + [(f"f{place}", field.travels) for place, field in enumerate(fields)]
    )
    for start in range(0, rows, BLOCK):
        block = np.zeros(min(BLOCK, rows - start), row)
        for place, field in enumerate(fields):
            field.fill(block, place, start)
        yield pybase64.b64encode(block.tobytes()) + b"\n"


def _params(metadata: Mapping[str, Any]) -> Iterator[bytes]:
    if metadata.get("altdata"):
        text = orjson.dumps(metadata["altdata"]).decode()
        yield f'<INFO name="altdata" value={_quoted(text)}/>\n'.encode()
    for name, (value, what) in fields_with_meaning(metadata).items():
        datatype = _DATATYPES.get(type(value), 'unicodeChar" arraysize="*')
        text = str(value).lower() if isinstance(value, bool) else str(value)
        kind = f'datatype="{datatype}"{_reference(name)} value={_quoted(text)}'
        yield f"{_element('PARAM', name, kind, what)}\n".encode()


def _reference(name: str) -> str:
    """Which of the systems in the header the values of a column, or a field, are in."""
    if name in TIME:
        return ' ref="time"'
    return ' ref="position"' if name.lower() in ("ra", "dec") else ""


def _element(tag: str, name: str, kind: str, what: Meaning) -> str:
    attributes = "".join(
        f" {key}={_quoted(value)}"
        for key, value in (("unit", what.unit), ("ucd", what.ucd))
        if value
    )
    inner = f"<DESCRIPTION>{what.description}</DESCRIPTION>" if what.description else ""
    return f"<{tag} name={_quoted(name)} {kind}{attributes}>{inner}</{tag}>"


def _quoted(text: str) -> str:
    """An attribute's value; what XML cannot hold at all becomes a question mark."""
    legal = "".join(sign if sign >= " " or sign in "\t\n\r" else "?" for sign in text)
    legal = legal.replace("\ufffe", "?").replace("\uffff", "?")
    return quoteattr(legal, {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"})
