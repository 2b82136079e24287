"""Anything that holds a light curve → a DataFrame with units and header values.

Knows pandas DataFrames, dicts of columns, astropy Tables and TimeSeries, and whatever has `time`
and `flux` as lightkurve's light curves do. Nothing is converted here: `tidy` does that.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from skyportal_series.client.errors import BadSource

if TYPE_CHECKING:
    import pandas as pd


@dataclass
class Raw:
    """Columns as they came: `units` by column (absent: not said), `header` as it was."""

    frame: pd.DataFrame
    units: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)


def from_object(source: Any) -> Raw:
    """What `source` holds. Raises BadSource for what is none of the things named above."""
    import pandas as pd

    if isinstance(source, pd.DataFrame):
        return Raw(_with_named_index(source))
    if isinstance(source, Mapping):
        return from_columns(source.items(), {})
    if is_table(source):
        return from_table(source)
    if hasattr(source, "time") and hasattr(source, "flux"):
        return _from_light_curve(source)
    raise BadSource(
        f"Cannot make a series of {type(source).__name__}: give a DataFrame, a dict of columns, "
        "an astropy Table or TimeSeries, a lightkurve LightCurve, or the path of a file."
    )


def is_table(source: Any) -> bool:
    """Whether it is an astropy Table, without importing astropy: who has one has imported it."""
    module = sys.modules.get("astropy.table")
    return module is not None and isinstance(source, module.Table)


def from_table(table: Any) -> Raw:
    """An astropy Table, QTable, TimeSeries or LightCurve."""
    columns = {name: table[name] for name in table.colnames}
    times = [name for name, values in columns.items() if is_time(values)]
    if hasattr(table, "time_bin_center"):  # BinnedTimeSeries
        columns["mjd"] = table.time_bin_center
    elif times and not {"mjd", "mjds"} & columns.keys():
        name = "time" if "time" in times else times[0]
        columns = {"mjd" if n == name else n: values for n, values in columns.items()}
    return from_columns(columns.items(), dict(table.meta))


def from_columns(columns: Iterable[tuple[str, Any]], header: dict[str, Any]) -> Raw:
    """Columns that may be lists, arrays, Quantities, Times or astropy's Columns."""
    import pandas as pd

    arrays: dict[str, Any] = {}
    units: dict[str, Any] = {}
    for name, values in columns:
        arrays[str(name)] = _array(str(name), values)
        unit = getattr(values, "unit", None)
        if unit is not None and not is_time(values):
            units[str(name)] = unit
    try:
        return Raw(pd.DataFrame(arrays), units, header)
    except ValueError as problem:
        sizes = ", ".join(f"{name}: {len(values)}" for name, values in arrays.items())
        raise BadSource(f"All columns must be equally long; found {sizes}.") from problem


def is_time(values: Any) -> bool:
    """An astropy Time, or something that looks like one."""
    return hasattr(values, "mjd") and hasattr(values, "format")


def _from_light_curve(source: Any) -> Raw:
    time = source.time
    columns = {"mjd" if is_time(time) else "time": time, "flux": source.flux}
    for ours, theirs in (("fluxerr", "flux_err"), ("quality", "quality")):
        if getattr(source, theirs, None) is not None:
            columns[ours] = getattr(source, theirs)
    raw = from_columns(columns.items(), dict(getattr(source, "meta", None) or {}))
    named = getattr(source, "time_format", None) or getattr(time, "format", None)
    if "time" in columns and isinstance(named, str):
        raw.units["time"] = named
    return raw


def _with_named_index(frame: pd.DataFrame) -> pd.DataFrame:
    """An index that has a name is a column; one without is only a count."""
    named = [name for name in frame.index.names if name is not None and name not in frame]
    frame = frame.reset_index(named) if named else frame
    frame = frame.reset_index(drop=True)
    frame.columns = [str(name) for name in frame.columns]
    return frame


def _array(name: str, values: Any) -> Any:
    """`values` (n,) as a native numpy array, NaN or None where masked."""
    import numpy as np

    if is_time(values):
        values = values.mjd
    elif hasattr(values, "value") and hasattr(values, "unit"):
        values = values.value
    mask = getattr(values, "mask", None)
    array = np.asarray(getattr(values, "unmasked", getattr(values, "data", values)))
    if array.ndim != 1:
        raise BadSource(
            f"Column {name} has the shape {array.shape}; a series takes one value a row."
        )
    if array.dtype.kind == "V" or (array.dtype.kind == "O" and hasattr(values, "frame")):
        raise BadSource(f"Column {name} holds {type(values).__name__}; give plain columns.")
    array = _native(array)
    return array if mask is None or not np.any(mask) else _without(array, np.asarray(mask))


def _native(array: Any) -> Any:
    import numpy as np

    if array.dtype.kind == "S":
        return np.char.decode(array, "utf-8")
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


def _without(array: Any, mask: Any) -> Any:
    kind = array.dtype.kind
    blanked = array.astype(float if kind in "iufb" else object)
    blanked[mask] = float("nan") if kind in "iufb" else None
    return blanked
