"""The light curve: columns resolved and checked once, on entry. May touch: numpy, errors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np

from skyportal_series.errors import InvalidInput
from skyportal_series.series import columns as names
from skyportal_series.series import photometry
from skyportal_series.series.columns import Columns, FloatArray, IntArray
from skyportal_series.series.ordering import time_order

NO_ROWS = "Must supply a non-empty DataFrame."
NO_TIME = 'Input to photometric series must contain a "mjd" or "mjds" column.'
NO_BRIGHTNESS = (
    'Input to photometric series must contain "flux", "fluxes", "mag", "mags" or "magnitudes".'
)


@dataclass(frozen=True, eq=False)
class LightCurve:
    """One star, one bandpass: n points in time. Made by `from_columns`.

    All arrays are float64 of shape (n,) in the order of the rows, NaN where there is no value.
    """

    columns: Columns
    mjd: FloatArray  # days
    brightness: Literal["flux", "mag"]  # what the data were given in
    _values: FloatArray  # µJy or AB magnitudes, as `brightness` says
    _errors: FloatArray | None
    _errors_in: Literal["flux", "mag"]

    @classmethod
    def from_columns(cls, columns: Columns) -> LightCurve:
        """A light curve of `columns`: name → 1-d array, all of one length.

        Looked for, the first that is there: time `mjd`, `mjds` (days); brightness `flux`,
        `fluxes` (µJy), `mag`, `mags`, `magnitudes` (AB); errors `fluxerr` or `magerr`, that of
        the brightness's own kind first. An error that is not positive counts as none.
        Raises InvalidInput, with every problem found under `problems["data"]`.
        """
        _check_shape(columns)
        time, value = (names.first_present(columns, n) for n in (names.TIME, names.BRIGHTNESS))
        if time is None or value is None:
            missing = ((time, NO_TIME), (value, NO_BRIGHTNESS))
            raise _invalid([text for name, text in missing if name is None])
        own, other = names.FLUX_ERROR, names.MAGNITUDE_ERROR
        if value in names.MAGNITUDE:
            own, other = other, own
        error = names.first_present(columns, (own, other))
        mjd, values, errors = _numbers(columns, time, value, error)
        return cls(
            columns,
            mjd,
            "mag" if value in names.MAGNITUDE else "flux",
            values,
            None if errors is None else _positive(errors),
            "flux" if error == names.FLUX_ERROR else "mag",
        )

    def __len__(self) -> int:
        return len(self.mjd)

    def rows(self, which: slice | list[int]) -> LightCurve:
        """Some of the points."""
        return replace(
            self,
            columns={name: values[which] for name, values in self.columns.items()},
            mjd=self.mjd[which],
            _values=self._values[which],
            _errors=None if self._errors is None else self._errors[which],
        )

    @cached_property
    def flux(self) -> FloatArray:
        """µJy."""
        return self._values if self.brightness == "flux" else photometry.mag_to_flux(self._values)

    @cached_property
    def mag(self) -> FloatArray:
        """AB magnitudes; none where the flux is not positive."""
        return self._values if self.brightness == "mag" else photometry.flux_to_mag(self._values)

    @cached_property
    def fluxerr(self) -> FloatArray | None:
        """µJy, positive or NaN; None where no errors were given."""
        return self._error("flux", photometry.flux_error)

    @cached_property
    def magerr(self) -> FloatArray | None:
        """Magnitudes, positive or NaN; None where no errors were given."""
        return self._error("mag", photometry.mag_error)

    @cached_property
    def time_order(self) -> IntArray | slice:
        """Index of the rows that have a time, in time."""
        return time_order(self.mjd)

    def _error(
        self, kind: str, convert: Callable[[FloatArray, FloatArray], FloatArray]
    ) -> FloatArray | None:
        if self._errors is None or self._errors_in == kind:
            return self._errors
        return convert(self.flux, self._errors)


def _positive(errors: FloatArray) -> FloatArray:
    """NaN for what is not positive; the same array, not a copy, where all are."""
    positive = errors > 0
    return errors if positive.all() else np.where(positive, errors, np.nan)


def _invalid(texts: list[str]) -> InvalidInput:
    return InvalidInput(" ".join(texts), {"data": texts})


def _check_shape(columns: Columns) -> None:
    if not columns or all(np.size(values) == 0 for values in columns.values()):
        raise _invalid([NO_ROWS])
    shapes = {name: np.shape(values) for name, values in columns.items()}
    if any(len(shape) != 1 for shape in shapes.values()) or len(set(shapes.values())) > 1:
        found = ", ".join(f"{name}: {shape}" for name, shape in list(shapes.items())[:5])
        raise _invalid([f"All columns must be 1-d and of the same length; found {found}."])


def _numbers(
    columns: Columns, time: str, value: str, error: str | None
) -> tuple[FloatArray, FloatArray, FloatArray | None]:
    found: list[FloatArray] = []
    problems = []
    for name in filter(None, (time, value, error)):
        try:
            found.append(names.as_floats(columns[name]))
        except ValueError as problem:
            problems.append(f'Column "{name}" must hold numbers; found {problem}.')
    if problems:
        raise _invalid(problems)
    if np.isnan(found[0]).all():
        raise _invalid([f'Column "{time}" must hold at least one finite time; found none.'])
    return found[0], found[1], found[2] if error else None
