"""pandas' side of it: a DataFrame from the columns that a file holds, and the columns to store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from skyportal_series.errors import InvalidInput

if TYPE_CHECKING:
    import pandas as pd

Values = npt.NDArray[Any]

_NUMBERS = {"bool", "float16", "float32", "float64"} | {
    f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)
}


#: Rows of an index that are looked at together.
BLOCK = 1 << 16


@dataclass(frozen=True, slots=True)
class Column:
    """A column in the form in which it is stored: numbers, or `S…` for UTF-8 text.

    `dtype` is pandas' name for what the numbers mean: `bool`, `datetime64[ns]`, …
    """

    name: Any
    values: Values
    dtype: str


@dataclass(frozen=True, slots=True)
class Columns:
    """A frame, ready to be stored. `missing` is the text that stands for a missing one."""

    index: Column
    columns: Sequence[Column]
    title: Any
    missing: str


def to_frame(columns: Mapping[Any, Values], index: Values, name: Any, title: Any) -> pd.DataFrame:
    """A DataFrame of the columns, without copying them; `name` is the index', `title` theirs."""
    import pandas as pd

    series = {
        key: pd.array(values, dtype=_text_type()) if values.dtype == object else values
        for key, values in columns.items()
    }
    kind = _text_type() if index.dtype == object else None
    if _counts(index):
        labels: pd.Index[Any] = pd.RangeIndex(len(index), name=name)
    else:
        labels = pd.Index(index, dtype=kind, name=name, copy=False)
    frame = pd.DataFrame(series, index=labels, copy=False)
    return frame.rename_axis(columns=title) if title is not None else frame


@cache
def _text_type() -> Any:
    """That of texts in pandas: from 3.0 on, they have one of their own."""
    import pandas as pd

    return pd.Index(["text"]).dtype


def _counts(index: Values) -> bool:
    """Whether it is 0, 1, 2, …, which pandas can do without an array."""
    rows = len(index)
    return index.dtype == np.int64 and all(
        np.array_equal(index[start : start + BLOCK], np.arange(start, min(start + BLOCK, rows)))
        for start in range(0, rows, BLOCK)
    )


def from_frame(df: pd.DataFrame) -> Columns:
    """The columns of a frame as they are to be stored. Raises InvalidInput for what cannot be."""
    if df.empty:
        raise InvalidInput("Must supply a non-empty DataFrame.")
    if df.index.nlevels > 1 or df.columns.nlevels > 1:
        raise InvalidInput("The index or the columns have several levels: use df.reset_index().")
    _check_names(list(df.columns))
    index = _column("The index", df.index.name, df.index)
    columns = [_column(f"Column {name!r}", name, _in_ns(df[name])) for name in df.columns]
    sentinel = _sentinel([c.values for c in (index, *columns) if c.values.dtype == object])
    index, *columns = (_encoded(column, sentinel) for column in (index, *columns))
    return Columns(index, columns, df.columns.name, sentinel)


def _check_names(names: list[Any]) -> None:
    for name in names:
        if not isinstance(name, str | int | float):
            raise InvalidInput(f"A column is called {name!r}: call it by a text.")
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise InvalidInput(f"Two columns are called {twice!r}.")


def _column(what: str, name: Any, values: pd.Series[Any] | pd.Index[Any]) -> Column:
    """A column of numbers as they are stored, or of objects: str, and None for a missing one."""
    dtype = values.dtype
    if dtype.name in _NUMBERS:
        return Column(name, values.to_numpy(), dtype.name)
    if isinstance(dtype, np.dtype) and dtype.kind in "mM":
        return Column(name, values.to_numpy().view(np.int64), dtype.name)
    if dtype.name in ("object", "str", "string"):
        return Column(name, _texts(what, values), "text")
    raise InvalidInput(
        f"{what} holds {dtype}: store numbers, booleans, texts, or times without a time zone."
    )


def _in_ns(series: pd.Series[Any]) -> pd.Series[Any]:
    """Times in nanoseconds: pandas before 3.0 takes a column of any other unit for that."""
    import pandas as pd

    if not isinstance(series.dtype, np.dtype) or series.dtype.kind != "M":
        return series
    try:
        return series.astype("datetime64[ns]")
    except pd.errors.OutOfBoundsDatetime:
        return series


def _texts(what: str, values: pd.Series[Any] | pd.Index[Any]) -> Values:
    import pandas as pd

    kind = pd.api.types.infer_dtype(values, skipna=True)
    if kind not in ("string", "empty"):
        raise InvalidInput(f"{what} holds {kind} objects: make them texts with .astype(str).")
    texts = values.to_numpy(object, copy=True)
    texts[values.isna()] = None
    return texts


def _sentinel(texts: Sequence[Values]) -> str:
    """A text that none of the columns holds; every pandas takes it for a missing one."""
    sentinel = "nan"
    while any((values == sentinel).any() for values in texts):
        sentinel = f"_{sentinel}_"
    return sentinel


def _encoded(column: Column, sentinel: str) -> Column:
    if column.values.dtype != object:
        return column
    texts = np.where(column.values == None, sentinel, column.values)  # noqa: E711
    try:
        encoded = texts.astype("S")  # ASCII alone, but much faster
    except UnicodeEncodeError:
        encoded = np.array([text.encode() for text in texts])
    if encoded.itemsize == 0:
        encoded = encoded.astype("S1")
    return Column(column.name, encoded, f"bytes{8 * encoded.itemsize}")
