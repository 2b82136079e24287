"""DataFrame and metadata to an HDF5 image or file, and back.

What is written opens with pandas, old and new: `store[key]` is the frame and
`store.get_storer(key).attrs.metadata` the metadata. What is read may come from anyone: it is never
shown to PyTables, which would run what it holds. Whatever is refused raises InvalidFile with a
reason, whatever cannot be written InvalidInput.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

from skyportal_series.errors import InvalidInput
from skyportal_series.utils.hdf5_refusal import Refused, refusing

if TYPE_CHECKING:
    import pandas as pd
    from h5py.h5f import FileID
    from numpy.typing import NDArray

    from skyportal_series.utils.plain_frame import PlainFrame

SIGNATURE = b"\x89HDF\r\n\x1a\n"
KEY = "phot_series"
#: What a frame may be stored with.
Metadata = Mapping[str, Any] | None
#: Characters of base64 that are decoded at a time: a multiple of 4.
PIECE = 1 << 22


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """The most that is read from one file. `frame_bytes` is what the frame takes in memory."""

    rows: int = 20_000_000
    columns: int = 2_048
    frame_bytes: int = 2 * 2**30


DEFAULT_LIMITS = ReadLimits()


@overload
def dump_dataframe_to_bytestream(
    df: pd.DataFrame,
    metadata: Metadata = ...,
    keyname: str = ...,
    encode: Literal[True] = ...,
) -> str: ...
@overload
def dump_dataframe_to_bytestream(
    df: pd.DataFrame,
    metadata: Metadata = ...,
    keyname: str = ...,
    *,
    encode: Literal[False],
) -> bytes: ...
def dump_dataframe_to_bytestream(
    df: pd.DataFrame,
    metadata: Metadata = None,
    keyname: str = KEY,
    encode: bool = True,
) -> str | bytes:
    """An HDF5 image of a frame: base64 text, or the bytes themselves if not `encode`.

    Equal frames with equal metadata give equal bytes. Raises InvalidInput for an empty frame, for
    columns of anything but numbers, booleans, texts and plain times, and for metadata past 64 KB.
    """
    import pybase64
    from h5py import h5f

    from skyportal_series.utils import hdf5_create
    from skyportal_series.utils.hdf5_frame import from_frame

    file = hdf5_create.in_memory()
    try:
        _write(file, from_frame(df), metadata, keyname)
        h5f.flush(file)
        image: bytes = file.get_file_image()
    finally:
        file.close()
    return pybase64.b64encode_as_string(image) if encode else image


def write_file(
    df: pd.DataFrame,
    path: str | os.PathLike[str],
    metadata: Metadata = None,
    keyname: str = KEY,
) -> None:
    """Writes what `dump_dataframe_to_bytestream` makes to a file, without holding it in memory."""
    from skyportal_series.utils.hdf5_frame import from_frame

    write_plain(from_frame(df), path, metadata, keyname)


def write_plain(
    frame: PlainFrame,
    path: str | os.PathLike[str],
    metadata: Metadata | Callable[[], Metadata] = None,
    keyname: str = KEY,
) -> None:
    """The same for a frame without pandas.

    Metadata that are not there yet may be given as a function, which is called as late as can be.
    Raises what that does.
    """
    from skyportal_series.utils import hdf5_create

    file = hdf5_create.on_disk(os.fspath(path))
    try:
        _write(file, frame, metadata, keyname)
    finally:
        file.close()


def load_dataframe_from_bytestream(
    data: str | bytes, limits: ReadLimits = DEFAULT_LIMITS
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The frame and the metadata in an HDF5 image, or in the base64 text of one.

    Raises InvalidFile for what is not one pandas table of plain columns, written with
    `store.put(key, df, format="table")`, or is larger than `limits`.
    """
    return _with_pandas(*load_plain(data, limits))


def load_plain(
    data: str | bytes, limits: ReadLimits = DEFAULT_LIMITS
) -> tuple[PlainFrame, dict[str, Any]]:
    """The same without pandas."""
    with refusing():
        from skyportal_series.utils import hdf5_reader

        return hdf5_reader.read_frame(hdf5_reader.open_image(_image(data)), limits)


def save_image(text: memoryview, path: str | os.PathLike[str]) -> None:
    """Writes the HDF5 image in base64 `text` to a file, a piece at a time.

    Raises InvalidFile where it is none.
    """
    with Path(path).open("wb") as file, refusing():
        for start in range(0, max(1, len(text)), PIECE):
            image = _decoded(bytes(text[start : start + PIECE]))
            if start == 0:
                _check_signature(image[: len(SIGNATURE)])
            if len(image) < PIECE // 4 * 3 and start + PIECE < len(text):
                raise Refused("It is no base64 text: it is padded before its end.")
            file.write(image)


def read_file(
    path: str | os.PathLike[str], limits: ReadLimits = DEFAULT_LIMITS
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The same from a file, of which no more than a chunk is in memory beside the frame.

    Raises OSError if there is no such file.
    """
    return _with_pandas(*read_plain(path, limits))


def read_plain(
    path: str | os.PathLike[str], limits: ReadLimits = DEFAULT_LIMITS
) -> tuple[PlainFrame, dict[str, Any]]:
    """The same without pandas."""
    with _opened(path) as file:
        from skyportal_series.utils import hdf5_reader

        return hdf5_reader.read_frame(file, limits)


def read_columns(
    path: str | os.PathLike[str],
    names: Iterable[Any] | None = None,
    limits: ReadLimits = DEFAULT_LIMITS,
) -> dict[Any, NDArray[Any]]:
    """Columns of a file by name, each of shape (rows,), in the order of `names` (else: all).

    Texts come as objects, str or None. Raises InvalidInput for a name that the file does not have.
    """
    with _opened(path) as file:
        from skyportal_series.utils import hdf5_reader

        return hdf5_reader.read_arrays(file, names, limits)


def _with_pandas(
    plain: PlainFrame, metadata: dict[str, Any]
) -> tuple[pd.DataFrame, dict[str, Any]]:
    with refusing():
        from skyportal_series.utils.hdf5_frame import to_frame

        return to_frame(plain), metadata


@contextmanager
def _opened(path: str | os.PathLike[str]) -> Iterator[FileID]:
    with Path(path).open("rb") as stream:
        start = stream.read(len(SIGNATURE))
    with refusing():
        from skyportal_series.utils import hdf5_reader

        _check_signature(start)
        file = hdf5_reader.open_path(os.fspath(path))
        try:
            yield file
        finally:
            file.close()


def _image(data: str | bytes) -> bytes:
    """The bytes of an image that may have come as base64."""
    if isinstance(data, bytes) and data.startswith(SIGNATURE):
        return data
    image = _decoded(data)
    _check_signature(image[: len(SIGNATURE)])
    return image


def _decoded(text: str | bytes | memoryview) -> bytes:
    import pybase64

    try:
        # Forty times as fast as binascii.
        return pybase64.b64decode(text, validate=True)
    except ValueError as error:
        raise Refused(f"It is neither an HDF5 image nor base64 text: {error}.") from error


def _check_signature(start: bytes) -> None:
    if start != SIGNATURE:
        raise Refused(f"It is not HDF5: it begins with {start!r} instead of {SIGNATURE!r}.")


def _write(file: FileID, frame: PlainFrame, metadata: Any, key: str) -> None:
    from skyportal_series.utils import hdf5_writer
    from skyportal_series.utils.hdf5_columns import stored_columns

    if not key.isidentifier():
        raise InvalidInput(f"The key {key!r} is not a plain name such as {KEY!r}.")
    late = metadata if callable(metadata) else lambda: metadata
    hdf5_writer.write_table(file, stored_columns(frame), key, late)
