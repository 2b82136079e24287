"""The query arguments of a light curve's data, in one table, and what they ask for."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass

from ..errors import InvalidInput
from ..formats import FORMATS, Format, Part, choose, known
from . import query_types as kinds
from .filters import Argument, read_query
from .query_types import Kind


def _names(text: str) -> tuple[str, ...]:
    """Names between commas; one that holds a comma stands in double quotes."""
    if any(sign in text for sign in "\0\r\n"):
        raise ValueError(text)
    return tuple(name for name in next(csv.reader([text], skipinitialspace=True)) if name)


FORMAT = Kind("text", kinds.TEXT.parse, {"type": "string", "enum": list(FORMATS)})
NAMES = Kind("names of columns, separated by commas", _names, {"type": "string"})
POINTS = Kind(
    "a whole number from 1",
    kinds.PAGE.parse,
    {"type": "integer", "minimum": 1, **kinds.PAGE.schema},
)

# fmt: off
ARGUMENTS: tuple[Argument, ...] = (
    Argument("format", FORMAT, "Format; without it what Accept likes best, by default hdf5", "csv"),
    Argument("columns", NAMES, "Columns to send, separated by commas, in this order", "mjd,flux"),
    Argument("mjdMin", kinds.NUMBER, "Rows from this time on, MJD (UTC days)", "60000"),
    Argument("mjdMax", kinds.NUMBER, "Rows up to this time, MJD (UTC days)", "60010.5"),
    Argument("maxPoints", POINTS, "At most so many rows, in time; no extreme is lost", "2000"),
)
# fmt: on
BY_NAME = {row.name: row for row in ARGUMENTS}


@dataclass(frozen=True)
class DataQuery:
    """A format, and what part of the light curve."""

    format: Format
    part: Part

    @property
    def is_stored_file(self) -> bool:
        """Whether it is for the stored HDF5 file as it is."""
        return self.format.name == "hdf5" and self.part.is_whole


def read_data_query(given: Mapping[str, list[str]], accept: str | None) -> DataQuery:
    """The arguments of a request, and its header Accept.

    Raises
    ------
    InvalidInput
        For an unknown argument, a bad value, bounds the wrong way round; all together.
    NotAcceptable
        For a format that is not made here.
    """
    values = read_query(_joined(given), BY_NAME).values
    low, high = values.get("mjdMin"), values.get("mjdMax")
    if low is not None and high is not None and low > high:
        problem = f"mjdMin ({low:g}) is after mjdMax ({high:g}); swap them."
        raise InvalidInput(problem, {"mjdMin": [problem]})
    form = known(values["format"]) if "format" in values else choose(accept)
    columns = values.get("columns")
    return DataQuery(form, Part(columns, low, high, values.get("maxPoints")))


def _joined(given: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """`columns=a&columns=b`, as some clients write lists, is `columns=a,b`."""
    joined = dict(given)
    if "columns" in joined:
        joined["columns"] = [",".join(text for text in joined["columns"] if text.strip())]
    return joined
