"""The cursor of a scan: where a page ended, as text that means nothing to its reader.

It holds the order, the sorting value and the id of the last series of a page. Nothing in it is
secret, and nothing in it is trusted: which rows one may see is asked anew for every page.
"""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from ..enum_types import TIME_STAMP_ALIGNMENTS
from ..errors import InvalidInput
from .answer import python_type_of
from .filters import Query
from .types import MAX_ID

#: How long a cursor may be; the values that are sorted by are short.
MAX_CHARACTERS = 4096


def write_cursor(query: Query, last: Mapping[str, Any]) -> str:
    """The cursor after the series `last` in the order of `query`."""
    value = last[query["sortBy"]]
    if isinstance(value, float) and not math.isfinite(value):
        value = str(value)
    content = orjson.dumps([query["sortBy"], query["sortOrder"], value, last["id"]])
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def read_cursor(query: Query) -> tuple[Any, int] | None:
    """The sorting value and the id where `query` goes on; None where it begins.

    Raises InvalidInput for a cursor that is none, or is of another order.
    """
    text = query.values.get("after")
    if text is None:
        return None
    try:
        return _parse(text, query)
    except (ValueError, TypeError, binascii.Error):
        pass
    expected = "the `next` of a page that was asked for with the same sortBy and sortOrder"
    message = f'Invalid after: "{text[:80]}"; expected {expected}.'
    raise InvalidInput(message, {"after": [message]})


def _parse(text: str, query: Query) -> tuple[Any, int]:
    if len(text) > MAX_CHARACTERS:
        raise ValueError("too long")
    content = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    column, order, value, series_id = orjson.loads(content)
    if (column, order) != (query["sortBy"], query["sortOrder"]):
        raise ValueError("another order")
    if type(series_id) is not int or not 0 < series_id <= MAX_ID:
        raise ValueError("no id")
    if column == "time_stamp_alignment" and value not in (None, *TIME_STAMP_ALIGNMENTS):
        raise ValueError("no label of the column's type")
    return _value(value, python_type_of(column)), series_id


def _value(value: Any, kind: Any) -> Any:
    if value is None:
        return None
    if kind is float and (value in ("nan", "inf", "-inf") or type(value) is int):
        return float(value)
    if kind is datetime:
        value = datetime.fromisoformat(value)
        if value.tzinfo is not None:
            raise ValueError("a zone")
    if type(value) is not kind or (kind is str and "\0" in value):
        raise TypeError("not of the column's type")
    if kind is int and abs(value) > MAX_ID:
        raise ValueError("no integer of PostgreSQL's")
    return value
