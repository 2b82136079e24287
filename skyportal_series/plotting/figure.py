"""A light curve drawn. May touch: series, this room, matplotlib (an extra) in functions."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from skyportal_series.errors import NotAcceptable
from skyportal_series.plotting import words
from skyportal_series.plotting.marks import draw_points
from skyportal_series.plotting.options import PlotOptions
from skyportal_series.plotting.points import prepare
from skyportal_series.plotting.style import PALETTES, dots_per_inch, settings
from skyportal_series.series import LightCurve

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw(
    lightcurve: LightCurve, title_fields: Mapping[str, object], options: PlotOptions
) -> Figure:
    """A matplotlib Figure of `lightcurve`, `options.width` × `options.height` pixels.

    The title is made of obj_id, filter, instrument and series_name, as far as `title_fields` has
    them; its `limiting_mag` stands in for points without one. Needs no pyplot and leaves
    matplotlib's settings as they are. Raises NotAcceptable where matplotlib is not installed.
    """
    if find_spec("matplotlib") is None:
        raise NotAcceptable("Pictures are drawn by matplotlib, which is not installed here.")
    palette = PALETTES[options.theme]
    limiting_mag = title_fields.get("limiting_mag")
    points = prepare(
        lightcurve, options, limiting_mag if isinstance(limiting_mag, (int, float)) else None
    )
    with settings(palette):
        figure = _empty_figure(options)
        axes = figure.add_subplot()
        draw_points(figure, axes, points, options)
        words.put_title(figure, words.title(title_fields))
        words.put_footer(figure, axes, words.note(points, options), palette)
    return figure


def render(
    lightcurve: LightCurve, title_fields: Mapping[str, object], options: PlotOptions
) -> bytes:
    """The same as a PNG or SVG file. The same arguments give the same bytes."""
    figure = draw(lightcurve, title_fields, options)
    unwanted = {"png": ("Software",), "svg": ("Date", "Creator")}[options.format]
    metadata: dict[str, Any] = dict.fromkeys(unwanted)
    metadata["Title"] = words.title(title_fields) or "Light curve"
    target = io.BytesIO()
    with settings(PALETTES[options.theme]):
        figure.savefig(target, format=options.format, dpi=figure.dpi, metadata=metadata)
    picture = target.getvalue()
    return picture if options.format == "png" else _in_pixels(picture, options)


def _empty_figure(options: PlotOptions) -> Figure:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    dpi = dots_per_inch(options.width, options.height)
    # A hair more: inches are cut down to whole pixels, and rounding must not cost one.
    size = ((options.width + 0.01) / dpi, (options.height + 0.01) / dpi)
    figure = Figure(figsize=size, dpi=dpi, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _in_pixels(svg: bytes, options: PlotOptions) -> bytes:
    """matplotlib sizes SVG in points; its viewBox stays, so that everything is scaled along."""
    size = f'width="{options.width}" height="{options.height}"'.encode()
    return re.sub(rb'width="[^"]*" height="[^"]*"', size, svg, count=1)
