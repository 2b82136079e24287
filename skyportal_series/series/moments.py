"""Median, clipped mean and the figures of one column. May touch: numpy alone.

Sums run in float64 whatever the column's type, so that float32 columns keep their digits. A column
may take much of the memory that there is: what has to move its values about does so in place, in
one copy. Such an argument is called `scratch`, and is in no order afterwards.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from skyportal_series.series.columns import FloatArray

Mask = npt.NDArray[np.bool_]

CLIP_ROUNDS = 3
CLIP_DEVIATIONS = 3.0
CLIP_FEWEST = 5

#: As many values are looked at together where all at once would take as much memory again.
BLOCK = 1 << 16


def blocks(size: int) -> Iterator[slice]:
    """`size` rows, BLOCK at a time."""
    return (slice(start, start + BLOCK) for start in range(0, size, BLOCK))


def finite(scratch: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The finite ones of `scratch` (n,), which are moved to its beginning."""
    return _keep(scratch, np.isfinite) if scratch.dtype.kind == "f" else scratch


def _keep(
    scratch: npt.NDArray[Any], wanted: Callable[[npt.NDArray[Any]], Mask]
) -> npt.NDArray[Any]:
    """Those that are `wanted`, moved to the beginning of `scratch`."""
    kept = 0
    for part in blocks(scratch.size):
        block = scratch[part]
        mask = wanted(block)
        if not mask.all():
            block = block[mask]
        if kept < part.start or block.size < mask.size:
            scratch[kept : kept + block.size] = block
        kept += block.size
    return scratch[:kept]


def median(scratch: npt.NDArray[Any]) -> float:
    """Median of finite numbers, NaN of none; of an even count the middle of the middle two."""
    if not scratch.size:
        return math.nan
    half = scratch.size // 2
    scratch.partition(half)
    upper = float(scratch[half])
    if scratch.size % 2:
        return upper
    lower = float(scratch[:half].max())
    return lower + (upper - lower) / 2


def middle_and_ends(scratch: npt.NDArray[Any]) -> tuple[float, float, float]:
    """Median, maximum and minimum of finite numbers, NaN of none."""
    if not scratch.size:
        return math.nan, math.nan, math.nan
    return median(scratch), float(scratch.max()), float(scratch.min())


def mean_and_deviation(values: npt.NDArray[Any]) -> tuple[float, float]:
    """Mean and standard deviation (ddof 0) of finite numbers, NaN of none."""
    if not values.size:
        return math.nan, math.nan
    mean = float(values.mean(dtype=np.float64))
    squares = 0.0
    for part in blocks(values.size):
        apart = np.subtract(values[part], mean, dtype=np.float64)
        squares += float(np.dot(apart, apart))
    return mean, math.sqrt(squares / values.size)


def clipped_mean_and_deviation(scratch: FloatArray, spread: float) -> tuple[float, float]:
    """A mean and deviation that outliers do not move, of finite numbers.

    Starts from the median and `spread`, their standard deviation; up to three rounds drop what
    lies more than three deviations away and take mean and deviation of the rest. It ends where a
    round drops nothing or leaves fewer than five points.
    """
    centre = median(scratch)
    if scratch.size < CLIP_FEWEST:
        return centre, spread
    for _ in range(CLIP_ROUNDS):
        near = _keep(scratch, _within(centre, CLIP_DEVIATIONS * spread))
        if near.size == scratch.size or near.size < CLIP_FEWEST:
            break
        scratch = near
        centre, spread = mean_and_deviation(scratch)
    return centre, spread


def _within(centre: float, distance: float) -> Callable[[FloatArray], Mask]:
    def near(values: FloatArray) -> Mask:
        apart = values - centre
        return np.abs(apart, out=apart) <= distance

    return near


def column_figures(values: npt.NDArray[Any]) -> tuple[float, float, float, float]:
    """(median, maximum, minimum, standard deviation) of the finite values, NaN of none."""
    scratch = finite(values.copy())
    spread = mean_and_deviation(scratch)[1]
    return *middle_and_ends(scratch), spread
