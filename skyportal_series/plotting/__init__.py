"""Pictures of light curves, PNG or SVG, without pyplot and without lasting changes to matplotlib.

May touch: series, errors, and matplotlib (an extra) inside functions.
"""

from skyportal_series.plotting.figure import draw, render
from skyportal_series.plotting.options import PlotOptions

__all__ = ["PlotOptions", "draw", "render"]
