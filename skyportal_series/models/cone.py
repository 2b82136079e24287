"""The cone search: positions in degrees as unit vectors, on conesearch-alchemy's functions."""

from __future__ import annotations

from math import radians, sin
from typing import Any

from conesearch_alchemy.math import cosd, sind
from sqlalchemy import ColumnElement, and_


def cartesian(ra: Any, dec: Any) -> tuple[ColumnElement[float], ...]:
    """The unit vector of a position in degrees: the terms of conesearch-alchemy's index."""
    return cosd(ra) * cosd(dec), sind(ra) * cosd(dec), sind(dec)


def within(columns: Any, ra: float, dec: float, radius: float) -> ColumnElement[bool]:
    """Rows of `columns` (with `ra` and `dec`) at most `radius` from a position; all in degrees.

    Compares chords, |a - b| <= 2 sin(radius / 2), not dot products: those lose the angle below
    some milliarcseconds, and a box of sines is wrong beyond 90 degrees. The box serves the index.
    """
    if radius >= 180:  # the whole sky, antipodes that rounding puts beyond 180 degrees included
        return and_(columns.ra.is_not(None), columns.dec.is_not(None))
    chord = 2 * sin(radians(radius) / 2)
    pairs = list(
        zip(cartesian(columns.ra, columns.dec), cartesian(float(ra), float(dec)), strict=True)
    )
    box = [here.between(there - chord, there + chord) for here, there in pairs]
    x, y, z = ((here - there) * (here - there) for here, there in pairs)
    return and_(*box, x + y + z <= chord * chord)
