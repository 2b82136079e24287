"""What columns mean, and what is said of a series in the header of a file.

Units are spelt as VOUnit has them; UCDs are of UCD1+ (IVOA).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..series.columns import FIELDS, FLUX, FLUX_ERROR, MAGNITUDE, MAGNITUDE_ERROR, TIME

#: Offset of MJD from JD, in days.
MJD_ORIGIN = 2_400_000.5
#: Where in the exposure a time stamp is, as a fraction of it (FITS: TIMEPIXR).
ALIGNMENT = {"start": 0.0, "middle": 0.5, "end": 1.0}


@dataclass(frozen=True)
class Meaning:
    """What a column holds."""

    unit: str | None = None
    ucd: str | None = None
    description: str | None = None


_FIELD_MEANINGS = {
    "ra": Meaning("deg", "pos.eq.ra", "Right ascension"),
    "dec": Meaning("deg", "pos.eq.dec", "Declination"),
    "exp_time": Meaning("s", "time.duration;obs.exposure", "Exposure time"),
    "filter": Meaning(None, "meta.id;instr.filter", "Bandpass"),
    "limiting_mag": Meaning("mag", "phot.mag;stat.max", "Limiting magnitude (AB)"),
}
_MEANINGS = {
    **dict.fromkeys(TIME, Meaning("d", "time.epoch", "Modified Julian Date (UTC)")),
    **dict.fromkeys(FLUX, Meaning("uJy", "phot.flux.density", "Flux density")),
    **dict.fromkeys(MAGNITUDE, Meaning("mag", "phot.mag", "Magnitude (AB)")),
    FLUX_ERROR: Meaning("uJy", "stat.error;phot.flux.density", "Error of the flux density"),
    MAGNITUDE_ERROR: Meaning("mag", "stat.error;phot.mag", "Error of the magnitude"),
    **{name: _FIELD_MEANINGS[field] for field, names in FIELDS.items() for name in names},
}
_UNKNOWN = Meaning()


def meaning(column: str) -> Meaning:
    """Unit, UCD and description of a column, as far as its name tells."""
    return _MEANINGS.get(column, _UNKNOWN)


#: Fields of a series: unit, UCD where there is one, what it is.
FIELD_MEANINGS: Mapping[str, Meaning] = {
    "obj_id": Meaning(None, "meta.id;src", "Object"),
    "series_name": Meaning(None, "meta.id", "Name of the series"),
    "series_obj_id": Meaning(None, "meta.id", "The object's id within the series"),
    "instrument": Meaning(None, "meta.id;instr", "Instrument"),
    "instrument_id": Meaning(None, None, "Instrument, as the server counts them"),
    **_FIELD_MEANINGS,
    "channel": Meaning(None, None, "Channel or CCD of the instrument"),
    "origin": Meaning(None, None, "Where the data came from"),
    "magref": Meaning("mag", "phot.mag", "Reference magnitude (AB)"),
    "e_magref": Meaning("mag", "stat.error;phot.mag", "Error of the reference magnitude"),
    "ref_flux": Meaning("uJy", "phot.flux.density", "Reference flux density"),
    "ref_fluxerr": Meaning("uJy", "stat.error;phot.flux.density", "Error of the reference flux"),
    "ra_unc": Meaning("deg", "stat.error;pos.eq.ra", "Uncertainty of the right ascension"),
    "dec_unc": Meaning("deg", "stat.error;pos.eq.dec", "Uncertainty of the declination"),
    "time_stamp_alignment": Meaning(None, None, "Where in the exposure the time is taken"),
}


def fields_with_meaning(metadata: Mapping[str, Any]) -> dict[str, tuple[Any, Meaning]]:
    """The plain values of `metadata` with what they mean."""
    return {
        name: (value, FIELD_MEANINGS.get(name, _UNKNOWN))
        for name, value in metadata.items()
        if isinstance(value, bool | int | float | str) and value != ""
    }
