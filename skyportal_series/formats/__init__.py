"""Light curves as files: columns and metadata in, a file at a path out.

May touch: numpy, series, utils, errors; astropy and pyarrow (extras) inside functions. Knows
nothing of the web, the database or where files are kept.
"""

from .registry import FORMATS, Format, available, choose, known
from .selection import WHOLE, Part, select
from .writing import write

__all__ = ["FORMATS", "WHOLE", "Format", "Part", "available", "choose", "known", "select", "write"]
