"""Points, error bars and limits on axes. May touch: this room, matplotlib's axes as given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from skyportal_series.plotting import scales, words
from skyportal_series.plotting.options import PlotOptions
from skyportal_series.plotting.points import Points, twice
from skyportal_series.plotting.style import PALETTES
from skyportal_series.series.columns import FloatArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# The more points, the smaller and fainter the marks: what is dense must still be told apart.
COUNTS = (100, 1000, 6000)
SIZES, DENSITIES, BAR_DENSITIES = (4.6, 3.2, 1.8), (1.0, 0.9, 0.6), (0.7, 0.5, 0.3)
MOST_VECTORS = 2000  # more than these are a raster image, also within an SVG


def draw_points(figure: Figure, axes: Axes, points: Points, options: PlotOptions) -> None:
    """Everything inside `axes` and the axes themselves; magnitudes grow downwards."""
    if options.fold is None:
        x_scale = scales.time_scale(points.x)
        ends = scales.limits(x_scale(points.x))
    else:
        points = twice(points)
        x_scale = scales.phase_scale(options.fold, points.epoch)
        ends = (0.0, 2.0)
    y_scale = scales.flux_scale(points.y) if options.y == "flux" else scales.MAGNITUDES
    x, y, error = x_scale(points.x), y_scale(points.y), points.error * y_scale.factor
    low, high = scales.limits(y, error)
    axes.set(xlim=ends, ylim=(low, high) if options.y == "flux" else (high, low))
    axes.set_ylabel(y_scale.label)
    words.put_x_label(figure, axes, x_scale.label)
    axes.ticklabel_format(style="plain", useOffset=False)
    axes.grid(visible=True, linewidth=0.6)
    axes.set_axisbelow(True)
    if not x.size:
        _say_empty(axes, options)
    elif options.fold is None:
        scales.put_ticks(figure, axes, x_scale)
    _draw_marks(axes, x, y, error, points.limit, options)


def _say_empty(axes: Axes, options: PlotOptions) -> None:
    what = "magnitude" if options.y == "mag" else "flux"
    axes.text(0.5, 0.5, f"No point has a {what}", ha="center", transform=axes.transAxes)
    axes.set(xticks=[], yticks=[])


def _draw_marks(
    axes: Axes,
    x: FloatArray,
    y: FloatArray,
    error: FloatArray,
    limit: npt.NDArray[np.bool_],
    options: PlotOptions,
) -> None:
    palette = PALETTES[options.theme]
    in_mag = options.y == "mag"
    found: dict[str, Any] = {"marker": "o", "color": palette.point, "markeredgewidth": 0}
    missed: dict[str, Any] = {"marker": "v" if in_mag else "o", "color": palette.limit}
    missed |= {"markerfacecolor": "none", "markeredgewidth": 0.9}
    name = "upper limits" if in_mag else f"below {options.nsigma:g}σ"
    for rows, marks, label in ((~limit, found, words.DETECTIONS), (limit, missed, name)):
        if rows.any():
            _draw_bars(axes, x[rows], y[rows], error[rows], marks["color"], x.size)
            (drawn,) = axes.plot(x[rows], y[rows], linestyle="none", label=label, **marks)
            drawn.set_markersize(float(np.interp(x.size, COUNTS, SIZES)))
            drawn.set_alpha(float(np.interp(x.size, COUNTS, DENSITIES)))
            drawn.set_rasterized(x.size > MOST_VECTORS)


def _draw_bars(
    axes: Axes, x: FloatArray, y: FloatArray, error: FloatArray, colour: str, among: int
) -> None:
    rows = np.isfinite(error)
    if not rows.any():
        return
    # One line with gaps: drawn many times as fast as many lines, and of one shade where they meet.
    ends = np.stack([y - error, y + error, np.full_like(y, np.nan)], axis=1)[rows]
    alpha = float(np.interp(among, COUNTS, BAR_DENSITIES))
    (bars,) = axes.plot(np.repeat(x[rows], 3), ends.ravel(), color=colour, alpha=alpha, zorder=1.8)
    bars.set(linewidth=0.9, rasterized=among > MOST_VECTORS)
