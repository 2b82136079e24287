"""DataFrames ↔ HDF5 images, with h5py where it is installed, else with PyTables.

The server's own code is stricter and needs h5py; pandas' needs tables, which astronomers have. Both
write what the server reads. PyTables evaluates pickles, so it is shown the server's files, and the
user's own, alone.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from skyportal_series.client.errors import BadSource

if TYPE_CHECKING:
    import pandas as pd

KEY = "phot_series"


def pack(frame: pd.DataFrame) -> bytes:
    """`frame` as the HDF5 image that the server reads. Raises BadSource for what has no place."""
    if not _has_h5py():
        return _pack_with_tables(frame)
    from skyportal_series.errors import SeriesError
    from skyportal_series.utils.hdf5_files import dump_dataframe_to_bytestream

    try:
        return dump_dataframe_to_bytestream(frame, encode=False)
    except SeriesError as problem:
        raise BadSource(problem.message) from problem


def unpack(image: bytes) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The frame in an HDF5 image, and its metadata. Raises BadSource for what is no such image."""
    if not _has_h5py():
        return _unpack_with_tables(image)
    from skyportal_series.errors import SeriesError
    from skyportal_series.utils.hdf5_files import load_dataframe_from_bytestream

    try:
        return load_dataframe_from_bytestream(image)
    except SeriesError as problem:
        raise BadSource(problem.message) from problem


def _has_h5py() -> bool:
    try:
        import h5py  # noqa: F401
        import isal  # noqa: F401
    except ModuleNotFoundError:
        return False
    return True


def _in_memory(**options: Any) -> Any:
    """A store without a file. Equal names would share an image, so none is used twice."""
    import pandas as pd

    return pd.HDFStore(uuid.uuid4().hex, driver="H5FD_CORE", driver_core_backing_store=0, **options)


def _pack_with_tables(frame: pd.DataFrame) -> bytes:
    try:
        with _in_memory(mode="w") as store:
            store.put(KEY, frame, format="table", index=None, track_times=False)
            image: bytes = store._handle.get_file_image()  # noqa: SLF001 - pandas has no other way
            return image
    except (TypeError, ValueError) as problem:
        raise BadSource(f"The data cannot be written as a table: {problem}") from problem


def _unpack_with_tables(image: bytes) -> tuple[pd.DataFrame, dict[str, Any]]:
    with _in_memory(mode="r", driver_core_image=image) as store:
        keys = store.keys()
        if len(keys) != 1:
            raise BadSource(f"An HDF5 file must hold one table; this one holds {len(keys)}.")
        metadata = getattr(store.get_storer(keys[0]).attrs, "metadata", None)
        return store[keys[0]], metadata if isinstance(metadata, dict) else {}
