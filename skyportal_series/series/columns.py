"""Which columns mean what, and columns as numbers. May touch: numpy alone.

The names are resolved once, when a light curve is made; after that nobody asks again.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

FloatArray: TypeAlias = npt.NDArray[np.float64]
IntArray: TypeAlias = npt.NDArray[np.intp]
Columns: TypeAlias = Mapping[str, npt.NDArray[Any]]

TIME = ("mjd", "mjds")
FLUX = ("flux", "fluxes")
MAGNITUDE = ("mag", "mags", "magnitudes")
BRIGHTNESS = FLUX + MAGNITUDE  # the first that is there counts
FLUX_ERROR = "fluxerr"
MAGNITUDE_ERROR = "magerr"

#: Columns that say something about the whole series: field → names, the first one counts.
FIELDS: Mapping[str, tuple[str, ...]] = {
    "ra": ("ra", "RA", "Ra"),
    "dec": ("dec", "Dec", "DEC"),
    "exp_time": ("exp_time", "exptime", "exposure", "exposure_time", "EXPTIME", "EXP_TIME"),
    "filter": ("filter", "FILTER", "Filter", "filtercode"),
    "limiting_mag": ("limiting_mag", "lim_mag", "limmag", "limiting_magnitude"),
}


def first_present(columns: Columns, names: Sequence[str]) -> str | None:
    """The first of `names` that is a column, or None."""
    return next((name for name in names if name in columns), None)


def is_numeric(values: npt.NDArray[Any]) -> bool:
    """Integers and floats are numbers; truth values, dates, text and objects are not."""
    return values.dtype.kind in "iuf"


def as_floats(values: npt.NDArray[Any]) -> FloatArray:
    """`values` (n,) as float64, NaN where there is no finite number.

    A column of objects passes where each is a number or None, as JSON with nulls gives it.
    Raises ValueError, whose text says what was found instead.
    """
    if values.dtype.kind == "O":
        values = np.array([_as_float(value) for value in values], dtype=np.float64)
    if not is_numeric(values):
        raise ValueError(_describe(values))
    with np.errstate(over="ignore"):
        floats = values.astype(np.float64, copy=False)
    finite = np.isfinite(floats)
    return floats if finite.all() else np.where(finite, floats, np.nan)


def is_missing(value: object) -> bool:
    """None, NaN and the empty string all stand for no value."""
    return value is None or value == "" or (isinstance(value, float) and math.isnan(value))


def _as_float(value: object) -> float:
    if value is None:
        return np.nan
    if isinstance(value, (bool, np.bool_)) or not isinstance(
        value, (int, float, np.integer, np.floating)
    ):
        raise ValueError(f"{type(value).__name__} {_short(value)}")
    try:
        return float(value)
    except OverflowError:
        raise ValueError("an integer beyond the range of a float") from None


def _describe(values: npt.NDArray[Any]) -> str:
    kinds = {"b": "truth values", "M": "dates", "m": "durations", "c": "complex numbers"}
    kind = kinds.get(values.dtype.kind, f"values of type {values.dtype}")
    return f"{kind} such as {_short(values[0])}" if values.size else kind


def _short(value: object) -> str:
    text = repr(value.item() if isinstance(value, np.generic) else value)
    return text if len(text) <= 40 else f"{text[:37]}..."
