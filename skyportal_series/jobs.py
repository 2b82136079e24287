"""What runs in the worker processes: JSON-able arguments in, JSON-able results out.

May touch: utils, series, files of the spool and the store; not the web, not the database.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import formats
from .errors import DamagedFile, InvalidFile
from .inspection import NO_LIMITS, inspect_file, short_of_memory
from .series import Columns, LightCurve
from .store import storage_errors
from .unpacking import read_upload, sealed
from .utils import hdf5_files
from .utils.hdf5_disk import disk_errors
from .utils.plain_frame import PlainFrame

if TYPE_CHECKING:
    import numpy as np


def warm_up() -> None:
    """Load what the first job would otherwise wait for."""
    from .utils import hdf5_reader, hdf5_writer  # noqa: F401


def repack(stored: str, packed: str, metadata: dict[str, Any]) -> dict[str, Any]:
    """Write the data of the file `stored` to a new file `packed`; its `hash` and `size`."""
    frame = _read_stored(Path(stored))
    with storage_errors(), disk_errors():
        hdf5_files.write_plain(frame, Path(packed), metadata)
    return sealed(Path(packed))


def export(
    stored: str, out: str, form: str, part: dict[str, Any], metadata: dict[str, Any]
) -> dict[str, int]:
    """Write `part` of the data of the file `stored` to `out`, in the format `form`.

    Returns how many rows there are in all (`total`), and in `out` (`returned`).
    """
    columns = _stored_columns(stored)
    chosen = formats.select(columns, formats.Part(**part))
    with storage_errors(), disk_errors():
        formats.write(form, chosen, metadata, Path(out))
    return {"total": _rows(columns), "returned": _rows(chosen)}


def plot(stored: str, out: str, options: dict[str, Any], title: dict[str, Any]) -> None:
    """Draw the data of the file `stored` to `out`; `title` is what the picture says of it."""
    from . import plotting

    lightcurve = LightCurve.from_columns(_stored_columns(stored))
    picture = plotting.render(lightcurve, title, plotting.PlotOptions(**options))
    with storage_errors():
        Path(out).write_bytes(picture)


def _stored_columns(stored: str) -> dict[str, np.ndarray[Any, Any]]:
    try:
        with short_of_memory():
            columns = hdf5_files.read_columns(stored, None, NO_LIMITS)
    except (InvalidFile, OSError) as error:
        raise DamagedFile("Its file is missing or damaged.") from error
    return {str(name): values for name, values in columns.items()}


def _rows(columns: Columns) -> int:
    return len(next(iter(columns.values()), ()))


def _read_stored(path: Path) -> PlainFrame:
    try:
        with short_of_memory():
            return hdf5_files.read_plain(path, NO_LIMITS)[0]
    except (InvalidFile, OSError) as error:
        raise DamagedFile("Its file is missing or damaged.") from error


JOBS: dict[str, Callable[..., Any]] = {
    job.__name__: job for job in (read_upload, repack, export, plot, inspect_file)
}
#: Those that ask the server something, by their argument `ask`.
ASKING = {read_upload.__name__}
