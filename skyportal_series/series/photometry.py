"""Flux in µJy ↔ AB magnitude, with errors. May touch: numpy alone.

AB magnitudes: Oke & Gunn 1983, ApJ 266, 713: m = -2.5 log10(f / 3631 Jy), which for f in µJy is
23.9 - 2.5 log10(f). Errors are propagated to first order: dm = 2.5 / ln(10) · df / f.

All functions take and give float64 arrays of one shape, NaN where there is no value.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from skyportal_series.series.columns import FloatArray

#: AB magnitude of 1 µJy.
ZERO_POINT = 23.9

#: Magnitudes per natural logarithm of flux: 2.5 / ln(10) = 1.0857…
POGSON = 2.5 / math.log(10)


def flux_to_mag(flux: FloatArray) -> FloatArray:
    """Magnitudes of fluxes (µJy); none where the flux is not positive."""
    positive = flux > 0
    # Whole arrays go faster through log than masked ones, and most are positive throughout.
    mag = np.log(flux if positive.all() else np.where(positive, flux, np.nan))
    mag *= -POGSON
    mag += ZERO_POINT
    return mag


def mag_to_flux(mag: FloatArray) -> FloatArray:
    """Fluxes (µJy) of magnitudes; none where the flux would be too large for a float."""
    with np.errstate(over="ignore"):
        flux = np.exp((ZERO_POINT - mag) / POGSON)
    return _only(flux, np.isfinite(flux))


def mag_error(flux: FloatArray, fluxerr: FloatArray) -> FloatArray:
    """Errors in magnitudes; none unless both flux and error (µJy) are positive."""
    with np.errstate(all="ignore"):
        magerr = POGSON * fluxerr / flux
    return _only(magerr, (flux > 0) & (fluxerr > 0) & np.isfinite(magerr))


def flux_error(flux: FloatArray, magerr: FloatArray) -> FloatArray:
    """Errors in µJy; none unless both flux (µJy) and error (magnitudes) are positive."""
    with np.errstate(all="ignore"):
        fluxerr = flux * magerr / POGSON
    return _only(fluxerr, (flux > 0) & (magerr > 0) & np.isfinite(fluxerr))


def signal_to_noise(flux: FloatArray, fluxerr: FloatArray | None, floor: float) -> FloatArray:
    """flux / max(fluxerr, floor), the one where the other is NaN; none where both are, or are 0."""
    noise = np.full_like(flux, floor) if fluxerr is None else np.fmax(fluxerr, floor)
    with np.errstate(all="ignore"):
        snr = np.divide(flux, noise, out=noise)
    return _only(snr, np.isfinite(snr))


def _only(values: FloatArray, known: npt.NDArray[np.bool_]) -> FloatArray:
    """`values` where `known`. Masking `np.divide` itself takes five times as long."""
    return values if known.all() else np.where(known, values, np.nan)
