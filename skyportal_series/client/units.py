"""Units and time systems → µJy, degrees, seconds and MJD. May touch: astropy where it must.

Times stay in the scale they are in (UTC, TDB, …): only their zero is moved. 1 maggy is 3631 Jy
(Oke & Gunn 1983, ApJ 266, 713).
"""

from __future__ import annotations

import re
from typing import Any

from skyportal_series.client.errors import BadSource

#: µJy in one of them; what stands here needs no astropy.
FLUX_UNITS = {
    "jy": 1e6,
    "mjy": 1e3,
    "ujy": 1.0,
    "µjy": 1.0,
    "μjy": 1.0,
    "njy": 1e-3,
    "nmgy": 3.631,
    "nanomaggy": 3.631,
}
AMBIGUOUS = {"MJy"}  # mega, not milli: left to astropy

#: Days to add for MJD. BTJD is TESS's, BKJD is Kepler's.
TIME_FORMATS = {
    "mjd": 0.0,
    "jd": -2400000.5,
    "bjd": -2400000.5,
    "hjd": -2400000.5,
    "btjd": 56999.5,
    "bkjd": 54832.5,
}

_REFERENCED = re.compile(r"[BH]?JD\s*-\s*(\d+(?:\.\d*)?)", re.IGNORECASE)


def to_microjansky(unit: Any, what: str = "flux_unit") -> float:
    """How many µJy one `unit` is: a number, a name, an astropy unit or Quantity.

    Raises BadSource for counts, relative fluxes and anything else that is no flux density.
    """
    if isinstance(unit, int | float):
        return _positive(float(unit), what)
    name = str(unit).strip()
    if name not in AMBIGUOUS and name.lower() in FLUX_UNITS:
        return FLUX_UNITS[name.lower()]
    return _positive(convert(unit, "uJy", what, _no_zero_point(what, name)), what)


def convert(unit: Any, target: str, what: str, advice: str = "") -> float:
    """The factor from `unit` to `target`, by astropy. Raises BadSource if there is none."""
    from astropy import units

    try:
        return float(units.Quantity(1, unit).to_value(target))
    except (units.UnitConversionError, ValueError, TypeError) as problem:
        text = advice or f"{what} is in {str(unit)!r}, which is not convertible to {target}."
        raise BadSource(text) from problem


def mjd_offset(unit: Any) -> float | None:
    """Days to add for MJD where `unit` says so, as TESS's `BJD - 2457000, days` does."""
    name = str(unit).strip()
    if name.lower() in TIME_FORMATS:
        return TIME_FORMATS[name.lower()]
    found = _REFERENCED.search(name)
    return float(found[1]) - 2400000.5 if found else None


def time_offset(time_format: str) -> float:
    """Days to add to times in `time_format` for MJD. Raises BadSource for an unknown format."""
    try:
        return TIME_FORMATS[time_format.lower()]
    except KeyError:
        known = ", ".join(TIME_FORMATS)
        raise BadSource(f"time_format must be one of {known}; found {time_format!r}.") from None


def _positive(factor: float, what: str) -> float:
    if not 0 < factor < float("inf"):
        raise BadSource(f"{what} must be a positive number of µJy; found {factor}.")
    return factor


def _no_zero_point(what: str, name: str) -> str:
    return (
        f"{what} is in {name or 'relative units'!r}, which has no fixed value in µJy. Say with "
        "flux_unit= how many µJy one of them is (or a unit, such as 'mJy'), or give magnitudes."
    )
