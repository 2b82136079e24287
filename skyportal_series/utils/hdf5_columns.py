"""Columns in the form in which they are stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from skyportal_series.errors import InvalidInput
from skyportal_series.utils.plain_frame import PlainFrame, Values

#: Nanoseconds in pandas' units of time.
_NS = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}


@dataclass(frozen=True, slots=True)
class Column:
    """A column as it is stored: numbers, or `S…` for UTF-8 text.

    `dtype` is pandas' name for what the numbers mean: `bool`, `datetime64[ns]`, …
    """

    name: Any
    values: Values | Counting
    dtype: str


@dataclass(frozen=True, slots=True)
class Columns:
    """A frame, ready to be stored. `missing` is the text that stands for a missing one."""

    index: Column
    columns: Sequence[Column]
    title: Any
    missing: str


@dataclass(frozen=True, slots=True)
class Counting:
    """0, 1, 2, … up to `rows`, of which a part is made when it is asked for."""

    rows: int
    dtype = np.dtype(np.int64)

    def __len__(self) -> int:
        return self.rows

    def __getitem__(self, part: slice) -> Values:
        return np.arange(*part.indices(self.rows), dtype=self.dtype)


def stored_columns(frame: PlainFrame) -> Columns:
    """The columns of a frame as they are to be stored. Raises InvalidInput where it is empty."""
    if frame.rows == 0:
        raise InvalidInput("Must supply a non-empty DataFrame.")
    arrays = [*frame.columns.values(), *([] if frame.index is None else [frame.index])]
    missing = _sentinel([values for values in arrays if values.dtype == object])
    columns = [_column(name, _in_ns(values), missing) for name, values in frame.columns.items()]
    if frame.index is None:
        index = Column(frame.index_name, Counting(frame.rows), Counting.dtype.name)
    else:
        index = _column(frame.index_name, frame.index, missing)
    return Columns(index, columns, frame.title, missing)


def _column(name: Any, values: Values, missing: str) -> Column:
    if values.dtype == object:
        encoded = _encoded(values, missing)
        return Column(name, encoded, f"bytes{8 * encoded.itemsize}")
    stored = values.view(np.int64) if values.dtype.kind in "mM" else values
    return Column(name, stored, values.dtype.name)


def _in_ns(values: Values) -> Values:
    """Times in nanoseconds: pandas before 3.0 takes a column of any other unit for that."""
    if values.dtype.kind != "M":
        return values
    times = values.view(np.int64)
    most = np.iinfo(np.int64).max // _NS[np.datetime_data(values.dtype)[0]]
    if ((np.abs(times) > most) & ~np.isnat(values)).any():
        return values  # nanoseconds do not reach that far
    return values.astype("datetime64[ns]", copy=False)


def _sentinel(texts: Sequence[Values]) -> str:
    """A text that none of the columns holds; every pandas takes it for a missing one."""
    sentinel = "nan"
    while any((values == sentinel).any() for values in texts):
        sentinel = f"_{sentinel}_"
    return sentinel


def _encoded(values: Values, missing: str) -> Values:
    texts = np.where(values == None, missing, values)  # noqa: E711
    try:
        encoded = texts.astype("S")  # ASCII alone, but much faster
    except UnicodeEncodeError:
        encoded = np.array([text.encode() for text in texts])
    return encoded if encoded.itemsize else encoded.astype("S1")
