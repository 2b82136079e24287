"""FITS binary tables, by astropy (an extra)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from astropy.io import fits

from ..series import Columns
from ..series.columns import TIME, first_present
from .plain import is_text, plain
from .words import ALIGNMENT, meaning

#: Field of a series → keyword (the standard's where it has one), comment.
KEYWORDS: Mapping[str, tuple[str, str]] = {
    "obj_id": ("OBJECT", "object"),
    "ra": ("RA_OBJ", "[deg] right ascension"),
    "dec": ("DEC_OBJ", "[deg] declination"),
    "ra_unc": ("RA_UNC", "[deg] uncertainty of RA_OBJ"),
    "dec_unc": ("DEC_UNC", "[deg] uncertainty of DEC_OBJ"),
    "exp_time": ("EXPTIME", "[s] exposure time"),
    "filter": ("FILTER", "bandpass"),
    "instrument": ("INSTRUME", "instrument"),
    "instrument_id": ("INSTR_ID", "instrument, as the server counts them"),
    "series_name": ("SERNAME", "name of the series"),
    "series_obj_id": ("SEROBJID", "the object's id within the series"),
    "channel": ("CHANNEL", "channel or CCD"),
    "origin": ("ORIGIN", "where the data came from"),
    "limiting_mag": ("LIMMAG", "[mag] limiting magnitude (AB)"),
    "magref": ("MAGREF", "[mag] reference magnitude (AB)"),
    "e_magref": ("E_MAGREF", "[mag] its error"),
    "ref_flux": ("REFFLUX", "[uJy] reference flux density"),
    "ref_fluxerr": ("REFFLERR", "[uJy] its error"),
    "owner_id": ("OWNER_ID", "user who uploaded it, as the server counts them"),
    "id": ("SERIESID", "series, as the server counts them"),
    "hash": ("SERHASH", "MD5 of the stored HDF5 file"),
}


def write(columns: Columns, metadata: Mapping[str, Any], path: Path) -> None:
    """A table with units, its time system in the header, and what is known of the series."""
    columns = plain(columns)
    table = fits.BinTableHDU.from_columns([_column(*item) for item in columns.items()])
    table.name = "LIGHTCURVE"
    for place, name in enumerate(columns, 1):
        what = meaning(name)
        if what.description:
            table.header.comments[f"TTYPE{place}"] = what.description
        if what.ucd:
            table.header[f"TUCD{place}"] = what.ucd
    for card in (*_times(columns, metadata), *_cards(metadata)):
        table.header.append(card)
    fits.HDUList([fits.PrimaryHDU(), table]).writeto(path)


def _column(name: str, values: npt.NDArray[Any]) -> fits.Column:
    if is_text(values):
        values = np.array([_ascii(text or "") for text in values], dtype="S")
        form = f"{max(1, values.itemsize)}A"
    else:
        form, values = _numbers(values)
    zero = {"u2": 2**15, "u4": 2**31, "u8": 2**63}.get(values.dtype.str[1:])
    return fits.Column(name, form, meaning(name).unit, array=values, bzero=zero)


_FORMS = {"f8": "D", "f4": "E", "i8": "K", "i4": "J", "i2": "I", "u1": "B", "b1": "L"}
_FORMS |= {"u2": "I", "u4": "J", "u8": "K"}


def _numbers(values: npt.NDArray[Any]) -> tuple[str, npt.NDArray[Any]]:
    if values.dtype == np.int8:  # FITS has no such type
        values = values.astype(np.int16)
    return _FORMS[values.dtype.str[1:]], values


def _times(columns: Columns, metadata: Mapping[str, Any]) -> Iterator[fits.Card]:
    yield fits.Card("TIMESYS", "UTC", "time scale")
    yield fits.Card("MJDREF", 0.0, "[d] times are MJD")
    yield fits.Card("TIMEUNIT", "d", "unit of times")
    place = ALIGNMENT.get(str(metadata.get("time_stamp_alignment")))
    if place is not None:
        yield fits.Card("TIMEPIXR", place, "where in the exposure times are taken, 0 to 1")
    mjd = columns.get(first_present(columns, TIME) or "")
    if mjd is not None and mjd.size and np.isfinite(mjd).any():
        yield fits.Card("MJD-BEG", float(np.nanmin(mjd)), "[d] first time stamp")
        yield fits.Card("MJD-END", float(np.nanmax(mjd)), "[d] last time stamp")


def _cards(metadata: Mapping[str, Any]) -> Iterator[fits.Card]:
    if "ra" in metadata:
        yield fits.Card("RADESYS", "ICRS", "frame of RA_OBJ and DEC_OBJ")
    for field, (keyword, comment) in KEYWORDS.items():
        value = metadata.get(field)
        if value is not None and value != "":
            yield fits.Card(keyword, _ascii(value) if isinstance(value, str) else value, comment)
    if metadata.get("altdata"):
        # json, not orjson: its escapes are JSON's own, so that the card can be read as JSON.
        yield fits.Card("ALTDATA", json.dumps(metadata["altdata"]))


def _ascii(text: str) -> str:
    """All that FITS can hold of a text: printable ASCII; other characters as \\u escapes."""
    escaped = text.encode("ascii", "backslashreplace").decode()
    return "".join(sign if " " <= sign <= "~" else f"\\x{ord(sign):02x}" for sign in escaped)
