"""From a format's name to its writer. Each writer loads its packages when it is first used."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import InvalidInput
from ..series import Columns
from . import ecsv, text, votable


def write(name: str, columns: Columns, metadata: Mapping[str, Any], path: Path) -> None:
    """Write `columns` (all (n,)) and what is known of the series to a new file at `path`.

    Raises InvalidInput for what the format cannot hold.
    """
    if name in ("json", "csv"):
        {"json": text.write_json, "csv": text.write_csv}[name](columns, path)
    elif name == "hdf5":
        _write_hdf5(columns, metadata, path)
    elif name in ("arrow", "parquet"):
        from . import arrow

        arrow.write(name, columns, metadata, path)
    elif name == "fits":
        from . import fits

        fits.write(columns, metadata, path)
    else:
        {"votable": votable.write, "ecsv": ecsv.write}[name](columns, metadata, path)


def _write_hdf5(columns: Columns, metadata: Mapping[str, Any], path: Path) -> None:
    from ..utils import hdf5_files
    from ..utils.plain_frame import PlainFrame

    frame = PlainFrame(columns)
    if not (frame.columns and frame.rows):
        what, other = ("row", "times") if frame.columns else ("column", "columns")
        raise InvalidInput(
            f"No {what} is left, and this HDF5 cannot hold none: ask for other {other}, or json."
        )
    hdf5_files.write_plain(frame, path, metadata)
