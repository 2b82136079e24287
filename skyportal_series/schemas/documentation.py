"""The sections of docs/api.md that are made from the tables.

`python -m skyportal_series.schemas.documentation docs/api.md` writes them into it, each between its
`<!-- begin NAME -->` and `<!-- end NAME -->`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from urllib.parse import quote

from ..enum_types import ALLOWED_BANDPASSES
from . import data_query, plot_query
from .answer import MEANINGS
from .filters import ARGUMENTS, SCAN_ARGUMENTS, Argument
from .openapi import ERRORS
from .upload import UploadSchema

#: Characters that a query string may hold as they are.
_PLAIN = ",/:"


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [heads, ("---",) * len(heads), *rows]
    return "\n".join(
        "| " + " | ".join(text.replace("|", "\\|") for text in line) + " |" for line in lines
    )


def _arguments(rows: Iterable[Argument]) -> str:
    return _table(("argument", "meaning", "takes", "example"), map(_argument, rows))


def _argument(row: Argument) -> tuple[str, ...]:
    names = " or ".join(f"`{spelling}`" for spelling in row.spellings)
    takes = _takes(row)
    if row.default is not None:
        default = str(row.default).lower() if isinstance(row.default, bool) else row.default
        takes += f" (default `{default}`)"
    return names, row.meaning, takes, f"`{row.name}={quote(row.example, safe=_PLAIN)}`"


def _takes(row: Argument) -> str:
    """What the argument takes, short enough for a table."""
    if row.name in ("filter", "sortBy"):
        return {"filter": "a bandpass", "sortBy": "a column of the answer"}[row.name]
    if "enum" in row.kind.schema:
        return f"one of {', '.join(row.kind.schema['enum'])}"
    return row.kind.expected.replace(" without NUL", "").partition(", such as")[0]


def _fields() -> str:
    about = {name: field.metadata for name, field in UploadSchema().fields.items()}
    rows = [
        (f"`{name}`", each["description"], f"`{each['example']}`") for name, each in about.items()
    ]
    return _table(("field", "meaning", "example"), rows)


def _only_in_scans() -> str:
    return _arguments(row for row in SCAN_ARGUMENTS if row.name == "after")


SECTIONS: dict[str, Callable[[], str]] = {
    "arguments": lambda: _arguments(ARGUMENTS),
    "scan": _only_in_scans,
    "data": lambda: _arguments(data_query.ARGUMENTS),
    "plot": lambda: _arguments(plot_query.ARGUMENTS),
    "fields": _fields,
    "answer": lambda: _table(("key", "meaning"), [(f"`{k}`", v) for k, v in MEANINGS.items()]),
    "errors": lambda: _table(("code", "meaning"), [(str(k), v) for k, v in ERRORS.items()]),
    "bandpasses": lambda: ", ".join(f"`{name}`" for name in ALLOWED_BANDPASSES),
}


def written(text: str) -> str:
    """`text` with every section as the tables have it."""
    for name, make in SECTIONS.items():
        begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
        if text.count(begin) != 1 or text.count(end) != 1:
            raise ValueError(f"there must be one {begin} and one {end}")
        before, rest = text.split(begin)
        text = f"{before}{begin}\n{make()}\n{end}{rest.split(end)[1]}"
    return re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE)


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(written(path.read_text("utf-8")), "utf-8")
