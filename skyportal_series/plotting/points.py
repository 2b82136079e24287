"""What stands where in a picture: folded, binned, limits for what was not detected, thinned.

May touch: series. Knows nothing of matplotlib.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from skyportal_series.plotting.options import PlotOptions
from skyportal_series.series import LightCurve, bin_points, fold, thin_arrays
from skyportal_series.series.columns import FIELDS, FloatArray, as_floats, first_present
from skyportal_series.series.photometry import flux_to_mag, mag_error

SECONDS_PER_DAY = 86400.0
MOST_POINTS = 12_000
POINTS_PER_PIXEL = 12  # of width: more would only paint over each other
LARGEST = 1e30  # the arithmetic of axes does not hold much beyond


@dataclass(frozen=True, eq=False)
class Points:
    """What is drawn. Arrays are (n,); `x` MJD or phase, `y` and `error` µJy or magnitudes."""

    x: FloatArray
    y: FloatArray
    error: FloatArray  # NaN where there is none
    limit: npt.NDArray[np.bool_]  # not detected: in magnitudes a limit stands in its place
    rows: int  # of the series
    placed: int  # rows, or bins, that have a place in the picture
    binned: bool
    epoch: float  # MJD of phase 0, where folded

    @property
    def thinned(self) -> bool:
        return len(self.x) < self.placed


@dataclass(frozen=True, eq=False)
class _Measured:
    x: FloatArray
    flux: FloatArray
    fluxerr: FloatArray  # NaN where there is none
    limiting_mag: FloatArray  # likewise


def prepare(
    lightcurve: LightCurve, options: PlotOptions, limiting_mag: float | None = None
) -> Points:
    """Points of `lightcurve`, at most `MOST_POINTS`, whose lowest and highest always stay.

    `limiting_mag` is that of the whole series, for points that say nothing themselves.
    """
    measured = _measure(lightcurve, options)
    if options.bin is not None:
        measured = _bin(measured, options.bin / SECONDS_PER_DAY / (options.fold or 1.0))
    view = _in_flux if options.y == "flux" else _in_magnitudes
    y, error, limit = view(measured, options.nsigma, limiting_mag)
    with np.errstate(invalid="ignore"):
        rows = np.flatnonzero((np.abs(measured.x) < LARGEST) & (np.abs(y) < LARGEST))
    x, y, error, limit = measured.x[rows], y[rows], error[rows], limit[rows]
    kept = thin_arrays(x, y, min(MOST_POINTS, POINTS_PER_PIXEL * options.width))
    return Points(
        x[kept],
        y[kept],
        error[kept],
        limit[kept],
        rows=len(lightcurve),
        placed=rows.size,
        binned=options.bin is not None,
        epoch=_epoch(lightcurve, options),
    )


def twice(points: Points) -> Points:
    """Phases 0 to 1 shown again from 1 to 2, so that what happens about phase 0 is seen whole."""
    return replace(
        points,
        x=np.concatenate([points.x, points.x + 1]),
        y=np.tile(points.y, 2),
        error=np.tile(points.error, 2),
        limit=np.tile(points.limit, 2),
    )


def _measure(lightcurve: LightCurve, options: PlotOptions) -> _Measured:
    x = lightcurve.mjd
    if options.fold is not None:
        x = fold(x, options.fold, _epoch(lightcurve, options))
    none = np.full(len(lightcurve), np.nan)
    fluxerr = none if lightcurve.fluxerr is None else lightcurve.fluxerr
    name = first_present(lightcurve.columns, FIELDS["limiting_mag"])
    try:
        limiting = none if name is None else as_floats(lightcurve.columns[name])
    except ValueError:  # text under that name is the uploader's own affair
        limiting = none
    return _Measured(x, lightcurve.flux, fluxerr, limiting)


def _epoch(lightcurve: LightCurve, options: PlotOptions) -> float:
    return float(np.nanmin(lightcurve.mjd)) if options.epoch is None else options.epoch


def _bin(measured: _Measured, width: float) -> _Measured:
    # Fluxes are averaged, not magnitudes: then what was not detected counts as it should.
    bins = bin_points(measured.x, measured.flux, measured.fluxerr, width)
    return _Measured(bins.x, bins.y, bins.error, np.full_like(bins.x, np.nan))


def _in_flux(
    measured: _Measured, nsigma: float, _: float | None
) -> tuple[FloatArray, FloatArray, npt.NDArray[np.bool_]]:
    with np.errstate(over="ignore"):
        return measured.flux, measured.fluxerr, measured.flux < nsigma * measured.fluxerr


def _in_magnitudes(
    measured: _Measured, nsigma: float, limiting_mag: float | None
) -> tuple[FloatArray, FloatArray, npt.NDArray[np.bool_]]:
    flux, fluxerr = measured.flux, measured.fluxerr
    with np.errstate(over="ignore"):
        threshold = nsigma * fluxerr
    limit = ~(flux > 0) | (flux < threshold)
    mag = flux_to_mag(flux)
    if limit.any():
        limits = measured.limiting_mag[limit]
        whole = math.nan if limiting_mag is None else limiting_mag
        for other in (flux_to_mag(threshold[limit]), whole):
            limits = np.where(np.isnan(limits), other, limits)
        mag[limit] = limits
    return mag, np.where(limit, np.nan, mag_error(flux, fluxerr)), limit
