"""A body that was uploaded → a packed file, and what it says. Runs in the worker processes.

May touch: utils, series, files of the spool.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from .errors import InvalidInput
from .inspection import columns_of, figures_of, short_of_memory
from .series import LightCurve, infer
from .store import drop, storage_errors
from .utils import bodies, hdf5_files, long_data
from .utils.frames import frame_from_columns
from .utils.hdf5_disk import disk_errors
from .utils.plain_frame import PlainFrame
from .utils.texts import SURROGATES, UNHOLDABLE

#: Asks the server; what it returns waits for the answer.
Ask = Callable[[dict[str, Any]], Callable[[], Any]]

NOT_DATA = "Data must be a dictionary (JSON) or dataframe in HDF5 format."


def read_upload(
    body: str,
    content_type: str,
    form_file: str,
    packed: str,
    nsigma: float,
    limits: dict[str, int],
    ask: Ask,
) -> dict[str, Any]:
    """Read the request body in the file `body`; pack its data as `packed`.

    The HDF5 file in it, if any, is put at `form_file` meanwhile; where this is killed, it stays.

    The server is asked for the metadata of the packed file (None: it will not be needed) with the
    `fields` of the request, whether it `has_data`, the `metadata` of its HDF5 file, `inferred`
    fields, and `doubts` about columns that gave none.

    Returns
    -------
    dict
        `problems` with the data (field → texts), which the caller adds to its own; `summary` of
        the light curve; `hash` (MD5) and `size` (bytes) of the packed file, if there is one.

    Raises
    ------
    InvalidInput
        For a body that is no request at all.
    """
    result: dict[str, Any] = {"problems": {}, "summary": None, "hash": None, "size": 0}
    series = None
    try:
        with storage_errors():
            request = bodies.read_body(Path(body), content_type, Path(form_file))
        question = {"fields": request.fields, "has_data": request.data is not None}
        question |= {"metadata": {}, "inferred": {}, "doubts": {}}
        with _noting(result["problems"]):
            if request.data is not None:
                sizes = hdf5_files.ReadLimits(**limits)
                series, said = _read(request.data, Path(body), Path(form_file), sizes)
                question |= said
        del request  # it holds the data
    finally:
        drop(Path(form_file))
    answer = cache(ask(question))
    with _noting(result["problems"]):
        if series is not None:
            result |= _pack(*series, Path(packed), nsigma, answer)
    return result


def _read(
    data: Any, body: Path, form_file: Path, limits: hdf5_files.ReadLimits
) -> tuple[tuple[PlainFrame, LightCurve], dict[str, Any]]:
    """The data, and what they say of the fields."""
    with short_of_memory():
        frame, metadata = _frame(data, body, form_file, limits)
    _check_names([str(name) for name in frame.columns])
    columns = columns_of(frame)
    lightcurve = LightCurve.from_columns(columns)
    inferred, doubts = infer(columns)
    said = {"metadata": _plain(metadata), "inferred": inferred, "doubts": doubts}
    return (frame, lightcurve), said


def _pack(
    frame: PlainFrame,
    lightcurve: LightCurve,
    packed: Path,
    nsigma: float,
    metadata: Callable[[], Any],
) -> dict[str, Any]:
    summary = figures_of(lightcurve, nsigma)
    with storage_errors(), disk_errors():
        hdf5_files.write_plain(frame, packed, metadata)
    return {} if metadata() is None else {"summary": summary, **sealed(packed)}


@contextmanager
def _noting(problems: dict[str, list[str]]) -> Iterator[None]:
    """Take down what is wrong with the data, to be told with what is wrong with the fields."""
    try:
        yield
    except InvalidInput as error:
        problems |= error.problems or {"data": [error.message]}


def sealed(packed: Path) -> dict[str, Any]:
    """The `hash` (MD5) and the `size` of a finished file."""
    with storage_errors(), packed.open("rb") as file:
        digest = hashlib.file_digest(file, "md5").hexdigest()
    return {"hash": digest, "size": packed.stat().st_size}


def _frame(
    data: Any, body: Path, form_file: Path, limits: hdf5_files.ReadLimits
) -> tuple[PlainFrame, dict[str, Any]]:
    if isinstance(data, long_data.Base64):
        data = _saved(data, form_file)
    if isinstance(data, Path):
        return hdf5_files.read_plain(data, limits)
    if isinstance(data, str):
        return hdf5_files.load_plain(data, limits)
    if isinstance(data, dict):
        frame = frame_from_columns(data, limits)
        bodies.check_columns(body, frame.columns.values())
        return frame, {}
    raise InvalidInput(NOT_DATA, {"data": [NOT_DATA]})


def _saved(text: long_data.Base64, file: Path) -> Path:
    """The file that came as base64, put where that of a form would be."""
    with storage_errors(), text.read() as characters:
        hdf5_files.save_image(characters, file)
    return file


def _check_names(names: list[str]) -> None:
    """Names that JSON and PostgreSQL can hold, each once: 1 and "1" are one name to them."""
    for name in names:
        if UNHOLDABLE.search(name):
            shown = ascii(name[:80])
            raise InvalidInput(f"The name of column {shown} holds NUL or lone surrogates.")
    if len(set(names)) < len(names):
        again = next(name for place, name in enumerate(names) if name in names[:place])
        raise InvalidInput(f"Two columns are named {again[:80]!r}; give each its own name.")


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
