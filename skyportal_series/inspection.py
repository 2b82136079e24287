"""The figures of a frame; and a stored file looked at as the file check wants it.

Runs in the worker processes. May touch: utils, series, files of the store.
"""

from __future__ import annotations

import dataclasses
import hashlib
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import InvalidFile, InvalidInput
from .series import LightCurve, summarise
from .utils import hdf5_files
from .utils.plain_frame import PlainFrame

if TYPE_CHECKING:
    import numpy as np

#: What is stored was let in once, under the limits of its day; the worker's memory is the limit.
NO_LIMITS = hdf5_files.ReadLimits(rows=2**40, columns=2**20, frame_bytes=2**50)


@contextmanager
def short_of_memory() -> Iterator[None]:
    """Where reading failed for lack of memory, that is nothing that the file can be blamed for."""
    try:
        yield
    except InvalidFile as error:
        if isinstance(error.__cause__, MemoryError):
            raise MemoryError from error
        raise


def columns_of(frame: PlainFrame) -> dict[str, np.ndarray[Any, Any]]:
    """The columns of `frame` by names that are texts."""
    return {str(name): values for name, values in frame.columns.items()}


def figures_of(lightcurve: LightCurve, nsigma: float) -> dict[str, Any]:
    """The summary of `lightcurve` by column of the row; None for what has no value."""
    figures = dataclasses.asdict(summarise(lightcurve, nsigma))
    return {name: None if _is_nan(value) else value for name, value in figures.items()}


def inspect_file(stored: str, digest: str, nsigma: float) -> dict[str, Any]:
    """Whether the file `stored` has the MD5 `digest`, and can be read.

    Returns `kind` (missing, altered, unreadable) and the `reason`, or the `figures` of its data.
    """
    try:
        with Path(stored).open("rb") as file:
            found = hashlib.file_digest(file, "md5").hexdigest()
        if found != digest:
            return {"kind": "altered", "reason": f"Its MD5 is {found}, not {digest}."}
        with short_of_memory():
            frame, _ = hdf5_files.read_plain(stored, NO_LIMITS)
        return {"figures": figures_of(LightCurve.from_columns(columns_of(frame)), nsigma)}
    except (FileNotFoundError, NotADirectoryError):
        return {"kind": "missing", "reason": "There is no such file."}
    except OSError as error:
        return {"kind": "unreadable", "reason": f"It cannot be read: {error.strerror}."}
    except InvalidInput as error:
        return {"kind": "unreadable", "reason": error.message}


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and not math.isfinite(value)
