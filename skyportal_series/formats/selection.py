"""A part of a light curve: some columns, some rows. May touch: numpy, series, errors."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import InvalidInput
from ..series import Columns, LightCurve, thin_arrays
from ..series.columns import BRIGHTNESS, TIME, first_present


@dataclass(frozen=True)
class Part:
    """What is wanted of a light curve; None: no bound. Times are MJD (UTC days), both included."""

    columns: tuple[str, ...] | None = None
    mjd_min: float | None = None
    mjd_max: float | None = None
    max_points: int | None = None

    @property
    def is_whole(self) -> bool:
        return self == WHOLE

    def names(self, present: Sequence[str]) -> list[str]:
        """The columns to hand out, as asked for. Raises InvalidInput for one that is not there."""
        if self.columns is None:
            return list(present)
        problems = [_absent(name, present) for name in self.columns if name not in present]
        if problems:
            raise InvalidInput(" ".join(problems), {"columns": problems})
        return list(dict.fromkeys(self.columns))

    def rows(self, columns: Columns) -> npt.NDArray[np.intp] | slice:
        """Index of the rows to hand out, in time where they are thinned, else as they stand."""
        if self.mjd_min is None and self.mjd_max is None and self.max_points is None:
            return slice(None)
        needed = (first_present(columns, TIME), first_present(columns, BRIGHTNESS))
        lightcurve = LightCurve.from_columns({name: columns[name] for name in needed if name})
        inside = self._inside(lightcurve.mjd)
        if self.max_points is None:
            return np.arange(len(lightcurve))[inside]
        values = lightcurve.flux if lightcurve.brightness == "flux" else lightcurve.mag
        kept = thin_arrays(lightcurve.mjd[inside], values[inside], self.max_points)
        return kept if isinstance(inside, slice) else inside[kept]

    def _inside(self, mjd: npt.NDArray[np.float64]) -> npt.NDArray[np.intp] | slice:
        """The rows between the bounds; without bounds all, those that have no time as well."""
        low, high = self.mjd_min, self.mjd_max
        if low is None and high is None:
            return slice(None)
        keep = np.ones(mjd.size, dtype=np.bool_)
        if low is not None:
            keep &= mjd >= low
        if high is not None:
            keep &= mjd <= high
        return np.flatnonzero(keep)


WHOLE = Part()


def select(columns: Columns, part: Part) -> dict[str, npt.NDArray[Any]]:
    """The columns and rows of `part`. Raises InvalidInput for a column that is not there."""
    names, rows = part.names(list(columns)), part.rows(columns)
    return {name: columns[name][rows] for name in names}


def _absent(name: str, present: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, present, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(present)[:500]}."
    return f"The series has no column {name[:80]!r}; {hint}"
