"""Title, legend and note of a picture. May touch: this room, matplotlib's figure as given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from skyportal_series.plotting.options import PlotOptions
from skyportal_series.plotting.points import Points
from skyportal_series.plotting.style import FONT_POINTS, Palette

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.legend import Legend
    from matplotlib.text import Text

TITLE = ("obj_id", "filter", "instrument", "series_name")
DETECTIONS = "detections"
LONGEST = 200  # characters of one name
SMALL_PRINT = 0.85 * FONT_POINTS
LINE = 1.7  # height of a line, in heights of its text
AXES = 0.75  # of the width that the axes have at least
PAD = 0.08  # inches about everything
EDGE = 0.012  # of the width
UNITS = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))


def title(fields: Mapping[str, object]) -> str:
    """Object · filter · instrument · series, as far as `fields` names them."""
    names = (_clean(fields.get(name)) for name in TITLE)
    return " · ".join(name for name in names if name)


def note(points: Points, options: PlotOptions) -> str:
    """What the picture leaves out, and what it averages; nothing where it does neither."""
    texts = []
    if points.binned and options.bin is not None:
        texts.append(f"{points.rows:,} points in bins of {duration(options.bin)}")
    if points.thinned:
        what = "bins" if points.binned else "points"
        whole = points.placed if points.binned else points.rows
        texts.append(f"{len(points.x):,} of {whole:,} {what} shown")
    missing = 0 if points.binned else points.rows - points.placed
    if missing:
        what = "magnitude" if options.y == "mag" else "flux"
        texts.append(f"{missing:,} without {what}")
    return " · ".join(texts)


def duration(seconds: float) -> str:
    """In the largest unit of which there is at least one."""
    unit, length = next((pair for pair in UNITS if seconds >= pair[1]), UNITS[-1])
    return f"{seconds / length:.4g} {unit}"


def put_title(figure: Figure, text: str) -> None:
    """`text` on top, cut where it is too long."""
    if text:
        _fit(figure, figure.suptitle(text, x=EDGE, ha="left", fontsize=1.15 * FONT_POINTS))


def put_x_label(figure: Figure, axes: Axes, text: str) -> None:
    """`text` below `axes`, in two or three lines where one is too long."""
    label = axes.xaxis.label
    label.set_text(text)
    for gap, broken in ((" (", "\n("), (", ", ",\n")):
        if _width(figure, label) > AXES * figure.bbox.width:
            label.set_text(label.get_text().replace(gap, broken, 1))


def put_footer(figure: Figure, axes: Axes, text: str, palette: Palette) -> None:
    """Below the axes: on the left what the marks mean, where it is not plain; on the right `text`.

    Where the two do not fit beside each other, the marks are explained in a line of their own.
    """
    line = LINE * SMALL_PRINT / 72 * figure.dpi / figure.bbox.height
    used, lines = 0.0, 0
    if text:
        style: dict[str, Any] = {
            "ha": "right",
            "va": "bottom",
            "fontsize": SMALL_PRINT,
            "color": palette.muted,
        }
        written = figure.text(1 - EDGE, 0.2 * line, text, **style)
        used, lines = _fit(figure, written), 1
    legend = _legend(figure, axes)
    if legend is not None:
        width = _width(figure, legend)
        lines += 1 if not lines or width + used > figure.bbox.width else 0
        legend.set_bbox_to_anchor((0, (lines - 1) * line))
    room = (0, lines * line, 1, 1 - lines * line)
    figure.set_layout_engine("constrained", rect=room, w_pad=PAD, h_pad=PAD)


def _legend(figure: Figure, axes: Axes) -> Legend | None:
    handles, names = axes.get_legend_handles_labels()
    if names in ([], [DETECTIONS]):
        return None
    return figure.legend(
        handles,
        names,
        loc="lower left",
        bbox_to_anchor=(0, 0),
        ncols=len(names),
        frameon=False,
        fontsize=SMALL_PRINT,
        borderpad=0.1,
        borderaxespad=0.1,
        handletextpad=0.0,
        columnspacing=0.8,
        markerscale=1.2,
    )


def _fit(figure: Figure, text: Text) -> float:
    """Cuts `text` until the figure is wide enough for it; its width then, in pixels."""
    room = (1 - 2 * EDGE) * figure.bbox.width
    words = text.get_text()
    while (width := _width(figure, text)) > room and words:
        words = words[: min(len(words) - 1, int(len(words) * room / width))]
        text.set_text(words.rstrip() + "…")
    return width


def _width(figure: Figure, artist: Artist) -> float:
    """Of text or a legend, in pixels."""
    canvas: Any = figure.canvas  # of Agg, whose types do not tell
    return float(artist.get_window_extent(canvas.get_renderer()).width)


def _clean(value: object) -> str:
    text = "" if value is None else str(value)
    printable = "".join(sign if sign.isprintable() else " " for sign in text[:LONGEST])
    return " ".join(printable.split())
