"""The axes of a picture: units that keep tick labels short, limits, calendar dates on top.

May touch: matplotlib in functions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from skyportal_series.plotting.points import SECONDS_PER_DAY
from skyportal_series.series.columns import FloatArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Unit = Literal["D", "m", "s", "ms"]  # as numpy names them
MILLISECONDS: Mapping[Unit, int] = {"D": 86_400_000, "m": 60_000, "s": 1000, "ms": 1}
MJD_0 = np.datetime64("1858-11-17T00:00:00.000", "ms")
DATED = (-678_000.0, 2_973_000.0)  # MJD of years of four digits, 0003 to 9998
DAYS_IN_FULL = 5.0  # spans from here on are labelled in MJD as it is
DAYS_IN_SECONDS = 0.05  # spans up to here in seconds
MARGIN = 0.04
INCHES_PER_DATE = 0.95  # between two labels, at the nominal size of text

SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class Scale:
    """What is drawn is (value - zero) · factor."""

    zero: float
    factor: float
    label: str

    def __call__(self, values: FloatArray) -> FloatArray:
        return (values - self.zero) * self.factor

    def inverse(self, drawn: float) -> float:
        return drawn / self.factor + self.zero


MAGNITUDES = Scale(0.0, 1.0, "AB magnitude")
IN_FULL = Scale(0.0, 1.0, "MJD")


def time_scale(mjd: FloatArray) -> Scale:
    """For times `mjd` (n,), n ≥ 0: MJD, or what has gone by since, so that few digits say it."""
    if not mjd.size or np.ptp(mjd) >= DAYS_IN_FULL:
        return IN_FULL
    first = float(mjd.min())
    if not 0 < np.ptp(mjd) <= DAYS_IN_SECONDS:
        zero = float(math.floor(first))
        return Scale(zero, 1.0, f"MJD − {zero:.0f}{_in_brackets(zero, 'D')}")
    zero = math.floor(first * 1e4) / 1e4
    return Scale(
        zero, SECONDS_PER_DAY, f"Seconds since MJD {zero:.4f}{_in_brackets(zero, 's', ' UTC')}"
    )


def phase_scale(period: float, epoch: float) -> Scale:
    """For phases of a `period` (days) that begin at `epoch` (MJD)."""
    return Scale(0.0, 1.0, f"Phase (period {period:.10g} d, 0 at MJD {epoch:.10g})")


def flux_scale(flux: FloatArray) -> Scale:
    """For fluxes (µJy): thousandfolds of the unit where the numbers are long without."""
    largest = float(np.abs(flux).max()) if flux.size else 0.0
    if largest == 0 or 0.01 <= largest < 1e5:
        return Scale(0.0, 1.0, "Flux (µJy)")
    power = 3 * math.floor(math.log10(largest) / 3)
    return Scale(0.0, 10.0**-power, f"Flux (10{str(power).translate(SUPERSCRIPTS)} µJy)")


def limits(values: FloatArray, error: FloatArray | None = None) -> tuple[float, float]:
    """Where an axis begins and ends so that all `values`, and a usual error, lie well inside."""
    if not values.size:
        return 0.0, 1.0
    low, high = float(values.min()), float(values.max())
    usual = error[np.isfinite(error)] if error is not None else np.empty(0)
    bar = float(np.median(usual)) if usual.size else 0.0
    room = MARGIN * (high - low) + min(bar, high - low)
    if not low - room < high + room:  # one value only: give it some surroundings
        room = max(2 * bar, 0.5, abs(low) * 1e-6)
    return low - room, high + room


def date(mjd: float, unit: Unit) -> str:
    """`mjd` as ISO 8601 in UTC, to the nearest `unit`; nothing outside DATED."""
    if not DATED[0] < mjd < DATED[1]:
        return ""
    step = MILLISECONDS[unit]
    rounded = np.timedelta64(round(mjd * SECONDS_PER_DAY * 1000 / step) * step, "ms")
    return str(np.datetime_as_string(MJD_0 + rounded, unit=unit))


def put_ticks(figure: Figure, axes: Axes, scale: Scale) -> None:
    """MJD below `axes`, whose x is `scale` of MJD, and the same moments as UTC dates above."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    many = max(2, int(0.85 * figure.bbox.width / figure.dpi / INCHES_PER_DATE))
    first, last = (scale.inverse(end) for end in axes.get_xlim())
    label = _date_label(last - first)
    top = axes.secondary_xaxis("top")
    top.xaxis.set_major_formatter(FuncFormatter(lambda x, _: label(scale.inverse(x))))
    for axis in (axes.xaxis, top.xaxis):
        axis.set_major_locator(MaxNLocator(many, steps=[1, 2, 5, 10], integer=scale is IN_FULL))


def _date_label(days: float) -> Callable[[float], str]:
    """How to label the moments within a span of `days`."""
    if days >= DAYS_IN_FULL:
        return lambda mjd: date(mjd, "D")
    if days > 1:
        return lambda mjd: date(mjd, "m")[5:].replace("T", " ")
    unit: Unit = "s" if days * SECONDS_PER_DAY > 10 else "ms"
    return lambda mjd: date(mjd, unit)[11:]


def _in_brackets(mjd: float, unit: Unit, zone: str = "") -> str:
    text = date(mjd, unit).replace("T", " ")
    return f" ({text}{zone})" if text else ""
