"""Rows in the order of time. May touch: numpy alone."""

from __future__ import annotations

import numpy as np

from skyportal_series.series.columns import FloatArray, IntArray


def time_order(mjd: FloatArray) -> IntArray | slice:
    """An index that gives the rows with a finite `mjd` (n,) in time; equal times keep their order.

    Series mostly come sorted: then it is a slice, which copies nothing.
    """
    in_order = bool((mjd[1:] >= mjd[:-1]).all())  # False also where an inner time is NaN
    if in_order and np.isfinite(mjd[[0, -1]]).all():
        return slice(None)
    rows = np.flatnonzero(np.isfinite(mjd))
    return rows[np.argsort(mjd[rows], kind="stable")]
