"""Light curves that the client refuses before it sends anything."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits

from skyportal_series.client import BadSource, Client

MJD = 58000.0 + np.arange(6) / 4
FLUX = np.full(6, 100.0)
MAG = np.full(6, 18.9)

Make = Callable[[Path], Any]


def fits_without_a_table(folder: Path) -> Any:
    fits.PrimaryHDU(np.zeros((2, 2))).writeto(folder / "image.fits")
    return folder / "image.fits"


def text_file(name: str, text: str) -> Make:
    def make(folder: Path) -> Path:
        (folder / name).write_text(text)
        return folder / name

    return make


BAD: list[tuple[Any, dict[str, Any], str]] = [
    ({"mjd": MJD, "flux": FLUX * u.electron / u.s}, {}, "no fixed value in µJy"),
    ({"mjd": MJD, "flux": FLUX * u.dimensionless_unscaled}, {}, "relative units"),
    ({"mjd": MJD, "flux": FLUX}, {"flux_unit": "parsec"}, "no fixed value in µJy"),
    ({"mjd": MJD, "flux": FLUX}, {"flux_unit": -1.0}, "positive"),
    ({"mjd": MJD, "mag": MAG * u.m}, {}, "AB magnitudes are needed"),
    ({"mjd": MJD * u.m, "flux": FLUX}, {}, "not convertible to d"),
    ({"time": MJD, "flux": FLUX}, {}, "time_format='mjd'"),
    ({"time": MJD, "flux": FLUX}, {"time_format": "stardate"}, "must be one of mjd, jd"),
    ({"epoch": MJD, "flux": FLUX}, {}, "no column mjd; found epoch, flux"),
    ({"mjd": MJD, "SAP": FLUX}, {}, "no column flux or mag; found mjd, SAP"),
    ({"mjd": MJD, "flux": FLUX}, {"columns": {"flux": "SAP"}}, "no column SAP"),
    ({"mjd": MJD, "flux": FLUX[:3]}, {}, "mjd: 6, flux: 3"),
    ({"mjd": MJD, "flux": np.ones((6, 2))}, {}, "the shape (6, 2)"),
    ({"mjd": [], "flux": []}, {}, "no rows"),
    ({"mjd": MJD, "flux": FLUX, "x": [object()] * 6}, {}, "Column 'x'"),
    (42, {}, "Cannot make a series of int"),
    (Path("missing.csv"), {}, "No such file"),
    (Path("missing.h5"), {}, "No such file"),
    (Path("curve.docx"), {}, "known suffixes are .h5"),
    (fits_without_a_table, {}, "has no table"),
    (text_file("bad.fits", "no"), {}, "bad.fits"),
    (text_file("bad.parquet", "no"), {}, "bad.parquet"),
    (text_file("bad.vot", "no"), {}, "bad.vot"),
    (text_file("bad.csv", ""), {}, "bad.csv: is not valid csv"),
    (text_file("bad.json", "[1]"), {}, "bad.json"),
]


@pytest.mark.parametrize(("made", "reading", "words"), BAD, ids=[words for _, _, words in BAD])
def test_what_would_have_to_be_guessed_is_refused_before_it_is_sent(
    tmp_path: Path, made: Any, reading: dict[str, Any], words: str
) -> None:
    made = made(tmp_path) if callable(made) else made
    nobody = Client("http://127.0.0.1:1", "t", retries=0)  # sending would raise ServerUnavailable
    with pytest.raises(BadSource) as caught:
        nobody.upload(made, **reading)
    assert words in str(caught.value)
