"""What is sent for one series: an HDF5 image and its fields; and whether the server has it."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skyportal_series.client.errors import BadSource
from skyportal_series.client.files import format_of, read_file
from skyportal_series.client.images import pack, unpack
from skyportal_series.client.raw import from_object
from skyportal_series.client.tidy import Reading, tidy
from skyportal_series.client.vocabulary import check_fields

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Upload:
    """`image` is an HDF5 file as bytes; `fields` is what goes with it, as JSON can hold it."""

    image: bytes
    fields: dict[str, Any]

    def form(self) -> dict[str, tuple[str, str | bytes, str]]:
        """The parts of the multipart/form-data that carries it."""
        return {
            "metadata": ("metadata.json", json.dumps(self.fields), "application/json"),
            "data": ("data.h5", self.image, "application/x-hdf5"),
        }

    def frame(self) -> pd.DataFrame:
        """The data in the image."""
        return unpack(self.image)[0]


def prepare(source: Any, fields: Mapping[str, Any], reading: Reading) -> Upload:
    """`source` and `fields` ready to be sent. An HDF5 file goes as it is unless `reading` is set.

    Raises BadSource for data that cannot become a series, UnknownName for a field that is none.
    """
    given = {name: plain(value) for name, value in check_fields(fields).items()}
    if isinstance(source, str | Path):
        path = Path(source).expanduser()
        if not reading and format_of(path) == "hdf5":
            return Upload(_bytes_of(path), given)
        frame, inferred = _tidied(path, reading)
    else:
        frame, inferred = tidy(from_object(source), reading)
    found = {name: plain(value) for name, value in inferred.items()}
    return Upload(pack(frame), found | given)


def plain(value: Any) -> Any:
    """`value` as JSON can hold it: numpy's scalars and arrays, tuples and sets are turned."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def is_same(upload: Upload, metadata: Mapping[str, Any], data: Callable[[], pd.DataFrame]) -> bool:
    """Whether a series on the server, of that `metadata` and `data`, is this upload."""
    if not same_fields(upload, metadata):
        return False
    ours = upload.frame()
    return len(ours) == metadata.get("num_exp") and _same_columns(ours, data())


def same_fields(upload: Upload, metadata: Mapping[str, Any]) -> bool:
    """Whether a series of that `metadata` has all the fields of this upload."""
    return all(_agrees(name, value, metadata) for name, value in upload.fields.items())


def _tidied(path: Path, reading: Reading) -> tuple[pd.DataFrame, dict[str, Any]]:
    raw = read_file(path)
    try:
        return tidy(raw, reading)
    except BadSource as problem:
        raise BadSource(f"{path}: {problem.message}") from problem


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as problem:
        raise BadSource(f"{path}: cannot be read: {problem.strerror}") from problem


def _agrees(name: str, ours: Any, metadata: Mapping[str, Any]) -> bool:
    theirs = metadata.get(name)
    if name in ("group_ids", "stream_ids"):
        wanted = ours if isinstance(ours, list) else [ours]
        return ours == "all" or set(wanted) <= set(theirs or [])
    if name not in metadata or ours is None:  # magref and e_magref are not always given back
        return True
    if isinstance(ours, int | float) and isinstance(theirs, int | float):
        return math.isclose(ours, theirs, rel_tol=1e-9)
    return bool(ours == theirs) or str(ours) == str(theirs)


def _same_columns(ours: pd.DataFrame, theirs: pd.DataFrame) -> bool:
    if set(ours.columns) != set(theirs.columns) or len(ours) != len(theirs):
        return False
    return all(_same_values(ours[name], theirs[name]) for name in ours.columns)


def _same_values(ours: pd.Series[Any], theirs: pd.Series[Any]) -> bool:
    both_missing = ours.isna().to_numpy() & theirs.isna().to_numpy()
    return bool(((ours.to_numpy() == theirs.to_numpy()) | both_missing).all())
