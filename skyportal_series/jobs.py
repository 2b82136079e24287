"""What runs in the worker processes: JSON-able arguments in, JSON-able results out.

May touch: utils, series, files of the spool and the store; not the web, not the database.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import formats
from .errors import DamagedFile, InvalidFile, InvalidInput
from .inspection import NO_LIMITS, columns_of, figures_of, inspect_file, short_of_memory
from .series import Columns, LightCurve, infer_fields, inference_problems
from .store import storage_errors
from .utils import bodies, hdf5_files, long_data
from .utils.hdf5_disk import disk_errors
from .utils.texts import SURROGATES, UNHOLDABLE

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

NO_DATA = "Must supply data as a dictionary (JSON) or dataframe in HDF5 format."
NOT_DATA = "Data must be a dictionary (JSON) or dataframe in HDF5 format."


def warm_up() -> None:
    """Load what the first job would otherwise wait for."""
    import h5py  # noqa: F401
    import pandas as pd  # noqa: F401


def read_upload(
    body: str, content_type: str, form_file: str, packed: str, nsigma: float, limits: dict[str, int]
) -> dict[str, Any]:
    """Read the request body in the file `body`; pack its data, without metadata, as `packed`.

    The HDF5 file in it, if any, is put at `form_file`; whoever asks removes it.

    Returns
    -------
    dict
        `fields` of the request; `metadata` of the HDF5 file; `inferred` fields and the `doubts`
        about columns that gave none; `summary` of the light curve (None without data); and
        `problems` with the data (field → texts), which the caller adds to its own.

    Raises
    ------
    InvalidInput
        For a body that is no request at all.
    """
    with storage_errors():
        request = bodies.read_body(Path(body), content_type, Path(form_file))
    fields, data = request.fields, request.data
    del request  # it holds the data, whose parts are let go as soon as they have been taken in
    result: dict[str, Any] = {
        "fields": fields,
        "has_data": data is not None,
        "summary": None,
        **{name: {} for name in ("metadata", "inferred", "doubts", "problems")},
    }
    if data is not None:
        try:
            if isinstance(data, long_data.Base64):
                data = _saved(data, Path(form_file))
            result |= _take_in(data, Path(body), Path(packed), nsigma, limits)
        except InvalidInput as error:
            result["problems"] = error.problems or {"data": [error.message]}
    return result


def _saved(text: long_data.Base64, file: Path) -> Path:
    """The file that came as base64, put where that of a form would be."""
    with short_of_memory(), storage_errors(), text.read() as characters:
        hdf5_files.save_image(characters, file)
    return file


def _take_in(
    data: Any, body: Path, packed: Path, nsigma: float, limits: dict[str, int]
) -> dict[str, Any]:
    with short_of_memory():
        frame, metadata = _load(data, body, hdf5_files.ReadLimits(**limits))
    _check_names([str(name) for name in frame.columns])
    columns = columns_of(frame)
    lightcurve = LightCurve.from_columns(columns)
    # Before the frame is written: for that pandas makes an index of numbers, and keeps it.
    figures = figures_of(lightcurve, nsigma)
    with storage_errors(), disk_errors():
        hdf5_files.write_file(frame, packed)
    return {
        "metadata": _plain(metadata),
        "inferred": infer_fields(columns),
        "doubts": inference_problems(columns),
        "summary": figures,
    }


def _check_names(names: list[str]) -> None:
    """Names that JSON and PostgreSQL can hold, each once: 1 and "1" are one name to them."""
    for name in names:
        if UNHOLDABLE.search(name):
            shown = ascii(name[:80])
            raise InvalidInput(f"The name of column {shown} holds NUL or lone surrogates.")
    if len(set(names)) < len(names):
        again = next(name for place, name in enumerate(names) if name in names[:place])
        raise InvalidInput(f"Two columns are named {again[:80]!r}; give each its own name.")


def _load(
    data: Any, body: Path, limits: hdf5_files.ReadLimits
) -> tuple[pd.DataFrame, dict[str, Any]]:
    if isinstance(data, Path):
        return hdf5_files.read_file(data, limits)
    if isinstance(data, str):
        return hdf5_files.load_dataframe_from_bytestream(data, limits)
    if isinstance(data, dict):
        from .utils.frames import dataframe_from_columns

        frame = dataframe_from_columns(data, limits)
        bodies.check_columns(body, (frame[name].to_numpy() for name in frame.columns))
        return frame, {}
    raise InvalidInput(NOT_DATA, {"data": [NOT_DATA]})


def _plain(value: Any) -> Any:
    """A literal of the file's metadata as JSON can hold it; what it cannot is shown as text.

    Raises InvalidInput for lone surrogates, and for keys that are one as texts.
    """
    if isinstance(value, dict):
        plain = {_plain(str(key)): _plain(item) for key, item in value.items()}
        if len(plain) < len(value):
            raise InvalidInput("The metadata holds keys that are the same as texts, as 1 and '1'.")
        return plain
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, str):
        return _text(value)
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int) and -(2**63) <= value < 2**64:
        return value
    return repr(value)


def _text(value: str) -> str:
    if not value.isascii() and SURROGATES.search(value):
        raise InvalidInput(f"The metadata holds lone surrogates, in {value[:80]!a}.")
    return value


def repack(stored: str, packed: str) -> None:
    """Write the data of the file `stored` to a new file `packed`, without metadata."""
    frame = _read_stored(Path(stored))
    with storage_errors(), disk_errors():
        hdf5_files.write_file(frame, Path(packed))


def seal(packed: str, metadata: dict[str, Any]) -> dict[str, Any]:
    """Finish a packed file: its metadata, and its MD5 (`hash`)."""
    path = Path(packed)
    with storage_errors(), disk_errors():
        hdf5_files.write_metadata(path, metadata)
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "md5").hexdigest()
    return {"hash": digest, "size": path.stat().st_size}


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


def _read_stored(path: Path) -> pd.DataFrame:
    try:
        with short_of_memory():
            return hdf5_files.read_file(path, NO_LIMITS)[0]
    except (InvalidFile, OSError) as error:
        raise DamagedFile("Its file is missing or damaged.") from error


JOBS: dict[str, Callable[..., Any]] = {
    job.__name__: job for job in (read_upload, repack, seal, export, plot, inspect_file)
}
