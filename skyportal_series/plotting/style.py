"""Colours, sizes and matplotlib's settings for one picture. May touch: matplotlib in functions."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

FONT_POINTS = 10.0
DOTS_PER_INCH = 100.0
FULL_SIZE = (760, 460)  # pixels at which things have their nominal size
SMALLEST = 0.68  # below this scale text is no longer legible


@dataclass(frozen=True)
class Palette:
    """Points and limits are of Okabe & Ito's set, told apart with any kind of colour vision."""

    paper: str
    ink: str
    faint: str  # grid
    muted: str  # notes
    point: str
    limit: str


PALETTES = {
    "light": Palette("#ffffff", "#1f2328", "#e4e7eb", "#5b6470", "#0072b2", "#d55e00"),
    "dark": Palette("#14181d", "#e6eaee", "#2b323a", "#9aa5b1", "#56b4e9", "#e69f00"),
}


def dots_per_inch(width: int, height: int) -> float:
    """Resolution at which text, lines and markers suit a picture of this many pixels."""
    scale = min(width / FULL_SIZE[0], height / FULL_SIZE[1])
    return DOTS_PER_INCH * max(SMALLEST, scale if scale < 1 else scale**0.8)


@contextmanager
def settings(palette: Palette) -> Iterator[None]:
    """matplotlib's defaults and ours, whatever the user's own settings; theirs come back after."""
    import matplotlib as mpl

    with mpl.rc_context(), warnings.catch_warnings():
        # Names may be in any script; a glyph that the font lacks is a box, not an alarm.
        warnings.filterwarnings("ignore", "Glyph .* missing from")
        mpl.rcdefaults()
        mpl.rcParams.update(
            {
                "font.size": FONT_POINTS,
                "text.parse_math": False,  # names are text, also where they hold a $
                "svg.fonttype": "none",  # text stays text: found, read aloud, in any script
                "svg.hashsalt": "skyportal_series",  # same picture, same bytes
                "text.color": palette.ink,
                "axes.labelcolor": palette.ink,
                "axes.edgecolor": palette.muted,
                "axes.facecolor": palette.paper,
                "figure.facecolor": palette.paper,
                "grid.color": palette.faint,
                "xtick.color": palette.muted,
                "ytick.color": palette.muted,
                "xtick.labelcolor": palette.ink,
                "ytick.labelcolor": palette.ink,
            }
        )
        yield
