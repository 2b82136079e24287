"""The figures that sum up a light curve. May touch: numpy and this room.

Definitions: SkyPortal's, as its columns of the same names hold them; what has no value is NaN.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from skyportal_series.series.columns import Columns, FloatArray, is_numeric
from skyportal_series.series.lightcurve import LightCurve
from skyportal_series.series.moments import (
    clipped_mean_and_deviation,
    column_figures,
    finite,
    mean_and_deviation,
    median,
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
    mjd, mag = lightcurve.mjd[order], lightcurve.mag[order]
    with np.errstate(over="ignore", invalid="ignore"):  # 1e200 is a number; its square is not
        magnitudes = finite(lightcurve.mag)
        mean, rms = mean_and_deviation(magnitudes)
        robust_mag, robust_rms = clipped_mean_and_deviation(magnitudes, rms)
        snr = _signal_to_noise(lightcurve, robust_rms)
        existing = finite(snr)
        last_mjd, last_mag = _last_detected(mjd, mag, snr[order] > nsigma)
        medians, maxima, minima, stds = _column_figures(lightcurve.columns)
        return Summary(
            mean_mag=mean,
            rms_mag=rms,
            robust_mag=robust_mag,
            robust_rms=robust_rms,
            median_snr=median(existing),
            best_snr=float(existing.max()) if existing.size else math.nan,
            worst_snr=float(existing.min()) if existing.size else math.nan,
            is_detected=bool((existing > nsigma).any()),
            mjd_first=float(mjd[0]),
            mjd_mid=float(mjd[0] + mjd[-1]) / 2,
            mjd_last=float(mjd[-1]),
            mag_first=float(mag[0]),
            mag_last=float(mag[-1]),
            mjd_last_detected=last_mjd,
            mag_last_detected=last_mag,
            num_exp=len(lightcurve),
            frame_rate=_frame_rate(mjd),
            medians=medians,
            maxima=maxima,
            minima=minima,
            stds=stds,
        )


def _signal_to_noise(lightcurve: LightCurve, robust_rms: float) -> FloatArray:
    """Against the point's own error or the scatter of the whole series, whichever is larger."""
    scatter = robust_rms / POGSON * abs(median(finite(lightcurve.flux)))
    return signal_to_noise(lightcurve.flux, lightcurve.fluxerr, scatter)


def _last_detected(
    mjd: FloatArray, mag: FloatArray, detected: npt.NDArray[np.bool_]
) -> tuple[float | None, float | None]:
    if not detected.any():
        return None, None
    row = -1 - int(detected[::-1].argmax())
    return _or_none(mjd[row]), _or_none(mag[row])


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
