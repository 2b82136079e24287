"""What a picture can be asked to be. May touch: errors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from skyportal_series.errors import InvalidInput

Format = Literal["png", "svg"]
Quantity = Literal["mag", "flux"]
Theme = Literal["light", "dark"]

SIDES = (200, 8000)  # pixels
MOST_PIXELS = 16_000_000


@dataclass(frozen=True)
class PlotOptions:
    """Raises InvalidInput, with every problem found by field, for what cannot be drawn."""

    format: Format = "png"
    y: Quantity = "mag"
    fold: float | None = None  # period, days
    epoch: float | None = None  # MJD of phase 0; None: the first point in time
    bin: float | None = None  # seconds
    width: int = 900  # pixels
    height: int = 540
    theme: Theme = "light"
    nsigma: float = 3.0  # fainter than this many errors is no detection

    def __post_init__(self) -> None:
        problems = {
            "format": _one_of(self.format, get_args(Format)),
            "y": _one_of(self.y, get_args(Quantity)),
            "theme": _one_of(self.theme, get_args(Theme)),
            "fold": _positive(self.fold, "days"),
            "bin": _positive(self.bin, "seconds"),
            "nsigma": _positive(self.nsigma, "standard deviations"),
            "epoch": self._epoch_problem(),
            "width": _side(self.width),
            "height": _side(self.height) or self._size_problem(),
        }
        found = {name: [text] for name, text in problems.items() if text}
        if found:
            message = " ".join(f"{name}: {texts[0]}" for name, texts in found.items())
            raise InvalidInput(message, found)

    def _epoch_problem(self) -> str | None:
        if self.epoch is None:
            return None
        if self.fold is None:
            return "An epoch goes with a period to fold by; found none."
        return None if math.isfinite(self.epoch) else f"Must be an MJD; found {self.epoch}."

    def _size_problem(self) -> str | None:
        if not isinstance(self.width, int) or self.width * self.height <= MOST_PIXELS:
            return None
        return f"A picture has at most {MOST_PIXELS:,} pixels; found {self.width} × {self.height}."


def _one_of(value: str, allowed: Sequence[str]) -> str | None:
    return None if value in allowed else f"Must be one of {', '.join(allowed)}; found {value!r}."


def _positive(value: float | None, unit: str) -> str | None:
    if value is None or (math.isfinite(value) and value > 0):
        return None
    return f"Must be a positive number of {unit}; found {value}."


def _side(value: int) -> str | None:
    low, high = SIDES
    if isinstance(value, int) and low <= value <= high:
        return None
    return f"Must be a whole number of pixels from {low} to {high}; found {value!r}."
