"""Columns → JSON. Missing values, NaN and infinities are null; times are ISO 8601 (UTC),
durations seconds.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import orjson


def as_json(values: npt.NDArray[Any]) -> bytes:
    """A column as a JSON list. A float32 leaves as the float64 of the same value."""
    if values.dtype.kind == "M":
        return orjson.dumps(_times(values))
    if values.dtype.kind == "m":
        values = np.where(np.isnat(values), np.nan, values / np.timedelta64(1, "s"))
    if values.dtype.kind == "O":
        return orjson.dumps(values.tolist())
    if values.dtype in (np.float32, np.float16):
        values = values.astype(np.float64)
    native = values.astype(values.dtype.newbyteorder("="), copy=False)
    return orjson.dumps(np.ascontiguousarray(native), option=orjson.OPT_SERIALIZE_NUMPY)


def _times(values: npt.NDArray[Any]) -> list[str | None]:
    texts = np.datetime_as_string(values)
    missing = np.isnat(values)
    return [None if gone else str(text) for text, gone in zip(texts, missing, strict=True)]
