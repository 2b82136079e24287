"""The figures that sum up a light curve. May touch: numpy and this room.

Definitions: SkyPortal's, as its columns of the same names hold them; what has no value is NaN.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from skyportal_series.series.columns import Columns, FloatArray, IntArray, is_numeric
from skyportal_series.series.lightcurve import LightCurve
from skyportal_series.series.moments import (
    blocks,
    clipped_mean_and_deviation,
    column_figures,
    finite,
    mean_and_deviation,
    median,
    middle_and_ends,
)
from skyportal_series.series.photometry import POGSON, signal_to_noise

SECONDS_PER_DAY = 86400.0

Figures: TypeAlias = dict[str, float | None]


@dataclass(frozen=True)
class Summary:
    """Times in MJD (days), magnitudes AB, rates in Hz. A float without a value is NaN.

    `medians`, `maxima`, `minima`, `stds` hold every numeric column; None stands for no value.
    """

    mean_mag: float
    rms_mag: float
    robust_mag: float
    robust_rms: float
    median_snr: float
    best_snr: float
    worst_snr: float
    is_detected: bool
    mjd_first: float
    mjd_mid: float
    mjd_last: float
    mag_first: float
    mag_last: float
    mjd_last_detected: float | None
    mag_last_detected: float | None
    num_exp: int
    frame_rate: float
    medians: Figures
    maxima: Figures
    minima: Figures
    stds: Figures


def summarise(lightcurve: LightCurve, nsigma: float) -> Summary:
    """Every figure of `lightcurve`. A point is detected where its S/N is more than `nsigma`."""
    order = lightcurve.time_order
    numbers = range(len(lightcurve))[order] if isinstance(order, slice) else order
    ends = lightcurve.rows([int(numbers[0]), int(numbers[-1])])
    with np.errstate(over="ignore", invalid="ignore"):  # 1e200 is a number; its square is not
        mean, rms, robust_mag, robust_rms = _magnitudes(lightcurve)
        snr = _signal_to_noise(lightcurve, robust_rms)
        last_mjd, last_mag = _last_detected(lightcurve, numbers, (snr > nsigma)[order])
        median_snr, best_snr, worst_snr = middle_and_ends(finite(snr))
        del snr  # a column's worth of memory
        medians, maxima, minima, stds = _column_figures(lightcurve.columns)
        return Summary(
            mean_mag=mean,
            rms_mag=rms,
            robust_mag=robust_mag,
            robust_rms=robust_rms,
            median_snr=median_snr,
            best_snr=best_snr,
            worst_snr=worst_snr,
            is_detected=best_snr > nsigma,
            mjd_first=float(ends.mjd[0]),
            mjd_mid=float(ends.mjd[0] + ends.mjd[1]) / 2,
            mjd_last=float(ends.mjd[1]),
            mag_first=float(ends.mag[0]),
            mag_last=float(ends.mag[1]),
            mjd_last_detected=last_mjd,
            mag_last_detected=last_mag,
            num_exp=len(lightcurve),
            frame_rate=_frame_rate(lightcurve.mjd[order]),
            medians=medians,
            maxima=maxima,
            minima=minima,
            stds=stds,
        )


def _each(lightcurve: LightCurve, wanted: Callable[[LightCurve], FloatArray]) -> FloatArray:
    """`wanted` of all points, computed some at a time: what it takes on the way is soon free."""
    values = np.empty(len(lightcurve))
    for part in blocks(len(lightcurve)):
        values[part] = wanted(lightcurve.rows(part))
    return values


def _magnitudes(lightcurve: LightCurve) -> tuple[float, float, float, float]:
    """Mean and deviation; both again, without outliers."""
    magnitudes = finite(_each(lightcurve, lambda some: some.mag))
    mean, rms = mean_and_deviation(magnitudes)
    return mean, rms, *clipped_mean_and_deviation(magnitudes, rms)


def _signal_to_noise(lightcurve: LightCurve, robust_rms: float) -> FloatArray:
    """Against the point's own error or the scatter of the whole series, whichever is larger."""
    flux = median(finite(_each(lightcurve, lambda some: some.flux)))
    scatter = robust_rms / POGSON * abs(flux)
    return _each(lightcurve, lambda some: signal_to_noise(some.flux, some.fluxerr, scatter))


def _last_detected(
    lightcurve: LightCurve, numbers: Sequence[int] | IntArray, detected: npt.NDArray[np.bool_]
) -> tuple[float | None, float | None]:
    """Time and magnitude; `numbers` are those of the rows in the order of `detected`."""
    if not detected.any():
        return None, None
    last = lightcurve.rows([int(numbers[-1 - int(detected[::-1].argmax())])])
    return _or_none(last.mjd[0]), _or_none(last.mag[0])


def _frame_rate(mjd: FloatArray) -> float:
    step = median(np.diff(mjd)) * SECONDS_PER_DAY
    rate = 1 / step if step > 0 else math.nan  # one row has no step, equal times no rate
    return rate if math.isfinite(rate) else math.nan


def _column_figures(columns: Columns) -> tuple[Figures, Figures, Figures, Figures]:
    medians: Figures = {}
    maxima: Figures = {}
    minima: Figures = {}
    stds: Figures = {}
    for name, values in columns.items():
        if is_numeric(values):
            figures = column_figures(values)
            for kind, figure in zip((medians, maxima, minima, stds), figures, strict=True):
                kind[name] = _or_none(figure)
    return medians, maxima, minima, stds


def _or_none(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
