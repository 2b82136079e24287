"""Types of the fields of an upload: what can be cast, and the sentence where it cannot."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Any, NoReturn

from marshmallow import ValidationError, fields

from ..utils.texts import UNHOLDABLE

#: PostgreSQL's largest integer; an id beyond it exists nowhere.
MAX_ID = 2**31 - 1
ID_SCHEMA = {"type": "integer", "minimum": 1, "maximum": MAX_ID}
#: More groups or streams than a file's metadata has room for.
MAX_IDS = 5000
_IDS_SCHEMA = {"type": "array", "items": ID_SCHEMA, "maxItems": MAX_IDS}


Schema = dict[str, Any]


class Described(fields.Field[Any]):
    """A field that knows its JSON schema; null, which counts as not given, aside."""

    def json_schema(self) -> Schema:
        """What the field takes, for the OpenAPI document."""
        raise NotImplementedError


class _Named(Described):
    """Puts the field's name, and what came, into its messages."""

    def refuse(self, value: object, expected: str) -> NoReturn:
        shown = repr(value if not isinstance(value, str) else value[:80])
        raise ValidationError(
            f"Could not cast {self.name} to the correct type: "
            f"got {shown[:120]}, expected {expected}."
        )


class Text(_Named):
    """Text that PostgreSQL can hold; with `punctuation`, of ASCII letters, digits and it alone."""

    def __init__(self, punctuation: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._punctuation = punctuation

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> str:
        if not isinstance(value, str):
            self.refuse(value, "text")
        check_text(value)
        if self._punctuation and not self._allows(value):
            shown = value if len(value) <= 120 else value[:120] + "…"
            raise ValidationError(
                f'Illegal characters in string "{shown}". {self.name} takes letters, digits and '
                f"{' '.join(self._punctuation)}, and must not be empty."
            )
        return value

    def _allows(self, value: str) -> bool:
        return bool(re.fullmatch(f"[A-Za-z0-9{re.escape(self._punctuation or '')}]+", value))

    def json_schema(self) -> Schema:
        if self._punctuation is None:
            return {"type": "string", "pattern": r"^[^\u0000]*$"}
        # ECMA-262 knows the escapes of what is special in a set, and no others.
        allowed = re.sub(r"([-\\/])", r"\\\1", self._punctuation)
        return {"type": "string", "pattern": f"^[A-Za-z0-9{allowed}]+$"}


class TextOrNumber(Text):
    """Text, or a whole number taken as its text."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        return super()._deserialize(value, *args, **kwargs)

    def json_schema(self) -> Schema:
        return super().json_schema() | {"type": ["string", "integer"]}


class SeriesName(Text):
    """A relative folder path: no empty steps, so that it can be no absolute path either."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        name = super()._deserialize(value, *args, **kwargs)
        if not all(name.split("/")):
            raise ValidationError(
                f'Illegal characters in string "{name[:120]}". '
                "series_name is a relative path: it must not begin or end with /, nor hold //."
            )
        return name

    def json_schema(self) -> Schema:
        step = super().json_schema()["pattern"].strip("^$").replace(r"\/", "")
        return {"type": "string", "pattern": f"^{step}(/{step})*$"}


class Number(_Named):
    """A finite number within bounds, both included."""

    def __init__(self, low: float = -math.inf, high: float = math.inf, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.low, self.high = low, high

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            self.refuse(value, "a number")
        try:
            number = float(value)
        except (ValueError, OverflowError):
            self.refuse(value, "a number")
        if isinstance(value, str) and "_" in value:  # which is Python's alone
            self.refuse(value, "a number")
        if not math.isfinite(number):
            self.refuse(value, "a finite number, or null for none")
        if not self.low <= number <= self.high:
            raise ValidationError(f"{self.name} must be {self._bounds()}, got {number:g}.")
        return number

    def _bounds(self) -> str:
        if math.isinf(self.high):
            return f"{self.low:g} or more"
        return f"between {self.low:g} and {self.high:g}"

    def json_schema(self) -> Schema:
        bounds = {"minimum": self.low, "maximum": self.high}
        return {"type": "number"} | {k: v for k, v in bounds.items() if math.isfinite(v)}


class Identifier(_Named):
    """The id of another row."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> int:
        number = as_id(value)
        if number is None:
            self.refuse(value, "an id, a whole number")
        if not 0 < number <= MAX_ID:
            raise ValidationError(f"Invalid {self.name}: {number}")
        return number

    def json_schema(self) -> Schema:
        return dict(ID_SCHEMA)


class GroupIds(Described):
    """Ids of groups, a single one, or "all"."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> list[int] | str:
        if value == "all":
            return "all"
        ids = [as_id(item) for item in (value if isinstance(value, list) else [value])]
        if None in ids:
            raise ValidationError(
                "Invalid group_ids parameter value. "
                "Must be a list of IDs (integers) or the string 'all'."
            )
        return _existing(ids, "Invalid group ID: {}")

    def json_schema(self) -> Schema:
        return {"anyOf": [_IDS_SCHEMA, ID_SCHEMA, {"const": "all"}]}


class StreamIds(Described):
    """Ids of streams."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> list[int]:
        ids = [as_id(item) for item in value] if isinstance(value, list) else [None]
        if None in ids:
            raise ValidationError(
                "Invalid stream_ids parameter value. Must be a list of IDs (integers)."
            )
        return _existing(ids, "No stream with ID {}")

    def json_schema(self) -> Schema:
        return dict(_IDS_SCHEMA)


class JsonObject(_Named):
    """A JSON object that PostgreSQL can hold."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            self.refuse(value, "a JSON object")
        _check_texts(value)
        return value

    def json_schema(self) -> Schema:
        return {"type": "object"}


def as_id(value: Any) -> int | None:
    """`value` as a whole number, where it is one or its decimal text; else None."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,19}", value):
        return int(value)
    return None


def _existing(ids: Iterable[int | None], message: str) -> list[int]:
    numbers = [number for number in dict.fromkeys(ids) if number is not None]
    if len(numbers) > MAX_IDS:
        raise ValidationError(f"{len(numbers):,} IDs are too many; {MAX_IDS:,} is the most.")
    beyond = [message.format(number) for number in numbers if not 0 < number <= MAX_ID][:20]
    if beyond:
        raise ValidationError(beyond)
    return numbers


def check_text(value: str) -> None:
    """Refuse what PostgreSQL's text cannot hold. Raises ValidationError."""
    if UNHOLDABLE.search(value):
        shown = ascii(value[:80])
        raise ValidationError(f"Illegal characters in string {shown}: NUL or lone surrogates.")


def _check_texts(value: Any) -> None:
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, str):
            check_text(item)
        elif isinstance(item, dict):
            pending += [*item, *item.values()]
        elif isinstance(item, list):
            pending += item
