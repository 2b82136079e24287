"""Whether a row's figures are those of its data, but for the last digits."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

from ..models import PhotometricSeries
from ..series import Summary

NAMES = tuple(field.name for field in fields(Summary))
COLUMNS = tuple(getattr(PhotometricSeries, name) for name in NAMES)
#: Figures by column of the data.
BY_COLUMN = ("medians", "maxima", "minima", "stds")

#: Another order of summing, or another processor, changes less than this.
RELATIVE = 1e-6
#: Of magnitudes, days and signal-to-noise ratios, where the figure itself is near zero.
ABSOLUTE = 1e-9


def differing(row: Mapping[str, Any], figures: Mapping[str, Any]) -> list[str]:
    """The names of those figures of `row` that are not `figures`."""
    plain = [name for name in NAMES if name not in BY_COLUMN]
    found = [name for name in plain if not _same(row[name], figures[name], ABSOLUTE)]
    scales = {name: _scale(figures, name) for name in figures["medians"]}
    return found + [name for name in BY_COLUMN if not _all_same(row[name], figures[name], scales)]


def described(row: Mapping[str, Any], figures: Mapping[str, Any], names: Iterable[str]) -> str:
    """For people: what stands in the row, and what would be right."""
    texts = [
        f"{name} (differs in its columns)"
        if name in BY_COLUMN
        else f"{name} is {row[name]}, of its data {figures[name]}"
        for name in names
    ]
    return "; ".join(texts) + "."


def _scale(figures: Mapping[str, Any], column: str) -> float:
    return max(abs(float(figures[kind].get(column) or 0)) for kind in ("maxima", "minima"))


def _all_same(row: Any, figures: Mapping[str, Any], scales: Mapping[str, float]) -> bool:
    if not isinstance(row, Mapping) or row.keys() != figures.keys():
        return False
    return all(_same(row[name], figures[name], ABSOLUTE * scales[name]) for name in figures)


def _same(a: Any, b: Any, absolute: float) -> bool:
    if _missing(a) or _missing(b):
        return _missing(a) and _missing(b)
    return math.isclose(a, b, rel_tol=RELATIVE, abs_tol=absolute)


def _missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))
