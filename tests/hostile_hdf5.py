"""HDF5 files that mean harm, each made from a good one: by its name, a function of a folder.

Where a file would run something or read something, that is in the folder: `ran` appears if code
of the file was run, `secret` is what it would like to read.
"""

from __future__ import annotations

import os
import pickle
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd

Maker = Callable[[Path], bytes]
KEY = "phot_series"


def good_image(folder: Path, df: pd.DataFrame | None = None, **options: Any) -> bytes:
    """What pandas writes for 500 rows of numbers and texts."""
    rows = np.arange(500)
    if df is None:
        df = pd.DataFrame({"mjd": 59000.0 + rows, "flux": rows / 7, "band": "sdssr"})
    path = folder / "good.h5"
    with pd.HDFStore(path, mode="w", **options) as store:
        store.put(KEY, df, format="table", index=None, track_times=False)
        store.get_storer(KEY).attrs.metadata = {"series_name": "test", "ra": 12.5}
    return path.read_bytes()


@contextmanager
def opened(folder: Path) -> Iterator[h5py.File]:
    """The good file, to be spoilt; `spoilt` has the bytes."""
    good_image(folder)
    with h5py.File(folder / "good.h5", "r+") as file:
        yield file


def spoilt(spoil: Callable[[h5py.File, Path], Any]) -> Maker:
    def make(folder: Path) -> bytes:
        with opened(folder) as file:
            spoil(file, folder)
        return (folder / "good.h5").read_bytes()

    return make


def call(folder: Path) -> bytes:
    """A pickle that, unpickled, leaves a file behind."""
    return f"cbuiltins\nopen\n(V{folder / 'ran'}\nVw\ntR.".encode()


def in_attribute(where: str, name: str, wrap: str = "{}") -> Maker:
    def spoil(file: h5py.File, folder: Path) -> None:
        text = wrap.encode().replace(b"{}", call(folder)[:-1]) + b"."
        file[where].attrs[name] = np.bytes_(text)

    return spoilt(spoil)


def with_pickle(text: bytes, name: str = "metadata") -> Maker:
    return spoilt(lambda file, folder: file[KEY].attrs.__setitem__(name, np.bytes_(text)))


def in_another_table(make_table: Callable[[h5py.Group, np.dtype[Any], Path], Any]) -> Maker:
    """The good file with another dataset, of the same attributes, in the place of its table."""

    def spoil(file: h5py.File, folder: Path) -> None:
        old = file[KEY]["table"]
        attributes, dtype = dict(old.attrs), old.dtype
        del file[KEY]["table"]
        make_table(file[KEY], dtype, folder)
        for name, value in attributes.items():
            file[KEY]["table"].attrs[name] = value

    return spoilt(spoil)


def raw_table(
    filters: Callable[[Any], Any], rows: int, chunk_rows: int, chunk: bytes | None = None
) -> Maker:
    """A table whose creation properties, extent and first chunk are chosen freely."""

    def make_table(group: h5py.Group, dtype: np.dtype[Any], folder: Path) -> None:
        plan = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plan.set_chunk((chunk_rows,))
        filters(plan)
        space = h5py.h5s.create_simple((rows,), (h5py.h5s.UNLIMITED,))
        kind = h5py.h5t.py_create(dtype, logical=True)
        table = h5py.h5d.create(group.id, b"table", kind, space, plan)
        if chunk is not None:
            table.write_direct_chunk((0,), chunk)

    return in_another_table(make_table)


def external(name: str) -> Maker:
    def make_table(group: h5py.Group, dtype: np.dtype[Any], folder: Path) -> None:
        path = folder / name
        if name == "fifo":
            os.mkfifo(path)
        else:
            path.write_bytes(b"secret" * 10_000)
        group.create_dataset(
            "table", (500,), dtype, external=[(str(path), 0, 500 * dtype.itemsize)]
        )

    return in_another_table(make_table)


def virtual(group: h5py.Group, dtype: np.dtype[Any], folder: Path) -> None:
    layout = h5py.VirtualLayout((500,), dtype)
    layout[:] = h5py.VirtualSource(str(folder / "secret.h5"), "table", (500,), dtype)
    group.create_virtual_dataset("table", layout)


def nested(file: h5py.File, folder: Path) -> None:
    group = file
    for _ in range(900):
        group = group.create_group("g")


def _object_column(folder: Path) -> bytes:
    class Evil:
        def __reduce__(self) -> Any:
            return open, (str(folder / "ran"), "w")

    path = folder / "objects.h5"
    with pd.HDFStore(path, mode="w") as store:
        column = pd.Series([Evil(), "a"], dtype=object)
        store.put(KEY, pd.DataFrame({"a": column}), format="fixed", track_times=False)
    (folder / "ran").unlink(missing_ok=True)
    return path.read_bytes()


def _shuffled_otherwise(folder: Path) -> bytes:
    image = good_image(folder, complevel=1, complib="zlib")
    at = image.index(b"shuffle\0") + len(b"shuffle\0")
    return image[:at] + (3).to_bytes(4, "little") + image[at + 4 :]


def _twice_deflated(plan: Any) -> None:
    plan.set_deflate(9)
    plan.set_deflate(9)


def _dag(levels: int) -> bytes:
    lists = b"".join(b"(lp%d\ng%d\nag%d\na" % (i + 1, i, i) for i in range(levels))
    return b"(lp0\nI1\na0" + lists + b"."


ZEROS = zlib.compress(bytes(2**27), 9)

RUNS_CODE: dict[str, Maker] = {
    "root attribute": in_attribute("/", "TITLE"),
    "group attribute": in_attribute(KEY, "evil"),
    "table attribute": in_attribute(f"{KEY}/table", "evil"),
    "metadata": in_attribute(KEY, "metadata"),
    "inside metadata": in_attribute(KEY, "metadata", "(dVa\n{}s"),
    "frequency of the index": in_attribute(KEY, "info", "(dVindex\n(dVfreq\n{}ss"),
    "names of columns": in_attribute(f"{KEY}/table", "values_block_0_kind"),
    "list of columns": in_attribute(KEY, "non_index_axes"),
    "before rubbish": in_attribute(KEY, "evil", "{}0\xff\xfe"),
    "binary pickle": with_pickle(pickle.dumps(os.getcwd, 4)),
    "fixed format's objects": _object_column,
}

READS_FILES: dict[str, Maker] = {
    "external storage": external("secret"),
    "external FIFO": external("fifo"),
    "virtual dataset": in_another_table(virtual),
    "external link": spoilt(
        lambda f, folder: f.__setitem__("x", h5py.ExternalLink(str(folder / "secret.h5"), "/"))
    ),
    "table behind a link": in_another_table(
        lambda group, _, folder: (
            group.file.create_dataset("t", (5,), "f8"),
            group.__setitem__("table", h5py.SoftLink("/t")),
        )
    ),
}

HANGS: dict[str, Maker] = {
    "hard link loop": spoilt(lambda f, _: f[KEY].__setitem__("loop", f[KEY])),
    "root within itself": spoilt(lambda f, _: f.__setitem__("loop", f["/"])),
    "soft link to itself": spoilt(lambda f, _: f.__setitem__("x", h5py.SoftLink("/x"))),
    "900 nested groups": spoilt(nested),
    "list in itself": with_pickle(b"(lp0\ng0\na."),
    "thicket of lists": with_pickle(_dag(60)),
    "keys slow to hash": with_pickle(b"(I1\ntp0\n0" + b"(g0\ng0\ntp0\n0" * 60 + b"(dg0\nI1\ns."),
    "a text used often": with_pickle(b"(lV" + b"x" * 9000 + b"\np0\na" + b"g0\na" * 9000 + b"."),
    "digits": with_pickle(b"L" + b"9" * 60_000 + b"L\n."),
    "deep tuples": with_pickle(b"(" * 30_000 + b"t" * 30_000 + b"."),
}

TAKES_MEMORY: dict[str, Maker] = {
    "unallocated rows": spoilt(lambda f, _: f[KEY]["table"].resize((10**8,))),
    "some rows unallocated": spoilt(lambda f, _: f[KEY]["table"].resize((5 * 10**5,))),
    "gzip twice": raw_table(_twice_deflated, 500, 2**16, zlib.compress(ZEROS, 9)),
    "giant chunk": raw_table(lambda plan: plan.set_deflate(9), 1, 2**26, ZEROS),
    "inflating chunk": raw_table(lambda plan: plan.set_deflate(9), 500, 2**13, ZEROS),
    "tiny chunks": raw_table(lambda plan: None, 10**7, 1),
    "memo index": with_pickle(b"Np4294967295\n."),
    "binary memo index": with_pickle(b"\x80\x02Nr\xff\xff\xff\xff."),
}

BREAKS_HDF5: dict[str, Maker] = {
    "32 dimensions": in_another_table(
        lambda group, dtype, _: group.create_dataset("table", (1,) * 32, dtype, chunks=(1,) * 32)
    ),
    "no dimension": in_another_table(lambda g, dtype, _: g.create_dataset("table", (), dtype)),
    "not in chunks": in_another_table(lambda g, dtype, _: g.create_dataset("table", (5,), dtype)),
    "no compound": in_another_table(
        lambda g, dtype, _: g.create_dataset("table", (5,), "f8", chunks=(5,))
    ),
    "texts of variable length": in_another_table(
        lambda g, dtype, _: g.create_dataset(
            "table", (5,), [("index", "i8"), ("values_block_0", h5py.string_dtype())], chunks=(5,)
        )
    ),
    "table is a group": in_another_table(lambda g, dtype, _: g.create_group("table")),
    "named type": spoilt(lambda f, _: f.__setitem__("type", np.dtype("f8"))),
    "unknown filter": raw_table(lambda p: p.set_filter(31_999, h5py.h5z.FLAG_OPTIONAL), 500, 500),
    "shuffled otherwise": _shuffled_otherwise,
    "attribute of variable length": spoilt(
        lambda f, _: f[KEY].attrs.create("x", "N.", dtype=h5py.string_dtype("ascii"))
    ),
}


def encoded_as(codec: str) -> Maker:
    return spoilt(lambda file, folder: file[KEY].attrs.__setitem__("encoding", np.bytes_(codec)))


CALLS_CODECS = {codec: encoded_as(codec) for codec in ("zlib", "bz2", "hex", "idna", "latin-1")}

HOSTILE: dict[str, Maker] = (
    RUNS_CODE | READS_FILES | HANGS | TAKES_MEMORY | BREAKS_HDF5 | CALLS_CODECS
)
