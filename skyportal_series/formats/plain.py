"""Columns of any kind as those that every format has. May touch: numpy."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..series import Columns

Values = npt.NDArray[Any]


def plain(columns: Columns) -> dict[str, Values]:
    """Numbers in native order, truth values, and texts as objects (str, None where missing).

    Dates become ISO 8601 texts, durations seconds, half precision single.
    """
    return {name: _plain(values) for name, values in columns.items()}


def _plain(values: Values) -> Values:
    if values.dtype.kind == "M":
        texts = np.datetime_as_string(values).astype(object)
        texts[np.isnat(values)] = None
        return texts
    if values.dtype.kind == "m":
        return np.where(np.isnat(values), np.nan, values / np.timedelta64(1, "s"))
    if values.dtype == np.float16:
        return values.astype(np.float32)
    return values.astype(values.dtype.newbyteorder("="), copy=False)


def is_text(values: Values) -> bool:
    return values.dtype.kind == "O"
