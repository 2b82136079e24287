"""Columns as they came → the columns that the server understands: mjd, flux or mag in µJy or AB.

What is not understood is left alone, and given back as it was. Where a value would have to be
guessed, it is refused here, before anything is sent.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from skyportal_series.client import units
from skyportal_series.client.errors import BadSource
from skyportal_series.client.raw import Raw
from skyportal_series.client.vocabulary import FIELD_NAMES

if TYPE_CHECKING:
    import pandas as pd

TIMES = ("mjd", "mjds")
FLUXES = ("flux", "fluxes", "fluxerr")
MAGNITUDES = ("mag", "mags", "magnitudes", "magerr")
BRIGHTNESS = ("flux", "fluxes", "mag", "mags", "magnitudes")

#: Other spellings, tried where the first is missing; then the same in capitals.
SPELLINGS: Mapping[str, tuple[str, ...]] = {
    "fluxerr": ("flux_err", "flux_error", "fluxerror", "e_flux"),
    "magerr": ("mag_err", "mag_error", "magerror", "e_mag"),
}
CAPITALS = ("mjd", "time", "flux", "fluxerr", "mag", "magerr", "flux_err", "mag_err")

#: Columns that are times by their name alone.
TIME_COLUMNS = {"bjd_tdb": "bjd", "bjd": "bjd", "hjd": "hjd", "jd": "jd"} | {
    name: name for name in ("btjd", "bkjd")
}
ANGLES = ("ra", "dec")
DURATIONS = ("exp_time", "exptime", "exposure", "exposure_time")

#: Header values that say the same in every instrument's files. (ORIGIN and CHANNEL do not.)
HEADER_FIELDS = {"RA_OBJ": "ra", "DEC_OBJ": "dec", "RA": "ra", "DEC": "dec"}


@dataclass(frozen=True)
class Reading:
    """How to understand a source.

    `columns`: our name → the source's (`{"flux": "PDCSAP_FLUX"}`). `flux_unit`: what one of the
    flux columns' units is: a name, an astropy unit, or a number of µJy. `time_format`: what the
    time column is in: mjd, jd, bjd, hjd, btjd or bkjd.
    """

    columns: Mapping[str, str] | None = None
    flux_unit: Any = None
    time_format: str | None = None

    def __bool__(self) -> bool:
        return any(value is not None for value in (self.columns, self.flux_unit, self.time_format))


def tidy(raw: Raw, reading: Reading) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The frame (n rows; mjd in days, flux in µJy, mag AB) and the fields that the header gives.

    Raises BadSource where time or brightness is missing or of no known unit.
    """
    raw.frame = raw.frame.infer_objects()  # numbers beside None are numbers
    _rename(raw, _asked_names(raw, reading.columns or {}))
    _rename(raw, _spelled_otherwise(raw.frame))
    _find_time(raw, reading.time_format)
    _scale_fluxes(raw, reading.flux_unit)
    _check_magnitudes(raw)
    _scale(raw, ANGLES, "deg")
    _scale(raw, DURATIONS, "s")
    _scale(raw, TIMES, "d")
    if not any(name in raw.frame for name in BRIGHTNESS):
        raise BadSource(_missing("flux or mag", "flux", raw.frame))
    if raw.frame.empty:
        raise BadSource("The data have no rows; a series needs at least one.")
    return raw.frame, header_fields(raw.header)


def header_fields(header: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a series in a table's header, by their exact names, and the position."""
    position = {ours: header[name] for name, ours in HEADER_FIELDS.items() if name in header}
    named = {name: value for name, value in header.items() if name in FIELD_NAMES}
    return {name: value for name, value in (position | named).items() if _has_value(value)}


def _has_value(value: Any) -> bool:
    return not (value is None or value == "" or (isinstance(value, float) and math.isnan(value)))


def _rename(raw: Raw, names: Mapping[str, str]) -> None:
    raw.frame = raw.frame.rename(columns=dict(names))
    raw.units = {names.get(name, name): unit for name, unit in raw.units.items()}


def _asked_names(raw: Raw, columns: Mapping[str, str]) -> dict[str, str]:
    """Theirs → ours; a column of ours that is in the way is renamed too."""
    names = {}
    for ours, theirs in columns.items():
        if theirs not in raw.frame:
            found = ", ".join(map(str, raw.frame.columns[:20]))
            raise BadSource(f"There is no column {theirs} to take as {ours}; found {found}.")
        if ours in raw.frame and ours != theirs:
            names[ours] = f"{ours}_original"
        names[theirs] = ours
    return names


def _spelled_otherwise(frame: pd.DataFrame) -> dict[str, str]:
    by_lower = {str(name).lower(): str(name) for name in frame.columns}
    names = {}
    for ours in CAPITALS:
        theirs = by_lower.get(ours)
        # Beside a `mag`, a `Flux` is just another column: it must not become the brightness.
        rivals = BRIGHTNESS if ours in BRIGHTNESS else TIMES if ours in TIMES else (ours,)
        if theirs is not None and not any(rival in frame for rival in rivals):
            names[theirs] = ours
    present = {names.get(str(name), str(name)): str(name) for name in frame.columns}
    for ours, others in SPELLINGS.items():
        found = next((present[other] for other in others if other in present), None)
        if ours not in present and found is not None:
            names[found] = ours
    return names


def _find_time(raw: Raw, time_format: str | None) -> None:
    """Make sure of a column of MJD; the column that it is made from stays."""
    frame = raw.frame
    known = ("time", *TIME_COLUMNS) if time_format else (*TIME_COLUMNS, "time")
    name = next((n for n in (*TIMES, *known) if n in frame), None)
    if name is None:
        raise BadSource(_missing("mjd", "mjd", frame))
    if time_format is not None:
        offset: float | None = units.time_offset(time_format)
    elif name in TIMES:
        return
    else:
        offset = units.mjd_offset(raw.units.get(name) or TIME_COLUMNS.get(name, ""))
    if offset is None:
        raise BadSource(
            f"It is not known what the column {name} counts from: say time_format='mjd', 'jd', "
            "'btjd' (BJD - 2457000) or 'bkjd' (BJD - 2454833)."
        )
    raw.frame = frame.assign(**{name if name in TIMES else "mjd": frame[name] + offset})


def _scale_fluxes(raw: Raw, flux_unit: Any) -> None:
    for name in FLUXES:
        if name not in raw.frame:
            continue
        if flux_unit is not None:
            factor = units.to_microjansky(flux_unit)
        elif name in raw.units:
            factor = units.to_microjansky(raw.units[name], f"The column {name}")
        else:
            continue
        if factor != 1:
            raw.frame = raw.frame.assign(**{name: raw.frame[name] * factor})


def _check_magnitudes(raw: Raw) -> None:
    for name in MAGNITUDES:
        unit = str(raw.units.get(name, "mag")).strip()
        if name in raw.frame and unit not in ("mag", "mag(AB)", "ABmag", ""):
            raise BadSource(f"The column {name} is in {unit!r}; AB magnitudes are needed.")


def _scale(raw: Raw, names: tuple[str, ...], target: str) -> None:
    for name in names:
        unit = raw.units.get(name)
        if name in raw.frame and unit is not None and str(unit) not in ("", target):
            factor = units.convert(unit, target, f"The column {name}")
            raw.frame = raw.frame.assign(**{name: raw.frame[name] * factor})


def _missing(what: str, ours: str, frame: pd.DataFrame) -> str:
    found = ", ".join(map(str, frame.columns[:20]))
    return (
        f"There is no column {what}; found {found}. If one of them is it, say so: "
        f'columns={{"{ours}": "…"}}.'
    )
