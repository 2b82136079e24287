"""Types of query arguments: text in, value out, and how OpenAPI describes them.

`read` raises ValueError with a sentence that names the argument, what came and what would be right.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from .answer import COLUMNS, OBJECTS
from .types import MAX_ID

MJD_EPOCH = datetime(1858, 11, 17, tzinfo=UTC)
MAX_PER_PAGE = 500


@dataclass(frozen=True)
class Kind:
    """A type: how to read it, what to say of it, and its JSON schema."""

    expected: str
    parse: Callable[[str], Any]
    schema: dict[str, Any]

    def read(self, name: str, text: str) -> Any:
        """The value of `text`; ValueError where it is none."""
        try:
            return self.parse(text)
        except (ValueError, OverflowError):
            near = difflib.get_close_matches(text.lower(), self.schema.get("enum", ()), n=1)
        hint = f' Did you mean "{near[0]}"?' if near else ""
        raise ValueError(f'Invalid {name}: "{text[:80]}"; expected {self.expected}.{hint}')


def _text(text: str) -> str:
    if "\0" in text:
        raise ValueError("NUL")
    return text


def _texts(text: str) -> list[str]:
    return [item.strip() for item in _text(text).split(",") if item.strip()]


def _number(low: float, high: float) -> Callable[[str], float]:
    def parse(text: str) -> float:
        value = float(text)
        if "_" in text or not math.isfinite(value) or not low <= value <= high:
            raise ValueError(text)
        return value

    return parse


def _integer(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not re.fullmatch(r"[+-]?[0-9]{1,12}", text) or not low <= int(text) <= high:
            raise ValueError(text)
        return int(text)

    return parse


_BOOLEANS = {"true": True, "t": True, "yes": True, "1": True} | {
    "false": False,
    "f": False,
    "no": False,
    "0": False,
}


def _boolean(text: str) -> bool:
    value = _BOOLEANS.get(text.lower())
    if value is None:
        raise ValueError(text)
    return value


#: Date, time and zone. In a URL that is not escaped, the + of a zone arrives as a space.
_DATE = re.compile(
    r"([0-9W-]+)(?:[Tt ] ?([0-9:.,]+) ?([Zz]|UTC|GMT|[+-]?[0-9]{2}(?::?[0-9]{2})?)?)?"
)


def _date(text: str) -> float:
    """ISO 8601 → MJD (UTC days); without a zone it is UTC."""
    from dateutil.parser import isoparse

    match = _DATE.fullmatch(text)
    # Seven digits would be a year and a day of it, but mostly are a Julian date.
    if match is None or re.fullmatch("[0-9]{7}", match[1]):
        raise ValueError(text)
    day, time, zone = match[1], match[2], match[3] or "Z"
    if zone[0] in "ZzUG":
        zone = "Z"
    elif zone[0] not in "+-":
        zone = f"+{zone}"
    moment: datetime = isoparse(f"{day}T{time}{zone}" if time else day)
    return (moment.replace(tzinfo=moment.tzinfo or UTC) - MJD_EPOCH).total_seconds() / 86400


def choice(*allowed: str) -> Kind:
    def parse(text: str) -> str:
        if text not in allowed:
            raise ValueError(text)
        return text

    return Kind(f"one of {', '.join(allowed)}", parse, {"type": "string", "enum": list(allowed)})


_BIG = math.inf
_PLAIN = {"type": "string", "pattern": "^[^\\u0000]*$"}
TEXT = Kind("text without NUL", _text, _PLAIN)
TEXTS = Kind("text without NUL, separated by commas", _texts, _PLAIN)
NUMBER = Kind("a number", _number(-_BIG, _BIG), {"type": "number"})
INTEGER = Kind(
    "a whole number of at most 2147483647",
    _integer(-MAX_ID, MAX_ID),
    {"type": "integer", "minimum": -MAX_ID, "maximum": MAX_ID},
)
BOOLEAN = Kind("true or false", _boolean, {"type": "boolean"})
DATE = Kind(
    "a date in ISO 8601, such as 2024-05-01 or 2024-05-01T12:30:00Z",
    _date,
    {"type": "string", "description": "ISO 8601; UTC where no zone is given."},
)
RIGHT_ASCENSION = Kind(
    "degrees between 0 and 360", _number(0, 360), {"type": "number", "minimum": 0, "maximum": 360}
)
DECLINATION = Kind(
    "degrees between -90 and 90",
    _number(-90, 90),
    {"type": "number", "minimum": -90, "maximum": 90},
)
RADIUS = Kind(
    "degrees between 0 and 180", _number(0, 180), {"type": "number", "minimum": 0, "maximum": 180}
)
COLUMN = choice(*COLUMNS)
SCAN_COLUMN = choice(*(name for name in COLUMNS if name not in OBJECTS))
ORDER = choice("asc", "desc")
DATA_FORMAT = choice("json", "hdf5", "none")
NO_DATA = choice("none")
PAGE = Kind(
    "a whole number from 1",
    _integer(1, MAX_ID),
    {"type": "integer", "minimum": 1, "maximum": MAX_ID},
)
PAGE_SIZE = Kind(
    f"a whole number between 1 and {MAX_PER_PAGE}",
    _integer(1, MAX_PER_PAGE),
    {"type": "integer", "minimum": 1, "maximum": MAX_PER_PAGE},
)
