"""Median, clipped mean and the figures of one column. May touch: numpy alone.

Sums run in float64 whatever the column's type, so that float32 columns keep their digits.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from skyportal_series.series.columns import FloatArray

CLIP_ROUNDS = 3
CLIP_DEVIATIONS = 3.0
CLIP_FEWEST = 5

#: As many values are looked at together where all at once would take as much memory again.
BLOCK = 1 << 16


def finite(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The finite ones of `values` (n,); the same array, not a copy, where all are."""
    if values.dtype.kind != "f":
        return values
    mask = np.isfinite(values)
    return values if mask.all() else values[mask]


def median(values: npt.NDArray[Any]) -> float:
    """Median of finite numbers, NaN of none; of an even count the middle of the middle two."""
    if not values.size:
        return math.nan
    half = values.size // 2
    parted = np.partition(values, half)
    upper = float(parted[half])
    if values.size % 2:
        return upper
    lower = float(parted[:half].max())
    return lower + (upper - lower) / 2


def mean_and_deviation(values: npt.NDArray[Any]) -> tuple[float, float]:
    """Mean and standard deviation (ddof 0) of finite numbers, NaN of none."""
    if not values.size:
        return math.nan, math.nan
    mean = float(values.mean(dtype=np.float64))
    squares = 0.0
    for start in range(0, values.size, BLOCK):
        apart = np.subtract(values[start : start + BLOCK], mean, dtype=np.float64)
        squares += float(np.dot(apart, apart))
    return mean, math.sqrt(squares / values.size)


def clipped_mean_and_deviation(values: FloatArray, spread: float) -> tuple[float, float]:
    """A mean and deviation that outliers do not move, of finite `values` (n,).

    Starts from the median and `spread`, their standard deviation; up to three rounds drop what
    lies more than three deviations away and take mean and deviation of the rest. It ends where a
    round drops nothing or leaves fewer than five points.
    """
    centre = median(values)
    if values.size < CLIP_FEWEST:
        return centre, spread
    for _ in range(CLIP_ROUNDS):
        near = _near(values, centre, CLIP_DEVIATIONS * spread)
        left = np.count_nonzero(near)
        if left == values.size or left < CLIP_FEWEST:
            break
        values = values[near]
        centre, spread = mean_and_deviation(values)
    return centre, spread


def _near(values: FloatArray, centre: float, distance: float) -> npt.NDArray[np.bool_]:
    near = np.empty(values.size, np.bool_)
    for start in range(0, values.size, BLOCK):
        part = slice(start, start + BLOCK)
        apart = values[part] - centre
        near[part] = np.abs(apart, out=apart) <= distance
    return near


def column_figures(values: npt.NDArray[Any]) -> tuple[float, float, float, float]:
    """(median, maximum, minimum, standard deviation) of the finite values, NaN of none."""
    values = finite(values)
    if not values.size:
        return (math.nan,) * 4
    spread = mean_and_deviation(values)[1]
    return median(values), float(values.max()), float(values.min()), spread
