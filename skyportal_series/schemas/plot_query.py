"""The query arguments of a picture, in one table. What goes together is checked by PlotOptions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import get_args

from ..plotting import PlotOptions
from ..plotting.options import SIDES, Quantity, Theme
from ..plotting.options import Format as PictureFormat
from . import query_types as kinds
from .filters import Argument, read_query
from .query_types import Kind

#: Format → media type.
MEDIA_TYPES = {"png": "image/png", "svg": "image/svg+xml"}

_DEFAULT = PlotOptions()
_LOW, _HIGH = SIDES
_positive = replace(kinds.NUMBER, schema={"type": "number", "exclusiveMinimum": 0})
_side = Kind(
    f"a whole number of pixels from {_LOW} to {_HIGH}",
    kinds.INTEGER.parse,
    {"type": "integer", "minimum": _LOW, "maximum": _HIGH},
)

# fmt: off
ARGUMENTS: tuple[Argument, ...] = (
    Argument("format", kinds.choice(*get_args(PictureFormat)), "Format of the picture", "svg", default=_DEFAULT.format),
    Argument("y", kinds.choice(*get_args(Quantity)), "Magnitudes, or fluxes", "flux", default=_DEFAULT.y),
    Argument("fold", _positive, "Period to fold by, days", "0.5669"),
    Argument("epoch", kinds.NUMBER, "MJD of phase 0; without it the first point's; goes with fold", "60400.1"),
    Argument("bin", _positive, "Width of bins to average in, seconds", "1800"),
    Argument("width", _side, "Width, pixels", "1200", default=_DEFAULT.width),
    Argument("height", _side, "Height, pixels", "600", default=_DEFAULT.height),
    Argument("theme", kinds.choice(*get_args(Theme)), "Light or dark background", "dark", default=_DEFAULT.theme),
    Argument("nsigma", _positive, "Points below so many errors are not detected; without it the server's threshold", "5"),
)
# fmt: on
BY_NAME = {row.name: row for row in ARGUMENTS}


def read_plot_query(given: Mapping[str, list[str]], nsigma: float) -> PlotOptions:
    """The arguments of a request; `nsigma` is the server's threshold of a detection.

    Raises InvalidInput for whatever cannot be drawn.
    """
    return PlotOptions(**{"nsigma": nsigma, **read_query(given, BY_NAME).values})
