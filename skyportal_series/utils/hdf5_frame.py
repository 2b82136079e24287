"""pandas' side of it: a DataFrame from its parts, and the parts of a DataFrame."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from skyportal_series.errors import InvalidInput
from skyportal_series.utils.plain_frame import PlainFrame, Values, index_of

if TYPE_CHECKING:
    import pandas as pd

_NUMBERS = {"bool", "float16", "float32", "float64"} | {
    f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)
}


def to_frame(plain: PlainFrame) -> pd.DataFrame:
    """A DataFrame of the columns, without copying them."""
    import pandas as pd

    series = {
        key: pd.array(values, dtype=_text_type()) if values.dtype == object else values
        for key, values in plain.columns.items()
    }
    if plain.index is None:
        labels: pd.Index[Any] = pd.RangeIndex(plain.rows, name=plain.index_name)
    else:
        kind = _text_type() if plain.index.dtype == object else None
        labels = pd.Index(plain.index, dtype=kind, name=plain.index_name, copy=False)
    frame = pd.DataFrame(series, index=labels, copy=False)
    return frame.rename_axis(columns=plain.title) if plain.title is not None else frame


@cache
def _text_type() -> Any:
    """That of texts in pandas: from 3.0 on, they have one of their own."""
    import pandas as pd

    return pd.Index(["text"]).dtype


def from_frame(df: pd.DataFrame) -> PlainFrame:
    """The parts of a frame that can be stored. Raises InvalidInput for what cannot be."""
    if df.empty:
        raise InvalidInput("Must supply a non-empty DataFrame.")
    if df.index.nlevels > 1 or df.columns.nlevels > 1:
        raise InvalidInput("The index or the columns have several levels: use df.reset_index().")
    _check_names(list(df.columns))
    index = index_of(_values("The index", df.index))
    columns = {name: _values(f"Column {name!r}", df[name]) for name in df.columns}
    return PlainFrame(columns, index, df.index.name, df.columns.name)


def _check_names(names: list[Any]) -> None:
    for name in names:
        if not isinstance(name, str | int | float):
            raise InvalidInput(f"A column is called {name!r}: call it by a text.")
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise InvalidInput(f"Two columns are called {twice!r}.")


def _values(what: str, values: pd.Series[Any] | pd.Index[Any]) -> Values:
    dtype = values.dtype
    if dtype.name in _NUMBERS or (isinstance(dtype, np.dtype) and dtype.kind in "mM"):
        return values.to_numpy()
    if dtype.name in ("object", "str", "string"):
        return _texts(what, values)
    raise InvalidInput(
        f"{what} holds {dtype}: store numbers, booleans, texts, or times without a time zone."
    )


def _texts(what: str, values: pd.Series[Any] | pd.Index[Any]) -> Values:
    import pandas as pd

    kind = pd.api.types.infer_dtype(values, skipna=True)
    if kind not in ("string", "empty"):
        raise InvalidInput(f"{what} holds {kind} objects: make them texts with .astype(str).")
    texts = values.to_numpy(object, copy=True)
    texts[values.isna()] = None
    return texts
