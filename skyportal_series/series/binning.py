"""Points averaged into bins. May touch: numpy and this room."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from skyportal_series.errors import InvalidInput
from skyportal_series.series.columns import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Binned:
    """One entry for each bin that holds points, in the order of `x`; all arrays (bins,)."""

    x: FloatArray  # mean of the points' x
    y: FloatArray
    error: FloatArray  # NaN where one point without an error stands alone
    count: IntArray


def bin_points(x: FloatArray, y: FloatArray, error: FloatArray | None, width: float) -> Binned:
    """Means of `y` in bins `width` wide (in the unit of `x`), from the lowest finite `x` on.

    With errors: the inverse-variance weighted mean; its error is 1/sqrt(sum of weights), scaled
    by sqrt(chi²/(n - 1)) where that exceeds 1, that is where the points scatter more than their
    errors say (Particle Data Group, Review of Particle Physics, "Introduction", unconstrained
    averaging). Without: the mean and the standard error of the mean. Points without x, y or, where
    any has one, a positive error take no part. Raises InvalidInput unless `width` is finite and
    positive.
    """
    if not (math.isfinite(width) and width > 0):
        raise InvalidInput(
            f"The bin must be a positive length; found {width}.",
            {"bin": [f"Must be positive; found {width}."]},
        )
    known = np.isfinite(x) & np.isfinite(y)
    if error is not None:
        positive = known & (error > 0) & np.isfinite(error)
        error = error if positive.any() else None
        known = known if error is None else positive
    rows = np.flatnonzero(known)
    rows = rows[np.argsort(x[rows], kind="stable")]
    if not rows.size:
        none = np.empty(0)
        return Binned(none, none, none, np.empty(0, dtype=np.intp))
    with np.errstate(all="ignore"):  # what passes the range of floats ends as NaN or inf
        return _average(x[rows], y[rows], None if error is None else error[rows], width)


def _average(x: FloatArray, y: FloatArray, error: FloatArray | None, width: float) -> Binned:
    number = np.floor((x - x[0]) / width)
    starts = np.flatnonzero(np.diff(number, prepend=-1.0))
    count = np.diff(starts, append=x.size)
    # Weights relative to the best point: 1/error² of 1e-200 would not be a float.
    best = 1.0 if error is None else float(error.min())
    weight = np.ones_like(y) if error is None else (best / error) ** 2
    total = np.add.reduceat(weight, starts)
    mean = np.add.reduceat(weight * y, starts) / total
    squares = np.add.reduceat(weight * (y - np.repeat(mean, count)) ** 2, starts)
    freedom = np.where(count > 1, count - 1, np.nan)
    scatter = np.sqrt(squares / freedom / total)
    own = np.full_like(scatter, np.nan) if error is None else best / np.sqrt(total)
    return Binned(np.add.reduceat(x, starts) / count, mean, np.fmax(own, scatter), count)
