"""Times into phases. May touch: numpy and this room."""

from __future__ import annotations

import math

import numpy as np

from skyportal_series.errors import InvalidInput
from skyportal_series.series.columns import FloatArray


def fold(mjd: FloatArray, period: float, epoch: float) -> FloatArray:
    """Phases in [0, 1) of times `mjd`, 0 at `epoch` (MJD); `period` in days.

    NaN stays NaN. Raises InvalidInput unless the period is finite and positive and the epoch
    finite.
    """
    if not (math.isfinite(period) and period > 0):
        raise InvalidInput(
            f"The period must be a positive number of days; found {period}.",
            {"fold": [f"Must be a positive number of days; found {period}."]},
        )
    if not math.isfinite(epoch):
        raise InvalidInput(
            f"The epoch must be a finite MJD; found {epoch}.",
            {"epoch": [f"Must be a finite MJD; found {epoch}."]},
        )
    phase = np.remainder((mjd - epoch) / period, 1.0)
    return np.where(phase == 1.0, 0.0, phase)  # a hair below 0 is rounded up to 1
