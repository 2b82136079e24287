"""Fewer rows that still show what all of them show. May touch: numpy and this room."""

from __future__ import annotations

import numpy as np

from skyportal_series.errors import InvalidInput
from skyportal_series.series.columns import FloatArray, IntArray
from skyportal_series.series.lightcurve import LightCurve
from skyportal_series.series.ordering import time_order

STRETCHES = 100


def thin(lightcurve: LightCurve, max_points: int) -> IntArray:
    """Indices of at most `max_points` rows of `lightcurve`, in time; see `thin_arrays`."""
    values = lightcurve.flux if lightcurve.brightness == "flux" else lightcurve.mag
    return thin_arrays(lightcurve.mjd, values, max_points)


def thin_arrays(x: FloatArray, y: FloatArray, max_points: int) -> IntArray:
    """Indices of at most `max_points` of the n points, in the order of `x`.

    Among them are the lowest and the highest `y` of each of up to a hundred equally full stretches
    of `x`, so that eclipses, flares and outliers stay; all others are spread evenly over the rows.
    With more extremes than that, the envelope of the noise would look like the data. Rows without
    `x` are left out, except where nothing needs to be: then they come last. Raises InvalidInput
    for `max_points` < 1.
    """
    if max_points < 1:
        raise InvalidInput(
            f"At least one point must be asked for; found {max_points}.",
            {"maxPoints": [f"Must be 1 or more; found {max_points}."]},
        )
    if x.size <= max_points:
        return np.argsort(x, kind="stable")
    order = time_order(x)
    chosen = _choose(y[order], max_points)
    return chosen if isinstance(order, slice) else order[chosen]


def _choose(y: FloatArray, max_points: int) -> IntArray:
    if y.size <= max_points:
        return np.arange(y.size)
    wanted = np.zeros(y.size, dtype=bool)
    if max_points > 1:
        wanted[_extremes(y, max(1, min(STRETCHES, max_points // 8)))] = True
    others = np.flatnonzero(~wanted)
    room = max_points - (y.size - others.size)
    wanted[others[np.linspace(0, others.size - 1, room).astype(np.intp)]] = True
    return np.flatnonzero(wanted)


def _extremes(y: FloatArray, stretches: int) -> IntArray:
    """Where each of at most `stretches` equally long stretches of `y` is lowest and highest."""
    length = -(-y.size // stretches)
    padded = np.full(-(-y.size // length) * length, np.inf)
    padded[: y.size] = np.where(np.isfinite(y), y, np.inf)
    blocks = padded.reshape(-1, length)
    starts = np.arange(0, padded.size, length)
    lowest = starts + blocks.argmin(axis=1)
    lowest = lowest[np.isfinite(padded[lowest])]
    padded[np.isinf(padded)] = -np.inf
    highest = starts + blocks.argmax(axis=1)
    return np.concatenate([lowest, highest[np.isfinite(padded[highest])]])
