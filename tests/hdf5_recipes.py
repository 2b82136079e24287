"""The code with which clients write and read HDF5, as SkyPortal's guide gives it, and frames."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import numpy as np
import pandas as pd

METADATA = {"series_name": "2024a", "ra": 12.5, "group_ids": [1, 2], "altdata": {"x": None}}


def write_as_clients_do(
    df: pd.DataFrame, metadata: Any = None, key: str = "phot_series", **options: Any
) -> bytes:
    in_store = {k: options.pop(k) for k in ("complevel", "complib", "fletcher32") if k in options}
    options = {"index": None} | options
    with pd.HDFStore(
        uuid4().hex, mode="w", driver="H5FD_CORE", driver_core_backing_store=0, **in_store
    ) as store:
        store.put(key, df, format="table", track_times=False, **options)
        store.get_storer(key).attrs.metadata = metadata
        return store._handle.get_file_image()


def read_as_clients_do(image: bytes) -> tuple[pd.DataFrame, dict[str, Any]]:
    with pd.HDFStore(
        uuid4().hex,
        mode="r",
        driver="H5FD_CORE",
        driver_core_backing_store=0,
        driver_core_image=image,
    ) as store:
        keys = store.keys()
        if len(keys) != 1:
            raise ValueError(f"Expected 1 table in HDF5 file, got {len(keys)}. ")
        data = store[keys[0]]
        attributes = store.get_storer(keys[0]).attrs
        if "metadata" in attributes and isinstance(attributes["metadata"], dict):
            metadata = attributes["metadata"]
        else:
            metadata = {}
    return data, metadata


def as_text(frame: pd.DataFrame) -> str:
    """All values of a frame, alike in every pandas."""
    return frame.to_csv(na_rep="<missing>", date_format="%Y-%m-%dT%H:%M:%S.%f", lineterminator="\n")


def photometry(rows: int) -> pd.DataFrame:
    """A night of a fast camera: MJD in days, flux and its uncertainty in µJy."""
    noise = np.random.default_rng(7)
    mjd = 60000 + np.arange(rows) * 10 / 86400
    flux = noise.normal(800, 9, rows)
    return pd.DataFrame({"mjd": mjd, "flux": flux, "fluxerr": noise.normal(9, 0.1, rows)})


def _with(**columns: Any) -> pd.DataFrame:
    return photometry(6).assign(**columns)


_NUMBERS = ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8")
_DAYS = pd.date_range("2024-01-01", periods=6, freq="36h").to_numpy()

#: Frames with every type of column that is taken.
FRAMES: dict[str, pd.DataFrame] = {
    **{f"numbers {code}": _with(x=np.arange(6).astype(code)) for code in _NUMBERS},
    "largest integers": _with(x=np.array([2**64 - 1] * 6, "u8"), y=np.int64(-(2**63))),
    "NaN and infinity": _with(x=[np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-320]),
    "booleans": _with(x=[True, False] * 3),
    "texts": _with(x=["a", "", "long and longer", "µ", "漢字", "d."]),
    "texts of one value": _with(x="sdssr"),
    "missing texts": _with(x=["a", None, "b", None, "c", None]),
    "the text nan": _with(x=["nan", "_nan_", "NaN", "None", "", "a"]),
    "missing beside nan": _with(x=["nan", None, "_nan_", "a", "b", "c"], y=["a"] * 5 + [None]),
    **{f"times in {u}": _with(x=_DAYS.astype(f"M8[{u}]")) for u in ("s", "ms", "us", "ns")},
    "missing times": _with(x=pd.to_datetime(["2024-01-01", None] * 3)),
    "durations": _with(x=pd.to_timedelta(np.arange(6), unit="s")),
    "types mixed": _with(a=1, b="x", c=True, d=np.float32(1), e=2, f="yy", g=_DAYS),
    "one row": photometry(1),
    "several chunks": photometry(40_000),
    "numbered columns": pd.DataFrame(np.eye(3)),
    "columns with a title": photometry(3).rename_axis(columns="quantity"),
    "odd names": pd.DataFrame({"": [1.0], "a b": [2.0], "index": [3.0], "values_block_0": [4.0]}),
    "2,000 columns": pd.DataFrame(np.ones((3, 2000)), columns=[f"c{i}" for i in range(2000)]),
}

#: Frames with every type of index that is taken.
INDEXED: dict[str, pd.DataFrame] = {
    "from 5 in steps": photometry(6).set_index(pd.RangeIndex(5, 17, 2)),
    "integers": photometry(6).set_index(pd.Index([3, 1, 4, 1, 5, 9], name="n")),
    "unsigned": photometry(6).set_index(np.arange(6, dtype="u4")),
    "floats": photometry(6).set_index("mjd"),
    "texts": photometry(6).set_index(pd.Index(list("abcdeµ"), name="image")),
    "booleans": photometry(6).set_index(np.array([True, False] * 3)),
    "times": photometry(6).set_index(pd.DatetimeIndex(_DAYS, name="time")),
    "times at a rate": photometry(6).set_index(pd.date_range("2024-01-01", periods=6)),
    "durations": photometry(6).set_index(pd.to_timedelta(np.arange(6), unit="s")),
}
