"""The light curve: columns in, figures out. Frozen, numpy only, no input or output.

May touch: numpy and errors. Knows nothing of the web, the database, files or configuration.
"""

from skyportal_series.series.binning import Binned, bin_points
from skyportal_series.series.columns import Columns
from skyportal_series.series.folding import fold
from skyportal_series.series.inference import infer
from skyportal_series.series.lightcurve import LightCurve
from skyportal_series.series.statistics import Summary, summarise
from skyportal_series.series.thinning import thin, thin_arrays

__all__ = [
    "Binned",
    "Columns",
    "LightCurve",
    "Summary",
    "bin_points",
    "fold",
    "infer",
    "summarise",
    "thin",
    "thin_arrays",
]
